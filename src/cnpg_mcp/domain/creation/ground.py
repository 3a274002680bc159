"""The ground a new cluster would stand on: nothing left of an earlier one, and its StorageClass."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import (
    CLUSTERS,
    DATABASE_ROLES,
    DATABASES,
    PERSISTENT_VOLUME_CLAIMS,
    STORAGE_CLASSES,
)
from cnpg_mcp.domain.views.base import Metadata, ObjectView
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole
from cnpg_mcp.errors import ErrorCode, ToolFailure, invalid
from cnpg_mcp.kube.errors import Forbidden, NotFound
from cnpg_mcp.kube.objects import KubeObject, Resource

CLUSTER_LABEL = "cnpg.io/cluster"

Parse = Callable[[KubeObject], ObjectView | None]


async def survey(estate: Estate, namespace: str, order: ClusterOrder) -> Mapping[str, str]:
    """Refuses to build where a cluster would adopt something, or could never start.

    Returns:
        What could not be looked at, and why.

    Raises:
        ToolFailure: `not_found` no such namespace, `blocked` something of an earlier cluster of
            that name is left, `invalid` no such StorageClass.
    """
    await estate.require_namespace(namespace)
    found = await asyncio.gather(
        _objects(
            estate,
            PERSISTENT_VOLUME_CLAIMS,
            namespace,
            ObjectView.parse,
            labels=f"{CLUSTER_LABEL}={order.name}",
        ),
        _objects(estate, DATABASES, namespace, _declared_for(Database, order.name)),
        _objects(estate, DATABASE_ROLES, namespace, _declared_for(DatabaseRole, order.name)),
        _storage_classes(estate, order),
    )
    *leftovers, classes = found
    kinds = (PERSISTENT_VOLUME_CLAIMS, DATABASES, DATABASE_ROLES)
    _require_nothing_left(order.name, dict(zip(kinds, leftovers, strict=True)))
    if classes is not None and order.storage_class is not None:
        _require_class(order.storage_class, [each.name for each in classes])
    unseen = [kind.plural for kind, seen in zip(kinds, leftovers, strict=True) if seen is None]
    unseen += [STORAGE_CLASSES.plural] if classes is None else []
    return dict.fromkeys(unseen, "forbidden")


def _require_nothing_left(name: str, found: Mapping[Resource, Sequence[ObjectView] | None]) -> None:
    left = [
        (f"{kind.kind} {view.name}", _is_going(name, view.metadata))
        for kind, views in found.items()
        for view in views or ()
    ]
    going = [shown for shown, goes in left if goes]
    staying = [shown for shown, goes in left if not goes]
    if staying:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"An earlier cluster {name} left objects that a new one would take over: "
            f"{', '.join(staying)}.",
            "Choose another name, or have a person look at them and delete what is not needed.",
        )
    if going:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"What an earlier cluster {name} had is still being deleted: {', '.join(going)}.",
            "Call again in some seconds. If it does not go, have a person see what holds it.",
        )


def _is_going(cluster: str, metadata: Metadata) -> bool:
    """Whether an object of a cluster that is gone goes as well, by itself.

    Kubernetes collects what is owned by nothing that still exists. A cluster that was deleted with
    its objects orphaned owns none of them any more.
    """
    owners = metadata.owner_references
    collected = bool(owners) and all(
        owner.kind == CLUSTERS.kind and owner.name == cluster for owner in owners
    )
    return collected or metadata.deletion_timestamp is not None


def _require_class(wanted: str, classes: Sequence[str]) -> None:
    if wanted not in classes:
        raise invalid(
            "storage_class",
            f"StorageClass {quoted(wanted, 80)} does not exist.",
            f"Use one of: {', '.join(classes) or 'none exists'}; or leave it out for the default.",
        )


async def _storage_classes(estate: Estate, order: ClusterOrder) -> Sequence[ObjectView] | None:
    """All StorageClasses, if the order names one; `None` if they may not be seen."""
    if order.storage_class is None:
        return ()
    return await _objects(estate, STORAGE_CLASSES, None, ObjectView.parse)


def _declared_for(view: type[Database] | type[DatabaseRole], cluster: str) -> Parse:
    def parse(item: KubeObject) -> ObjectView | None:
        declared = view.parse(item)
        return declared if declared.spec.cluster.name == cluster else None

    return parse


async def _objects(
    estate: Estate, resource: Resource, namespace: str | None, parse: Parse, labels: str = ""
) -> Sequence[ObjectView] | None:
    """What `parse` recognises; `None` if the kind may not be listed."""
    try:
        views = [parse(item) async for item in read_all(estate, resource, namespace, labels)]
    except NotFound:
        return []  # the resource is not served here: there is nothing of it
    except Forbidden:
        return None
    return [view for view in views if view is not None]
