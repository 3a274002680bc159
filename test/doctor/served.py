"""An app on loopback under a public name: https and http, as behind an Ingress."""

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import uvicorn
from starlette.types import ASGIApp

from test.doctor.certificates import Pair

START_SECONDS = 60


class Served:
    """One uvicorn on a free loopback port, in a thread; it answers once the context is entered."""

    def __init__(self, app: ASGIApp, pair: Pair | None = None) -> None:
        files = {"ssl_certfile": pair.certificate, "ssl_keyfile": pair.key} if pair else {}
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", date_header=False, **files
        )
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            assert time.monotonic() < deadline, "uvicorn did not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()


@dataclass(frozen=True)
class Way:
    """How requests get to what is served: the resolver and the Ingress in one.

    `ports` by scheme; a scheme without one is refused. `authority` is believed besides the usual.
    """

    ports: dict[str, int]
    authority: Path | None = None

    def __call__(self, context: ssl.SSLContext) -> httpx.AsyncBaseTransport:
        """What requests go through."""
        if self.authority and context.verify_mode == ssl.CERT_REQUIRED:
            context.load_verify_locations(self.authority)
        return _ToLoopback(self.ports, context)


class _ToLoopback(httpx.AsyncHTTPTransport):
    def __init__(self, ports: dict[str, int], context: ssl.SSLContext) -> None:
        super().__init__(verify=context)
        self._ports = ports

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, self._ports.get(request.url.scheme)
        if port is None:
            raise httpx.ConnectError("connection refused")
        request.url = request.url.copy_with(host="127.0.0.1", port=port)
        request.extensions = {**request.extensions, "sni_hostname": host}
        return await super().handle_async_request(request)
