"""The stand-in for Auth0 whose token endpoint can be told to answer oddly, or to wait."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio.to_thread
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from test.auth.providers.auth0 import Auth0, _app
from test.auth.threaded import Threaded

TOKEN = "/oauth/token"
HOLD_SECONDS = 60
Change = Callable[[dict[str, Any]], dict[str, Any]]


class Hold:
    """The token endpoint has done its work, and its answer is late."""

    def __init__(self) -> None:
        self.arrived, self.released = threading.Event(), threading.Event()

    async def has_arrived(self) -> None:
        """Returns when somebody waits."""
        assert await anyio.to_thread.run_sync(self.arrived.wait, HOLD_SECONDS)

    def release(self) -> None:
        """Sends the answers."""
        self.released.set()


class BentAuth0(Auth0):
    """See `Auth0`; its token endpoint is bent inside of these contexts."""

    def __init__(self) -> None:
        super().__init__()
        self._bend = _Bend(_app(self.tenant, None))
        self._served = Threaded(self._bend, self.port)

    @contextmanager
    def answering(self, instead: ASGIApp) -> Iterator[None]:
        """Something else answers in its place, and nothing is used up."""
        self._bend.instead = instead
        try:
            yield
        finally:
            self._bend.instead = None

    @contextmanager
    def changing(self, change: Change) -> Iterator[None]:
        """It answers as ever, but for what is changed in the JSON."""
        self._bend.change = change
        try:
            yield
        finally:
            self._bend.change = None

    @contextmanager
    def holding(self) -> Iterator[Hold]:
        """It keeps everybody waiting for its answer."""
        self._bend.hold = hold = Hold()
        try:
            yield hold
        finally:
            hold.release()
            self._bend.hold = None


class _Bend:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.instead: ASGIApp | None = None
        self.change: Change | None = None
        self.hold: Hold | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != TOKEN:
            await self._app(scope, receive, send)
            return
        if self.instead is not None:
            await self.instead(scope, receive, send)
        elif self.change is not None or self.hold is not None:
            await self._changed(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _changed(self, scope: Scope, receive: Receive, send: Send) -> None:
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in said)
        if self.hold is not None:
            self.hold.arrived.set()
            await anyio.to_thread.run_sync(self.hold.released.wait, HOLD_SECONDS)
        if self.change is not None:
            body = json.dumps(self.change(json.loads(body))).encode()
        await Response(body, said[0]["status"])(scope, receive, send)
