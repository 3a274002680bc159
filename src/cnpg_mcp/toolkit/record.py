"""The audit record of one call: who asked for what, what came of it, how long it took."""

import logging
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastmcp.server.dependencies import get_context
from pydantic import JsonValue

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.journal import Journal
from cnpg_mcp.domain.quoting import cut
from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.kube.errors import KubeError

_log = logging.getLogger(__name__)
_NAMES_ONLY = frozenset({"parameters"})
"""Arguments whose values may hold a secret, such as a command with a password in it."""
_UNKNOWN = "(no such argument)"
"""In place of the value: a caller may have put a password there."""
_NO_OBJECT = "(not an object)"


@dataclass
class Record:
    """One call on its way into the audit log; `estate` is the call's own."""

    estate: Estate
    request_id: str
    outcome: str = "cancelled"
    error: ErrorCode | None = None
    _start: float = field(default_factory=time.perf_counter)

    @classmethod
    def open(
        cls, estate: Estate, tool: str, arguments: Mapping[str, Any], known: Collection[str]
    ) -> "Record":
        """Begins the record of a call; of arguments that are not `known` it keeps no value."""
        request_id = uuid.uuid4().hex[:12]
        facts: dict[str, JsonValue] = {
            "request_id": request_id,
            "tool": tool,
            "client": _client(),
            "arguments": _told(arguments, known),
        }
        journal = Journal(facts, estate.journal.sink)
        return cls(replace(estate, journal=journal), request_id)

    async def close(self) -> None:
        """Writes the line; a log that cannot be written fails no call that is already done."""
        facts: dict[str, JsonValue] = {"caller": await self._caller(), "outcome": self.outcome}
        if self.error is not None:
            facts["error"] = self.error.value
        facts["ms"] = round((time.perf_counter() - self._start) * 1000, 1)
        try:
            self.estate.journal.close(self.estate.now(), facts)
        except OSError:
            _log.exception("the audit log cannot be written")

    async def _caller(self) -> JsonValue:
        try:
            caller = await self.estate.caller()
        except KubeError:  # no credentials, so nobody
            return None
        return {"issuer": caller.issuer, "subject": caller.subject}


def _client() -> JsonValue:
    """Name and version of the MCP client, as it says itself; `None` where it says nothing."""
    try:
        about = get_context().session.client_params
    except RuntimeError:  # called without a client
        return None
    return cut(f"{about.client_info.name} {about.client_info.version}") if about else None


def _told(arguments: Mapping[str, Any], known: Collection[str]) -> dict[str, JsonValue]:
    """The arguments without what could be a secret; a code could be used by who reads the log."""
    return {
        cut(name): _short(name, value) if name in known else _UNKNOWN
        for name, value in arguments.items()
        if name != "confirmation"
    }


def _short(name: str, value: Any) -> JsonValue:  # noqa: ANN401 - not validated yet
    if name in _NAMES_ONLY and value is not None:
        return [cut(str(key)) for key in value] if isinstance(value, dict) else _NO_OBJECT
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, int | float) or value is None:
        return value
    return cut(repr(value))
