"""The typed results of the tools: the structured content that clients and programs rely on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from cnpg_mcp.domain.quoting import cut
from cnpg_mcp.domain.status.assessment import Severity, Verdict

Told = Annotated[str, AfterValidator(cut)]
"""Text from the cluster, cut to a length that a program and its user can bear."""


class Result(BaseModel):
    """Base of all results; what is `None` is left out of the structured content."""

    model_config = ConfigDict(frozen=True)


class ListScope(Result):
    """Where a list looked: one namespace, several, or (neither given) all; and why not more."""

    namespace: str | None = None
    namespaces: tuple[str, ...] | None = None
    note: str | None = None


@dataclass(slots=True, kw_only=True)
class ClusterRow:
    """One cluster; `phase`, `ready` and `primary` are what the operator reports.

    `instances` is how many the operator has made (concise) or how many are wanted (detailed).
    `namespace` is left out where the scope is one namespace. A plain dataclass: a page has up to
    500 of these, and there is nothing to validate in what this server puts together.
    """

    name: str
    namespace: str | None = None
    instances: int | None = None
    ready: int | None = None
    phase: str | None = None
    primary: str | None = None
    age: str | None = None
    note: str | None = None
    verdict: Verdict | None = None
    findings: tuple[str, ...] | None = None
    version: str | None = None
    storage: str | None = None
    backup: str | None = None


class ClusterList(Result):
    """A page of clusters.

    `filter` says in words what they were chosen by, `looked_at` how many were for their verdict.
    """

    clusters: tuple[ClusterRow, ...]
    scope: ListScope
    filter: str | None = None
    looked_at: int | None = None
    next_cursor: str | None = None


class FindingResult(Result):
    """Something seen about a cluster."""

    code: str
    severity: Severity
    message: str
    cause: str | None = None
    next_step: str | None = None


class Endpoint(Result):
    """Services of a cluster, reachable on `port` inside the Kubernetes cluster."""

    read_write: str
    read_only: str | None = None
    read: str | None = None
    port: int = 5432


class SecretKeys(Result):
    """A Secret by name, and the keys it has; never values."""

    name: str
    keys: tuple[str, ...]


class Connection(Result):
    """How applications connect."""

    services: Endpoint
    database: str | None = None
    user: str | None = None
    secret: SecretKeys | None = None
    tls: str | None = None


class InstanceRow(Result):
    """One instance as its pod shows it."""

    name: str
    role: str | None = None
    ready: bool
    node: str | None = None
    restarts: int | None = None


class ClusterStatus(Result):
    """The verdict on one cluster, why, and how to connect.

    `backup` is what is configured, `newest_backup` when the newest completed one ended.
    """

    namespace: str
    name: str
    verdict: Verdict
    findings: tuple[FindingResult, ...]
    more_findings: int | None = Field(None, description="How many findings are left out")
    phase: str | None = None
    ready: int | None = None
    instances: int | None = None
    primary: str | None = None
    version: str | None = None
    image: str | None = None
    storage: str | None = None
    backup: str | None = None
    newest_backup: AwareDatetime | None = None
    connection: Connection | None = None
    pods: tuple[InstanceRow, ...] | None = None
    unseen: Mapping[str, str] | None = Field(
        None, description="What could not be looked at, and why"
    )


class DeclaredState(StrEnum):
    """How far a declared role or database is in PostgreSQL, as far as the operator tells."""

    APPLIED = "applied"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"
    DROPPING = "dropping"
    DROPPED = "dropped"
    UNWATCHED = "unwatched"


class RoleSource(StrEnum):
    """Where a role comes from."""

    DATABASE_ROLE = "DatabaseRole"
    INLINE = "inline"
    BOOTSTRAP = "bootstrap"
    SUPERUSER_ACCESS = "enableSuperuserAccess"
    UNMANAGED = "unmanaged"
    RESERVED = "reserved"


class RoleRow(Result):
    """One role; attributes are left out where nothing declares them."""

    name: str
    source: RoleSource
    state: DeclaredState
    object: str | None = None
    attributes: tuple[str, ...] | None = None
    connection_limit: int | None = None
    valid_until: str | None = None
    in_roles: tuple[Told, ...] | None = None
    secret: Told | None = None
    message: Told | None = None
    stale: bool | None = None


class RoleList(Result):
    """The roles of one cluster."""

    namespace: str
    cluster_name: str
    roles: tuple[RoleRow, ...]
    scope: ListScope
    next_cursor: str | None = None


class DatabaseSource(StrEnum):
    """Where a database comes from."""

    DATABASE = "Database"
    BOOTSTRAP = "bootstrap"


class SubObjectRow(Result):
    """An extension or schema of a database."""

    name: str
    state: DeclaredState
    message: Told | None = None


class DatabaseRow(Result):
    """One database."""

    name: str
    source: DatabaseSource
    state: DeclaredState
    owner: Told | None = None
    object: str | None = None
    reclaim_policy: str | None = None
    extensions: tuple[SubObjectRow, ...] | None = None
    schemas: tuple[SubObjectRow, ...] | None = None
    message: Told | None = None


class DatabaseList(Result):
    """The databases of one cluster."""

    namespace: str
    cluster_name: str
    databases: tuple[DatabaseRow, ...]
    scope: ListScope
    next_cursor: str | None = None
