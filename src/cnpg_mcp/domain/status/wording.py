"""Words that several rules use."""

from collections.abc import Iterable

from cnpg_mcp.domain.quoting import named

WAIT = "Wait; ask again in about 30 s."
WAIT_LONGER = "Wait; ask again in a minute."

LISTED = 10
"""So many names are spelled out; the rest is counted."""


def listed(names: Iterable[str], limit: int = LISTED) -> str:
    """Names in one phrase."""
    every = list(names)
    shown = ", ".join(map(named, every[:limit]))
    return shown + (f" and {len(every) - limit} more" if len(every) > limit else "")


def counted(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count} {agreeing(count, noun, f'{noun}s')}"


def agreeing(count: int, one: str, many: str) -> str:
    """The word that goes with so many."""
    return one if count == 1 else many
