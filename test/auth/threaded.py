"""An ASGI application that a thread of the tests serves, so that tests can reach into it."""

import threading
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from test.auth.providers.base import STOP_SECONDS, listens, wait_until


class Threaded:
    """Serves the application on a loopback port, as often as it is started."""

    def __init__(self, app: ASGIApp, port: int, *, lifespan: bool = False) -> None:
        self._app, self.port = app, port
        self._lifespan = "on" if lifespan else "off"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listens."""
        configuration = uvicorn.Config(
            self._app,
            host="127.0.0.1",
            port=self.port,
            log_config=None,
            lifespan=self._lifespan,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(configuration)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(lambda: listens(self.port), f"port {self.port} listens")

    def stop(self) -> None:
        """Stops listening, and closes what is open."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        assert not self._thread.is_alive(), f"port {self.port} is still served"
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
