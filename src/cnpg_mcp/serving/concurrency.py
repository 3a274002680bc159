"""How many requests are at work at one time."""

from starlette.types import ASGIApp, Receive, Scope, Send

from cnpg_mcp.serving.refusals import refusal

_RETRY_SECONDS = 1
"""A request takes less than that: who waits it out finds a free place more often than not."""


class ConcurrencyBound:
    """Refuses requests (503 with Retry-After) while `limit` others are at work.

    A refusal comes at once, before the body is read: waiting in a queue would keep the memory
    that the bound is there to save.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._at_work = 0

    @property
    def at_work(self) -> int:
        """How many requests are at work."""
        return self._at_work

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._at_work >= self._limit:
            await _overloaded(scope, receive, send)
            return
        self._at_work += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._at_work -= 1


async def _overloaded(scope: Scope, receive: Receive, send: Send) -> None:
    answer = refusal(
        503,
        "overloaded",
        "The server is at work on as many requests as it takes at one time. Nothing was done; "
        "try again.",
        {"Retry-After": str(_RETRY_SECONDS)},
    )
    await answer(scope, receive, send)
