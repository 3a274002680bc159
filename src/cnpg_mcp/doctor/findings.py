"""What the doctor says: findings of a known kind, gathered in a report."""

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Somebody cannot do what the server is for, or a stranger can."""
    WARNING = "warning"
    """It works, with less than it should or at a risk."""
    INFO = "info"
    """Worth knowing."""
    OK = "ok"
    """Was looked at and is right."""


@dataclass(frozen=True)
class Finding:
    """One thing that was seen. `code` is for programs; only what is wrong has the last two."""

    code: str
    severity: Severity
    seen: str
    breaks: str = ""
    repair: str = ""


@dataclass(frozen=True)
class Kind:
    """One thing that can be wrong, always told in the same way."""

    code: str
    severity: Severity
    breaks: str
    repair: str

    def found(self, seen: str) -> Finding:
        """This, with what was seen of it."""
        return Finding(self.code, self.severity, seen, self.breaks, self.repair)


def passed(code: str, seen: str) -> Finding:
    """A check that found nothing wrong."""
    return Finding(code, Severity.OK, seen)


def quoted(text: str, limit: int = 200) -> str:
    """Text of a stranger as a JSON string on one line: it is data, and may try to look like us."""
    return json.dumps(text if len(text) <= limit else text[: limit - 1] + "…")


@dataclass
class Report:
    """Findings in the order in which they were made.

    What is wrong in several places in the same way is one finding that names all of them.
    """

    _found: dict[tuple[str, ...], Finding] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Takes a finding up."""
        key = (finding.code, finding.severity, finding.breaks, finding.repair)
        known = self._found.get(key)
        if known is not None:
            finding = replace(finding, seen=_joined(known.seen, finding.seen))
        self._found[key] = finding

    @property
    def findings(self) -> list[Finding]:
        """All findings."""
        return list(self._found.values())

    def of(self, *severities: Severity) -> list[Finding]:
        """The findings of these severities."""
        return [each for each in self._found.values() if each.severity in severities]

    @property
    def exit_status(self) -> int:
        """0 without errors, else 1."""
        return 1 if self.of(Severity.ERROR) else 0


def _joined(known: str, more: str) -> str:
    return known if more in known else f"{known} {more}"
