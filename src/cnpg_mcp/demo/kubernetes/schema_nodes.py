"""The nodes of a schema: what a value may be, and what the API server says when it is not."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cnpg_mcp.demo.kubernetes.failures import Cause

_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_WORDS = (
    (bool, "boolean"),
    (str, "string"),
    (int, "integer"),
    (float, "number"),
    (list, "array"),
    (dict, "object"),
)
_KEEPS_RULES_UNCHECKED = frozenset(
    f"FieldValue{word}" for word in ("TypeInvalid", "Required", "NotSupported", "TooMany")
)


@dataclass(frozen=True)
class Rule:
    """A rule across fields. `holds` is asked with the value and the one before it, if any."""

    message: str
    holds: Callable[[Any, Any], bool]
    transition: bool = False
    needs: str = ""

    def broken(self, value: Any, old: Any) -> str | None:  # noqa: ANN401 - any JSON
        """What the API server says where the rule is broken."""
        if self.transition and old is None:
            return None
        if self.holds(value, old):
            return None
        if self.needs and self.needs not in value:
            lost = f"no such key: {self.needs} evaluating rule: "
            return f'Invalid value: "object": {lost}{self.message}'
        shown = "" if isinstance(value, dict | list) else f"{json.dumps(value)}: "
        return f"Invalid value: {shown}{self.message}"


@dataclass(frozen=True)
class Fault:
    """A value that is not what its node says."""

    cause: Cause

    @property
    def keeps_rules_unchecked(self) -> bool:
        """Whether no rule is looked at beside it."""
        return self.cause.reason in _KEEPS_RULES_UNCHECKED


@dataclass(frozen=True, kw_only=True)
class Node:
    """What one value may be."""

    rules: tuple[Rule, ...] = ()
    default: object = None
    has_default: bool = False
    words: tuple[str, ...] = ()
    """Its types as the API server calls them; the first is the one it asks for."""

    def inner(self) -> Iterator[tuple[str, "Node"]]:
        """Nodes inside it, by field name; `[]` and `{}` for items and values."""
        yield from ()

    def parts(self, value: Any) -> Iterator[tuple[str, Any, "Node"]]:  # noqa: ANN401, ARG002
        """What is inside a value: key as it stands in a path, value, node."""
        yield from ()

    def unknown(self, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401
        """Paths of fields that are not known."""
        for key, each, node in self.parts(value):
            yield from node.unknown(each, _join(path, key))

    def pruned(self, value: Any) -> Any:  # noqa: ANN401
        """The value without fields that are not known."""
        return value

    def defaulted(self, value: Any) -> Any:  # noqa: ANN401
        """The value with defaults."""
        return value

    def faults(self, value: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401
        """What is wrong in it, rules apart."""
        found = kind_of(value)
        if self.words and found not in self.words:
            yield _ill_typed(path, self.words[0], found)
            return
        yield from self._own_faults(value, path)
        for key, each, node in self.parts(value):
            yield from node.faults(each, _join(path, key))

    def _own_faults(self, value: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401, ARG002
        yield from ()


@dataclass(frozen=True, kw_only=True)
class Anything(Node):
    """A value that is not modelled."""


@dataclass(frozen=True, kw_only=True)
class Flag(Node):
    """True or false."""

    words: tuple[str, ...] = ("boolean",)


@dataclass(frozen=True, kw_only=True)
class Number(Node):
    """A whole number, with a sign."""

    words: tuple[str, ...] = ("integer",)
    low: int | None = None
    high: int | None = None
    bits: int = 64

    def _own_faults(self, value: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401
        if not -(2 ** (self.bits - 1)) <= value < 2 ** (self.bits - 1):
            yield _ill_typed(path, f"int{self.bits}", f"number {json.dumps(value)}")
            return
        if self.low is not None and value < self.low:
            yield _out_of_bounds(path, value, f"be greater than or equal to {self.low}")
        if self.high is not None and value > self.high:
            yield _out_of_bounds(path, value, f"be less than or equal to {self.high}")


@dataclass(frozen=True, kw_only=True)
class Text(Node):
    """A string."""

    words: tuple[str, ...] = ("string",)
    pattern: str = ""
    one_of: tuple[str, ...] = ()
    at_least: int = 0
    date: bool = False

    def _own_faults(self, value: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401
        if len(value) < self.at_least:
            yield _out_of_bounds(path, value, f"be at least {self.at_least} chars long")
        if self.pattern and not re.search(self.pattern, value):
            yield _out_of_bounds(path, value, f"match '{self.pattern}'", should="should")
        if self.date and not _is_date(value):
            yield _ill_typed(path, "date-time", value)
        if self.one_of and value not in self.one_of:
            supported = ", ".join(json.dumps(each) for each in self.one_of)
            message = f"Unsupported value: {json.dumps(value)}: supported values: {supported}"
            yield Fault(Cause("FieldValueNotSupported", message, path))


@dataclass(frozen=True, kw_only=True)
class Object(Node):
    """An object with fields of its own."""

    words: tuple[str, ...] = ("object",)
    fields: Mapping[str, Node] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    opened: bool = False
    """Whether fields that are not modelled are kept."""

    def inner(self) -> Iterator[tuple[str, Node]]:
        """Nodes inside it, by field name."""
        yield from self.fields.items()

    def parts(self, value: Any) -> Iterator[tuple[str, Any, Node]]:  # noqa: ANN401
        """The fields that are there and known."""
        if isinstance(value, dict):
            for name, each in value.items():
                if name in self.fields:
                    yield name, each, self.fields[name]

    def unknown(self, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401
        """Paths of fields that are not known."""
        if isinstance(value, dict) and not self.opened:
            yield from (_join(path, name) for name in value if name not in self.fields)
        yield from super().unknown(value, path)

    def pruned(self, value: Any) -> Any:  # noqa: ANN401
        """The object with its known fields."""
        if not isinstance(value, dict):
            return value
        kept = value if self.opened else {}
        return {**kept, **{name: node.pruned(each) for name, each, node in self.parts(value)}}

    def defaulted(self, value: Any) -> Any:  # noqa: ANN401
        """The object with defaults and without nulls."""
        if not isinstance(value, dict):
            return value
        kept = {name: each for name, each in value.items() if each is not None}
        for name, node in self.fields.items():
            if node.has_default and name not in kept:
                kept[name] = deepcopy(node.default)
        return {
            name: self.fields[name].defaulted(each) if name in self.fields else each
            for name, each in kept.items()
        }

    def _own_faults(self, value: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401
        for name in self.required:
            if name not in value:
                yield Fault(Cause("FieldValueRequired", "Required value", _join(path, name)))


@dataclass(frozen=True, kw_only=True)
class Values(Node):
    """An object with any keys."""

    words: tuple[str, ...] = ("object",)
    value: Node

    def inner(self) -> Iterator[tuple[str, Node]]:
        """The node of every value."""
        yield "{}", self.value

    def parts(self, value: Any) -> Iterator[tuple[str, Any, Node]]:  # noqa: ANN401
        """All its fields."""
        if isinstance(value, dict):
            yield from ((name, each, self.value) for name, each in value.items())

    def pruned(self, value: Any) -> Any:  # noqa: ANN401
        """The object with pruned values."""
        if not isinstance(value, dict):
            return value
        return {name: self.value.pruned(each) for name, each in value.items()}

    def defaulted(self, value: Any) -> Any:  # noqa: ANN401
        """The object with defaulted values and without nulls."""
        if not isinstance(value, dict):
            return value
        return {k: self.value.defaulted(each) for k, each in value.items() if each is not None}


@dataclass(frozen=True, kw_only=True)
class Items(Node):
    """A list."""

    words: tuple[str, ...] = ("array",)
    item: Node
    key: str = ""
    at_least: int = 0
    at_most: int | None = None

    def inner(self) -> Iterator[tuple[str, Node]]:
        """The node of every item."""
        yield "[]", self.item

    def parts(self, value: Any) -> Iterator[tuple[str, Any, Node]]:  # noqa: ANN401
        """All its items."""
        if isinstance(value, list):
            yield from ((f"[{at}]", each, self.item) for at, each in enumerate(value))

    def pruned(self, value: Any) -> Any:  # noqa: ANN401
        """The list with pruned items."""
        return [self.item.pruned(one) for one in value] if isinstance(value, list) else value

    def defaulted(self, value: Any) -> Any:  # noqa: ANN401
        """The list with defaulted items."""
        return [self.item.defaulted(one) for one in value] if isinstance(value, list) else value

    def _own_faults(self, value: Any, path: str) -> Iterator[Fault]:  # noqa: ANN401
        if len(value) < self.at_least:
            yield _out_of_bounds(path, len(value), f"have at least {self.at_least} items")
        if self.at_most is not None and len(value) > self.at_most:
            message = f"Too many: {len(value)}: must have at most {self.at_most} items"
            yield Fault(Cause("FieldValueTooMany", message, path))
        yield from self._duplicates(value, path)

    def _duplicates(self, value: list[Any], path: str) -> Iterator[Fault]:
        seen: list[object] = []
        for at, each in enumerate(value):
            if not self.key or not isinstance(each, dict) or self.key not in each:
                continue
            if each[self.key] in seen:
                shown = json.dumps({self.key: each[self.key]}, separators=(",", ":"))
                cause = Cause("FieldValueDuplicate", f"Duplicate value: {shown}", f"{path}[{at}]")
                yield Fault(cause)
            seen.append(each[self.key])


def broken_rules(node: Node, value: Any, old: Any, path: str = "") -> Iterator[Cause]:  # noqa: ANN401
    """The rules that a value breaks, and what is inside it. Items of a list have no past."""
    for each in node.rules:
        message = each.broken(value, old)
        if message is not None:
            yield Cause("FieldValueInvalid", message, path)
    before = old if isinstance(old, dict) else {}
    for key, part, inner in node.parts(value):
        yield from broken_rules(inner, part, before.get(key), _join(path, key))


def kind_of(value: object) -> str:
    """The type of a JSON value in the API server's words; `null` for none."""
    if isinstance(value, float) and value.is_integer():
        return "integer"
    return next((word for kind, word in _WORDS if isinstance(value, kind)), "null")


def _join(path: str, key: str) -> str:
    return f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"


def _ill_typed(path: str, wanted: str, found: str) -> Fault:
    shown = json.dumps(found, ensure_ascii=False)
    message = f"Invalid value: {shown}: {path} in body must be of type {wanted}: {shown}"
    return Fault(Cause("FieldValueTypeInvalid", message, path))


def _out_of_bounds(path: str, value: object, bound: str, should: str = "should") -> Fault:
    message = f"Invalid value: {json.dumps(value)}: {path} in body {should} {bound}"
    return Fault(Cause("FieldValueInvalid", message, path))


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat("2000" + value[4:].upper())  # the year 0 is one to the API server
    except ValueError:
        return False
    return True
