"""Names, labels and owners that everything the operator makes carries."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator.admission import images

VERSION = "1.30.0"
OPERATOR_IMAGE = f"registry.example/cloudnative-pg:{VERSION}"
DEFAULT_MAJOR = 18
ANNOTATIONS = {"cnpg.io/operatorVersion": VERSION}
MANAGED_BY = {"app.kubernetes.io/managed-by": "cloudnative-pg"}


def labels(cluster: KubeObject, image: str = "") -> dict[str, str]:
    """The labels of what belongs to a cluster; with the PostgreSQL version where it is known."""
    name = cluster["metadata"]["name"]
    found = {
        **MANAGED_BY,
        "app.kubernetes.io/component": "database",
        "app.kubernetes.io/instance": name,
        "app.kubernetes.io/name": "postgresql",
        "cnpg.io/cluster": name,
    }
    if image:
        found["app.kubernetes.io/version"] = str(major(image))
    return found


def owner(obj: KubeObject, **more: object) -> KubeObject:
    """The object as the controlling owner of others."""
    meta = obj["metadata"]
    named = {"apiVersion": obj["apiVersion"], "kind": obj["kind"]}
    return {**named, "name": meta["name"], "uid": meta["uid"], "controller": True, **more}


def body(
    api_version: str, kind: str, cluster: KubeObject, name: str, labelled: dict[str, str]
) -> KubeObject:
    """An object in the cluster's namespace that goes with the cluster."""
    meta = {
        "name": name,
        "namespace": cluster["metadata"]["namespace"],
        "labels": labelled,
        "annotations": dict(ANNOTATIONS),
        "ownerReferences": [owner(cluster)],
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": meta}


def major(image: str) -> int:
    """The PostgreSQL version that an image's tag tells of; else that of the operator's own."""
    return images.major(image) or DEFAULT_MAJOR
