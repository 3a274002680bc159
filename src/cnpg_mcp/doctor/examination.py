"""Running checks one after the other: each yields findings, none can end the others by accident."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from cnpg_mcp.doctor.findings import Finding, Kind, Report, Severity
from cnpg_mcp.doctor.probe import Failed, Throttled, Unanswered

NO_ANSWER = Kind(
    "no-answer",
    Severity.ERROR,
    "Clients wait for the same answers and give up.",
    "See whether a firewall or a proxy swallows these requests, and read the server's log.",
)
UNAVAILABLE = Kind(
    "unavailable",
    Severity.ERROR,
    "Clients get the same answer: nobody is served.",
    "If a proxy answers: see whether the pods run and are ready, and whether the Service and the "
    "Ingress name the right port. If the server answers: its body and its log say what is away.",
)
FAILED = Kind(
    "server-failed",
    Severity.ERROR,
    "Clients get the same answer and stop.",
    "Read the server's log at this time; it has the cause.",
)
THROTTLED = Kind(
    "throttled",
    Severity.INFO,
    "Nothing: a rate limit does its work, and part of this was not checked.",
    "Run the doctor again in a minute.",
)
NOT_CHECKED = Kind(
    "not-checked",
    Severity.INFO,
    "Nothing that is known: this could not be looked at.",
    "If something else was found: repair that, then run the doctor again.",
)
KINDS = (NO_ANSWER, UNAVAILABLE, FAILED, THROTTLED, NOT_CHECKED)

SubjectT = TypeVar("SubjectT")
Check = Callable[[SubjectT], AsyncIterator[Finding]]
"""Looks at one thing. Its name is the code of what it finds right."""


class Skip(Exception):
    """A check has nothing to look at; the text says why."""


class Stop(Exception):
    """After this nothing else can be looked at; the text says why."""


def name_of(check: Check[SubjectT]) -> str:
    """A check's name as people read it."""
    return check.__name__.replace("_", "-")


async def examine(
    checks: Sequence[Check[SubjectT]], subject: SubjectT, report: Report | None = None
) -> Report:
    """What all checks find, added to a report where one is given."""
    report = Report() if report is None else report
    for number, check in enumerate(checks):
        try:
            async for finding in _safely(check, subject):
                report.add(finding)
        except Stop as reason:
            left = ", ".join(map(name_of, checks[number + 1 :]))
            if left:
                report.add(NOT_CHECKED.found(f"{reason} Not looked at: {left}."))
            break
    return report


async def _safely(check: Check[SubjectT], subject: SubjectT) -> AsyncIterator[Finding]:
    """A check's findings, and what became of it where it did not come to its end."""
    try:
        async for finding in check(subject):
            yield finding
    except Skip as reason:
        yield NOT_CHECKED.found(f"{name_of(check)}: {reason}")
    except Throttled as limit:
        yield THROTTLED.found(str(limit))
    except Unanswered as silence:
        yield NO_ANSWER.found(str(silence))
    except Failed as failure:
        yield (UNAVAILABLE if failure.is_away else FAILED).found(str(failure))
