"""What an assessment of a cluster says: a verdict, findings, and what could not be seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cnpg_mcp.domain.status.codes import FindingCode


class Verdict(StrEnum):
    """How a cluster is, in one word.

    `down`: no writes are possible now, or nothing was ever made and nothing will come without a
    person. `degraded`: writes work, something needs a person or is missing. `progressing`: the
    operator is at work as asked and nothing needs doing. `unknown`: the status cannot be trusted
    and nothing else tells.
    """

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    DOWN = "down"
    HIBERNATED = "hibernated"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a finding matters."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True)
class Finding:
    """Something seen: what it is, why it is likely so, and what to do next."""

    code: FindingCode
    severity: Severity
    message: str
    cause: str | None = None
    next_step: str | None = None

    @property
    def rank(self) -> int:
        """Sorts findings worst first."""
        return _RANK[self.severity]

    @property
    def is_problem(self) -> bool:
        """Whether it is more than information."""
        return self.severity is not Severity.INFO


def critical(
    code: FindingCode, message: str, cause: str | None = None, next_step: str | None = None
) -> Finding:
    """A finding that takes service or data away."""
    return Finding(code, Severity.CRITICAL, message, cause, next_step)


def warning(
    code: FindingCode, message: str, cause: str | None = None, next_step: str | None = None
) -> Finding:
    """A finding that a person should act on."""
    return Finding(code, Severity.WARNING, message, cause, next_step)


def info(
    code: FindingCode, message: str, cause: str | None = None, next_step: str | None = None
) -> Finding:
    """A finding that is worth knowing."""
    return Finding(code, Severity.INFO, message, cause, next_step)


@dataclass(frozen=True)
class Assessment:
    """The verdict on a cluster, the findings behind it (worst first), and what was not seen."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)
