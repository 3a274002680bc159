"""How Kubernetes writes times and generated names."""

import random
from datetime import UTC, datetime

_SECONDS = "%Y-%m-%dT%H:%M:%S"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def timestamp(moment: datetime) -> str:
    """The time in UTC, to the second (RFC 3339)."""
    return moment.strftime(f"{_SECONDS}Z")


def precise(moment: datetime) -> str:
    """The time in UTC, with fractions of a second."""
    return moment.strftime(f"{_SECONDS}.%fZ")


def parsed_time(text: str) -> datetime | None:
    """The time that is written there; None where it is none, or outside of the years 1 to 9999."""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def suffix(length: int = 5) -> str:
    """Random characters for a generated name."""
    return "".join(random.choices(_LETTERS, k=length))  # noqa: S311 - a name
