"""What happens at the door, for the audit log and the metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue


class Door(StrEnum):
    """What somebody tried."""

    SIGN_IN = "sign_in"
    REFRESH = "refresh"
    REVOKE = "revoke"
    CALL = "refused"


@dataclass(frozen=True)
class AuthEvent:
    """One try and what came of it; no facts hold a token, a code or a password."""

    door: Door
    outcome: str
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


Tell = Callable[[AuthEvent], None]
"""Takes an event; must not fail."""
