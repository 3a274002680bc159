"""The two servers, as in production: the same programs, as processes of their own."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

LOOPBACK = "127.0.0.1"
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "VIRTUAL_ENV")
"""What the servers inherit; their settings come from the demo alone."""
READY_SECONDS = 60.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_LOG_LINES = 20


class DemoFailed(Exception):
    """The demo cannot go on; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One of the two programs, and the path of its MCP endpoint."""

    name: str
    arguments: tuple[str, ...]
    path: str


MAIN = Entry("main", ("-m", "cnpg_mcp_server", "--transport", "http"), "/mcp")
TEST = Entry("test", ("-m", "cnpg_mcp_test_server"), "/test")


class Server:
    """One server's process; its output goes to a file of the folder."""

    def __init__(self, entry: Entry, port: int, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = port
        self.log = folder / f"{entry.name}.log"
        self._entry = entry
        self._settings = settings
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """Its MCP endpoint."""
        return f"http://localhost:{self.port}{self._entry.path}"

    async def start(self) -> None:
        """Starts it; returns when it is ready.

        Raises:
            DemoFailed: it has ended, or does not become ready.
        """
        inherited = {name: os.environ[name] for name in KEPT if name in os.environ}
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._entry.arguments,
                "--port",
                str(self.port),
                env={**inherited, **self._settings},
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready()
        except TimeoutError:
            raise DemoFailed(f"the {self._entry.name} server is not ready:{self._said()}") from None

    async def stop(self) -> None:
        """Ends it, by force where it does not end by itself."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def ended(self) -> str:
        """Returns when it has ended by itself, with the end of what it said."""
        if self._process is not None:
            await self._process.wait()
        return f"the {self._entry.name} server has ended:{self._said()}"

    async def _ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            while not await self._answers(http):
                if self._process is None or self._process.returncode is not None:
                    raise DemoFailed(await self.ended())
                await asyncio.sleep(_POLL_SECONDS)

    async def _answers(self, http: httpx.AsyncClient) -> bool:
        try:
            answer = await http.get(f"http://{LOOPBACK}:{self.port}/readyz")
        except httpx.HTTPError:
            return False
        return answer.is_success

    def _said(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "".join(f"\n  {line}" for line in lines)


def free_port(wanted: int, given_away: Collection[int] = ()) -> int:
    """The wanted port, or the next one that nobody listens at and that is not given away.

    Raises:
        DemoFailed: none is free.
    """
    for port in range(wanted, min(wanted + 100, 65536)):
        if port in given_away:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise DemoFailed(f"no port from {wanted} on is free")
