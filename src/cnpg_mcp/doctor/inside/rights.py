"""What the server may do at the API server, right by right: who needs it, what is lost without it.

The same rights as in helm/cnpg-mcp/files/rbac.yaml; a test compares them.
"""

from dataclasses import dataclass, replace
from enum import Enum

from cnpg_mcp.doctor.findings import Kind
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.domain import resources
from cnpg_mcp.kube.objects import Resource

PODS_PROXY = Resource("", "v1", "pods/proxy", "Pod")

_CREATE_ROLE, _UPDATE_ROLE, _DELETE_ROLE = (
    f"{verb}_postgres_role" for verb in ("create", "update", "delete")
)
_ROLE_WRITERS = (_CREATE_ROLE, _UPDATE_ROLE, _DELETE_ROLE)
_CREATE_DATABASE, _DELETE_DATABASE = "create_postgres_database", "delete_postgres_database"
_CREATE, _SCALE, _DELETE = (f"{verb}_postgres_cluster" for verb in ("create", "scale", "delete"))
_ALL_BUT_LIST = (
    "get_cluster_status",
    _CREATE,
    _SCALE,
    _DELETE,
    "list_postgres_roles",
    *_ROLE_WRITERS,
    "list_postgres_databases",
    _CREATE_DATABASE,
    _DELETE_DATABASE,
)


class Bound(Enum):
    """By which of the chart's roles a right is given."""

    READ = "Role cnpg-mcp-read"
    WRITE = "Role cnpg-mcp-write"
    CLUSTER = "ClusterRole cnpg-mcp-cluster-facts"
    REPORTS = "Role cnpg-mcp-instance-reports"


IN_NAMESPACE = frozenset((Bound.READ, Bound.WRITE))
"""What every namespace needs where the server does its work."""


@dataclass(frozen=True)
class Right:
    """One verb on one resource.

    `stops`: tools that cannot do their work without it. `lost`: what else that means.
    """

    resource: Resource
    verb: str
    stops: tuple[str, ...] = ()
    lost: str = ""
    bound: Bound = Bound.READ

    @property
    def kind(self) -> Kind:
        """What its absence is."""
        if self.bound not in IN_NAMESPACE:
            return kinds.OPTION_HIDDEN
        return kinds.RIGHT_MISSING if self.stops else kinds.FACT_HIDDEN

    @property
    def consequence(self) -> str:
        """What its absence means, in a sentence or two."""
        stopped = f"Needed by {', '.join(self.stops)}." if self.stops else ""
        return f"{stopped} {self.lost}".strip()

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


def _lists(lost: str, *found: Resource) -> tuple[Right, ...]:
    return tuple(Right(resource, "list", lost=lost) for resource in found)


def _for_changes(*rights: Right) -> tuple[Right, ...]:
    """Rights that only the tools that write need."""
    return tuple(replace(right, bound=Bound.WRITE) for right in rights)


_APPLIED = "Without it nothing is proven to be applied."

_CLUSTERS = (
    Right(resources.CLUSTERS, "get", _ALL_BUT_LIST),
    Right(resources.CLUSTERS, "list", ("list_postgres_clusters",)),
    *_for_changes(
        Right(resources.CLUSTERS, "create", (_CREATE,)),
        Right(
            resources.CLUSTERS,
            "patch",
            (_SCALE,),
            "The role tools cannot change roles that the Cluster itself declares.",
        ),
        Right(
            resources.CLUSTERS,
            "watch",
            lost="The outcome of the role tools stays accepted for roles that a Cluster declares.",
        ),
        Right(resources.CLUSTERS, "delete", (_DELETE,)),
    ),
)
_DECLARED = (
    Right(
        resources.DATABASES,
        "list",
        ("list_postgres_databases", _CREATE_DATABASE, _DELETE_DATABASE),
        "The status of a cluster does not show failing databases, and its deletion does not see "
        "whether one is protected.",
    ),
    Right(
        resources.DATABASE_ROLES,
        "list",
        ("list_postgres_roles", _CREATE_DATABASE, *_ROLE_WRITERS),
        "The status of a cluster does not show failing roles.",
    ),
    *_for_changes(
        Right(resources.DATABASES, "get", lost=_APPLIED),
        Right(resources.DATABASES, "create", (_CREATE_DATABASE,)),
        Right(resources.DATABASES, "patch", (_DELETE_DATABASE,)),
        Right(
            resources.DATABASES,
            "delete",
            (_DELETE_DATABASE,),
            f"{_DELETE} with delete_dependents leaves databases behind.",
        ),
        Right(resources.DATABASE_ROLES, "get", lost=_APPLIED),
        Right(resources.DATABASE_ROLES, "create", (_CREATE_ROLE,)),
        Right(resources.DATABASE_ROLES, "patch", (_UPDATE_ROLE, _DELETE_ROLE)),
        Right(
            resources.DATABASE_ROLES,
            "delete",
            (_DELETE_ROLE,),
            f"{_DELETE} with delete_dependents leaves roles behind.",
        ),
    ),
)
_SECRETS = _for_changes(
    Right(
        resources.SECRETS,
        "get",
        _ROLE_WRITERS,
        "Secrets with passwords are read as metadata alone.",
    ),
    Right(resources.SECRETS, "create", (_CREATE_ROLE,), "No new password can be kept."),
    Right(resources.SECRETS, "patch", (_UPDATE_ROLE,), "No password can be changed."),
    Right(
        resources.SECRETS, "delete", (_DELETE_ROLE,), "Secrets of deleted roles are left behind."
    ),
    *_lists("The plan of a deletion does not name the Secrets that go with it.", resources.SECRETS),
)
_BACKUPS = (
    *_for_changes(
        Right(
            resources.OBJECT_STORES, "get", lost=f"{_CREATE} cannot be given a backup_object_store."
        ),
        Right(
            resources.SCHEDULED_BACKUPS,
            "create",
            lost=f"{_CREATE} with backup_object_store cannot make the daily backup.",
        ),
    ),
    *_lists(
        "get_cluster_status has no findings about them, and a deletion cannot tell which backup "
        "would save the data.",
        resources.BACKUPS,
        resources.SCHEDULED_BACKUPS,
    ),
    *_lists("get_cluster_status does not show them.", resources.POOLERS),
)
_SURROUNDINGS = (
    Right(
        resources.PODS,
        "list",
        (_SCALE, _DELETE),
        "get_cluster_status does not say why instances do not start.",
    ),
    Right(
        resources.PERSISTENT_VOLUME_CLAIMS,
        "list",
        (_SCALE, _DELETE),
        "get_cluster_status has no findings about storage, and leftovers of a name are not seen.",
    ),
    *_lists("get_cluster_status does not name causes.", resources.EVENTS),
    *_lists("get_cluster_status does not see a full quota.", resources.RESOURCE_QUOTAS),
    *_lists("Whether writes work cannot be proven.", resources.ENDPOINT_SLICES),
    *_lists("A creation that fails has no cause.", resources.JOBS),
    Right(
        resources.NAMESPACES, "get", lost="An absent namespace cannot be told from an empty one."
    ),
)
_OPTIONAL = (
    Right(
        resources.CLUSTERS,
        "list",
        lost="Over all namespaces only those of the settings are listed.",
        bound=Bound.CLUSTER,
    ),
    Right(
        resources.NAMESPACES,
        "get",
        lost="An absent namespace may look like an empty one.",
        bound=Bound.CLUSTER,
    ),
    Right(
        resources.STORAGE_CLASSES,
        "list",
        lost="Whether a storage class exists is not seen.",
        bound=Bound.CLUSTER,
    ),
    Right(
        resources.DEPLOYMENTS,
        "list",
        lost="Whether the operator runs is not seen.",
        bound=Bound.CLUSTER,
    ),
    Right(
        PODS_PROXY,
        "get",
        lost="Replication, pending restarts and exhausted connections are not seen.",
        bound=Bound.REPORTS,
    ),
)
RIGHTS = (*_CLUSTERS, *_DECLARED, *_SECRETS, *_BACKUPS, *_SURROUNDINGS, *_OPTIONAL)
"""Every right, in the order in which it is told."""
