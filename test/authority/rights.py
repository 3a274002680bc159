"""Rights at the API server: the chart's, for a user or a group, and the one to act as others."""

from pathlib import Path
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from test.authority.audited import AuditedPlane
from test.controlplane.access import RBAC_VERSION, shipped_rules
from test.controlplane.api import KubeClient, until

_RBAC = "rbac.authorization.k8s.io"
_IMPERSONATE: list[KubeObject] = [
    {"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]}
]


async def give(
    admin: KubeClient, namespace: str, *, user: str | None = None, group: str | None = None
) -> None:
    """Gives a user or a group the chart's rights in a namespace; they are honoured by now."""
    subject = {"kind": "User" if user else "Group", "name": user or group}
    meta = {"generateName": "given-", "namespace": namespace}
    rules = shipped_rules("Role")
    role = await admin.create(_role("Role", meta, rules))
    await admin.create(_binding("Role", meta, role["metadata"]["name"], subject))
    asked = {"group": "postgresql.cnpg.io", "resource": "clusters", "verb": "watch"}
    await _honoured(admin, {"user": user or "somebody", "groups": [group] if group else []},
                    {**asked, "namespace": namespace})  # fmt: skip


async def impersonator(plane: AuditedPlane, admin: KubeClient) -> Path:
    """The kubeconfig of a new account that may act as anybody, and do nothing by itself."""
    kubeconfig = plane.account()
    name = plane.user_of(kubeconfig)
    await admin.create(_role("ClusterRole", {"name": name}, _IMPERSONATE))
    subject = {"kind": "User", "name": name}
    await admin.create(_binding("ClusterRole", {"name": name}, name, subject))
    asked = {"resource": "groups", "verb": "impersonate"}
    await _honoured(admin, {"user": name}, asked)
    return kubeconfig


def _role(kind: str, meta: KubeObject, rules: list[KubeObject]) -> KubeObject:
    return {"apiVersion": RBAC_VERSION, "kind": kind, "metadata": meta, "rules": rules}


def _binding(kind: str, meta: KubeObject, role: str, subject: KubeObject) -> KubeObject:
    return {
        "apiVersion": RBAC_VERSION,
        "kind": f"{kind}Binding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": role},
        "subjects": [{"apiGroup": _RBAC, **subject}],
    }


async def _honoured(admin: KubeClient, who: dict[str, Any], what: dict[str, Any]) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {**who, "resourceAttributes": what},
    }

    async def holds() -> bool:
        return bool((await admin.create(review))["status"]["allowed"])

    await until(holds, 60, lambda: f"{who} may not {what}")
