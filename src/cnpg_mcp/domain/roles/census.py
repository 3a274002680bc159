"""All that is known of a cluster's roles: who is declared where, and who is there besides."""

from collections.abc import Sequence
from dataclasses import dataclass

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.declared import role_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all, read_cluster
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import DATABASE_ROLES
from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.backends import inline_state
from cnpg_mcp.domain.roles.order import POWERS
from cnpg_mcp.domain.roles.reports import is_reported
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import DatabaseRole, Ensure, RoleAttributes
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import NotFound


@dataclass(frozen=True)
class Declaration:
    """One declaration of a role: where it stands, what it says, how far the operator got.

    `index` is the place in the inline list, `object` the DatabaseRole; one of them is set.
    """

    name: str
    source: RoleSource
    state: DeclaredState
    role: RoleAttributes
    index: int | None = None
    object: DatabaseRole | None = None

    @property
    def is_dropping(self) -> bool:
        """Whether its drop has been asked for."""
        if self.object is not None and self.object.metadata.deletion_timestamp is not None:
            return True
        return self.role.ensure is Ensure.ABSENT

    @property
    def drop_in_words(self) -> str:
        """How far a drop is that has been asked for."""
        return "has been dropped" if self.state is DeclaredState.DROPPED else "is being dropped"

    @property
    def secret_name(self) -> str | None:
        """The Secret with its password."""
        return self.role.password_secret.name if self.role.password_secret else None

    @property
    def powers(self) -> tuple[str, ...]:
        """The superuser-like attributes that it has."""
        return tuple(power for power in POWERS if getattr(self.role, power))


@dataclass(frozen=True)
class Census:
    """The roles of one cluster as they were read together."""

    cluster: Cluster
    declarations: Sequence[Declaration]
    serves_objects: bool
    """Whether the API has DatabaseRole objects (CNPG 1.30 and later)."""

    def find(self, name: str) -> Declaration | None:
        """The declaration that holds a role: inline ones win, then the object applied first."""
        found = self.all_of(name)
        return found[0] if found else None

    def all_of(self, name: str) -> Sequence[Declaration]:
        """Every declaration of a role, the one that holds it first."""
        found = [each for each in self.declarations if each.name == name]
        return sorted(found, key=lambda each: (each.index is None, _is_refused(each)))

    @property
    def sees_undeclared(self) -> bool:
        """Whether roles made by hand would show: the operator reports them beside inline ones."""
        return bool(self.cluster.spec.managed.roles)

    @property
    def bootstrap_owner(self) -> str | None:
        """The role made with the cluster that owns its first database."""
        return connection_facts(self.cluster).user

    def stands_undeclared(self, name: str) -> str | None:
        """Why a role that nothing declares is known to exist, or `None`."""
        if name == self.bootstrap_owner:
            return "it was made with the cluster as the owner of its first database"
        if is_reported(self.cluster, name):
            return "the operator has seen it in PostgreSQL at the last change of the Cluster"
        return None

    def doubtful(self, names: Sequence[str]) -> Sequence[str]:
        """Those of the roles that are not provably plain, themselves or through their chain."""
        return [name for name in names if not self._is_plain(name, frozenset())]

    def _is_plain(self, name: str, above: frozenset[str]) -> bool:
        found = [each for each in self.declarations if each.name == name]
        if name.startswith("pg_") or name in above or len(found) != 1:
            return False
        role = found[0]
        if role.state is not DeclaredState.APPLIED or role.powers:
            return False
        return all(self._is_plain(group, above | {name}) for group in role.role.in_roles)


async def take_census(estate: Estate, namespace: str, cluster_name: str) -> Census:
    """Reads the cluster and everything that declares its roles.

    Raises:
        ToolFailure: no such cluster or namespace.
    """
    cluster = await read_cluster(estate, namespace, cluster_name, "cluster_name")
    objects = await _objects(estate, cluster)
    return Census(cluster, [*_inline(cluster), *(objects or ())], objects is not None)


def undeclared(census: Census, name: str) -> ToolFailure:
    """The failure for a role that no tool can change, since nothing declares it."""
    why = census.stands_undeclared(name)
    where = f"{census.cluster.namespace}/{census.cluster.name}"
    if why is None:
        return ToolFailure(
            ErrorCode.NOT_FOUND,
            f"Role {quoted(name)} is not declared in cluster {where}.",
            "Call list_postgres_roles to see which roles there are.",
        )
    return ToolFailure(
        ErrorCode.UNSUPPORTED,
        f"Role {quoted(name)} of cluster {where} is not declared, but {why}. CloudNativePG changes "
        "declared roles only.",
        "Have a person change it in PostgreSQL.",
    )


def _inline(cluster: Cluster) -> Sequence[Declaration]:
    status = cluster.status.managed_roles_status
    return [
        Declaration(
            entry.name, RoleSource.INLINE, inline_state(entry, status)[0], entry, index=index
        )
        for index, entry in enumerate(cluster.spec.managed.roles)
    ]


async def _objects(estate: Estate, cluster: Cluster) -> Sequence[Declaration] | None:
    """The DatabaseRole objects of the cluster; `None` where there is no such kind."""
    now = estate.now()
    found = []
    try:
        async for item in read_all(estate, DATABASE_ROLES, cluster.namespace):
            role = DatabaseRole.parse(item)
            if role.spec.cluster.name == cluster.name:
                found.append(
                    Declaration(
                        role.spec.name,
                        RoleSource.DATABASE_ROLE,
                        role_state(role, now),
                        role.spec,
                        object=role,
                    )
                )
    except NotFound:
        return None
    return found


def _is_refused(declaration: Declaration) -> bool:
    """Whether it is an object that the operator has never applied."""
    found = declaration.object
    return found is not None and found.status.observed_generation is None
