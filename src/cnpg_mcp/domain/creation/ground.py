"""The ground a new cluster would stand on: nothing left of an earlier one, and its StorageClass."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import (
    DATABASE_ROLES,
    DATABASES,
    PERSISTENT_VOLUME_CLAIMS,
    STORAGE_CLASSES,
)
from cnpg_mcp.domain.views.base import ObjectView
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
        _names(
            estate,
            PERSISTENT_VOLUME_CLAIMS,
            namespace,
            ObjectView.parse,
            labels=f"{CLUSTER_LABEL}={order.name}",
        ),
        _names(estate, DATABASES, namespace, _declared_for(Database, order.name)),
        _names(estate, DATABASE_ROLES, namespace, _declared_for(DatabaseRole, order.name)),
        _storage_classes(estate, order),
    )
    *leftovers, classes = found
    kinds = (PERSISTENT_VOLUME_CLAIMS, DATABASES, DATABASE_ROLES)
    _require_nothing_left(order.name, dict(zip(kinds, leftovers, strict=True)))
    if classes is not None and order.storage_class is not None:
        _require_class(order.storage_class, classes)
    unseen = [kind.plural for kind, names in zip(kinds, leftovers, strict=True) if names is None]
    unseen += [STORAGE_CLASSES.plural] if classes is None else []
    return dict.fromkeys(unseen, "forbidden")


def _require_nothing_left(name: str, found: Mapping[Resource, Sequence[str] | None]) -> None:
    left = [f"{kind.kind} {each}" for kind, names in found.items() for each in names or ()]
    if left:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"An earlier cluster {name} left objects that a new one would take over: "
            f"{', '.join(left)}.",
            "Choose another name, or have a person look at them and delete what is not needed.",
        )


def _require_class(wanted: str, classes: Sequence[str]) -> None:
    if wanted not in classes:
        raise invalid(
            "storage_class",
            f"StorageClass {quoted(wanted, 80)} does not exist.",
            f"Use one of: {', '.join(classes) or 'none exists'}; or leave it out for the default.",
        )


async def _storage_classes(estate: Estate, order: ClusterOrder) -> Sequence[str] | None:
    """The names of all StorageClasses, if the order names one; `None` if they may not be seen."""
    if order.storage_class is None:
        return ()
    return await _names(estate, STORAGE_CLASSES, None, ObjectView.parse)


def _declared_for(view: type[Database] | type[DatabaseRole], cluster: str) -> Parse:
    def parse(item: KubeObject) -> ObjectView | None:
        declared = view.parse(item)
        return declared if declared.spec.cluster.name == cluster else None

    return parse


async def _names(
    estate: Estate, resource: Resource, namespace: str | None, parse: Parse, labels: str = ""
) -> Sequence[str] | None:
    """Names of what `parse` recognises; `None` if the kind may not be listed."""
    try:
        views = [parse(item) async for item in read_all(estate, resource, namespace, labels)]
    except NotFound:
        return []  # the resource is not served here: there is nothing of it
    except Forbidden:
        return None
    return [view.name for view in views if view is not None]
