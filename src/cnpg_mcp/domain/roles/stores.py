"""The two places where roles are declared, written behind one protocol."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.order import RoleOrder
from cnpg_mcp.domain.roles.secret import Owner, RoleSecret
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import UNREPORTED, RoleReport
from cnpg_mcp.domain.waiting import Sight


@dataclass(frozen=True)
class RoleSight:
    """What one look at a written role has shown.

    `proven`: PostgreSQL has it as the write asked. `message`: the operator's words on a failure;
    `refused`: they tell of this write, and not of a time before it or of a first try.
    """

    state: DeclaredState
    proven: bool = False
    message: str | None = None
    refused: bool = False

    @property
    def settled(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.proven or self.refused


@dataclass(frozen=True)
class Written:
    """A role as it was just written: where to look, from which version of what on."""

    name: str
    source: RoleSource
    holder: str
    """Name of the object that declares it: a DatabaseRole, or the Cluster."""
    version: str
    """`resourceVersion` of the holder after the write."""
    uid: str = ""
    """Of the holder: another object of its name tells nothing of this write."""
    drops: bool = False
    """Whether the holder goes only when the operator has dropped the role."""
    secret: str | None = None
    report: RoleReport = UNREPORTED
    """What the operator said of an inline role at the write."""
    asked_before: bool = False
    """Whether the write only made the operator look again."""


def as_written(held: Declaration, cluster: Cluster) -> Written:
    """A role as it stands, as if it had just been written so."""
    metadata = held.object.metadata if held.object else cluster.metadata
    return Written(
        name=held.name,
        source=held.source,
        holder=metadata.name,
        version=metadata.resource_version,
        uid=metadata.uid,
        report=cluster.status.managed_roles_status.report_on(held.name),
        secret=held.secret_name,
    )


class Purpose(StrEnum):
    """What a write was meant to bring about."""

    DECLARED = "declared"
    ROTATED = "rotated"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Change:
    """New values of fields by their API names; `null` removes one."""

    fields: Mapping[str, JsonValue]


RoleLook = Callable[[], Awaitable[Sight[RoleSight]]]


class RoleStore(Protocol):
    """One place where roles are declared. Every write holds only for the census it was based on.

    All writes raise `Conflict` when what they are based on has changed since.
    """

    source: RoleSource

    async def add(
        self, census: Census, order: RoleOrder, secret: str | None, *, dry_run: bool = False
    ) -> Written:
        """Declares a new role."""

    async def change(
        self, census: Census, held: Declaration, change: Change, *, dry_run: bool = False
    ) -> Written:
        """Changes fields of a declared role; a change of none makes the operator look again."""

    async def drop(self, census: Census, held: Declaration, *, dry_run: bool = False) -> Written:
        """Asks for the role to be dropped in PostgreSQL."""

    async def forget(self, written: Written) -> bool:
        """Removes what still declares a dropped role; false where it was declared anew."""

    def owner(self, census: Census) -> Owner | None:
        """With what a Secret of the role is to go; `None` where that is known only later."""

    async def finish(self, written: Written, secret: RoleSecret) -> None:
        """Ties the Secret to a role that was just declared."""

    def look(self, written: Written, purpose: Purpose) -> RoleLook:
        """How to see what becomes of a write."""
