"""Users with exactly the rights that the chart ships, or with some of them taken away."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.api import PATIENCE_SECONDS, KubeClient, until

RULES = Path(__file__).parents[2] / "helm/cnpg-mcp/files/rbac.yaml"
READ, WRITE = "cnpg-mcp-read", "cnpg-mcp-write"
IN_NAMESPACE = (READ, WRITE)
CLUSTER_FACTS, INSTANCE_REPORTS = "cnpg-mcp-cluster-facts", "cnpg-mcp-instance-reports"
RBAC_VERSION = "rbac.authorization.k8s.io/v1"

Dropped = tuple[str, str]
"""A resource and a verb that a user should not have."""


@dataclass(frozen=True)
class Grant:
    """What a user should be allowed."""

    user: str
    namespaces: tuple[str, ...]
    cluster_facts: bool
    without: frozenset[Dropped]


@dataclass(frozen=True)
class Permission:
    """One verb on one resource of one API group."""

    group: str
    resource: str
    verb: str


def shipped(name: str) -> KubeObject:
    """A Role or ClusterRole of the chart."""
    for document in yaml.safe_load_all(RULES.read_text()):
        if document["metadata"]["name"] == name:
            found: KubeObject = document
            return found
    raise LookupError(f"no {name} in {RULES}")


def shipped_rules(kind: str) -> list[KubeObject]:
    """The rules that the chart gives in each namespace (``Role``), or beyond (``ClusterRole``)."""
    names = IN_NAMESPACE if kind == "Role" else (CLUSTER_FACTS,)
    return [rule for name in names for rule in shipped(name)["rules"]]


def permissions(rules: list[KubeObject]) -> Iterator[Permission]:
    """Every single permission that the rules give."""
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield Permission(group, resource, verb)


async def give(admin: KubeClient, kubeconfig: Path, grant: Grant) -> None:
    """Binds the user and waits until the API server honours it."""
    for namespace in grant.namespaces:
        await _bind(admin, grant, "Role", namespace)
    if grant.cluster_facts:
        await _bind(admin, grant, "ClusterRole", None)
    async with KubeClient(kubeconfig) as user:
        for namespace in grant.namespaces:
            await _honoured(user, _left("Role", grant), namespace)
        if grant.cluster_facts:
            await _honoured(user, _left("ClusterRole", grant), None)


async def allowed(user: KubeClient, wanted: Permission, namespace: str | None) -> bool:
    """Whether the API server would let the user do this."""
    resource, _, subresource = wanted.resource.partition("/")
    attributes = {
        "group": wanted.group,
        "resource": resource,
        "subresource": subresource,
        "verb": wanted.verb,
        "namespace": namespace or "",
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": {"resourceAttributes": attributes},
    }
    answer = await user.create(body)
    return bool(answer["status"]["allowed"])


async def _bind(admin: KubeClient, grant: Grant, kind: str, namespace: str | None) -> None:
    meta = {"name": grant.user, **({"namespace": namespace} if namespace else {})}
    rules = _left(kind, grant)
    await admin.create({"apiVersion": RBAC_VERSION, "kind": kind, "metadata": meta, "rules": rules})
    group = "rbac.authorization.k8s.io"
    await admin.create(
        {
            "apiVersion": RBAC_VERSION,
            "kind": f"{kind}Binding",
            "metadata": meta,
            "roleRef": {"apiGroup": group, "kind": kind, "name": grant.user},
            "subjects": [{"apiGroup": group, "kind": "User", "name": grant.user}],
        }
    )


def _left(kind: str, grant: Grant) -> list[KubeObject]:
    """The shipped rules as one rule for each permission, without the dropped ones."""
    return [
        {"apiGroups": [each.group], "resources": [each.resource], "verbs": [each.verb]}
        for each in permissions(shipped_rules(kind))
        if (each.resource, each.verb) not in grant.without
    ]


async def _honoured(user: KubeClient, rules: list[KubeObject], namespace: str | None) -> None:
    wanted = list(permissions(rules))

    async def holds() -> bool:
        return not wanted or await allowed(user, wanted[-1], namespace)

    await until(holds, PATIENCE_SECONDS, lambda: f"rights in {namespace} are not honoured")
