"""Views of what declares roles and databases: DatabaseRole, Database, inline managed roles."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from cnpg_mcp.domain.views.base import ObjectView, View


class Ensure(StrEnum):
    """Whether something is to exist in PostgreSQL."""

    PRESENT = "present"
    ABSENT = "absent"


class SecretReference(View):
    """A Secret by name, in the same namespace."""

    name: str = ""


class ClusterReference(View):
    """A Cluster by name, in the same namespace."""

    name: str = ""


class RoleAttributes(View):
    """What both role back-ends declare of a role (CNPG `RoleConfiguration`)."""

    name: str = ""
    comment: str = ""
    ensure: Ensure = Ensure.PRESENT
    password_secret: SecretReference | None = None
    disable_password: bool = False
    connection_limit: int = -1
    valid_until: AwareDatetime | None = None
    in_roles: tuple[str, ...] = ()
    inherit: bool = True
    login: bool = False
    superuser: bool = False
    createdb: bool = False
    createrole: bool = False
    replication: bool = False
    bypassrls: bool = False


class ManagedRole(RoleAttributes):
    """One entry of a Cluster's `spec.managed.roles`."""


class PasswordStatus(View):
    """What the operator last did to an inline role's password, by its Secret's version."""

    resource_version: str = ""


class RoleReport(NamedTuple):
    """What a Cluster's status says of one inline role."""

    pending: bool = False
    reconciled: bool = False
    errors: tuple[str, ...] = ()
    password_version: str = ""


UNREPORTED = RoleReport()


class ManagedRolesStatus(View):
    """A Cluster's `status.managedRolesStatus`; frozen while the inline list is empty."""

    by_status: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    cannot_reconcile: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    password_status: Mapping[str, PasswordStatus] = Field(default_factory=dict)

    @property
    def reconciled(self) -> Sequence[str]:
        """Roles that are as their entries say: dropped ones, too."""
        return self.by_status.get("reconciled", ())

    @property
    def pending(self) -> Sequence[str]:
        """Roles that are not, or not yet."""
        return self.by_status.get("pending-reconciliation", ())

    @property
    def not_managed(self) -> Sequence[str]:
        """Roles that PostgreSQL has and no entry declares."""
        return self.by_status.get("not-managed", ())

    @property
    def reserved(self) -> Sequence[str]:
        """The operator's own."""
        return self.by_status.get("reserved", ())

    def report_on(self, role: str) -> RoleReport:
        """All that is said of a role."""
        applied = self.password_status.get(role, PasswordStatus())
        errors = self.cannot_reconcile.get(role, ())
        return RoleReport(
            role in self.pending, role in self.reconciled, errors, applied.resource_version
        )

    def errors_of(self, role: str) -> Sequence[str]:
        """What is said against a role; words that stand beside `reconciled` are of a time before.

        Source: seen on CNPG 1.30 after a refused drop was withdrawn.
        """
        return () if role in self.reconciled else self.cannot_reconcile.get(role, ())


class DeclarativeStatus(View):
    """How far the operator got with a Database or DatabaseRole."""

    applied: bool | None = None
    message: str = ""
    observed_generation: int | None = None


class DatabaseRoleSpec(RoleAttributes):
    """`spec` of a DatabaseRole: the role, its cluster, and what deleting the object does."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    database_role_reclaim_policy: str = "retain"


class DatabaseRoleStatus(DeclarativeStatus):
    """`status` of a DatabaseRole, with the version of the Secret that was applied last."""

    secret_resource_version: str = ""


class DatabaseRole(ObjectView):
    """A role declared by an object of its own (CNPG 1.30 and later)."""

    spec: DatabaseRoleSpec = Field(default_factory=DatabaseRoleSpec)
    status: DatabaseRoleStatus = Field(default_factory=DatabaseRoleStatus)


class SubObject(View):
    """A schema or extension of a Database, as declared."""

    name: str = ""
    ensure: Ensure = Ensure.PRESENT
    version: str = ""
    schema_name: str = Field(default="", alias="schema")
    owner: str = ""


class SubObjectStatus(View):
    """What became of one schema or extension."""

    name: str = ""
    applied: bool | None = None
    message: str = ""


class DatabaseSpec(View):
    """`spec` of a Database."""

    name: str = ""
    owner: str = ""
    cluster: ClusterReference = Field(default_factory=ClusterReference)
    ensure: Ensure = Ensure.PRESENT
    database_reclaim_policy: str = "retain"
    encoding: str = ""
    locale: str = ""
    schemas: tuple[SubObject, ...] = ()
    extensions: tuple[SubObject, ...] = ()


class DatabaseStatus(DeclarativeStatus):
    """`status` of a Database, with a verdict on each schema and extension."""

    schemas: tuple[SubObjectStatus, ...] = ()
    extensions: tuple[SubObjectStatus, ...] = ()


class Database(ObjectView):
    """A database declared by an object of its own."""

    spec: DatabaseSpec = Field(default_factory=DatabaseSpec)
    status: DatabaseStatus = Field(default_factory=DatabaseStatus)
