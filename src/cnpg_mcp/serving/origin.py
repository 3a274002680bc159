"""Which web pages may talk to the server: FastMCP lets every page of this machine through."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnOriginOnly:
    """Refuses requests of browsers (403) unless the page is the server's own or allowed.

    Any program on this machine can serve a page on another port; without sign-in its scripts could
    use the tools with the server's rights. Clients that are no browsers send no Origin.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str] = ()) -> None:
        self._app = app
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] == "http" and not self._is_allowed(scope):
            await PlainTextResponse("Origin not allowed", 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        own = f"{scope['scheme']}://{headers.get('host', '')}"
        return origin is None or origin == own or origin in self._allowed
