"""Reading one cluster, and telling apart what a 404 can mean."""

from collections.abc import AsyncIterator

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.names import check_cluster_name
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure, not_found
from cnpg_mcp.kube.client import Selection
from cnpg_mcp.kube.errors import Forbidden, NotFound
from cnpg_mcp.kube.objects import KubeObject, Resource

CHUNK = 500
"""Objects to a chunk when a whole collection is read, as kubectl does."""


async def read_cluster(estate: Estate, namespace: str, name: str, field: str = "name") -> Cluster:
    """A cluster by name.

    Raises:
        ToolFailure: the name is malformed, or the cluster, its namespace or CloudNativePG itself
            does not exist.
    """
    check_cluster_name(name, field)
    found = await find_cluster(estate, namespace, name)
    if found is not None:
        return Cluster.parse(found)
    await estate.require_namespace(namespace)
    raise not_found(
        f"Cluster {namespace}/{name}",
        "Call list_postgres_clusters with all_namespaces=true: it may be in another namespace, or "
        "spelt otherwise.",
    )


async def find_cluster(estate: Estate, namespace: str, name: str) -> KubeObject | None:
    """The Cluster object, `None` where there is none of that name.

    Raises:
        ToolFailure: CloudNativePG is not installed, or rights are missing because the namespace
            does not exist: nobody can be given a Role there.
    """
    try:
        return await estate.kube.get(CLUSTERS, namespace, name)
    except NotFound as error:
        if error.names_no_object:
            raise not_installed() from None
        return None
    except Forbidden:
        await estate.require_namespace(namespace)
        raise


def not_installed() -> ToolFailure:
    """The failure when the API server does not know CloudNativePG's resources."""
    return ToolFailure(
        ErrorCode.UNSUPPORTED,
        "CloudNativePG is not installed on this Kubernetes cluster: its API "
        "(postgresql.cnpg.io/v1) is not served.",
        "Install the CloudNativePG operator, or choose another context.",
    )


async def read_all(
    estate: Estate, resource: Resource, namespace: str | None, labels: str = ""
) -> AsyncIterator[KubeObject]:
    """Every object of a collection, in a namespace or (`None`) in all, read in chunks."""
    token = ""
    while True:
        selection = Selection(namespace, labels, limit=CHUNK, continue_token=token)
        page = await estate.kube.list(resource, selection)
        for item in page.items:
            yield item
        token = page.continue_token
        if not token:
            return
