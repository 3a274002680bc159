"""Removing what declared databases and roles of a cluster that is gone: only what we made."""

from collections.abc import Sequence

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import is_ours, is_protected
from cnpg_mcp.domain.resources import DATABASE_ROLES, DATABASES
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import Conflict, NotFound
from cnpg_mcp.kube.objects import Resource

_OPERATORS = "cnpg.io/"
"""Finalizers with this prefix are the operator's: while one is there it has not let go."""


async def remove_dependents(
    estate: Estate, namespace: str, dependents: Sequence[Database | DatabaseRole]
) -> tuple[str, ...]:
    """Deletes each that the operator has released; their Secrets go with the roles.

    Returns:
        Those that are still there, as `Kind name`.
    """
    left = [each for each in dependents if not await _removed(estate, namespace, each)]
    return names_of(left)


def names_of(dependents: Sequence[Database | DatabaseRole]) -> tuple[str, ...]:
    """The objects as `Kind name`."""
    return tuple(f"{_resource(each).kind} {each.name}" for each in dependents)


def _resource(dependent: Database | DatabaseRole) -> Resource:
    return DATABASES if isinstance(dependent, Database) else DATABASE_ROLES


async def _removed(estate: Estate, namespace: str, planned: Database | DatabaseRole) -> bool:
    """Whether the object is gone; deletes it where the operator has let it go.

    One that has been changed or protected since the plan is left.
    """
    resource, then = _resource(planned), planned.metadata
    try:
        now = ObjectView.parse(await estate.kube.get(resource, namespace, planned.name)).metadata
        if now.uid != then.uid:
            return True  # another one by now, which nobody asked to remove
        if any(each.startswith(_OPERATORS) for each in now.finalizers):
            return False
        if is_protected(now) or not is_ours(now) or now.generation != then.generation:
            return False
        only_this = Preconditions(now.uid, now.resource_version)
        await estate.kube.delete(resource, namespace, planned.name, only_this)
        estate.journal.touches(resource.kind, namespace, planned.name, now.uid)
    except NotFound:
        return True
    except Conflict:
        return False
    return not now.finalizers
