"""Who calls, and what they may do: an argument of every plan, decided before the domain."""

from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """What a caller may do: look, plan and dry-run; make ordinary changes; destroy or empower."""

    READ = "cnpg:read"
    WRITE = "cnpg:write"
    ADMIN = "cnpg:admin"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True)
class Caller:
    """One person or program: `subject` is unique within its `issuer`."""

    issuer: str
    subject: str
    scopes: frozenset[Scope] = field(default=ALL_SCOPES)

    def may(self, scope: Scope) -> bool:
        """Whether a scope was granted: each includes the ones below it."""
        ranks = list(Scope)
        return any(ranks.index(held) >= ranks.index(scope) for held in self.scopes)
