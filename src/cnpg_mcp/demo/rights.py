"""The rights of the servers' account in the demo: those that the chart gives, everywhere."""

from collections.abc import Iterator

from cnpg_mcp.demo.kinds import CNPG_GROUP, KubeObject

ACCOUNT = "cnpg-mcp"
_RBAC = "rbac.authorization.k8s.io"
RULES: tuple[tuple[str, str, str], ...] = (
    (CNPG_GROUP, "clusters", "get list watch create patch delete"),
    (CNPG_GROUP, "databases databaseroles", "get list create patch delete"),
    (CNPG_GROUP, "backups scheduledbackups poolers", "list"),
    (CNPG_GROUP, "scheduledbackups", "create"),
    ("barmancloud.cnpg.io", "objectstores", "get"),
    ("", "pods persistentvolumeclaims events resourcequotas", "list"),
    ("", "secrets", "get list create patch delete"),
    ("", "namespaces", "get"),
    ("", "pods/proxy", "get"),
    ("batch", "jobs", "list"),
    ("apps", "deployments", "list"),
    ("discovery.k8s.io", "endpointslices", "list"),
    ("storage.k8s.io", "storageclasses", "list"),
)
"""API group, resources, verbs."""


def objects() -> Iterator[KubeObject]:
    """The ClusterRole and its binding."""
    meta = {"name": ACCOUNT}
    rules = [
        {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}
        for group, resources, verbs in RULES
    ]
    version = f"{_RBAC}/v1"
    yield {"apiVersion": version, "kind": "ClusterRole", "metadata": meta, "rules": rules}
    yield {
        "apiVersion": version,
        "kind": "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": ACCOUNT},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": ACCOUNT}],
    }
