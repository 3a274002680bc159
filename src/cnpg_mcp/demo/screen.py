"""What is said to whoever started the demo. That nobody listens any more does not end it."""

import os
import sys
from contextlib import suppress
from typing import TextIO

_NAME = "cnpg-mcp-demo"
_LAST_STANDARD = 2


def keep_places() -> None:
    """Opens nothing in place of standard streams that are closed.

    What is opened next would get their numbers, and with them what is meant for the screen.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        pass
    os.close(opened)


def page(text: str) -> None:
    """What is asked for: to the standard output, or to the screen where that is closed."""
    if not _written(text, sys.stdout):
        _written(text, sys.stderr)


def remark(text: str) -> None:
    """A line beside it."""
    _written(f"{_NAME}: {text}\n", sys.stderr)


def goodbye() -> None:
    """That it stops, on a line of its own: terminals show Ctrl-C where they are."""
    _written(f"\n{_NAME}: stopping ...\n", sys.stderr)


def _written(text: str, stream: TextIO | None) -> bool:
    """Whether somebody may have read it; a stream that was closed at the start is none."""
    if stream is None:
        return False
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError):
        _silence(stream)
        return False
    return True


def _silence(stream: TextIO) -> None:
    """What the stream still holds goes nowhere: Python flushes it once more when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
