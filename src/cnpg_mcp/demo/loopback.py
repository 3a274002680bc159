"""An ASGI application on a loopback port, in the event loop of whoever starts it."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from cnpg_mcp.demo.ports import LOOPBACK, listening, loopback

_KEEP_ALIVE_SECONDS = 90
"""Longer than clients keep a connection that has nothing to do: who ends it is not who uses it."""
_log = logging.getLogger(__name__)


class LoopbackServer:
    """Serves one application at one port, which it keeps when it is started again.

    Args:
        app: what answers.
        port: where to listen; 0 takes a free one at the first start.
        host: an address of 127.0.0.0/8: what the demo serves is for this machine alone.

    Raises:
        ValueError: others than this machine could reach `host`.
    """

    def __init__(self, app: ASGIApp, port: int = 0, host: str = LOOPBACK) -> None:
        self.port = port
        self._host = loopback(host)
        self._app = app
        self._running: tuple[_Server, asyncio.Task[None]] | None = None

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Listens; returns when requests are answered.

        Raises:
            OSError: the port is taken.
        """
        listener = listening(self._host, self.port)
        self.port = listener.getsockname()[1]
        server = _Server(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        self._running = server, asyncio.create_task(server.serve([listener]))
        await server.listening.wait()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; what goes wrong in it is logged here, since uvicorn says too much else."""
        try:
            await self._app(scope, receive, send)
        except Exception:
            _log.exception("no answer to %s %s", scope.get("method"), scope.get("path"))
            raise

    async def stop(self) -> None:
        """Ends, within a second; connections are refused from then on."""
        if self._running is None:
            return
        server, task = self._running
        self._running = None
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """uvicorn as a part of a program, which has its own word on signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, and says so."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield
