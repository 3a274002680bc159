"""Writes what is made from the code: parts of docs/, a part of the chart's schema: `make docs`.

Tests keep it current.
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastmcp import Client
from pydantic_settings import BaseSettings

from cnpg_mcp.domain.caller import Scope
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from cnpg_mcp.settings.model import GROUPS
from cnpg_mcp.toolkit.registry import ToolSpec
from cnpg_tools import REGISTRY
from test.deploy.schema import SCHEMA, with_settings
from test.deploy.values import values_tables

DOCS = Path(__file__).parents[1] / "docs"
GOLDEN = Path(__file__).parent / "contract/tools.golden.json"
BEGIN, END = "<!-- made by make docs: begin -->", "<!-- end -->"


def settings_table() -> str:
    """Every setting with its default and meaning, a table for each group."""
    return "\n\n".join(_group(group) for group in GROUPS)


def _group(group: type[BaseSettings]) -> str:
    title = (group.__doc__ or "").splitlines()[0].rstrip(".")
    lines = [f"### {title}", "", "| Variable | Default | Meaning |", "|---|---|---|"]
    for name in group.__annotations__:
        field = Settings.model_fields[name]
        shown = "-" if field.default in (None, (), "") else f"`{_plainly(field.default)}`"
        lines.append(f"| `{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)


def _plainly(default: object) -> object:
    """A default as one would set it."""
    if isinstance(default, timedelta):
        return f"{default // timedelta(hours=1)}h"
    if isinstance(default, tuple):
        return " ".join(default)
    return str(default).lower() if isinstance(default, bool) else default


def with_part(text: str, part: str) -> str:
    """The document with its made part replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def tool_pages() -> str:
    """Every tool: what it is for, what it takes, what it answers."""
    return "\n\n".join(_tool_page(spec) for spec in REGISTRY.tools.values())


def _tool_page(spec: ToolSpec) -> str:
    lines = [
        f"### {spec.name}",
        "",
        f"**{spec.title}.** {_needs(spec)}",
        "",
        spec.description,
        "",
        "| Parameter | Type | Default | Meaning |",
        "|---|---|---|---|",
    ]
    required = spec.input_schema.get("required", [])
    for name, schema in spec.input_schema["properties"].items():
        shown = "required" if name in required else _shown(schema.get("default"))
        lines.append(f"| `{name}` | {_kind(schema)} | {shown} | {schema['description']} |")
    fields = ", ".join(f"`{name}`" for name in spec.output_schema["properties"])
    return "\n".join([*lines, "", f"Structured content: {fields}."])


def _needs(spec: ToolSpec) -> str:
    if spec.hints.read_only:
        return f"Reads only. Needs `{spec.scope}`."
    form = "A plan or a dry run needs `cnpg:read`"
    if spec.scope is Scope.ADMIN:
        return f"Destructive: always by plan. {form}, applying it `{spec.scope}`."
    planned = "what destroys, empowers or loads code goes by plan and needs `cnpg:admin`"
    return f"Writes. {form}; an ordinary change `{spec.scope}`; {planned}."


def _kind(schema: dict[str, Any]) -> str:
    """Type, choices and bounds of a parameter in a few words."""
    kind = schema.get("type", "any")
    words = [" or ".join(kind) if isinstance(kind, list) else kind]
    if "enum" in schema:
        words = [" \\| ".join(f"`{each}`" for each in schema["enum"])]
    if "minimum" in schema:
        words.append(f"from {schema['minimum']}")
    if "maximum" in schema:
        words.append(f"to {schema['maximum']}")
    return " ".join(words)


def _shown(default: object) -> str:
    return "-" if default is None else f"`{json.dumps(default)}`"


def golden() -> str:
    """The list of tools as it goes over the wire."""
    found = asyncio.run(_listed())
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


async def _listed() -> list[dict[str, Any]]:
    settings = Settings()
    async with Client(build_server("cnpg-mcp", build_estate(settings, "cnpg-mcp"))) as client:
        tools = await client.list_tools()
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]


def doctor_codes() -> str:
    """What the doctor can find."""
    from test.doctor.table import codes_tables  # noqa: PLC0415 - it needs this module

    return codes_tables()


MADE = {
    DOCS / "configuration.md": settings_table,
    DOCS / "doctor.md": doctor_codes,
    DOCS / "tools.md": tool_pages,
    DOCS / "values.md": values_tables,
}
"""Documents that have a made part, and what makes it."""


def main() -> None:
    """Brings every made part up to date."""
    for path, make in MADE.items():
        path.write_text(with_part(path.read_text(), make()))
    GOLDEN.write_text(golden())
    SCHEMA.write_text(with_settings(SCHEMA.read_text()))


if __name__ == "__main__":
    main()
