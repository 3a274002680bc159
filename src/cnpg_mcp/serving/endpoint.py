"""The MCP endpoint as FastMCP serves it, with what it needs help with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import fastmcp
from fastmcp import FastMCP
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cnpg_mcp.auth.bearer import unavailable
from cnpg_mcp.auth.door import Entrance
from cnpg_mcp.auth.errors import Unavailable
from cnpg_mcp.auth.place import Place
from cnpg_mcp.serving.limits import CallerRateLimit
from cnpg_mcp.serving.origin import OwnOriginOnly
from cnpg_mcp.serving.step_up import StepUp
from cnpg_mcp.settings import Settings

_FOR_PROGRAMS = (
    "This address is for MCP clients, not for browsers: there is no page here. Give it to your "
    "client as that of a server; in Claude Code: claude mcp add --transport http NAME ADDRESS\n"
)


def endpoint(server: FastMCP, settings: Settings, place: Place, entrance: Entrance) -> Starlette:
    """The endpoint at its path, behind sign-in; every request stands for itself (stateless)."""
    _skip_header_schemas(server)
    origins = [place.public_url, *settings.allowed_origins]
    app = server.http_app(
        path=place.path,
        stateless_http=True,
        json_response=True,
        host_origin_protection=True,
        allowed_hosts=[urlsplit(place.public_url).netloc, *settings.allowed_hosts],
        allowed_origins=origins,
        middleware=[
            Middleware(OwnOriginOnly, allowed=origins),
            Middleware(CallerRateLimit, rate=settings.rate_limit),
            Middleware(StepUp, metadata_url=entrance.metadata_url),
        ],
    )
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _no_page(place.path))
    return app


async def _unavailable(_: Request, error: Exception) -> Response:
    """503 wherever the provider or the store is needed and away."""
    assert isinstance(error, Unavailable)  # noqa: S101 - what it is registered for
    return unavailable(error)


def _no_page(path: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What answers 405: a sentence for a person whose browser has opened the endpoint's path."""

    async def answer(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
        is_browser = "text/html" in request.headers.get("accept", "")
        told = _FOR_PROGRAMS if is_browser and request.url.path == path else error.detail
        return PlainTextResponse(told, error.status_code, headers=error.headers)

    return answer


def _skip_header_schemas(server: FastMCP) -> None:
    """Spares each call a list of all tools, made to look for headers that no tool declares.

    FastMCP 4.2 does so itself; before, it takes more than half of the time of a call.
    """
    if fastmcp.__version__.startswith("4.1."):
        server._mcp_server.get_tool_input_schema = _no_headers  # noqa: SLF001 - no other way


def _no_headers(_: str) -> None:
    """The schema of a tool with `x-mcp-header` parameters: there is none."""


@dataclass(frozen=True)
class OneSpelling:
    """Serves a path with and without a slash at its end.

    Starlette would redirect, and behind an Ingress to http: clients lose body and token there.
    """

    app: ASGIApp
    path: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] == "http" and scope["path"] == f"{self.path}/":
            scope = {**scope, "path": self.path, "raw_path": self.path.encode()}
        await self.app(scope, receive, send)
