"""An ASGI application asked in this process, with whatever bytes a client could send."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

SECONDS_ALLOWED = 60
"""Until an answer counts as hanging. Nothing waits for it where all is well."""

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True)
class Asked:
    """One request, as an HTTP server hands it to the application."""

    method: str = "GET"
    path: bytes = b"/"
    """As sent: percent-encoded."""
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    parts: tuple[bytes, ...] = ()
    is_whole: bool = True
    """Whether the client sends its body to the end, or goes before."""

    def scope(self) -> dict[str, Any]:
        """The scope of the request."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "method": self.method,
            "path": unquote_to_bytes(self.path).decode(errors="replace"),
            "raw_path": self.path,
            "root_path": "",
            "query_string": self.query,
            "headers": [(name.lower(), value) for name, value in self.headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
        }


@dataclass(frozen=True)
class Said:
    """An answer. A status of 0 is none: the client was gone."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


async def ask(application: Any, asked: Asked) -> Said:
    """The answer to one request.

    Raises:
        TimeoutError: there was none.
        ValueError: it had a header that HTTP forbids, on which a real server gives up.
    """
    incoming, outgoing = _messages(asked), []

    async def receive() -> dict[str, Any]:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        outgoing.append(message)

    async with asyncio.timeout(SECONDS_ALLOWED):
        await application(asked.scope(), receive, send)
    return _said(outgoing)


def _messages(asked: Asked) -> Any:
    for part in asked.parts:
        yield {"type": "http.request", "body": part, "more_body": True}
    if asked.is_whole:
        yield {"type": "http.request", "body": b"", "more_body": False}


def _said(messages: list[dict[str, Any]]) -> Said:
    if not messages:
        return Said(0, "", b"")
    headers = dict(messages[0]["headers"])
    if any(_FORBIDDEN.search(value) for _, value in messages[0]["headers"]):
        raise ValueError(f"control characters in {messages[0]['headers']}")
    body = b"".join(each.get("body", b"") for each in messages[1:])
    return Said(messages[0]["status"], headers.get(b"content-type", b"").decode(), body)
