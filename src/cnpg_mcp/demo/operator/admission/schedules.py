"""What is wrong with a schedule, in the words of the parser that CloudNativePG uses.

Six fields, seconds first, of which the last may be left out; or a word such as `@daily`.
"""

import re
from dataclasses import dataclass

_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = "@every "
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"[+-]?({_PART.pattern})+|[+-]?0", re.ASCII)
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_LONGEST = 2**63 / 1e9
"""Seconds that fit into nanoseconds of 64 bits."""
_LARGEST = 2**63 - 1
_FEWEST, _MOST = 5, 6
_DIGITS = 100
"""No more are looked at."""


@dataclass(frozen=True)
class _Bounds:
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    _Bounds(0, 59),
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, _MONTHS),
    _Bounds(0, 6, _DAYS),
)


class _Wrong(ValueError):
    """A part of a schedule that cannot be."""


def fault(schedule: str) -> str:
    """What is wrong with it; empty when nothing is."""
    if not schedule:
        return "Empty spec string"
    if schedule.startswith("@"):
        return _word_fault(schedule)
    fields = schedule.split()
    if not _FEWEST <= len(fields) <= _MOST:
        return f"Expected {_FEWEST} to {_MOST} fields, found {len(fields)}: {schedule}"
    try:
        for text, bounds in zip(fields, _FIELDS, strict=False):
            for part in text.split(","):
                _check(part, bounds)
    except _Wrong as error:
        return str(error)
    return ""


def interval(schedule: str) -> float | None:
    """The seconds of `@every 90m`, at least one; None where it is no interval."""
    duration = schedule.removeprefix(_EVERY)
    if duration == schedule or not _DURATION.fullmatch(duration):
        return None
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(duration))
    if seconds >= _LONGEST:
        return None
    return 1.0 if duration.startswith("-") else max(1.0, seconds)


def _word_fault(schedule: str) -> str:
    if schedule in _WORDS:
        return ""
    if not schedule.startswith(_EVERY):
        return f"Unrecognized descriptor: {schedule}"
    if interval(schedule) is not None:
        return ""
    duration = schedule.removeprefix(_EVERY)
    return f'Failed to parse duration {schedule}: time: invalid duration "{duration}"'


def _check(part: str, bounds: _Bounds) -> None:
    span, *steps = part.split("/")
    if len(steps) > 1:
        raise _Wrong(f"Too many slashes: {part}")
    low, high = _span(span, part, bounds, stepped=bool(steps))
    step = _number(steps[0], ()) if steps else 1
    if low < bounds.low:
        raise _Wrong(f"Beginning of range ({low}) below minimum ({bounds.low}): {part}")
    if high > bounds.high:
        raise _Wrong(f"End of range ({high}) above maximum ({bounds.high}): {part}")
    if low > high:
        raise _Wrong(f"Beginning of range ({low}) beyond end of range ({high}): {part}")
    if step == 0:
        raise _Wrong(f"Step of range should be a positive number: {part}")


def _span(span: str, part: str, bounds: _Bounds, *, stepped: bool) -> tuple[int, int]:
    if span in ("*", "?"):
        return bounds.low, bounds.high
    first, *rest = span.split("-")
    if len(rest) > 1:
        raise _Wrong(f"Too many hyphens: {part}")
    low = _number(first, bounds.names, bounds.low)
    if rest:
        return low, _number(rest[0], bounds.names, bounds.low)
    return low, bounds.high if stepped else low


def _number(text: str, names: tuple[str, ...], first: int = 0) -> int:
    if text.lower() in names:
        return names.index(text.lower()) + first
    if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        raise _Wrong(_no_number(text, "invalid syntax"))
    if len(text) > _DIGITS or not -_LARGEST <= int(text) <= _LARGEST:
        raise _Wrong(_no_number(text, "value out of range"))
    if int(text) < 0:
        raise _Wrong(f"Negative number ({int(text)}) not allowed: {text}")
    return int(text)


def _no_number(text: str, why: str) -> str:
    return f'Failed to parse int from {text}: strconv.Atoi: parsing "{text}": {why}'
