"""Lists as the API server's Tables: print columns instead of whole objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class IncludeObject(StrEnum):
    """What comes with each row: nothing, or the object's metadata."""

    NONE = "None"
    METADATA = "Metadata"


@dataclass(frozen=True)
class Row:
    """One row: cells by column name, and the metadata asked for (else empty)."""

    cells: Mapping[str, Any]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A page of rows, where the next one starts (empty: nowhere), and how many remain."""

    rows: Sequence[Row]
    continue_token: str = ""
    remaining: int | None = None


def parse_table(body: Mapping[str, Any]) -> Table:
    """The Table of an answer."""
    names = [column["name"] for column in body.get("columnDefinitions") or ()]
    metadata = body.get("metadata") or {}
    rows = [_row(names, row) for row in body.get("rows") or ()]
    return Table(rows, metadata.get("continue") or "", metadata.get("remainingItemCount"))


def _row(names: Sequence[str], row: Mapping[str, Any]) -> Row:
    metadata = (row.get("object") or {}).get("metadata") or {}
    return Row(dict(zip(names, row.get("cells") or (), strict=False)), metadata)
