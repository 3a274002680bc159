"""The error vocabulary: what a tool call that fails can say, one code for one kind of failure."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a call failed. Clients may branch on it; the text is for people and models."""

    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    INVALID = "invalid"
    FORBIDDEN = "forbidden"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    CONFLICT = "conflict"
    CONFIRMATION_REQUIRED = "confirmation_required"
    CONFIRMATION_STALE = "confirmation_stale"
    PROTECTED = "protected"
    BLOCKED = "blocked"
    REJECTED_BY_OPERATOR = "rejected_by_operator"
    UNSUPPORTED = "unsupported"
    OPERATOR_UNAVAILABLE = "operator_unavailable"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    INTERNAL = "internal"


@dataclass(frozen=True)
class FieldError:
    """One field at fault: its path, and what is wrong with it."""

    field: str
    message: str


class ToolFailure(Exception):
    """A call that cannot be carried out: what happened, and what to do next.

    Raised where the knowledge is, translated to an MCP result once, at the edge. `shown` is a
    result to be shown with it, such as the plan that replaces a stale one; `needs` the scope whose
    lack is the reason.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        next_step: str,
        fields: tuple[FieldError, ...] = (),
        *,
        shown: object = None,
        needs: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.fields = fields
        self.shown = shown
        self.needs = needs


def not_found(what: str, next_step: str) -> ToolFailure:
    """The failure for an object that does not exist."""
    return ToolFailure(ErrorCode.NOT_FOUND, f"{what} does not exist.", next_step)


def invalid(field: str, message: str, next_step: str) -> ToolFailure:
    """The failure for one argument that cannot be right."""
    return ToolFailure(ErrorCode.INVALID, message, next_step, (FieldError(field, message),))
