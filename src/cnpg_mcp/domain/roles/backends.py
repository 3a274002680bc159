"""The two places where CloudNativePG declares roles, read behind one protocol."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cnpg_mcp.domain.declared import role_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.names import IDENTIFIER_BYTES
from cnpg_mcp.domain.resources import DATABASE_ROLES
from cnpg_mcp.domain.results import DeclaredState, RoleRow, RoleSource
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import (
    DatabaseRole,
    Ensure,
    ManagedRole,
    ManagedRolesStatus,
    RoleAttributes,
)
from cnpg_mcp.kube.errors import NotFound

_FLAGS = ("login", "superuser", "createdb", "createrole", "replication", "bypassrls")
_TOO_LONG = "The name is longer than 63 bytes: PostgreSQL cuts it, and CNPG never finds it again."


class RoleBackend(Protocol):
    """One place where roles are declared."""

    async def read(self, cluster: Cluster) -> Sequence[RoleRow]:
        """The roles that this back-end declares for the cluster."""


class InlineRoles:
    """`spec.managed.roles` of the Cluster itself."""

    async def read(self, cluster: Cluster) -> Sequence[RoleRow]:
        """The inline entries with what the operator reported on each."""
        status = cluster.status.managed_roles_status
        stale = True if cluster.reconciliation_disabled else None
        rows = [_inline_row(entry, status) for entry in cluster.spec.managed.roles]
        return [row.model_copy(update={"stale": stale}) for row in rows]


class DatabaseRoles:
    """`DatabaseRole` objects of the cluster's namespace (CNPG 1.30 and later)."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    async def read(self, cluster: Cluster) -> Sequence[RoleRow]:
        """The objects that name the cluster; none where the CRD is not served."""
        now = self._estate.now()
        rows = []
        try:
            async for item in read_all(self._estate, DATABASE_ROLES, cluster.namespace):
                role = DatabaseRole.parse(item)
                if role.spec.cluster.name == cluster.name:
                    rows.append(_object_row(role, now))
        except NotFound:
            return []
        return rows


def _inline_row(entry: ManagedRole, status: ManagedRolesStatus) -> RoleRow:
    state, message = inline_state(entry, status)
    return _row(entry, RoleSource.INLINE, state, message=message)


def inline_state(
    entry: ManagedRole, status: ManagedRolesStatus
) -> tuple[DeclaredState, str | None]:
    """How far an inline role is, and the operator's words where it failed.

    `reconciled` lists dropped roles too, so the entry's `ensure` decides what it means.
    """
    absent = entry.ensure is Ensure.ABSENT
    if entry.name in status.reconciled:
        return (DeclaredState.DROPPED if absent else DeclaredState.APPLIED), None
    if errors := status.errors_of(entry.name):
        return (DeclaredState.DROPPING if absent else DeclaredState.FAILED), "; ".join(errors)
    if absent:
        return DeclaredState.DROPPING, None
    too_long = len(entry.name.encode()) > IDENTIFIER_BYTES
    if too_long and entry.name in status.pending:
        return DeclaredState.FAILED, _TOO_LONG
    return DeclaredState.IN_PROGRESS, None


def _object_row(role: DatabaseRole, now: datetime) -> RoleRow:
    state = role_state(role, now)
    message = None if state is DeclaredState.APPLIED else role.status.message or None
    return _row(role.spec, RoleSource.DATABASE_ROLE, state, message=message, obj=role.name)


def _row(
    role: RoleAttributes,
    source: RoleSource,
    state: DeclaredState,
    *,
    message: str | None,
    obj: str | None = None,
) -> RoleRow:
    flags = [flag for flag in _FLAGS if getattr(role, flag)]
    if not role.inherit:
        flags.append("noinherit")
    return RoleRow(
        name=role.name,
        source=source,
        state=state,
        object=obj,
        attributes=tuple(flags),
        connection_limit=role.connection_limit if role.connection_limit >= 0 else None,
        valid_until=role.valid_until.isoformat() if role.valid_until else None,
        in_roles=role.in_roles or None,
        secret=role.password_secret.name if role.password_secret else None,
        message=message,
    )
