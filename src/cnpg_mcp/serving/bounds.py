"""How large, how deep and how slow a request may be, and which headers may come only once."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnpg_mcp.serving.refusals import refusal

_ONCE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"mcp-method",
        b"mcp-name",
        b"mcp-protocol-version",
        b"origin",
    }
)
"""Headers that decide something: of two, one program would believe the first, another the last."""
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"')
_MARKS = b'"[]{}'
_NO_MARKS = bytes(set(range(256)) - set(_MARKS))
_ALL_SQUARE = bytes.maketrans(b"{}", b"[]")
Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True)
class HeaderBounds:
    """How many headers a request may have, and how many bytes they may have together."""

    count: int = 100
    size: int = 32_768


class BodyBounds:
    """Refuses requests that cost more to look at than an honest one does.

    | Status | Refused, because |
    |---|---|
    | 400 | a header that decides something comes twice: readers could disagree about it |
    | 400 | the body is not UTF-8, or nests deeper than `max_depth`: parsers recurse |
    | 408 | the body is not there after `seconds`: it would hold memory and a place |
    | 413 | the body is, or is announced to be, longer than `max_bytes` (or `smaller` at its path) |
    | 431 | the headers are more, or longer, than `header_bounds` allows |

    The body of a request that passes has been read; the app receives it in one piece. What is
    sent here is JSON or a form, so that all bodies are measured alike, whatever type they claim.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int = 1_048_576,
        smaller: Mapping[str, int] | None = None,
        max_depth: int = 32,
        header_bounds: HeaderBounds = HeaderBounds(),
        seconds: float = 30.0,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._smaller = smaller or {}
        self._max_depth = max_depth
        self._header_bounds = header_bounds
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on once its body is there, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            limit = self._smaller.get(scope["path"], self._max_bytes)
            self._require_headers(scope["headers"], limit)
            body = await self._read_in_time(receive, limit)
            self._require_form(body)
        except _Refused as refused:
            await refused.answer(scope, receive, send)
        except _GoneAway:
            return
        else:
            await self._app(scope, _Replay(body, receive), send)

    def _require_headers(self, headers: Headers, limit: int) -> None:
        bounds = self._header_bounds
        size = sum(len(name) + len(value) for name, value in headers)
        if len(headers) > bounds.count or size > bounds.size:
            raise _Refused(
                431,
                "headers_too_large",
                f"A request may have {bounds.count} headers, and {bounds.size} bytes of them.",
            )
        counts = Counter(name for name, _ in headers if name in _ONCE)
        twice = [name.decode() for name, count in counts.items() if count > 1]
        if twice:
            raise _malformed(f"The header {twice[0]} must not come more than once.")
        announced = dict(headers).get(b"content-length", b"0")
        if not announced.isdigit():
            raise _malformed("The header content-length must be a number.")
        _require_size(int(announced[:20]), limit)

    async def _read_in_time(self, receive: Receive, limit: int) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                return await _read(receive, limit)
        except TimeoutError:
            raise _Refused(
                408,
                "request_timeout",
                f"The body was not complete after {self._seconds:g} seconds.",
                {"Connection": "close"},
            ) from None

    def _require_form(self, body: bytes) -> None:
        try:
            body.decode()
        except UnicodeDecodeError:
            raise _malformed("The body is not UTF-8.") from None
        if b"\0" in body:  # also every JSON in UTF-16 and UTF-32, which Python's parser reads
            raise _malformed("The body is not UTF-8 text: it contains NUL.")
        if is_deeper(body, self._max_depth):
            raise _malformed(f"The body is nested more than {self._max_depth} levels deep.")


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneAway
        body += message.get("body", b"")
        _require_size(len(body), limit)
        if not message.get("more_body", False):
            return bytes(body)


def _require_size(size: int, limit: int) -> None:
    if size > limit:
        raise _Refused(413, "request_too_large", f"A body may have {limit} bytes at most.")


def is_deeper(body: bytes, limit: int) -> bool:
    """Whether arrays and objects nest deeper than `limit` levels, without parsing them.

    Exact for JSON. What is none may count as deeper than a parser would get, never as less deep.
    """
    marks = _ESCAPE.sub(b"", body).translate(_ALL_SQUARE, _NO_MARKS)
    brackets = _STRING.sub(b"", marks)
    levels = 0
    while levels <= limit and b"[]" in brackets:
        brackets = brackets.replace(b"[]", b"")  # each time the innermost level, all over the body
        levels += 1
    return levels + brackets.count(b"[") > limit


class _Refused(Exception):
    """What to answer in place of the app."""

    def __init__(
        self, status: int, error: str, description: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.answer = refusal(status, error, description, headers)


class _GoneAway(Exception):
    """The client hung up in the middle of its body: there is nobody to answer."""


def _malformed(description: str) -> _Refused:
    return _Refused(400, "invalid_request", description)


class _Replay:
    """A `receive` that gives the body that was read, and then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
