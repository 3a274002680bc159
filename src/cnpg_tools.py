"""The tools: what each is for, what it takes, what it answers. Both servers register these."""

from collections.abc import AsyncIterator

from fastmcp import FastMCP

from cnpg_mcp.domain.caller import Scope
from cnpg_mcp.domain.cluster_list import ClusterQuery, list_clusters
from cnpg_mcp.domain.cluster_status import cluster_status
from cnpg_mcp.domain.creation.create import create_cluster
from cnpg_mcp.domain.creation.order import ClusterOrder, Profile, as_parameters
from cnpg_mcp.domain.databases.create import create_database
from cnpg_mcp.domain.databases.delete import delete_database
from cnpg_mcp.domain.databases.listing import list_databases
from cnpg_mcp.domain.databases.order import DatabaseDrop, DatabaseOrder, ReclaimPolicy
from cnpg_mcp.domain.deletion.delete import delete_cluster
from cnpg_mcp.domain.deletion.order import ClusterDeletion
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import ClusterCreation, ClusterWrite, DatabaseWrite, RoleWrite
from cnpg_mcp.domain.paging import ListQuery
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.results import ClusterList, ClusterStatus, DatabaseList, RoleList
from cnpg_mcp.domain.roles.create import create_role
from cnpg_mcp.domain.roles.delete import delete_role
from cnpg_mcp.domain.roles.listing import list_roles
from cnpg_mcp.domain.roles.order import Attributes, RoleChange, RoleOrder
from cnpg_mcp.domain.roles.update import update_role
from cnpg_mcp.domain.scaling.scale import scale_cluster
from cnpg_mcp.toolkit import arguments as arg
from cnpg_mcp.toolkit.frame import register_all
from cnpg_mcp.toolkit.record import Observer, observe_nothing
from cnpg_mcp.toolkit.registry import Hints, Registry
from cnpg_mcp.toolkit.text import RENDERERS

REGISTRY = Registry(RENDERERS)

_READS = Hints(read_only=True, destructive=False, idempotent=True)
_CREATES = Hints(read_only=False, destructive=False, idempotent=True)
_CHANGES = Hints(read_only=False, destructive=True, idempotent=True)
_DESTROYS = Hints(read_only=False, destructive=True, idempotent=False)


def register(server: FastMCP, estate: Estate, observe: Observer = observe_nothing) -> None:
    """Adds the tools to a server, bound to an estate; `observe` is told of every call."""
    register_all(REGISTRY, server, estate, observe)


@REGISTRY.tool(
    title="List PostgreSQL clusters",
    scope=Scope.READ,
    hints=_READS,
    result=ClusterList,
)
async def list_postgres_clusters(
    estate: Estate,
    *,
    namespace: arg.Namespace = None,
    all_namespaces: arg.AllNamespaces = False,
    detail_level: arg.Detail = arg.DetailLevel.CONCISE,
    label_selector: arg.LabelSelector = None,
    verdict: arg.VerdictFilter = None,
    limit: arg.Limit = 50,
    cursor: arg.Cursor = None,
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
        detailed=detail_level is arg.DetailLevel.DETAILED,
        verdict=verdict,
    )
    return await list_clusters(estate, query)


@REGISTRY.tool(
    title="Get cluster status",
    scope=Scope.READ,
    hints=_READS,
    result=ClusterStatus,
)
async def get_cluster_status(
    estate: Estate,
    *,
    name: arg.ClusterName,
    namespace: arg.Namespace = None,
    detail_level: arg.Detail = arg.DetailLevel.CONCISE,
) -> ClusterStatus:
    """Tell how one PostgreSQL cluster is, why, and what to do next.

    Use it when something seems wrong, after a change, or for the newest backup and connection
    facts (services, database, user, Secret name; never a password). The verdict is healthy,
    progressing (the operator works as asked: wait), degraded (writes work, something needs a
    person), down (no writes), hibernated or unknown. It weighs pods, volumes, jobs, events,
    backups, certificates and the operator, not only the phase. Findings name cause and next step.
    concise shows problems, or notes where there are none; detailed shows all, and the instances.
    """
    detailed = detail_level is arg.DetailLevel.DETAILED
    return await cluster_status(estate, namespace, name, detailed=detailed)


@REGISTRY.tool(
    title="Create PostgreSQL cluster",
    scope=Scope.WRITE,
    hints=_CREATES,
    result=ClusterCreation,
)
async def create_postgres_cluster(
    estate: Estate,
    *,
    name: arg.NewClusterName,
    namespace: arg.Namespace = None,
    profile: arg.ProfileName = Profile.DEV,
    instances: arg.Instances = None,
    storage_size: arg.StorageSize = None,
    storage_class: arg.StorageClassName = None,
    wal_storage_size: arg.WalStorageSize = None,
    postgres_version: arg.PostgresVersion = None,
    image: arg.Image = None,
    cpu: arg.Cpu = None,
    memory: arg.Memory = None,
    parameters: arg.Parameters = None,
    synchronous_replicas: arg.SynchronousReplicas = None,
    database: arg.FirstDatabase = None,
    owner: arg.FirstOwner = None,
    backup_object_store: arg.BackupObjectStore = None,
    labels: arg.Labels = None,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitSeconds = 0,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | ClusterCreation]:
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
        image=image,
        cpu=cpu,
        memory=memory,
        parameters=as_parameters(parameters),
        synchronous_replicas=synchronous_replicas,
        database=database,
        owner=owner,
        backup_object_store=backup_object_store,
        labels=labels or {},
    )
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in create_cluster(estate, namespace, order, options):
        yield step


@REGISTRY.tool(
    title="Scale PostgreSQL cluster",
    scope=Scope.WRITE,
    scope_by_state=True,
    hints=_CHANGES,
    result=ClusterWrite,
)
async def scale_postgres_cluster(
    estate: Estate,
    *,
    name: arg.ClusterName,
    instances: arg.WantedInstances,
    namespace: arg.Namespace = None,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitSeconds = 0,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | ClusterWrite]:
    """Set how many instances (primary plus replicas) a PostgreSQL cluster has.

    Up is done at once; each replica takes about a minute. Down deletes the volumes of the
    instances that go, always the highest numbers that are not the primary, so it does not get rid
    of a broken replica: it answers with a plan first, and acts only on a call with the plan's
    code. Refused while the cluster switches over, is hibernated or has an instance that is not
    ready, and below what synchronous replication needs; the answer names the right number.
    Follow it with get_cluster_status.
    """
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in scale_cluster(estate, namespace, name, instances, options):
        yield step


@REGISTRY.tool(
    title="Delete PostgreSQL cluster",
    scope=Scope.ADMIN,
    hints=_DESTROYS,
    result=ClusterWrite,
)
async def delete_postgres_cluster(
    estate: Estate,
    *,
    name: arg.ClusterName,
    namespace: arg.Namespace = None,
    delete_dependents: arg.DeleteDependents = False,
    without_backup: arg.WithoutBackup = False,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitSeconds = 0,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | ClusterWrite]:
    """Delete a PostgreSQL cluster with all its data. It cannot be taken back.

    Without confirmation it changes nothing and answers with a plan: what would be deleted, what
    would be left, who made it, and the newest backup. It acts only on a call with the plan's code,
    and refuses when anything has changed since. Without a recent completed backup it needs
    without_backup=true; a protected cluster is never deleted. delete_dependents also removes the
    Database and DatabaseRole objects that this server made, after the cluster is gone; without
    it they stay, and a new cluster of that name would take them over.
    """
    order = ClusterDeletion(name, delete_dependents, without_backup)
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in delete_cluster(estate, namespace, order, options):
        yield step


@REGISTRY.tool(
    title="List PostgreSQL roles",
    scope=Scope.READ,
    hints=_READS,
    result=RoleList,
)
async def list_postgres_roles(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    namespace: arg.Namespace = None,
    detail_level: arg.Detail = arg.DetailLevel.CONCISE,
    limit: arg.Limit = 50,
    cursor: arg.Cursor = None,
) -> RoleList:
    """List the roles (users) of a PostgreSQL cluster.

    Shows where each is declared (DatabaseRole object, inline in the Cluster, at bootstrap, or
    nowhere), its attributes and memberships, the Secret with its password (never the password),
    and how far the operator got: applied, in progress, failed (with PostgreSQL's words), dropping
    (a drop still waits). Reports marked stale are frozen. detailed adds the operator's own roles.
    """
    query = ListQuery(
        namespace, cluster_name, limit, cursor, detailed=detail_level is arg.DetailLevel.DETAILED
    )
    return await list_roles(estate, query)


@REGISTRY.tool(
    title="Create PostgreSQL role",
    scope=Scope.WRITE,
    hints=_CREATES,
    result=RoleWrite,
)
async def create_postgres_role(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    role_name: arg.RoleName,
    namespace: arg.Namespace = None,
    login: arg.Login = True,
    superuser: arg.Superuser = False,
    inherit: arg.Inherit = True,
    createdb: arg.CreateDb = False,
    createrole: arg.CreateRole = False,
    replication: arg.Replication = False,
    bypassrls: arg.BypassRls = False,
    connection_limit: arg.ConnectionLimit = None,
    valid_until: arg.ValidUntil = None,
    in_roles: arg.InRoles = None,
    comment: arg.Comment = None,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitForPostgres = 10,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | RoleWrite]:
    """Create a role (user) in a PostgreSQL cluster.

    Use it for a new role; an existing one is not adopted: change that with update_postgres_role.
    A role that may log in gets a password, kept in the Secret that the answer names; nobody sees
    it here. Superuser-like power (superuser, createrole, replication, bypassrls, membership in
    pg_* roles or in one that is not known to be plain) is answered with a plan first and given
    only on a call with the plan's code. applied means that PostgreSQL has it. Repeating the same
    call answers unchanged.
    """
    attributes = Attributes(
        login=login,
        superuser=superuser,
        inherit=inherit,
        createdb=createdb,
        createrole=createrole,
        replication=replication,
        bypassrls=bypassrls,
        connection_limit=connection_limit,
        valid_until=valid_until,
        comment=comment,
    )
    order = RoleOrder(cluster_name, role_name, attributes, tuple(in_roles or ()))
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in create_role(estate, namespace, order, options):
        yield step


@REGISTRY.tool(
    title="Update PostgreSQL role",
    scope=Scope.WRITE,
    hints=_CHANGES,
    result=RoleWrite,
)
async def update_postgres_role(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    role_name: arg.RoleName,
    namespace: arg.Namespace = None,
    login: arg.NewLogin = None,
    superuser: arg.NewSuperuser = None,
    inherit: arg.NewInherit = None,
    createdb: arg.NewCreateDb = None,
    createrole: arg.NewCreateRole = None,
    replication: arg.NewReplication = None,
    bypassrls: arg.NewBypassRls = None,
    connection_limit: arg.ConnectionLimit = None,
    valid_until: arg.ValidUntil = None,
    in_roles: arg.ChangedInRoles = None,
    comment: arg.Comment = None,
    rotate_password: arg.RotatePassword = False,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitForPostgres = 10,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | RoleWrite]:
    """Change a role of a PostgreSQL cluster, or give it a new password.

    Only what is given changes; all else stays, memberships too. Works for roles declared as
    DatabaseRole or inline, not for the bootstrap owner. Rotating the password, taking login away
    and granting superuser-like power are answered with a plan first and done only on a call with
    the plan's code. Open sessions go on, also after a rotation or without login. applied means
    that PostgreSQL has it.
    """
    attributes = Attributes(
        login=login,
        superuser=superuser,
        inherit=inherit,
        createdb=createdb,
        createrole=createrole,
        replication=replication,
        bypassrls=bypassrls,
        connection_limit=connection_limit,
        valid_until=valid_until,
        comment=comment,
    )
    memberships = in_roles if isinstance(in_roles, dict) else dict.fromkeys(in_roles or (), True)
    order = RoleChange(cluster_name, role_name, attributes, memberships, rotate_password)
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in update_role(estate, namespace, order, options):
        yield step


@REGISTRY.tool(
    title="Delete PostgreSQL role",
    scope=Scope.ADMIN,
    hints=_DESTROYS,
    result=RoleWrite,
)
async def delete_postgres_role(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    role_name: arg.RoleName,
    namespace: arg.Namespace = None,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitForPostgres = 10,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | RoleWrite]:
    """Drop a role in PostgreSQL, then remove its declaration and the Secret that was made for it.

    Without confirmation it changes nothing and answers with a plan; it acts only on a call with
    the plan's code. PostgreSQL refuses while the role owns anything: then the drop stays pending
    and happens once the cause is gone (of an inline role at the next change of its Cluster), unless
    it is withdrawn as the answer says. Open sessions of the role go on.
    """
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in delete_role(estate, namespace, cluster_name, role_name, options):
        yield step


@REGISTRY.tool(
    title="List PostgreSQL databases",
    scope=Scope.READ,
    hints=_READS,
    result=DatabaseList,
)
async def list_postgres_databases(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    namespace: arg.Namespace = None,
    limit: arg.Limit = 50,
    cursor: arg.Cursor = None,
) -> DatabaseList:
    """List the databases of a PostgreSQL cluster.

    Shows the declared ones and the one made at bootstrap, with owner, extensions, schemas, what
    happens to the data when the object is deleted (retain or delete), and how far the operator
    got with each part: applied, in progress, failed (with PostgreSQL's words), dropping. Databases
    made by hand in PostgreSQL are not visible here.
    """
    return await list_databases(estate, ListQuery(namespace, cluster_name, limit, cursor))


@REGISTRY.tool(
    title="Create PostgreSQL database",
    scope=Scope.WRITE,
    hints=_CREATES,
    result=DatabaseWrite,
)
async def create_postgres_database(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    database_name: arg.DatabaseName,
    owner: arg.Owner,
    namespace: arg.Namespace = None,
    reclaim_policy: arg.ReclaimPolicyOfNew = ReclaimPolicy.RETAIN,
    extensions: arg.Extensions = None,
    schemas: arg.Schemas = None,
    encoding: arg.Encoding = None,
    locale: arg.Locale = None,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitForPostgres = 10,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | DatabaseWrite]:
    """Create a database in a PostgreSQL cluster, with its extensions and schemas.

    Use it for a new database; the owner must exist: create it first with create_postgres_role.
    Extensions that PostgreSQL does not trust are answered with a plan first and installed only on
    a call with the plan's code. The answer tells for each extension and schema whether it worked.
    applied means that PostgreSQL has all of it. Repeating the same call answers unchanged.
    """
    order = DatabaseOrder(
        cluster_name=cluster_name,
        name=database_name,
        owner=owner,
        reclaim_policy=reclaim_policy,
        extensions=tuple(extensions or ()),
        schemas=tuple(schemas or ()),
        encoding=encoding,
        locale=locale,
    )
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in create_database(estate, namespace, order, options):
        yield step


@REGISTRY.tool(
    title="Delete PostgreSQL database",
    scope=Scope.ADMIN,
    hints=_DESTROYS,
    result=DatabaseWrite,
)
async def delete_postgres_database(
    estate: Estate,
    *,
    cluster_name: arg.ClusterName,
    database_name: arg.DatabaseName,
    namespace: arg.Namespace = None,
    reclaim_policy: arg.ReclaimPolicyOfDrop = ReclaimPolicy.DELETE,
    dry_run: arg.DryRun = False,
    wait_seconds: arg.WaitForPostgres = 10,
    confirmation: arg.Confirmation = None,
) -> AsyncIterator[Progress | DatabaseWrite]:
    """Drop a database with all its data, then remove its declaration.

    Without confirmation it changes nothing and answers with a plan; it acts only on a call with
    the plan's code. PostgreSQL refuses while a session is open: then the drop stays pending and
    happens by itself once the last session has ended, unless it is withdrawn as the answer says.
    reclaim_policy=retain keeps the database and only stops declaring it.
    """
    order = DatabaseDrop(cluster_name, database_name, reclaim_policy)
    options = Options(dry_run, wait_seconds, confirmation)
    async for step in delete_database(estate, namespace, order, options):
        yield step
