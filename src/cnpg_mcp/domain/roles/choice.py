"""Which back-end a role is written through."""

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.inline import InlineRoleStore
from cnpg_mcp.domain.roles.objects import DatabaseRoleStore
from cnpg_mcp.domain.roles.stores import RoleStore


def store_for_new(estate: Estate, census: Census) -> RoleStore:
    """Where a new role is declared: as an object wherever there is such a kind."""
    return _store(estate, census, as_object=census.serves_objects)


def store_of(estate: Estate, census: Census, held: Declaration) -> RoleStore:
    """Where a role is declared."""
    return _store(estate, census, as_object=held.object is not None)


def _store(estate: Estate, census: Census, *, as_object: bool) -> RoleStore:
    namespace, name = census.cluster.namespace, census.cluster.name
    if as_object:
        return DatabaseRoleStore(estate, namespace)
    return InlineRoleStore(estate, namespace, name)
