"""The Database object that an order becomes, and the changes that drop what it declares."""

from cnpg_mcp.domain.databases.order import DatabaseOrder, ReclaimPolicy
from cnpg_mcp.domain.marks import made_by
from cnpg_mcp.domain.names import object_name
from cnpg_mcp.domain.resources import DATABASES
from cnpg_mcp.kube.objects import KubeObject


def database(order: DatabaseOrder, namespace: str) -> KubeObject:
    """The object for an order."""
    spec: KubeObject = {
        "cluster": {"name": order.cluster_name},
        "name": order.name,
        "owner": order.owner,
        "databaseReclaimPolicy": order.reclaim_policy.value,
    }
    if order.extensions:
        spec["extensions"] = [{"name": name} for name in order.extensions]
    if order.schemas:
        spec["schemas"] = [{"name": name, "owner": order.owner} for name in order.schemas]
    if order.encoding:
        spec["encoding"] = order.encoding
    if order.locale:
        spec["locale"] = order.locale
    if order.encoding or order.locale:
        spec["template"] = "template0"  # template1 may have another encoding or locale
    return {
        "apiVersion": DATABASES.api_version,
        "kind": DATABASES.kind,
        "metadata": {
            "name": object_name(order.cluster_name, order.name),
            "namespace": namespace,
            "annotations": made_by(order.digest(namespace)),
        },
        "spec": spec,
    }


def absence() -> KubeObject:
    """The change that drops the database in a way that lets PostgreSQL's refusal show.

    The reclaim policy stays: withdrawn, the object is what it was.
    """
    return {"ensure": "absent"}


def destruction() -> KubeObject:
    """The change that drops the database of an object that is being deleted already."""
    return {"databaseReclaimPolicy": ReclaimPolicy.DELETE.value}


def retention() -> KubeObject:
    """The change after which deleting the object keeps the database, also from a pending drop."""
    return {"ensure": "present", "databaseReclaimPolicy": ReclaimPolicy.RETAIN.value}
