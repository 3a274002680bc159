"""The tools: what each is for, what it takes, what it answers. Both servers register these."""

from collections.abc import AsyncIterator

from fastmcp import FastMCP

from cnpg_mcp.domain.cluster_list import ClusterQuery, list_clusters
from cnpg_mcp.domain.cluster_status import cluster_status
from cnpg_mcp.domain.creation.create import create_cluster
from cnpg_mcp.domain.creation.order import ClusterOrder, Profile, as_parameters
from cnpg_mcp.domain.databases import list_databases
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.paging import ListQuery
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.results import (
    ClusterList,
    ClusterStatus,
    ClusterWrite,
    DatabaseList,
    RoleList,
)
from cnpg_mcp.domain.roles.listing import list_roles
from cnpg_mcp.toolkit import text
from cnpg_mcp.toolkit.arguments import (
    AllNamespaces,
    ClusterName,
    Cpu,
    Cursor,
    Detail,
    DetailLevel,
    DryRun,
    FirstDatabase,
    FirstOwner,
    Instances,
    Labels,
    LabelSelector,
    Limit,
    Memory,
    Namespace,
    NewClusterName,
    Parameters,
    PostgresVersion,
    ProfileName,
    StorageClassName,
    StorageSize,
    SynchronousReplicas,
    VerdictFilter,
    WaitSeconds,
    WalStorageSize,
)
from cnpg_mcp.toolkit.frame import register_all
from cnpg_mcp.toolkit.registry import Hints, Registry, Scope

REGISTRY = Registry()

_READS = Hints(read_only=True, destructive=False, idempotent=True)
_CREATES = Hints(read_only=False, destructive=False, idempotent=True)


def register(server: FastMCP, estate: Estate) -> None:
    """Adds the tools to a server, bound to an estate."""
    register_all(REGISTRY, server, estate)


@REGISTRY.tool(
    title="List PostgreSQL clusters",
    scope=Scope.READ,
    hints=_READS,
    result=ClusterList,
    render=text.cluster_list,
)
async def list_postgres_clusters(
    estate: Estate,
    *,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    detail_level: Detail = DetailLevel.CONCISE,
    label_selector: LabelSelector = None,
    verdict: VerdictFilter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ClusterList:
    """List the PostgreSQL clusters in a namespace or in all of them.

    Use it to find clusters and to see the whole estate at a glance. concise shows what the
    operator reports (phase, ready instances, primary): a reported phase proves nothing. detailed
    adds a verdict from the Cluster object alone, version, storage and backup, and can filter by
    verdict. For the full truth on one cluster call get_cluster_status next. A page may be short
    while next_cursor is set: go on until it is absent.
    """
    query = ClusterQuery(
        namespace=namespace,
        all_namespaces=all_namespaces,
        limit=limit,
        cursor=cursor,
        label_selector=label_selector or "",
        detailed=detail_level is DetailLevel.DETAILED,
        verdict=verdict,
    )
    return await list_clusters(estate, query)


@REGISTRY.tool(
    title="Get cluster status",
    scope=Scope.READ,
    hints=_READS,
    result=ClusterStatus,
    render=text.cluster_status,
)
async def get_cluster_status(
    estate: Estate,
    *,
    name: ClusterName,
    namespace: Namespace = None,
    detail_level: Detail = DetailLevel.CONCISE,
) -> ClusterStatus:
    """Tell how one PostgreSQL cluster is, why, and what to do next.

    Use it when something seems wrong, after a change, or to get the connection facts (services,
    database, user, Secret name; never a password). The verdict is healthy, progressing (the
    operator works as asked: wait), degraded (writes work, something needs a person), down (no
    writes), hibernated or unknown. It weighs pods, volumes, jobs, events, backups, certificates
    and the operator, not only the reported phase. Each finding names its cause and next step.
    concise shows problems, or notes where there are none; detailed shows all, and the instances.
    """
    detailed = detail_level is DetailLevel.DETAILED
    return await cluster_status(estate, namespace, name, detailed=detailed)


@REGISTRY.tool(
    title="Create PostgreSQL cluster",
    scope=Scope.WRITE,
    hints=_CREATES,
    result=ClusterWrite,
    render=text.cluster_write,
)
async def create_postgres_cluster(
    estate: Estate,
    *,
    name: NewClusterName,
    namespace: Namespace = None,
    profile: ProfileName = Profile.DEV,
    instances: Instances = None,
    storage_size: StorageSize = None,
    storage_class: StorageClassName = None,
    wal_storage_size: WalStorageSize = None,
    postgres_version: PostgresVersion = None,
    cpu: Cpu = None,
    memory: Memory = None,
    parameters: Parameters = None,
    synchronous_replicas: SynchronousReplicas = None,
    database: FirstDatabase = None,
    owner: FirstOwner = None,
    labels: Labels = None,
    dry_run: DryRun = False,
    wait_seconds: WaitSeconds = 0,
) -> AsyncIterator[Progress | ClusterWrite]:
    """Create a PostgreSQL cluster.

    Use it for a new cluster only: it overwrites and adopts nothing. Say what the profile assumed.
    For anything that matters call it with dry_run=true first: the API server and the operator
    check it and fill in their defaults. It answers accepted at once, or waits up to wait_seconds
    and answers applied when instances, pods and phase agree. A cluster of 1 takes about half a
    minute, each replica as long again: follow it with get_cluster_status. The owner's password
    is in the Secret that the answer names. Repeating the same call answers unchanged.
    """
    order = ClusterOrder(
        name=name,
        profile=profile,
        instances=instances,
        storage_size=storage_size,
        storage_class=storage_class,
        wal_storage_size=wal_storage_size,
        postgres_version=postgres_version,
        cpu=cpu,
        memory=memory,
        parameters=as_parameters(parameters),
        synchronous_replicas=synchronous_replicas,
        database=database,
        owner=owner,
        labels=labels or {},
    )
    steps = create_cluster(estate, namespace, order, dry_run=dry_run, wait_seconds=wait_seconds)
    async for step in steps:
        yield step


@REGISTRY.tool(
    title="List PostgreSQL roles",
    scope=Scope.READ,
    hints=_READS,
    result=RoleList,
    render=text.role_list,
)
async def list_postgres_roles(
    estate: Estate,
    *,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    detail_level: Detail = DetailLevel.CONCISE,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RoleList:
    """List the roles (users) of a PostgreSQL cluster.

    Shows where each is declared (DatabaseRole object, inline in the Cluster, at bootstrap, or
    nowhere), its attributes and memberships, the Secret with its password (never the password),
    and how far the operator got: applied, in progress, failed (with PostgreSQL's words), dropping
    (a drop still waits). Reports marked stale are frozen. detailed adds the operator's own roles.
    """
    query = ListQuery(
        namespace, cluster_name, limit, cursor, detailed=detail_level is DetailLevel.DETAILED
    )
    return await list_roles(estate, query)


@REGISTRY.tool(
    title="List PostgreSQL databases",
    scope=Scope.READ,
    hints=_READS,
    result=DatabaseList,
    render=text.database_list,
)
async def list_postgres_databases(
    estate: Estate,
    *,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DatabaseList:
    """List the databases of a PostgreSQL cluster.

    Shows the declared ones and the one made at bootstrap, with owner, extensions, schemas, what
    happens to the data when the object is deleted (retain or delete), and how far the operator
    got with each part: applied, in progress, failed (with PostgreSQL's words), dropping. Databases
    made by hand in PostgreSQL are not visible here.
    """
    return await list_databases(estate, ListQuery(namespace, cluster_name, limit, cursor))
