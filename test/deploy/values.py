"""The table of the chart's values, read from the comments in values.yaml; `make docs` writes it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import yaml

from test.helm import CHART

VALUES = CHART / "values.yaml"
_SECTION = "# --- "


@dataclass(frozen=True)
class Value:
    """One value, or a group of them."""

    path: str
    default: str
    """As JSON; empty for a group."""
    meaning: str
    section: str
    """The heading that it stands under."""


def values_tables() -> str:
    """Every value with its default and meaning, a table for each section."""
    found = list(documented())
    sections = dict.fromkeys(value.section for value in found)
    return "\n\n".join(_table(each, found) for each in sections)


def documented() -> Iterator[Value]:
    """All values in their order."""
    root = yaml.compose(VALUES.read_text())
    assert isinstance(root, yaml.MappingNode)
    yield from _below(root, "")


def _below(parent: yaml.MappingNode, prefix: str) -> Iterator[Value]:
    for key, node in parent.value:
        path = f"{prefix}{key.value}"
        group = isinstance(node, yaml.MappingNode) and bool(node.value)
        default = "" if group else json.dumps(yaml.safe_load(yaml.serialize(node)))
        line = key.start_mark.line
        yield Value(path, default, _comment(line), _section(line))
        if group:
            yield from _below(node, f"{path}.")


@cache
def _lines() -> list[str]:
    return [line.strip() for line in VALUES.read_text().splitlines()]


def _comment(line: int) -> str:
    """The comment right above a line; indented lines of it are commands."""
    start = line
    while start and _lines()[start - 1].startswith("#"):
        start -= 1
    words, command = [], []
    for text in (each.removeprefix("#") for each in _lines()[start:line]):
        if text.startswith("   "):
            command.append(text.strip().removesuffix("\\").strip())
            continue
        words += [_code(command), text.strip()]
        command = []
    return " ".join(filter(None, [*words, _code(command)]))


def _code(command: list[str]) -> str:
    return f"`{' '.join(command)}`" if command else ""


def _section(line: int) -> str:
    above = (text for text in reversed(_lines()[:line]) if text.startswith(_SECTION))
    return next(above).removeprefix(_SECTION).rstrip("-").strip()


def _table(section: str, found: list[Value]) -> str:
    lines = [f"### {section}", "", "| Value | Default | Meaning |", "|---|---|---|"]
    for value in found:
        if value.section == section and (value.default or value.meaning):
            default = f"`{value.default}`" if value.default else ""
            lines.append(f"| `{value.path}` | {default} | {value.meaning.replace('|', '&#124;')} |")
    return "\n".join(lines)
