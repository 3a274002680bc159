"""Schedules as ScheduledBackup has them: fields, seconds first, or an interval."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from cnpg_mcp.demo.operator.admission.schedules import fault, interval

_NAMED = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = dict(
    zip(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        range(1, 13),
        strict=True,
    )
)
_DAYS = dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True))
_WORDS: tuple[dict[str, int], ...] = ({}, {}, {}, {}, _MONTHS, _DAYS)
_ANY = ("*", "?")
_FIELDS = 6
HORIZON = timedelta(days=5 * 366)
"""A schedule without a time within this has none."""


class Schedule(Protocol):
    """When something is due."""

    def after(self, moment: datetime) -> datetime | None:
        """The first time after a moment; None where there is none for years."""


def parsed(text: str) -> Schedule | None:
    """The schedule that is written there; None for what admission refuses."""
    if fault(text):
        return None
    seconds = interval(text)
    return Calendar.parsed(text) if seconds is None else Interval(timedelta(seconds=int(seconds)))


@dataclass(frozen=True)
class Interval:
    """Something is due again and again, after the same time."""

    length: timedelta

    def after(self, moment: datetime) -> datetime | None:
        """The moment this much later."""
        try:
            return moment.replace(microsecond=0) + self.length
        except OverflowError:
            return None


@dataclass(frozen=True)
class Calendar:
    """Something is due by the clock."""

    second: frozenset[int]
    minute: frozenset[int]
    hour: frozenset[int]
    day: frozenset[int]
    month: frozenset[int]
    weekday: frozenset[int]
    either_day: bool
    """Whether a day fits by its number or by its weekday: both are restricted."""

    @classmethod
    def parsed(cls, text: str) -> "Calendar":
        """What was admitted: the day of the week may be left out."""
        fields = _NAMED.get(text, text).split()
        fields += ["*"] * (_FIELDS - len(fields))
        parts = zip(fields, _BOUNDS, _WORDS, strict=True)
        second, minute, hour, day, month, weekday = (_values(*each) for each in parts)
        either = not {fields[3][0], fields[5][0]} & set(_ANY)
        return cls(second, minute, hour, day, month, weekday, either_day=either)

    def after(self, moment: datetime) -> datetime | None:
        """The first time after a moment; None where there is none for years."""
        at, end = moment.replace(microsecond=0) + timedelta(seconds=1), moment + HORIZON
        while at < end:
            later = self._later(at)
            if later is None:
                return at
            at = later
        return None

    def _later(self, at: datetime) -> datetime | None:
        """The start of the next unit where this moment does not fit; None where it does."""
        midnight = at.replace(hour=0, minute=0, second=0)
        if at.month not in self.month:
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        if not self._fits_day(at):
            return midnight + timedelta(days=1)
        if at.hour not in self.hour:
            return at.replace(minute=0, second=0) + timedelta(hours=1)
        if at.minute not in self.minute:
            return at.replace(second=0) + timedelta(minutes=1)
        return None if at.second in self.second else at + timedelta(seconds=1)

    def _fits_day(self, at: datetime) -> bool:
        by_number, by_weekday = at.day in self.day, at.isoweekday() % 7 in self.weekday
        return by_number or by_weekday if self.either_day else by_number and by_weekday


def _values(field: str, bounds: tuple[int, int], words: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, high = _span(span, bounds, words, open_end=bool(step))
        found.update(range(low, high + 1, int(step) if step else 1))
    return frozenset(found)


def _span(
    span: str, bounds: tuple[int, int], words: dict[str, int], *, open_end: bool
) -> tuple[int, int]:
    if span in _ANY:
        return bounds
    low, dash, high = span.partition("-")
    first = _number(low, words)
    if dash:
        return first, _number(high, words)
    return first, bounds[1] if open_end else first


def _number(text: str, words: dict[str, int]) -> int:
    return words[text.lower()] if text.lower() in words else int(text)
