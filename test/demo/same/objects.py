"""The smallest objects that scenes create."""

from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from test.controlplane.clusters import cluster, database, database_role

__all__ = ["cluster", "database", "database_role", "event", "labelled", "pod", "secret", "thing"]


def thing(kind: str, namespace: str | None, name: str, **fields: object) -> KubeObject:
    """An object of any kind."""
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": BY_KIND[kind].api_version, "kind": kind, "metadata": metadata, **fields}


def labelled(obj: KubeObject, **labels: str) -> KubeObject:
    """The object with labels."""
    return {**obj, "metadata": {**obj["metadata"], "labels": labels}}


def secret(namespace: str, name: str = "credentials") -> KubeObject:
    """A Secret."""
    return thing("Secret", namespace, name, type="Opaque", data={"username": "YXBw"})


def pod(namespace: str, name: str = "pg-1") -> KubeObject:
    """A Pod with one container, which needs no ServiceAccount's token."""
    spec = {
        "containers": [{"name": "postgres", "image": "registry.example/postgresql:18"}],
        "automountServiceAccountToken": False,
    }
    return thing("Pod", namespace, name, spec=spec)


def claim(namespace: str, name: str = "pg-1") -> KubeObject:
    """A PersistentVolumeClaim."""
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
    return thing("PersistentVolumeClaim", namespace, name, spec=spec)


def event(namespace: str, name: str = "pg.1", about: str = "pg") -> KubeObject:
    """An Event about a Cluster."""
    return thing(
        "Event",
        namespace,
        name,
        involvedObject={"kind": "Cluster", "namespace": namespace, "name": about},
        reason="CreatingInstance",
        message="an instance",
        type="Normal",
    )


def role(namespace: str, name: str, resources: list[str], verbs: list[str]) -> KubeObject:
    """A Role for some resources of the core group and of CloudNativePG's."""
    groups = ["", BY_KIND["Cluster"].api_version.partition("/")[0]]
    rules = [{"apiGroups": groups, "resources": resources, "verbs": verbs}]
    return thing("Role", namespace, name, rules=rules)


def binding(namespace: str, name: str, user: str, *, kind: str = "User") -> KubeObject:
    """A RoleBinding of a user (or group) to the Role of the same name."""
    group = "rbac.authorization.k8s.io"
    subjects = [{"kind": kind, "name": user, "apiGroup": group}]
    reference = {"kind": "Role", "name": name, "apiGroup": group}
    return thing("RoleBinding", namespace, name, subjects=subjects, roleRef=reference)
