"""The grammar of label selectors, and what the API server says where a text does not follow it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

_TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^=!(),<>\s]+)")
_SIGNS = frozenset(("==", "!=", *"=!(),<>"))
_END = ""
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")


class Unparsable(ValueError):
    """A text that is no selector."""

    @classmethod
    def within(cls, why: str) -> Self:
        """One requirement of it is none."""
        return cls(f"unable to parse requirement: {why}")


@dataclass(frozen=True)
class Requirement:
    """What a label has to be. The operators `exists` and `!` have no values."""

    key: str
    operator: str
    values: Sequence[str] = ()


def requirements(text: str) -> Iterator[Requirement]:
    """The requirements that a text names.

    Raises:
        Unparsable: it is none.
    """
    tokens = _Tokens(text)
    while tokens.next != _END:
        if tokens.next in _SIGNS - {"!"}:
            told = f"found '{tokens.next}', expected: !, identifier, or 'end of string'"
            raise Unparsable(told)
        yield _requirement(tokens)
        separator = tokens.take()
        if separator not in (",", _END):
            raise Unparsable(f"found '{separator}', expected: ',' or 'end of string'")
        if separator == "," and (tokens.next in _SIGNS - {"!"} or tokens.next == _END):
            raise Unparsable(f"found '{tokens.next}', expected: identifier after ','")


class _Tokens:
    """The words and signs of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._left = _TOKEN.findall(text)[::-1]

    @property
    def next(self) -> str:
        """The token that comes; empty at the end."""
        return self._left[-1] if self._left else _END

    def take(self) -> str:
        """The token that comes, taken."""
        return self._left.pop() if self._left else _END

    @property
    def is_word(self) -> bool:
        """Whether a key or a value comes."""
        return self.next != _END and self.next not in _SIGNS


def _requirement(tokens: _Tokens) -> Requirement:
    absent = tokens.next == "!"
    if absent:
        tokens.take()
    if not tokens.is_word:
        raise Unparsable.within(f"found '{tokens.next}', expected: identifier")
    key = tokens.take()
    if absent:
        return Requirement(key, "!")
    if tokens.next in (",", _END):
        return Requirement(key, "exists")
    operator = tokens.take()
    if operator not in _OPERATORS:
        told = "in, notin, =, ==, !=, gt, lt"
        raise Unparsable.within(f"found '{operator}', expected: {told}")
    if operator in ("in", "notin"):
        return Requirement(key, operator, tuple(_listed(tokens)))
    return Requirement(key, operator, (_value(tokens),))


def _value(tokens: _Tokens) -> str:
    if tokens.next in (",", _END):
        return ""
    if not tokens.is_word:
        raise Unparsable.within(f"found '{tokens.next}', expected: identifier")
    return tokens.take()


def _listed(tokens: _Tokens) -> Iterator[str]:
    """What stands in brackets. Nothing between two commas is a value, too: the empty one."""
    if tokens.next != "(":
        raise Unparsable.within(f"found '{tokens.next}' expected: '('")
    tokens.take()
    while True:
        yield tokens.take() if tokens.is_word else ""
        separator = tokens.take()
        if separator == ")":
            return
        if separator != ",":
            raise Unparsable.within(f"found '{separator}', expected: ',' or ')'")
