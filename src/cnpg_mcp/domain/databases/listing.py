"""Databases of a cluster: the declared ones, and the one made at bootstrap."""

from collections.abc import Sequence
from typing import TypedDict

from cnpg_mcp.domain.declared import database_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all, read_cluster
from cnpg_mcp.domain.operated import list_note
from cnpg_mcp.domain.paging import ListQuery, page_of
from cnpg_mcp.domain.resources import DATABASES
from cnpg_mcp.domain.results import (
    DatabaseList,
    DatabaseRow,
    DatabaseSource,
    DeclaredState,
    ListScope,
    SubObjectRow,
)
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database, Ensure, SubObject, SubObjectStatus
from cnpg_mcp.kube.errors import NotFound

_BLIND = "Databases made by hand in PostgreSQL are not visible through the Kubernetes API."


async def list_databases(estate: Estate, query: ListQuery) -> DatabaseList:
    """The databases of a cluster by name, with the operator's verdict on each.

    Raises:
        ToolFailure: no such cluster or namespace.
    """
    namespace = await estate.namespace(query.namespace)
    cluster = await read_cluster(estate, namespace, query.cluster_name, "cluster_name")
    declared = await _declared(estate, cluster)
    rows = [*declared, *_bootstrap(cluster, {row.name for row in declared})]
    page, next_cursor = page_of(rows, query, key=lambda row: f"{row.name}\0{row.object or ''}")
    return DatabaseList(
        namespace=namespace,
        cluster_name=cluster.name,
        databases=tuple(page),
        scope=ListScope(namespace=namespace, note=list_note(cluster, _BLIND)),
        next_cursor=next_cursor,
    )


async def _declared(estate: Estate, cluster: Cluster) -> Sequence[DatabaseRow]:
    """The Database objects that name the cluster; none before CNPG 1.25."""
    rows = []
    try:
        async for item in read_all(estate, DATABASES, cluster.namespace):
            database = Database.parse(item)
            if database.spec.cluster.name == cluster.name:
                rows.append(_row(database))
    except NotFound:
        return []
    return rows


def _row(database: Database) -> DatabaseRow:
    spec, status = database.spec, database.status
    state = database_state(database)
    return DatabaseRow(
        name=spec.name,
        source=DatabaseSource.DATABASE,
        state=state,
        owner=spec.owner,
        object=database.name,
        reclaim_policy=spec.database_reclaim_policy,
        **sub_object_rows(database, state),
        message=None if state is DeclaredState.APPLIED else status.message or None,
    )


class SubObjectRows(TypedDict):
    """What a row or a result says of the parts of a database."""

    extensions: tuple[SubObjectRow, ...] | None
    schemas: tuple[SubObjectRow, ...] | None


def sub_object_rows(database: Database, state: DeclaredState) -> SubObjectRows:
    """Extensions and schemas of a database that is in this state as a whole."""
    spec, status = database.spec, database.status
    if state in {DeclaredState.DROPPING, DeclaredState.DROPPED}:  # they go with the whole
        return {"extensions": None, "schemas": None}
    return {
        "extensions": _sub_objects(spec.extensions, status.extensions, state),
        "schemas": _sub_objects(spec.schemas, status.schemas, state),
    }


def _sub_objects(
    declared: Sequence[SubObject], reported: Sequence[SubObjectStatus], whole: DeclaredState
) -> tuple[SubObjectRow, ...] | None:
    """Each declared extension or schema with its own verdict: some may work while others fail."""
    by_name = {status.name: status for status in reported}
    settled = whole in {DeclaredState.APPLIED, DeclaredState.FAILED}
    rows = tuple(
        _sub_object(item, by_name.get(item.name) if settled else None) for item in declared
    )
    return rows or None


def _sub_object(item: SubObject, status: SubObjectStatus | None) -> SubObjectRow:
    if status is None or status.applied is None:
        return SubObjectRow(name=item.name, state=DeclaredState.IN_PROGRESS)
    if not status.applied:
        return SubObjectRow(
            name=item.name, state=DeclaredState.FAILED, message=status.message or None
        )
    dropped = item.ensure is Ensure.ABSENT
    return SubObjectRow(
        name=item.name, state=DeclaredState.DROPPED if dropped else DeclaredState.APPLIED
    )


def _bootstrap(cluster: Cluster, declared: set[str]) -> Sequence[DatabaseRow]:
    """The database made at bootstrap; nobody watches it unless a Database object declares it."""
    method = cluster.spec.bootstrap.method
    if not method.database or method.database in declared:
        return []
    made = bool(cluster.status.current_primary)
    return [
        DatabaseRow(
            name=method.database,
            source=DatabaseSource.BOOTSTRAP,
            state=DeclaredState.UNWATCHED if made else DeclaredState.IN_PROGRESS,
            owner=method.owner or None,
        )
    ]
