"""The API server on a loopback port: tokens, JSON, and watches as lines."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import identity
from cnpg_mcp.demo.kubernetes.access import User
from cnpg_mcp.demo.kubernetes.failures import Failure, mishap, too_large
from cnpg_mcp.demo.kubernetes.requests import BYTES_ALLOWED, JSON, Request
from cnpg_mcp.demo.kubernetes.server import ApiServer, Reply, failed

_log = logging.getLogger(__name__)


class HttpApi:
    """The ASGI application of an API server. ``tokens`` says who a bearer token is."""

    def __init__(self, server: ApiServer, tokens: Mapping[str, User]) -> None:
        self._server = server
        self._tokens = tokens
        self.open = asyncio.Event()
        """Cleared, requests are taken and not answered."""
        self.open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive)
        await self.open.wait()
        try:
            response = await self._response(http)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _response(self, http: HttpRequest) -> Response:
        try:
            return _response(await self._reply(http))
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - told as any other answer, and logged
            _log.exception("%s %r has failed", http.method, http.scope["path"])
            return _response(failed(mishap()))

    async def _reply(self, http: HttpRequest) -> Reply:
        try:
            return self._server.handle(await self._request(http))
        except Failure as failure:
            return failed(failure)

    async def _request(self, http: HttpRequest) -> Request:
        headers = http.headers
        return Request(
            method=http.method,
            path=http.scope["path"].removesuffix("/"),
            user=identity.user(headers, self._tokens, self._server.access),
            query=_query(http.scope["query_string"]),
            body=await _body(http),
            content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            accept=headers.get("accept", JSON),
            agent=headers.get("user-agent", "unknown"),
        )


def _query(raw: bytes) -> Mapping[str, str]:
    """The first value of each name, whatever bytes there are."""
    found = parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)
    return dict(reversed(found))


async def _body(http: HttpRequest) -> bytes:
    """The body, as far as a body may go.

    Raises:
        Failure: 413.
    """
    parts, size = [], 0
    async for part in http.stream():
        size += len(part)
        if size > BYTES_ALLOWED:
            raise too_large(f"limit is {BYTES_ALLOWED}")
        parts.append(part)
    return b"".join(parts)


def _response(reply: Reply) -> Response:
    if isinstance(reply.body, str):
        return PlainTextResponse(reply.body, reply.status)
    if not isinstance(reply.body, dict):
        return StreamingResponse(_lines(reply.body), media_type=JSON)
    response = Response(_json(reply.body), reply.status, media_type=JSON)
    if reply.retry_after is not None:
        response.headers["retry-after"] = str(reply.retry_after)
    response.raw_headers += [(b"warning", told) for told in map(_warning, reply.warnings) if told]
    return response


def _warning(text: str) -> bytes:
    """A header's value; empty where the text has something that no header takes."""
    if not text.isprintable():
        return b""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{escaped}"'.encode()


def _json(body: KubeObject) -> bytes:
    """The keys are in order, as the API server has them in objects of custom kinds."""
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


async def _lines(events: AsyncIterator[KubeObject]) -> AsyncIterator[bytes]:
    async for event in events:
        yield _json(event) + b"\n"
