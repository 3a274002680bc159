"""The verdict on a cluster: what the evidence allows to say, and never more."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cnpg_mcp.domain.status import (
    failing,
    intent,
    missing,
    objects,
    operation,
    primary,
    protection,
    replication,
    underway,
    volumes,
)
from cnpg_mcp.domain.status.assessment import Assessment, Finding, Severity, Verdict
from cnpg_mcp.domain.status.codes import WORK, Effect, FindingCode, effect
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.intent import is_hibernated, is_hibernating
from cnpg_mcp.domain.status.situation import Situation
from cnpg_mcp.domain.status.writes import held_finalizers, pause_planned, writes_possible

REPEATED = 2
"""So many findings of one code are spelled out."""

Rule = Callable[[Situation], Iterator[Finding]]

_ALWAYS: tuple[Rule, ...] = (
    *intent.RULES,
    operation.operator_presence,
    volumes.lost,
    protection.backup_plan,
    protection.certificates,
)
"""What holds for a cluster whose instances are absent, or going, on purpose as well."""

_RUNNING: tuple[Rule, ...] = (
    *intent.RULES,
    *operation.RULES,
    *primary.RULES,
    *missing.RULES,
    *failing.RULES,
    *volumes.RULES,
    *replication.RULES,
    *underway.RULES,
    *protection.RULES,
    *objects.RULES,
)


def assess(evidence: Evidence, now: datetime) -> Assessment:
    """The verdict that the evidence allows, with findings worst first.

    Works with any part of the evidence missing: fewer findings, and the assessment names what
    was not seen. With the Cluster object alone it says what that object allows.
    """
    situation = Situation(evidence, now)
    rules = _ALWAYS if _leaves_on_purpose(situation) else _RUNNING
    findings = [finding for rule in rules for finding in rule(situation)]
    if not _at_work(findings) and not _effects(findings):
        findings += underway.otherwise(situation)
    verdict = _verdict(situation, findings)
    findings += _explanation(situation, verdict, findings)
    return Assessment(verdict, _presented(findings), evidence.missing())


def _leaves_on_purpose(situation: Situation) -> bool:
    going = situation.cluster.being_deleted and not held_finalizers(situation)
    return going or is_hibernated(situation) or is_hibernating(situation)


def _effects(findings: Iterable[Finding]) -> set[Effect]:
    return {effect(one.code) for one in findings if one.is_problem} - {Effect.NONE}


def _at_work(findings: Iterable[Finding]) -> bool:
    return any(one.code in WORK and not one.is_problem for one in findings)


def _verdict(situation: Situation, findings: Sequence[Finding]) -> Verdict:
    if is_hibernated(situation):
        lost = any(one.code is FindingCode.VOLUMES_LOST for one in findings)
        return Verdict.DOWN if lost else Verdict.HIBERNATED
    if not situation.phase and not _at_work(findings):
        return Verdict.UNKNOWN
    writes = writes_possible(situation)
    if writes is None:
        return Verdict.UNKNOWN
    effects = _effects(findings)
    if not writes:
        waits = _leaves_on_purpose(situation) or pause_planned(situation)
        return Verdict.PROGRESSING if waits and Effect.BLOCKS not in effects else Verdict.DOWN
    if effects:
        return Verdict.DEGRADED
    return Verdict.PROGRESSING if _at_work(findings) else Verdict.HEALTHY


def _explanation(
    situation: Situation, verdict: Verdict, findings: Sequence[Finding]
) -> Iterator[Finding]:
    """What the verdict rests on when no rule said it."""
    if verdict is Verdict.DOWN and not any(one.severity is Severity.CRITICAL for one in findings):
        yield primary.primary_unavailable(situation)
    elif verdict is Verdict.PROGRESSING and not _at_work(findings):
        yield from underway.otherwise(situation)
    elif verdict is Verdict.UNKNOWN and not any(one.is_problem for one in findings):
        yield primary.primary_unknown()


def _presented(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Worst first; no "wait" where waiting does not help; what repeats itself is counted."""
    blocked = Effect.BLOCKS in _effects(findings)
    shown = [one for one in findings if one.is_problem or not (blocked and one.code in WORK)]
    shown.sort(key=lambda one: (one.rank, one.code not in WORK))
    return tuple(_counted(shown))


def _counted(findings: Sequence[Finding]) -> Iterator[Finding]:
    total = Counter(one.code for one in findings)
    seen: Counter[FindingCode] = Counter()
    for one in findings:
        seen[one.code] += 1
        more = total[one.code] - REPEATED
        if seen[one.code] < REPEATED or (seen[one.code] == REPEATED and more == 0):
            yield one
        elif seen[one.code] == REPEATED:
            yield replace(one, message=f"{one.message} And {more} more of this kind.")
