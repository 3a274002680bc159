"""The demo's schemas against those of the real kinds, as an API server serves them."""

from collections.abc import Iterator
from typing import Any

import pytest

from cnpg_mcp.demo.kubernetes.schema import TreeSchema, fields_of
from cnpg_mcp.demo.kubernetes.schema_nodes import Anything, Items, Node, Number, Object, Text
from cnpg_mcp.demo.operator.definitions import definitions
from test.controlplane.api import KubeClient

ALL = {each.kind.kind: each for each in definitions()}
Real = dict[str, Any]
_NARROW = 32
_SCALED = "spec.instances"
"""Of 32 bits because the scale subresource reads it, too."""


@pytest.mark.parametrize("kind", ALL)
async def test_every_field_is_one_of_the_real_kind(admin, kind):
    real = dict(_real_fields(await _real_schema(admin, kind)))
    wrong = [told for path, node in _own(kind) for told in _differences(path, node, real)]
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("kind", ALL)
async def test_no_field_at_the_top_is_missing(admin, kind):
    real = {path for path, _ in _real_fields(await _real_schema(admin, kind))}
    own = {path for path, _ in _own(kind)}
    missing = sorted({path for path in real if _is_at_top(path)} - own)
    assert "\n".join(missing) == ""


@pytest.mark.parametrize("kind", ALL)
async def test_columns_are_those_of_the_real_kind(admin, kind):
    version = await _version(admin, kind)
    real = [
        (each["name"], each["type"], each.get("format", ""), each.get("priority", 0))
        for each in version["additionalPrinterColumns"]
    ]
    assert [(c.name, c.type, c.format, c.priority) for c in ALL[kind].columns] == real
    assert ALL[kind].has_status == ("status" in version.get("subresources", {}))


def _own(kind: str) -> Iterator[tuple[str, Node]]:
    schema = ALL[kind].schema
    assert isinstance(schema, TreeSchema)
    yield from (
        (path, node) for path, node in fields_of(schema.node) if not path.startswith("metadata")
    )


def _differences(path: str, node: Node, real: dict[str, Real]) -> Iterator[str]:
    found = real.get(path)
    if found is None:
        yield f"{path}: no such field"
        return
    if isinstance(node, Anything):
        return
    if found.get("type") != node.words[0]:
        yield f"{path}: {node.words[0]}, really {found.get('type')}"
    if (node.default if node.has_default else None) != found.get("default"):
        yield f"{path}: default {node.default}, really {found.get('default')}"
    for own, name in _bounds(path, node):
        if own != found.get(name):
            yield f"{path}: {name} {own}, really {found.get(name)}"


def _bounds(path: str, node: Node) -> Iterator[tuple[Any, str]]:
    if isinstance(node, Object) and node.fields:
        yield sorted(node.required) or None, "required"
    if isinstance(node, Number):
        yield node.low, "minimum"
        if node.bits == _NARROW and path != _SCALED:
            yield f"int{_NARROW}", "format"
        yield node.high, "maximum"
    if isinstance(node, Text):
        yield sorted(node.one_of) or None, "enum"
        yield node.pattern or None, "pattern"
        yield node.at_least or None, "minLength"
    if isinstance(node, Items):
        yield node.at_least or None, "minItems"
        yield node.at_most, "maxItems"


def _is_at_top(path: str) -> bool:
    section, _, rest = path.partition(".")
    return section in ("spec", "status") and not set(".[{") & set(rest)


async def _version(admin: KubeClient, kind: str) -> Real:
    name = f"{ALL[kind].kind.plural}.postgresql.cnpg.io"
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
    served: Real = await admin.request("GET", path)
    version: Real = served["spec"]["versions"][0]
    return version


async def _real_schema(admin: KubeClient, kind: str) -> Real:
    schema: Real = (await _version(admin, kind))["schema"]["openAPIV3Schema"]
    return schema


def _real_fields(schema: Real, path: str = "") -> Iterator[tuple[str, Real]]:
    if path:
        yield path, _sorted(schema)
    for name, inner in schema.get("properties", {}).items():
        yield from _real_fields(inner, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from _real_fields(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _real_fields(schema["additionalProperties"], f"{path}{{}}")


def _sorted(schema: Real) -> Real:
    lists = {name: sorted(schema[name]) for name in ("enum", "required") if schema.get(name)}
    return {**schema, **lists}
