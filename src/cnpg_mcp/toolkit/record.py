"""The audit record of one call: who asked for what, what came of it, how long it took."""

import logging
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from fastmcp.server.dependencies import get_context
from pydantic import JsonValue
from starlette.datastructures import Headers

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.journal import Journal
from cnpg_mcp.domain.quoting import cut
from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.kube.errors import KubeError
from cnpg_mcp.toolkit.request import REQUEST_ID, http_scope

_log = logging.getLogger(__name__)
_NAMES_ONLY = frozenset({"parameters"})
"""Arguments whose values may hold a secret, such as a command with a password in it."""
_UNKNOWN = "(no such argument)"
"""In place of the value: a caller may have put a password there."""
_NO_OBJECT = "(not an object)"


class Observer(Protocol):
    """Counts calls."""

    def __call__(self, tool: str, outcome: str, seconds: float) -> None:
        """One call of a tool has ended; `outcome`: what came of it, or the code of its error."""


def observe_nothing(tool: str, outcome: str, seconds: float) -> None:
    """For servers that nobody watches."""


@dataclass
class Record:
    """One call on its way into the audit log; `estate` is the call's own."""

    estate: Estate
    request_id: str
    tool: str
    observe: Observer = observe_nothing
    outcome: str = "cancelled"
    error: ErrorCode | None = None
    _start: float = field(default_factory=time.perf_counter)

    @classmethod
    def open(
        cls,
        estate: Estate,
        tool: str,
        arguments: Mapping[str, Any],
        known: Collection[str],
        observe: Observer = observe_nothing,
    ) -> "Record":
        """Begins the record of a call; of arguments that are not `known` it keeps no value."""
        request_id = str(http_scope().get(REQUEST_ID) or uuid.uuid4().hex[:12])
        facts: dict[str, JsonValue] = {
            "request_id": request_id,
            "tool": tool,
            "client": _client(),
            "arguments": _told(arguments, known),
        }
        journal = Journal(facts, estate.journal.sink)
        return cls(replace(estate, journal=journal), request_id, tool, observe)

    async def close(self) -> None:
        """Writes the line; a log that cannot be written fails no call that is already done."""
        facts: dict[str, JsonValue] = {"caller": await self._caller(), "outcome": self.outcome}
        if self.error is not None:
            facts["error"] = self.error.value
        seconds = time.perf_counter() - self._start
        facts["ms"] = round(seconds * 1000, 1)
        self.observe(self.tool, str(self.error or self.outcome), seconds)
        try:
            self.estate.journal.close(self.estate.now(), facts)
        except OSError:
            _log.exception("the audit log cannot be written")

    async def _caller(self) -> JsonValue:
        try:
            caller = await self.estate.caller()
        except KubeError:  # no credentials, so nobody
            return None
        named = {"issuer": caller.issuer, "subject": caller.subject, "client_id": caller.client_id}
        return {name: value for name, value in named.items() if value}


def _client() -> JsonValue:
    """Name and version of the MCP client, as it says itself; `None` where it says nothing."""
    try:
        about = get_context().session.client_params
    except RuntimeError:  # called without a client
        return None
    if about is not None:
        return cut(f"{about.client_info.name} {about.client_info.version}")
    headers = Headers(scope=http_scope() or {"headers": []})
    return cut(headers["user-agent"]) if "user-agent" in headers else None


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
