"""Every form of a call of every tool, from the registry and the lists of the contract tests."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cnpg_tools
from test.contract.calls import CALLS, READING
from test.contract.destructive import KINDS
from test.contract.test_limits import ORDINARY


class Kind(StrEnum):
    """What a call wants."""

    LOOK = "look"
    DRY_RUN = "dry run"
    PLAN = "plan"
    CHANGE = "change"
    APPLY = "apply"


@dataclass(frozen=True)
class Cell:
    """One call. An `APPLY` is the same as its `PLAN`, with the code that comes of that."""

    tool: str
    form: str
    kind: Kind
    arguments: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.tool} {self.form}: {self.kind}"


def cells() -> Iterator[Cell]:
    """All of them, in the order of the registry."""
    for tool in cnpg_tools.REGISTRY.tools:
        if tool in READING:
            yield Cell(tool, "plain", Kind.LOOK, CALLS[tool])
        for form, call in ORDINARY.items():
            if call.tool == tool:
                yield from _cells(tool, form, call.arguments, Kind.CHANGE)
        for form, destructive in KINDS.items():
            if destructive.tool == tool:
                yield from _cells(tool, form, destructive.arguments, Kind.PLAN, Kind.APPLY)


def _cells(tool: str, form: str, arguments: Any, *kinds: Kind) -> Iterator[Cell]:
    yield Cell(tool, form, Kind.DRY_RUN, {**arguments, "dry_run": True})
    for kind in kinds:
        yield Cell(tool, form, kind, dict(arguments))


CELLS = tuple(cells())
ONE_OF_EACH = tuple({(cell.tool, cell.kind): cell for cell in reversed(CELLS)}.values())
"""One form for each thing that each tool can be asked for."""
