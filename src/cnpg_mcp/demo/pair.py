"""The two servers, as in production: the same programs, as processes of their own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from cnpg_mcp.demo.failure import DemoFailed
from cnpg_mcp.demo.ports import LOOPBACK, is_free

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "VIRTUAL_ENV")
"""What the servers inherit; their settings come from the demo alone."""
READY_SECONDS = 60.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_LOG_LINES = 20


class PortLost(Exception):
    """Somebody else has got the port before the server."""


@dataclass(frozen=True)
class Entry:
    """One of the two programs, and the path of its MCP endpoint."""

    name: str
    arguments: tuple[str, ...]
    path: str


MAIN = Entry("main", ("cnpg_mcp_server", "--transport", "http"), "/mcp")
TEST = Entry("test", ("cnpg_mcp_test_server",), "/test")
_ATTACHED = ("-P", "-m", "cnpg_mcp.demo.attached")
"""The servers end with the demo, even where it is killed; `-P`: what lies about is not theirs."""


class Server:
    """One server's process; its output goes to a file of the folder."""

    def __init__(self, entry: Entry, folder: Path, settings: Mapping[str, str]) -> None:
        self.port = 0
        self.log = folder / f"{entry.name}.log"
        self._entry = entry
        self._settings = settings
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """Its MCP endpoint."""
        return f"http://localhost:{self.port}{self._entry.path}"

    async def start(self, port: int) -> None:
        """Starts it at a port; returns when it is ready.

        Raises:
            PortLost: somebody else listens there.
            DemoFailed: it has ended, or does not become ready.
        """
        self.port = port
        inherited = {name: os.environ[name] for name in KEPT if name in os.environ}
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *_ATTACHED,
                *self._entry.arguments,
                "--port",
                str(self.port),
                env={**inherited, **self._settings},
                stdin=PIPE,
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
            while not (self._listens() and await self._answers(http)):
                if self._process is None or self._process.returncode is not None:
                    raise await self._never_ready()
                await asyncio.sleep(_POLL_SECONDS)

    def _listens(self) -> bool:
        """Whether it says so itself (uvicorn does): who answers could be somebody else."""
        return f"running on http://{LOOPBACK}:{self.port} " in self.log.read_text(errors="replace")

    async def _answers(self, http: httpx.AsyncClient) -> bool:
        try:
            answer = await http.get(f"http://{LOOPBACK}:{self.port}/readyz")
        except httpx.HTTPError:
            return False
        return answer.is_success

    async def _never_ready(self) -> Exception:
        """Why it has ended before it was ready."""
        if is_free(self.port):
            return DemoFailed(await self.ended())
        return PortLost(f"port {self.port}")

    def _said(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "".join(f"\n  {line}" for line in lines)
