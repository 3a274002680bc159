"""Who calls, and what they may do: an argument of every plan, decided before the domain."""

from dataclasses import dataclass, field
from enum import StrEnum

from cnpg_mcp.errors import ToolFailure


class Scope(StrEnum):
    """What a caller may do: look, plan and dry-run; make ordinary changes; destroy or empower."""

    READ = "cnpg:read"
    WRITE = "cnpg:write"
    ADMIN = "cnpg:admin"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True)
class Impersonation:
    """The Kubernetes user and groups as whom calls for a caller are made."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caller:
    """One person or program: `subject` is unique within its `issuer`.

    `client_id`: the OAuth client that calls for them. `acts_as`: as whom the API server sees this
    caller; `None`: as the server itself. `barred`: why this caller may do nothing at all.
    """

    issuer: str
    subject: str
    scopes: frozenset[Scope] = field(default=ALL_SCOPES)
    client_id: str = ""
    acts_as: Impersonation | None = None
    barred: ToolFailure | None = None

    def may(self, scope: Scope) -> bool:
        """Whether a scope was granted: each includes the ones below it."""
        ranks = list(Scope)
        return any(ranks.index(held) >= ranks.index(scope) for held in self.scopes)
