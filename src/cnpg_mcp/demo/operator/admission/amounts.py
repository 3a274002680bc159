"""Kubernetes quantities and PostgreSQL's sizes as numbers."""

import re
from decimal import Decimal

_QUANTITY = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,2}|)",
    re.ASCII,
)
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_SIZE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB|)\s*", re.ASCII)
_LONGEST = 100
"""Characters of an amount that are looked at: longer ones are none."""
_UNITS = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


def amount(text: object) -> Decimal | None:
    """The number that a quantity stands for, `None` where it is none."""
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        return None
    found = _fitting(_QUANTITY, text)
    if found is None:
        return None
    number, suffix = found.groups()
    if suffix in _BINARY:
        return Decimal(number) * Decimal(1024) ** (_BINARY.index(suffix) + 1)
    if suffix in _DECIMAL:
        return Decimal(number) * Decimal(1000) ** _DECIMAL[suffix]
    return Decimal(number) * Decimal(10) ** int(suffix[1:])


def canonical(text: object) -> str | None:
    """A quantity as Kubernetes writes it: `1536Mi` for `1.5Gi`. `None` where it is none."""
    value = amount(text)
    if value is None:
        return None
    if str(text).endswith("i"):
        return _largest(value, 1024, {"": 0, **{name: n + 1 for n, name in enumerate(_BINARY)}})
    return _largest(value, 1000, _DECIMAL)


def _largest(value: Decimal, base: int, units: dict[str, int]) -> str:
    for suffix, power in sorted(units.items(), key=lambda each: -each[1]):
        scaled = value / Decimal(base) ** power
        if scaled == scaled.to_integral_value() and (value or not suffix):
            return f"{int(scaled)}{suffix}"
    return str(value)


def size(text: str, unit: int = 2**20) -> Decimal | None:
    """PostgreSQL's `1.5GB` in bytes; `unit` is what a bare number counts."""
    found = _fitting(_SIZE, text)
    if found is None:
        return None
    number, suffix = found.groups()
    return Decimal(number) * _UNITS.get(suffix, unit)


def _fitting(pattern: re.Pattern[str], written: str | float) -> re.Match[str] | None:
    if isinstance(written, int) and abs(written) >= 10**_LONGEST:
        return None  # so many digits cannot even be written down
    text = str(written)
    return pattern.fullmatch(text) if len(text) <= _LONGEST else None
