"""The forms in which objects are answered: whole, their metadata, or as rows of a Table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import media
from cnpg_mcp.demo.kubernetes.definitions import Column, Definition
from cnpg_mcp.demo.kubernetes.failures import bad_request
from cnpg_mcp.demo.kubernetes.media import METADATA, METADATA_LIST, TABLE
from cnpg_mcp.demo.kubernetes.requests import Request

_META = "meta.k8s.io/v1"
_NAME = Column("Name", "string", lambda obj: obj["metadata"]["name"], "name", "Name of the object")
_AGE = Column("Age", "date", lambda obj: obj["metadata"].get("creationTimestamp"))
_INCLUDES = ("", "None", "Metadata", "Object")


@dataclass(frozen=True)
class Forms:
    """Gives answers the form that a request asks for."""

    now: Callable[[], datetime]

    def check(self, request: Request) -> None:
        """Returns where an answer has a form that is accepted.

        Raises:
            Failure: 406.
        """
        media.wanted(request.accept)

    def one(self, request: Request, definition: Definition, obj: KubeObject) -> KubeObject:
        """An object's answer.

        Raises:
            Failure: 406.
        """
        form = media.of_one(media.wanted(request.accept), definition.kind)
        if form == METADATA:
            return _metadata(obj)
        if form == TABLE:
            about = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return self._table(request, definition, [obj], about)
        return obj

    def many(
        self,
        request: Request,
        definition: Definition,
        objects: Sequence[KubeObject],
        about: KubeObject,
    ) -> KubeObject:
        """A page's answer. `about` is the list's own metadata.

        Raises:
            Failure: 406.
        """
        form = media.of_many(media.wanted(request.accept), definition.kind)
        if form == METADATA_LIST:
            items = [_metadata(obj) for obj in objects]
            return _listed(METADATA_LIST, _META, about, items or None)
        if form == TABLE:
            return self._table(request, definition, objects, about)
        kind = definition.kind
        if definition.custom:
            whole = {"continue": "", **about}
            return _listed(f"{kind.kind}List", kind.api_version, whole, list(objects))
        items = [_untyped(obj) for obj in objects]
        return _listed(f"{kind.kind}List", kind.api_version, about, items)

    def _table(
        self,
        request: Request,
        definition: Definition,
        objects: Sequence[KubeObject],
        about: KubeObject,
    ) -> KubeObject:
        include = request.query.get("includeObject", "")
        if include not in _INCLUDES:
            told = f"Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty"
            raise bad_request(f"Unable to convert to Table as requested: includeObject: {told}")
        columns = (_NAME, *(definition.columns or (_AGE,)))
        rows = [self._row(columns, obj, include) for obj in objects]
        return {
            "kind": TABLE,
            "apiVersion": _META,
            "metadata": about,
            "columnDefinitions": [_described(column) for column in columns],
            "rows": rows,
        }

    def _row(self, columns: Sequence[Column], obj: KubeObject, include: str) -> KubeObject:
        cells = [self._cell(column, obj) for column in columns]
        if include == "None":
            return {"cells": cells, "object": None}
        return {"cells": cells, "object": obj if include == "Object" else _metadata(obj)}

    def _cell(self, column: Column, obj: KubeObject) -> object:
        found = column.read(obj)
        if column.type != "date" and not column.is_age:
            return found
        return duration(self.now(), str(found)) if found else "<unknown>"


def duration(now: datetime, since: str) -> str:
    """How long ago a time was, as print columns have it: `5m`, `2d3h`."""
    try:
        seconds = max(0, int((now - datetime.fromisoformat(since)).total_seconds()))
    except (ValueError, TypeError):
        return "<invalid>"
    for below, unit, fraction in _SCALE:
        if seconds < below:
            return _told(seconds, unit, fraction)
    return _told(seconds, "y", "d")


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 86400 * 365}
_SCALE = (
    (2 * _UNITS["m"], "s", ""),
    (10 * _UNITS["m"], "m", "s"),
    (3 * _UNITS["h"], "m", ""),
    (8 * _UNITS["h"], "h", "m"),
    (2 * _UNITS["d"], "h", ""),
    (8 * _UNITS["d"], "d", "h"),
    (2 * _UNITS["y"], "d", ""),
)
"""Below how many seconds which unit is used, and which one for the rest."""


def _told(seconds: int, unit: str, fraction: str) -> str:
    whole, rest = divmod(seconds, _UNITS[unit])
    parts = rest // _UNITS[fraction] if fraction else 0
    return f"{whole}{unit}" + (f"{parts}{fraction}" if parts else "")


def _described(column: Column) -> KubeObject:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description or f"{column.name} of the object",
        "priority": column.priority,
    }


def _metadata(obj: KubeObject) -> KubeObject:
    return {"kind": METADATA, "apiVersion": _META, "metadata": obj["metadata"]}


def _untyped(obj: KubeObject) -> KubeObject:
    """An object as a list of a built-in kind has it."""
    return {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}


def _listed(
    kind: str, api_version: str, about: KubeObject, items: Sequence[KubeObject] | None
) -> KubeObject:
    return {"kind": kind, "apiVersion": api_version, "metadata": about, "items": items}
