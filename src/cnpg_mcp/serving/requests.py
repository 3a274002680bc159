"""One name for each request, the same in its log lines and in its answer."""

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnpg_mcp.toolkit.request import REQUEST_ID

HEADER = "X-Request-Id"
_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """The id of the request at work here; `None` outside of one."""
    return _current.get()


def new_request_id() -> str:
    """An id that no other request has."""
    return secrets.token_hex(8)


class RequestId:
    """Gives every request an id: the one of its X-Request-Id header, or one that `make` gives.

    It refuses nothing. A header that does not consist of 1 to 64 letters, digits, dots, hyphens
    and underscores, or that comes twice, is not taken over: it would reach the logs.
    """

    def __init__(self, app: ASGIApp, *, make: Callable[[], str] = new_request_id) -> None:
        self._app = app
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _given(scope) or self._make()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        # Not taken back: the server has a task for each request, and logs its failure after this.
        _current.set(name)
        scope[REQUEST_ID] = name
        await self._app(scope, receive, named)


def _given(scope: Scope) -> str | None:
    values = Headers(scope=scope).getlist(HEADER)
    return values[0] if len(values) == 1 and _FORM.fullmatch(values[0]) else None
