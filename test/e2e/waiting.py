"""Waiting for conditions."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.3


def until(probe: Callable[[], T | None], seconds: float, what: str) -> T:
    """The probe's first answer that is true; ``TimeoutError`` names what was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what} (last seen: {found!r})")
        time.sleep(POLL_SECONDS)
    return found
