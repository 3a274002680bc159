"""The typed results of the tools that write: what came of it, or the plan of what would."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import AwareDatetime, Field, JsonValue

from cnpg_mcp.domain.plans.plan import Fate
from cnpg_mcp.domain.results import (
    Connection,
    DeclaredState,
    FindingResult,
    Result,
    RoleSource,
    SubObjectRow,
    Told,
)
from cnpg_mcp.domain.status.assessment import Verdict


class Outcome(StrEnum):
    """What is known of a write, and never more."""

    PLANNED = "planned"
    DRY_RUN = "dry_run"
    ACCEPTED = "accepted"
    APPLIED = "applied"
    UNCHANGED = "unchanged"


class EffectRow(Result):
    """What becomes of one thing; `namespace` is left out where it is that of the call."""

    fate: Fate
    kind: str
    name: Told
    namespace: str | None = None
    detail: str | None = None


class BlockerRow(Result):
    """What keeps a plan from being applied."""

    code: str
    message: str
    next_step: str


class Write(Result):
    """What every write answers; a plan has effects, blockers, and a code where nothing blocks."""

    outcome: Outcome
    namespace: str
    effects: tuple[EffectRow, ...] | None = None
    cautions: tuple[str, ...] | None = None
    blockers: tuple[BlockerRow, ...] | None = None
    confirmation: str | None = None
    expires_at: AwareDatetime | None = None
    warnings: tuple[str, ...] | None = None
    next_step: str | None = None


class ClusterWrite(Write):
    """What came of scaling or deleting a cluster."""

    name: str
    instances: int | None = None


class ClusterCreation(ClusterWrite):
    """What came of creating a cluster."""

    verdict: Verdict | None = None
    findings: tuple[FindingResult, ...] | None = None
    assumptions: tuple[str, ...] | None = None
    defaults: JsonValue = Field(None, description="Part of spec that the operator filled in")
    unseen: Mapping[str, str] | None = None
    connection: Connection | None = None


class SecretRef(Result):
    """A Secret, and the keys it has; never values."""

    namespace: str
    name: str
    keys: tuple[str, ...]


class RoleWrite(Write):
    """What came of creating, updating or deleting a role.

    `changed` names the attributes that this call has set, or would set. `pending`: PostgreSQL has
    refused, and the operator tries again.
    """

    cluster_name: str
    name: str
    source: RoleSource | None = None
    object: str | None = None
    state: DeclaredState | None = None
    changed: Mapping[str, JsonValue] | None = None
    secret: SecretRef | None = None
    message: Told | None = None
    pending: bool | None = None


class DatabaseWrite(Write):
    """What came of creating or deleting a database; `pending` as in a role's."""

    cluster_name: str
    name: str
    owner: Told | None = None
    object: str | None = None
    reclaim_policy: str | None = None
    state: DeclaredState | None = None
    extensions: tuple[SubObjectRow, ...] | None = None
    schemas: tuple[SubObjectRow, ...] | None = None
    message: Told | None = None
    pending: bool | None = None
