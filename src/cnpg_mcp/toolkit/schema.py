"""JSON schemas without noise: what a model pays tokens for has to tell it something."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

_ONLY_FOR_STRICTNESS = frozenset({"required", "format", "default"})


class _Compact(GenerateJsonSchema):
    """Optional means "may be left out": no `null` alternatives, no null defaults, no titles."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - overrides
        return False


def compact_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema, with definitions inlined and nothing that only repeats names."""
    schema = model.model_json_schema(schema_generator=_Compact)
    definitions = schema.pop("$defs", {})
    compact: dict[str, Any] = _inline(schema, definitions)
    compact.pop("description", None)
    compact.pop("title", None)
    return compact


def outline(schema: dict[str, Any]) -> dict[str, Any]:
    """A result's schema without what only makes it stricter.

    Which fields of a row are always there, and formats of texts, cost every client tokens and tell
    it nothing that the row itself does not.
    """
    return {**_outlined(schema), "required": schema.get("required", [])}


def _outlined(node: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_outlined(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _outlined(value) for key, value in node.items() if key not in _ONLY_FOR_STRICTNESS}


def _inline(node: Any, definitions: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        own = {key: value for key, value in node.items() if key != "$ref"}
        bare = {key: value for key, value in target.items() if key not in {"title", "description"}}
        return {**_inline(bare, definitions), **own}
    return {key: _inline(value, definitions) for key, value in node.items()}
