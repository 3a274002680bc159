"""Kinds that every API server has, with the print columns that somebody looks at."""

from collections.abc import Callable, Mapping

from cnpg_mcp.demo.kinds import BY_PLURAL, CNPG_GROUP, KubeObject
from cnpg_mcp.demo.kubernetes import shapes
from cnpg_mcp.demo.kubernetes.definitions import Column, Definition

_WITHOUT_STATUS = (
    *("secrets", "configmaps", "events", "serviceaccounts", "storageclasses", "leases"),
    *("roles", "rolebindings", "clusterroles", "clusterrolebindings"),
    *("endpointslices", "networkpolicies"),
    *("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
)
_COUNTED = (
    *("Pod", "Job", "Deployment", "ReplicaSet", "PodDisruptionBudget", "NetworkPolicy", "Ingress"),
    "CustomResourceDefinition",
    *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
)
"""Kinds whose objects have a generation."""
_REVIEWS = frozenset(
    ("subjectaccessreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews")
)
_SHORT_NAMES: Mapping[str, tuple[str, ...]] = {
    "pods": ("po",),
    "services": ("svc",),
    "configmaps": ("cm",),
    "events": ("ev",),
    "persistentvolumeclaims": ("pvc",),
    "persistentvolumes": ("pv",),
    "serviceaccounts": ("sa",),
    "resourcequotas": ("quota",),
    "namespaces": ("ns",),
    "nodes": ("no",),
    "deployments": ("deploy",),
    "replicasets": ("rs",),
    "poddisruptionbudgets": ("pdb",),
    "networkpolicies": ("netpol",),
    "ingresses": ("ing",),
    "storageclasses": ("sc",),
}


def definitions() -> tuple[Definition, ...]:
    """Every kind of the table that is not CloudNativePG's."""
    return tuple(
        Definition(
            kind=kind,
            columns=_COLUMNS.get(plural, ()),
            short_names=_SHORT_NAMES.get(plural, ()),
            selectable=_SELECTABLE.get(plural, {}),
            schema=shapes.of(plural),
            has_status=plural not in _WITHOUT_STATUS,
            custom=False,
            counted=kind.kind in _COUNTED,
        )
        for plural, kind in BY_PLURAL.items()
        if plural not in _REVIEWS and not kind.api_version.startswith(CNPG_GROUP)
    )


def _at(*path: str) -> Callable[[KubeObject], str]:
    """Reads a text of an object; empty where it has none."""

    def read(obj: KubeObject) -> str:
        found: object = obj
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return str(found) if found is not None else ""

    return read


_SELECTABLE: Mapping[str, Mapping[str, Callable[[KubeObject], str]]] = {
    "events": {
        **{
            f"involvedObject.{key}": _at("involvedObject", key)
            for key in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")
        },
        "involvedObject.resourceVersion": _at("involvedObject", "resourceVersion"),
        "reason": _at("reason"),
        "reportingComponent": _at("reportingComponent"),
        "source": _at("source", "component"),
        "type": _at("type"),
    },
    "pods": {
        "spec.nodeName": _at("spec", "nodeName"),
        "spec.restartPolicy": _at("spec", "restartPolicy"),
        "spec.schedulerName": _at("spec", "schedulerName"),
        "spec.serviceAccountName": _at("spec", "serviceAccountName"),
        "status.phase": _at("status", "phase"),
        "status.podIP": _at("status", "podIP"),
    },
    "secrets": {"type": _at("type")},
    "namespaces": {"status.phase": _at("status", "phase")},
    "jobs": {"status.successful": _at("status", "succeeded")},
}


def _ready(pod: KubeObject) -> str:
    states = (pod.get("status") or {}).get("containerStatuses") or []
    wanted = len((pod.get("spec") or {}).get("containers") or ())
    return f"{sum(1 for each in states if each.get('ready'))}/{wanted}"


def _restarts(pod: KubeObject) -> str:
    states = (pod.get("status") or {}).get("containerStatuses") or []
    return str(sum(each.get("restartCount", 0) for each in states))


_AGE = Column("Age", "string", _at("metadata", "creationTimestamp"), is_age=True)
_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "pods": (
        Column("Ready", "string", _ready),
        Column("Status", "string", _at("status", "phase")),
        Column("Restarts", "string", _restarts),
        _AGE,
    ),
    "persistentvolumeclaims": (
        Column("Status", "string", _at("status", "phase")),
        Column("Capacity", "string", _at("status", "capacity", "storage")),
        Column("StorageClass", "string", _at("spec", "storageClassName")),
        _AGE,
    ),
    "events": (
        Column("Last Seen", "string", _at("lastTimestamp"), is_age=True),
        Column("Type", "string", _at("type")),
        Column("Reason", "string", _at("reason")),
        Column("Message", "string", _at("message")),
    ),
    "secrets": (
        Column("Type", "string", _at("type")),
        Column("Data", "string", lambda secret: len(secret.get("data") or {})),
        _AGE,
    ),
}
