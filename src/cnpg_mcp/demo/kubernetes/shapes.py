"""What objects of built-in kinds look like, as far as somebody relies on it.

A value of the wrong type is refused when it is decoded, in the decoder's words; what else is wrong
is told with causes, as for custom kinds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import rbac_rules, secrets
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.kubernetes.schema import (
    TreeSchema,
    boolean,
    integer,
    listed,
    mapping,
    partly,
    quantity,
    root,
    text,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Node, Object


def _alike(node: Node, names: str) -> dict[str, Any]:
    """Fields that are alike, by their names."""
    return dict.fromkeys(names.split(), node)


def _no_fault(_: KubeObject) -> str:
    return ""


def _no_cause(_: KubeObject, __: KubeObject | None) -> Iterable[Cause]:
    return ()


@dataclass(frozen=True)
class Shape(TreeSchema):
    """The `Schema` of a built-in kind."""

    undecodable: Callable[[KubeObject], str] = _no_fault
    check: Callable[[KubeObject, KubeObject | None], Iterable[Cause]] = _no_cause

    def unknown(self, obj: KubeObject) -> list[str]:
        """Paths of fields that the kind does not have, as they stand in the object."""
        return list(self.node.unknown(obj, ""))

    def misfit(self, obj: KubeObject) -> str:
        """What has a type that it cannot have, in the decoder's words; empty where nothing has."""
        there = self.defaulted(obj)
        for cause in self.ill_typed(there):
            wanted = cause.message.rpartition("must be of type ")[2].partition(":")[0]
            found = cause.message.rpartition(": ")[2].strip('"')
            field = f"Go struct field {obj['kind']}.{cause.field} of type {wanted}"
            return f"json: cannot unmarshal {found} into {field}"
        return self.undecodable(there)

    def causes(self, obj: KubeObject, old: KubeObject | None) -> list[Cause]:
        """What is wrong with it beside its types."""
        return [*(fault.cause for fault in self.node.faults(obj, "")), *self.check(obj, old)]


def of(plural: str) -> Shape:
    """The shape of a built-in kind."""
    return _SHAPES.get(plural) or _shape(spec=partly(), status=partly())


def _shape(*, required: Mapping[str, Node] | None = None, **fields: Node) -> Shape:
    node = root(required=required).node
    return Shape(Object(fields={**node.fields, **fields}, required=node.required))


_TEXTS = listed(text())
_CONTAINERS = listed(
    partly(name=text(), image=text(), ports=listed(partly()), env=listed(partly()))
)
_POD_SPEC = partly(
    required={"containers": _CONTAINERS},
    initContainers=_CONTAINERS,
    volumes=listed(partly(name=text(), persistentVolumeClaim=partly(claimName=text()))),
    nodeSelector=mapping(text()),
    terminationGracePeriodSeconds=integer(low=0),
    affinity=partly(),
    tolerations=listed(partly()),
    securityContext=partly(),
    **_alike(text(), "nodeName restartPolicy schedulerName"),
    **_alike(text(), "serviceAccountName dnsPolicy hostname"),
)
_CONDITIONS = listed(partly(type=text(), status=text(), reason=text(), message=text()))
_STATUSES = listed(partly(name=text(), ready=boolean(), restartCount=integer()))
_RESOURCES = partly(requests=mapping(quantity()), limits=mapping(quantity()))
_SELECTOR = partly(matchLabels=mapping(text()), matchExpressions=listed(partly()))
_TEMPLATE = partly(metadata=partly(labels=mapping(text())), spec=_POD_SPEC)
_REFERENCE = partly(
    **_alike(text(), "kind namespace name uid"),
    **_alike(text(), "apiVersion resourceVersion fieldPath"),
)
_RULES = listed(
    partly(verbs=_TEXTS, apiGroups=_TEXTS, resources=_TEXTS, resourceNames=_TEXTS),
)
_SUBJECTS = listed(partly(kind=text(), apiGroup=text(), name=text(), namespace=text()))
_ROLE_REF = {"roleRef": partly(apiGroup=text(), kind=text(), name=text())}


def _checked(
    shape: Shape, check: Callable[[KubeObject, KubeObject | None], Iterable[Cause]]
) -> Shape:
    return Shape(shape.node, shape.undecodable, check)


def _claim_causes(obj: KubeObject, _: KubeObject | None) -> Iterable[Cause]:
    spec = obj.get("spec") or {}
    if not spec.get("accessModes"):
        told = "Required value: at least 1 access mode is required"
        yield Cause("FieldValueRequired", told, "spec.accessModes")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        yield Cause("FieldValueRequired", "Required value", "spec.resources[storage]")


_ROLE = _checked(_shape(rules=_RULES, aggregationRule=partly()), rbac_rules.role_causes)
_BINDING = _checked(_shape(required=_ROLE_REF, subjects=_SUBJECTS), rbac_rules.binding_causes)
_SECRET = _shape(data=mapping(text()), stringData=mapping(text()), type=text(), immutable=boolean())
_WEBHOOKS = _shape(
    webhooks=listed(partly(name=text(), clientConfig=partly(), rules=listed(partly())))
)
_SHAPES: Mapping[str, Shape] = {
    "secrets": Shape(_SECRET.node, secrets.undecodable, secrets.causes),
    "configmaps": _shape(data=mapping(text()), binaryData=mapping(text()), immutable=boolean()),
    "pods": _shape(
        spec=_POD_SPEC,
        status=partly(
            phase=text(),
            podIP=text(),
            conditions=_CONDITIONS,
            containerStatuses=_STATUSES,
            initContainerStatuses=_STATUSES,
        ),
    ),
    "services": _shape(
        spec=partly(type=text(), ports=listed(partly(name=text())), selector=mapping(text())),
        status=partly(),
    ),
    "persistentvolumeclaims": _checked(
        _shape(
            spec=partly(
                accessModes=_TEXTS,
                resources=_RESOURCES,
                storageClassName=text(),
                volumeMode=text(),
                volumeName=text(),
            ),
            status=partly(
                phase=text(),
                capacity=mapping(quantity()),
                accessModes=_TEXTS,
                conditions=_CONDITIONS,
            ),
        ),
        _claim_causes,
    ),
    "namespaces": _shape(spec=partly(finalizers=_TEXTS), status=partly(phase=text())),
    "jobs": _shape(
        spec=partly(template=_TEMPLATE, completions=integer(), backoffLimit=integer()),
        status=partly(**_alike(integer(), "active succeeded failed"), conditions=_CONDITIONS),
    ),
    **dict.fromkeys(
        ("deployments", "replicasets"),
        _shape(
            spec=partly(replicas=integer(low=0), selector=_SELECTOR, template=_TEMPLATE),
            status=partly(
                **_alike(integer(), "replicas readyReplicas availableReplicas"),
                conditions=_CONDITIONS,
            ),
        ),
    ),
    "nodes": _shape(
        spec=partly(unschedulable=boolean(), taints=listed(partly())),
        status=partly(conditions=_CONDITIONS, capacity=mapping(quantity())),
    ),
    "events": _shape(
        required={"involvedObject": _REFERENCE},
        related=_REFERENCE,
        source=partly(component=text(), host=text()),
        series=partly(),
        count=integer(),
        **_alike(text(), "reason message type action"),
        **_alike(text(date=True), "firstTimestamp lastTimestamp eventTime"),
        **_alike(text(), "reportingComponent reportingInstance"),
    ),
    "serviceaccounts": _shape(
        secrets=listed(partly()),
        imagePullSecrets=listed(partly()),
        automountServiceAccountToken=boolean(),
    ),
    "storageclasses": _shape(
        required={"provisioner": text()},
        parameters=mapping(text()),
        mountOptions=_TEXTS,
        allowVolumeExpansion=boolean(),
        allowedTopologies=listed(partly()),
        **_alike(text(), "reclaimPolicy volumeBindingMode"),
    ),
    **dict.fromkeys(("roles", "clusterroles"), _ROLE),
    **dict.fromkeys(("rolebindings", "clusterrolebindings"), _BINDING),
    **dict.fromkeys(
        ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"), _WEBHOOKS
    ),
    "endpointslices": _shape(
        addressType=text(),
        endpoints=listed(partly(addresses=_TEXTS, conditions=partly(), targetRef=_REFERENCE)),
        ports=listed(partly()),
    ),
}
