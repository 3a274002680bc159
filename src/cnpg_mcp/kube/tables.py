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
class Table:
    """A page of rows, where the next one starts (empty: nowhere), and how many remain."""

    rows: Sequence["Row"]
    continue_token: str = ""
    remaining: int | None = None


class Row:
    """One row: a cell by its column's name, and the metadata asked for (else empty).

    Cells are looked up in place: a page can have hundreds of rows.
    """

    __slots__ = ("_columns", "_row")

    def __init__(self, columns: Mapping[str, int], row: Mapping[str, Any]) -> None:
        self._columns = columns
        self._row = row

    def cell(self, column: str) -> Any:  # noqa: ANN401 - a cell has the type of its column
        """The cell of a column; `None` when it is empty or there is no such column."""
        at = self._columns.get(column)
        return None if at is None else self._row["cells"][at]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata` of the row's object, if it was asked for."""
        return (self._row.get("object") or {}).get("metadata") or {}


def parse_table(body: Mapping[str, Any]) -> Table:
    """The Table of an answer."""
    definitions = body.get("columnDefinitions") or ()
    columns = {column["name"]: at for at, column in enumerate(definitions)}
    metadata = body.get("metadata") or {}
    rows = [Row(columns, row) for row in body.get("rows") or ()]
    return Table(rows, metadata.get("continue") or "", metadata.get("remainingItemCount"))
