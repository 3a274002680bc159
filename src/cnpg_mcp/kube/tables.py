"""Lists as the API server's Tables: print columns instead of whole objects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Any

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class IncludeObject(StrEnum):
    """What comes with each row: nothing, or the object's metadata."""

    NONE = "None"
    METADATA = "Metadata"


@dataclass(frozen=True)
class Table:
    """A page of rows as sent, and where the next one starts (empty: nowhere)."""

    columns: Mapping[str, int]
    rows: Sequence[Mapping[str, Any]]
    continue_token: str = ""

    def select(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """The cells of two or more columns, row by row; `None` for a column that is not printed."""
        if self.columns.keys() >= {*names}:
            pick = itemgetter(*(self.columns[name] for name in names))
            return (pick(row["cells"]) for row in self.rows)
        pick = itemgetter(*(self.columns.get(name, _ABSENT) for name in names))
        return (pick([*row["cells"], None]) for row in self.rows)

    def metadata(self) -> Iterator[Mapping[str, Any]]:
        """`metadata` of each row's object, empty where it was not asked for."""
        return ((row.get("object") or {}).get("metadata") or {} for row in self.rows)


_ABSENT = -1


def parse_table(body: Mapping[str, Any]) -> Table:
    """The Table of an answer."""
    definitions = body.get("columnDefinitions") or ()
    metadata = body.get("metadata") or {}
    return Table(
        columns={column["name"]: at for at, column in enumerate(definitions)},
        rows=body.get("rows") or (),
        continue_token=metadata.get("continue") or "",
    )
