"""Phrases that several texts use."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.status.phases import KNOWN

_PHASE_LIMIT = 120
_SHOWN = 20
T = TypeVar("T")


def shown_phase(phase: str) -> str:
    """A phase as it is where CloudNativePG has one of that name, else quoted."""
    return phase if phase in KNOWN else quoted(phase, _PHASE_LIMIT)


def some(items: Sequence[T], show: Callable[[T], str]) -> str:
    """The first of many in one phrase; the rest is counted."""
    shown = ", ".join(map(show, items[:_SHOWN]))
    more = len(items) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
