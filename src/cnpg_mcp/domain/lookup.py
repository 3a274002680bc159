"""Reading one cluster, and telling apart what a 404 can mean."""

import difflib
from collections.abc import AsyncIterator
from dataclasses import replace

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.names import check_cluster_name
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Selection
from cnpg_mcp.kube.errors import Forbidden, KubeError, NotFound
from cnpg_mcp.kube.objects import KubeObject, Resource

CHUNK = 500
"""Objects to a chunk when a whole collection is read, as kubectl does."""
_CLUSTER_NAMES = replace(CLUSTERS, metadata_only=True)


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
    raise await no_such_cluster(estate, namespace, name)


async def no_such_cluster(estate: Estate, namespace: str, name: str) -> ToolFailure:
    """The failure for a cluster that does not exist, with the one that may have been meant."""
    near = await _nearest(estate, namespace, name)
    hint = f" Did you mean {near}?" if near else ""
    return ToolFailure(
        ErrorCode.NOT_FOUND,
        f"Cluster {namespace}/{name} does not exist.{hint}",
        "Call list_postgres_clusters with all_namespaces=true: it may be in another namespace, or "
        "spelt otherwise.",
    )


async def _nearest(estate: Estate, namespace: str, name: str) -> str:
    """The cluster whose name is most like it; empty where none is, or none may be listed."""
    try:
        page = await estate.kube.list(_CLUSTER_NAMES, Selection(namespace, limit=CHUNK))
    except KubeError:  # a hint is not worth another failure
        return ""
    names = [ObjectView.parse(item).name for item in page.items]
    return next(iter(difflib.get_close_matches(name, names, n=1)), "")


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
