"""What the programs print: for people, on one line each, and without secrets."""

import sys
from typing import NoReturn, TextIO

_CUT = 400
_LEAST = 4
"""A shorter text is no secret, and leaving it out would leave words with holes."""
HIDDEN = "[secret]"


class Failure(Exception):
    """The program cannot do what it was asked for.

    Args:
        message: what happened, in one sentence.
        next_step: what to do about it.
        status: the exit status.
    """

    def __init__(self, message: str, next_step: str, status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.status = status


class Speech:
    """Says things to whoever sits at the terminal; knows which texts must never appear."""

    def __init__(self, out: TextIO | None = None, errors: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._errors = errors or sys.stderr
        self._secrets: set[str] = set()

    def keep_secret(self, *values: str | None) -> None:
        """From now on these appear nowhere."""
        self._secrets.update(value for value in values if value and len(value) >= _LEAST)

    def clean(self, text: str) -> str:
        """The text without what is secret."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text

    def say(self, text: str = "") -> None:
        """A line of the result."""
        print(self.clean(text), file=self._out, flush=True)

    def remark(self, text: str) -> None:
        """A line that is not part of the result."""
        print(self.clean(text), file=self._errors, flush=True)

    def warn(self, text: str) -> None:
        """Something that may go wrong later."""
        self.remark(f"warning: {text}")

    def complain(self, failure: Failure) -> int:
        """Says why it did not work; the exit status."""
        self.remark(f"error: {failure.message} Next: {failure.next_step}")
        return failure.status


def told(text: object, cut: int = _CUT) -> str:
    """Text from elsewhere on one line: cut, and nothing in it moves the terminal's cursor."""
    shown = "".join(each if each.isprintable() else " " for each in str(text))
    line = " ".join(shown.split())
    return line if len(line) <= cut else f"{line[:cut]}..."


def refuse(message: str, next_step: str) -> NoReturn:
    """Ends the program with a sentence."""
    raise Failure(message, next_step)
