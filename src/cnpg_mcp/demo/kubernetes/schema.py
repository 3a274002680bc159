"""A small language for what objects look like, with the API server's words for what is wrong.

A schema is a tree of nodes: `root(spec=obj(required={"name": text()}, replicas=integer(low=1)))`.
Types, bounds and required fields are looked at first; rules across fields only where those hold.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.kubernetes.schema_nodes import (
    Anything,
    Flag,
    Items,
    Node,
    Number,
    Object,
    Rule,
    Text,
    Values,
    broken_rules,
)

NOT_CHECKED = Cause(
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid;"
    " correct the existing errors to complete validation",
    "<nil>",
)
"""Stands beside faults that keep the rules from being looked at."""

_METADATA = (
    "annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers"
    " generateName generation labels managedFields name namespace ownerReferences resourceVersion"
    " selfLink uid"
)
_ABSENT: Any = object()
_Kind = TypeVar("_Kind", bound=Node)


@dataclass(frozen=True)
class TreeSchema:
    """The `Schema` of a kind, from the node of its whole object."""

    node: Object

    def unknown(self, obj: KubeObject) -> list[str]:
        """Paths of fields that the schema does not know: `spec.instnces`."""
        return sorted(self.node.unknown(obj, ""))

    def pruned(self, obj: KubeObject) -> KubeObject:
        """The object without what the schema does not know."""
        found: KubeObject = self.node.pruned(obj)
        return found

    def defaulted(self, obj: KubeObject) -> KubeObject:
        """The object with the schema's defaults; `null` counts as absent."""
        found: KubeObject = self.node.defaulted(obj)
        return found

    def causes(self, obj: KubeObject, old: KubeObject | None) -> list[Cause]:
        """What is wrong with it: types, bounds, enumerations, required fields, rules."""
        faults = list(self.node.faults(obj, ""))
        if any(fault.keeps_rules_unchecked for fault in faults):
            return [*(fault.cause for fault in faults), NOT_CHECKED]
        return [*(fault.cause for fault in faults), *broken_rules(self.node, obj, old)]

    def ill_typed(self, obj: KubeObject) -> list[Cause]:
        """The causes that are about types alone."""
        return [
            fault.cause
            for fault in self.node.faults(obj, "")
            if fault.cause.reason == "FieldValueTypeInvalid"
        ]


def root(*, required: Mapping[str, Node] | None = None, status: Node | None = None) -> TreeSchema:
    """The schema of a kind whose objects have these fields beside kind, metadata and status."""
    meta = Object(fields={name: Anything() for name in _METADATA.split()})
    common: dict[str, Node] = {"apiVersion": text(), "kind": text(), "metadata": meta}
    if status is not None:
        common["status"] = status
    return TreeSchema(obj(common, required=required))


def obj(
    shared: Mapping[str, Node] | None = None,
    *,
    required: Mapping[str, Node] | None = None,
    rules: tuple[Rule, ...] = (),
    default: object = _ABSENT,
    **fields: Node,
) -> Object:
    """An object with these fields and the `shared` ones; the `required` ones must be there."""
    needed = dict(required or {})
    node = Object(
        fields={**needed, **(shared or {}), **fields}, required=tuple(needed), rules=rules
    )
    return _with_default(node, default)


def text(
    *,
    pattern: str = "",
    one_of: str = "",
    at_least: int = 0,
    date: bool = False,
    rules: tuple[Rule, ...] = (),
    default: object = _ABSENT,
) -> Text:
    """A string; `one_of` is a list of words separated by blanks."""
    node = Text(
        pattern=pattern, one_of=tuple(one_of.split()), at_least=at_least, date=date, rules=rules
    )
    return _with_default(node, default)


def integer(
    *,
    low: int | None = None,
    high: int | None = None,
    bits: int = 64,
    rules: tuple[Rule, ...] = (),
    default: object = _ABSENT,
) -> Number:
    """A whole number between `low` and `high`, as wide as `bits`."""
    return _with_default(Number(low=low, high=high, bits=bits, rules=rules), default)


def boolean(*, default: object = _ABSENT) -> Flag:
    """True or false."""
    return _with_default(Flag(), default)


def listed(
    item: Node,
    *,
    key: str = "",
    at_least: int = 0,
    at_most: int | None = None,
    rules: tuple[Rule, ...] = (),
) -> Items:
    """A list; no two items have the same `key`."""
    return Items(item=item, key=key, at_least=at_least, at_most=at_most, rules=rules)


def mapping(value: Node) -> Values:
    """An object with any keys, whose values are alike."""
    return Values(value=value)


def quantity() -> Anything:
    """A number or string such as `220Mi`; its form is looked at by whoever computes with it."""
    return Anything()


def anything() -> Object:
    """An object that is not modelled: kept as it is."""
    return Object(opened=True)


def partly(*, required: Mapping[str, Node] | None = None, **fields: Node) -> Object:
    """An object of which only some fields are modelled; the others are kept as they are."""
    return replace(obj(fields, required=required), opened=True)


def rule(message: str, holds: Callable[[Any], bool], *, needs: str = "") -> Rule:
    """A rule about a value; where the field `needs` is absent it fails to be evaluated."""
    return Rule(message, lambda new, _: holds(new), needs=needs)


def immutable(message: str) -> Rule:
    """A value that an update may add or remove, but not change."""
    return Rule(message, lambda new, old: bool(new == old), transition=True)


def transition(message: str, holds: Callable[[Any, Any], bool]) -> Rule:
    """A rule about a value and the one before it, where both are there."""
    return Rule(message, holds, transition=True)


def fields_of(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every node with its path; items of a list are `[]`, values of a mapping `{}`."""
    if path:
        yield path, node
    for name, inner in node.inner():
        step = name if name in ("[]", "{}") else f".{name}" if path else name
        yield from fields_of(inner, f"{path}{step}")


def _with_default(node: _Kind, default: object) -> _Kind:
    return node if default is _ABSENT else replace(node, default=default, has_default=True)
