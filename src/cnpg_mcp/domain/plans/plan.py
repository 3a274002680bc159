"""A plan: what a destructive call would do, and what keeps it from being done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from cnpg_mcp.errors import ErrorCode


class Fate(StrEnum):
    """What becomes of something."""

    DELETED = "deleted"
    DROPPED = "dropped"
    CHANGED = "changed"
    GRANTED = "granted"
    LOADED = "loaded"
    CREATED = "created"
    LEFT = "left"
    AFFECTED = "affected"


@dataclass(frozen=True)
class Effect:
    """What becomes of one thing.

    `version` is what must not have moved between plan and apply: `metadata.generation`, for a
    Secret its `resourceVersion`; empty where the thing has none, or where its changes change
    nothing about its fate. `detail` is for people: sizes, owners, ages; it is not part of the code.
    """

    fate: Fate
    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    version: str = ""
    detail: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What the confirmation code is bound to."""
        return (self.fate.value, self.kind, self.namespace, self.name, self.uid, self.version)


@dataclass(frozen=True)
class Blocker:
    """What keeps a plan from being applied, and what would take it away."""

    code: str
    error: ErrorCode
    message: str
    next_step: str


@dataclass(frozen=True)
class Act:
    """The call that asks: tool, and arguments as the domain understood them, defaults included."""

    tool: str
    namespace: str
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What an act would do now. `cautions` are for people: what to know, and what would undo it."""

    act: Act
    effects: tuple[Effect, ...]
    blockers: tuple[Blocker, ...] = ()
    cautions: tuple[str, ...] = ()
