"""What a call did, for the audit log: one line a call, and one before anything is destroyed."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from cnpg_mcp.errors import ErrorCode, ToolFailure

Sink = Callable[[str], None]
"""Takes one line; raises `OSError` when it cannot be kept."""


def to_stderr(line: str) -> None:
    """Writes a line to standard error."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - standard error is the audit log


def to_file(path: Path) -> Sink:
    """Appends lines to a file, opened for each so that it may be rotated."""

    def append(line: str) -> None:
        with path.open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    return append


def to_nowhere(_: str) -> None:
    """Keeps nothing: for operations outside a call."""


@dataclass
class Journal:
    """The audit record of one call: opened by the frame, filled in by the domain."""

    call: Mapping[str, JsonValue] = field(default_factory=dict)
    sink: Sink = to_nowhere
    _objects: list[dict[str, JsonValue]] = field(default_factory=list)

    def touches(self, kind: str, namespace: str, name: str, uid: str = "") -> None:
        """Notes an object that the call is about or has changed."""
        found: dict[str, JsonValue] = {"kind": kind, "namespace": namespace, "name": name}
        if uid:
            found["uid"] = uid
        if found not in self._objects:
            self._objects.append(found)

    def intent(self, now: datetime, effects: list[JsonValue]) -> None:
        """Says what is about to be destroyed, before the first write.

        Raises:
            ToolFailure: `unavailable`, the log cannot be written, so nothing is done.
        """
        try:
            self._write("intent", now, {"effects": effects})
        except OSError as error:
            raise ToolFailure(
                ErrorCode.UNAVAILABLE,
                "The audit log cannot be written, so nothing was changed.",
                "Have an administrator of this server look at AUDIT_LOG.",
            ) from error

    def close(self, now: datetime, facts: Mapping[str, JsonValue]) -> None:
        """Writes the record of the call.

        Raises:
            OSError: the log cannot be written.
        """
        self._write("call", now, facts)

    def note(self, event: str, now: datetime, facts: Mapping[str, JsonValue]) -> None:
        """Writes a line of its own, about something that is no call.

        Raises:
            OSError: the log cannot be written.
        """
        self._write(event, now, facts)

    def _write(self, event: str, now: datetime, facts: Mapping[str, JsonValue]) -> None:
        record = {"time": now.isoformat(), "event": event, **self.call}
        if self._objects:
            record["objects"] = [*self._objects]
        self.sink(json.dumps({**record, **facts}, separators=(",", ":")))
