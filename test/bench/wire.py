"""MCP over stdio without a client library: what is timed is the server alone."""

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LINE_LIMIT = 16 * 1024 * 1024
VERSION = "2025-11-25"


class Wire:
    """A server process and its standard streams; use it as an async context manager."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._command, self._environment, self._folder = command, environment, folder
        self._requests = 0

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=dict(self._environment),
            cwd=self._folder,
            limit=LINE_LIMIT,
        )
        client = {"name": "bench", "version": "1"}
        about = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client}
        await self.request("initialize", about)
        await self._write({"method": "notifications/initialized"})
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        await self._process.wait()

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> bytes:
        """The answer to a tool call that must not fail, unparsed: parsing is the client's time."""
        answer = await self.request("tools/call", {"name": name, "arguments": arguments})
        assert b'"isError":true' not in answer, answer
        return answer

    async def request(self, method: str, params: Mapping[str, object]) -> bytes:
        """The answer to one request, unparsed."""
        self._requests += 1
        await self._write({"id": self._requests, "method": method, "params": params})
        stream = self._process.stdout
        assert stream is not None
        while True:
            line = await stream.readline()
            assert line, "the server has ended"
            if b'"result":' in line:
                return line

    def memory(self) -> float:
        """Resident memory of the server, in MB (Linux)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    async def _write(self, message: Mapping[str, object]) -> None:
        stream = self._process.stdin
        assert stream is not None
        stream.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        await stream.drain()
