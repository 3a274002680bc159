"""All roles of a cluster that anything declares or the operator has reported."""

from collections.abc import Iterable, Sequence

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_cluster
from cnpg_mcp.domain.operated import list_note
from cnpg_mcp.domain.paging import ListQuery, page_of
from cnpg_mcp.domain.results import DeclaredState, ListScope, RoleList, RoleRow, RoleSource
from cnpg_mcp.domain.roles.backends import DatabaseRoles, InlineRoles, RoleBackend
from cnpg_mcp.domain.views.cluster import Cluster

_BLIND = (
    "Roles made by hand in PostgreSQL are reported only while the cluster has inline managed roles."
)
_STALE = "No inline managed role is left: the operator's report on undeclared roles is frozen."


async def list_roles(estate: Estate, query: ListQuery) -> RoleList:
    """The roles of a cluster by name, from both back-ends, each with its source and state.

    Raises:
        ToolFailure: no such cluster or namespace.
    """
    namespace = await estate.namespace(query.namespace)
    cluster = await read_cluster(estate, namespace, query.cluster_name, "cluster_name")
    backends: tuple[RoleBackend, ...] = (InlineRoles(), DatabaseRoles(estate))
    declared = [row for backend in backends for row in await backend.read(cluster)]
    rows = [*declared, *_undeclared(cluster, declared, detailed=query.detailed)]
    page, next_cursor = page_of(rows, query, key=_key)
    return RoleList(
        namespace=namespace,
        cluster_name=cluster.name,
        roles=tuple(page),
        scope=ListScope(namespace=namespace, note=list_note(cluster, _note(cluster))),
        next_cursor=next_cursor,
    )


def _key(row: RoleRow) -> str:
    """Sorts by name; two objects may declare one role."""
    return f"{row.name}\0{row.source}\0{row.object or ''}"


def _undeclared(
    cluster: Cluster, declared: Sequence[RoleRow], *, detailed: bool
) -> Iterable[RoleRow]:
    """The bootstrap owner, the superuser, and what the operator has seen in PostgreSQL besides."""
    known = {row.name for row in declared}
    stale = None if cluster.spec.managed.roles else True
    for row in _logins_of_the_cluster(cluster):
        if row.name not in known:
            known.add(row.name)
            yield row
    status = cluster.status.managed_roles_status
    for name in status.not_managed:
        if name not in known:
            yield _reported(name, RoleSource.UNMANAGED, stale=stale)
    if detailed:
        for name in status.reserved:
            if name not in known:
                yield _reported(name, RoleSource.RESERVED, stale=stale)


def _logins_of_the_cluster(cluster: Cluster) -> Iterable[RoleRow]:
    """Who can log in because of how the cluster was made; nobody watches these."""
    facts = connection_facts(cluster)
    made = bool(cluster.status.current_primary)
    state = DeclaredState.UNWATCHED if made else DeclaredState.IN_PROGRESS
    if facts.user and facts.secret:
        yield RoleRow(
            name=facts.user,
            source=RoleSource.BOOTSTRAP,
            state=state,
            attributes=("login",),
            secret=facts.secret.name,
        )
    if facts.superuser_secret:
        yield RoleRow(
            name="postgres",
            source=RoleSource.SUPERUSER_ACCESS,
            state=state,
            attributes=("login", "superuser"),
            secret=facts.superuser_secret.name,
        )


def _reported(name: str, source: RoleSource, *, stale: bool | None) -> RoleRow:
    return RoleRow(name=name, source=source, state=DeclaredState.UNWATCHED, stale=stale)


def _note(cluster: Cluster) -> str | None:
    if cluster.spec.managed.roles:
        return None
    return _STALE if cluster.status.managed_roles_status.by_status else _BLIND
