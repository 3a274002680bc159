"""What an earlier cluster of the same name left behind, and a new one would take over."""

import asyncio
from collections.abc import Callable, Sequence

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.resources import DATABASE_ROLES, DATABASES, PERSISTENT_VOLUME_CLAIMS
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole
from cnpg_mcp.kube.errors import Forbidden, NotFound
from cnpg_mcp.kube.objects import KubeObject, Resource

CLUSTER_LABEL = "cnpg.io/cluster"


async def find_leftovers(estate: Estate, namespace: str, name: str) -> Sequence[str]:
    """Kind and name of each: volumes with data, and declared databases and roles.

    A kind that may not be listed, or is not served, counts as none left.
    """
    found = await asyncio.gather(
        _names(
            estate,
            PERSISTENT_VOLUME_CLAIMS,
            namespace,
            ObjectView.parse,
            labels=f"{CLUSTER_LABEL}={name}",
        ),
        _names(estate, DATABASES, namespace, _declared_for(Database, name)),
        _names(estate, DATABASE_ROLES, namespace, _declared_for(DatabaseRole, name)),
    )
    return [each for names in found for each in names]


def _declared_for(
    view: type[Database] | type[DatabaseRole], cluster: str
) -> Callable[[KubeObject], ObjectView | None]:
    def parse(item: KubeObject) -> ObjectView | None:
        declared = view.parse(item)
        return declared if declared.spec.cluster.name == cluster else None

    return parse


async def _names(
    estate: Estate,
    resource: Resource,
    namespace: str,
    parse: Callable[[KubeObject], ObjectView | None],
    labels: str = "",
) -> Sequence[str]:
    try:
        views = [parse(item) async for item in read_all(estate, resource, namespace, labels)]
    except (Forbidden, NotFound):
        return []
    return [f"{resource.kind} {view.name}" for view in views if view is not None]
