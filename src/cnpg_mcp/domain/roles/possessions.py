"""What a role is known to own: PostgreSQL refuses to drop an owner."""

from collections.abc import Sequence

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.declared import database_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import DATABASES
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database, DatabaseSpec
from cnpg_mcp.kube.errors import Forbidden, NotFound


async def possessions(estate: Estate, cluster: Cluster, role: str) -> Sequence[str]:
    """The databases that a role owns as far as they are declared, each in words."""
    owned = []
    facts = connection_facts(cluster)
    if role == facts.user and facts.database:
        owned.append(f"database {quoted(facts.database)}")
    try:
        async for item in read_all(estate, DATABASES, cluster.namespace):
            database = Database.parse(item)
            spec = database.spec
            if spec.cluster.name != cluster.name:
                continue
            if database_state(database) is not DeclaredState.DROPPED:
                owned += _owned_in(spec, role)
    except (Forbidden, NotFound):
        return owned
    return list(dict.fromkeys(owned))


def _owned_in(spec: DatabaseSpec, role: str) -> Sequence[str]:
    """What of one database is declared as the role's."""
    where = f"database {quoted(spec.name)}"
    schemas = [
        f"schema {quoted(each.name)} of {where}" for each in spec.schemas if each.owner == role
    ]
    return [*([where] if spec.owner == role else []), *schemas]
