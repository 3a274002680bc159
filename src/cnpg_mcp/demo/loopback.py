"""An ASGI application on a loopback port, in the event loop of whoever starts it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
_WAITING_CONNECTIONS = 128


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
        listener = _listen(self._host, self.port)
        self.port = listener.getsockname()[1]
        server = _Server(
            uvicorn.Config(
                self._app,
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
                ws="none",
            )
        )
        self._running = server, asyncio.create_task(server.serve([listener]))
        await server.listening.wait()

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


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    It names its protocol: asyncio sends small answers without delay on such a socket alone.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(_WAITING_CONNECTIONS)
    return listener


def loopback(host: str) -> str:
    """The address, if it is a loopback one; a name could lead anywhere.

    Raises:
        ValueError: others than this machine could reach it.
    """
    try:
        is_loopback = IPv4Address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(
            f"The demo listens on loopback addresses (127.0.0.1) alone, not on {host!r}."
        )
    return host
