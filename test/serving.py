"""The servers as processes that serve http on loopback."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from fastmcp import Client
from fastmcp.client.client import CallToolResult
from fastmcp.client.transports import StreamableHttpTransport

from test.controlplane.process import free_ports

START_SECONDS = 60
STOP_SECONDS = 30
ROOT = Path(__file__).parents[1]


class HttpServer:
    """One server on a free port; it answers once the context is entered."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], cwd: Path = ROOT
    ) -> None:
        (self.port,) = free_ports(1)
        self._command = [sys.executable, *arguments, "--port", str(self.port)]
        self._environment = {**os.environ, **environment}
        self._cwd = cwd

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, env=self._environment, cwd=self._cwd)
        try:
            self._await_answer()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self._process.returncode}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server did not answer within {START_SECONDS} s")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url("/"), timeout=2).close()  # noqa: S310 - loopback
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def ask(url: str, token: str, tool: str, **arguments: object) -> CallToolResult:
    """What a tool answers over http to the bearer of a token."""
    async with Client(StreamableHttpTransport(url, auth=token)) as client:
        result: CallToolResult = await client.call_tool(tool, arguments, raise_on_error=False)
        return result


async def tool_definitions(url: str, token: str) -> list[str]:
    """The tools over http, each as JSON."""
    async with Client(StreamableHttpTransport(url, auth=token)) as client:
        return [tool.model_dump_json() for tool in await client.list_tools()]
