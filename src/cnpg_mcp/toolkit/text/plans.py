"""Plans as text: spelled out with the code, since a person decides by what stands here."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from cnpg_mcp.domain.outcomes import BlockerRow, EffectRow, Outcome, Write
from cnpg_mcp.domain.plans.plan import Fate
from cnpg_mcp.domain.quoting import named, quoted

_FATES: Mapping[Fate, str] = {
    Fate.DELETED: "Would be deleted",
    Fate.DROPPED: "Would be dropped in PostgreSQL",
    Fate.CHANGED: "Would be changed",
    Fate.GRANTED: "Power that would be granted",
    Fate.LOADED: "Code that would be loaded",
    Fate.CREATED: "Would be created",
    Fate.AFFECTED: "Would be affected",
    Fate.LEFT: "Would be left",
}
_WARNINGS = 10
"""So many are shown; the rest is counted."""


def plan(write: Write) -> str:
    """A plan alone."""
    heading = f"Plan in namespace {write.namespace}; nothing was changed."
    return "\n".join([heading, *plan_lines(write)])


def plan_lines(write: Write) -> Iterable[str]:
    """What would become of what, what blocks it, and the code; nothing for what is no plan."""
    if write.effects is not None:
        ranks = list(_FATES)
        ordered = sorted(write.effects, key=lambda row: (ranks.index(row.fate), row.kind))
        for (fate, kind), rows in groupby(ordered, key=lambda row: (row.fate, row.kind)):
            yield _effects(fate, kind, list(rows))
    yield from _notes(write)
    yield from map(_blocker, write.blockers or ())
    if write.confirmation and write.expires_at:
        ends = write.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield f"Confirmation code, good until {ends}: {write.confirmation}"


def closing(write: Write) -> Iterable[str]:
    """Warnings, the plan, and what to do next: how the text of every write ends."""
    yield from warning_lines(write.warnings or ())
    if write.outcome in {Outcome.PLANNED, Outcome.DRY_RUN}:
        yield from plan_lines(write)
    else:
        yield from _notes(write)
    if write.next_step:
        yield f"Next: {write.next_step}"


def warning_lines(texts: Sequence[str]) -> Iterable[str]:
    """What the API server warned of."""
    for text in texts[:_WARNINGS]:
        yield f"Warning of the API server: {quoted(text)}"
    if len(texts) > _WARNINGS:
        yield f"And {len(texts) - _WARNINGS} more warnings."


def _notes(write: Write) -> Iterable[str]:
    for caution in write.cautions or ():
        yield f"Note: {caution}"


def _effects(fate: Fate, kind: str, rows: Sequence[EffectRow]) -> str:
    counted = f"{len(rows)} {kind}s" if len(rows) > 1 else kind
    return f"{_FATES[fate]}: {counted} {', '.join(map(_effect, rows))}"


def _effect(row: EffectRow) -> str:
    name = named(row.name)
    if row.namespace:
        name = f"{row.namespace}/{name}"
    return f"{name} ({row.detail})" if row.detail else name


def _blocker(row: BlockerRow) -> str:
    return f"Blocked by {row.code}: {row.message} {row.next_step}"
