"""The API server in memory on a loopback port, with CloudNativePG's kinds and nobody at work."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import uvicorn
import yaml

from cnpg_mcp.demo.kubernetes.access import MASTERS, User
from cnpg_mcp.demo.kubernetes.http import HttpApi
from cnpg_mcp.demo.kubernetes.server import ApiServer
from cnpg_mcp.demo.operator.definitions import definitions

LONGER_THAN_CLIENTS = 600
"""Seconds for which a connection is kept that has nothing to do, or it ends as it is used again."""
ADMIN_TOKEN = "admin-of-the-emulator"
NOBODY_TOKEN = "nobody-of-the-emulator"
TOKENS = {
    ADMIN_TOKEN: User("admin", (MASTERS,)),
    NOBODY_TOKEN: User("nobody"),
}


def bare_server() -> ApiServer:
    """An API server whose kinds nothing admits and nothing works on, as `bare_plane`."""
    return ApiServer([replace(each, admission=None) for each in definitions()])


def bare_api() -> HttpApi:
    """Its ASGI application, with an admin and a user without rights."""
    return HttpApi(bare_server(), TOKENS)


@contextmanager
def served(api: HttpApi) -> Iterator[str]:
    """The address at which the application is served while the context is open."""
    with _listening() as listening:
        config = uvicorn.Config(
            api,
            log_level="error",
            lifespan="off",
            timeout_keep_alive=LONGER_THAN_CLIENTS,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        running = Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        running.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            running.join(timeout=10)


def _listening() -> socket.socket:
    """A loopback port. Asyncio sends at once only where the protocol is named: else 40 ms each."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(100)
    return listening


def write_kubeconfig(path: Path, address: str) -> Path:
    """A kubeconfig of the admin."""
    config = {
        "clusters": [{"name": "emulator", "cluster": {"server": address}}],
        "users": [{"name": "admin", "user": {"token": ADMIN_TOKEN}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path
