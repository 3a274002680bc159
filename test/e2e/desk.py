"""A person at a desk: an MCP client, and the server on its stdio or at an address."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fastmcp import Client
from fastmcp.client.client import CallToolResult
from fastmcp.client.transports import ClientTransport, StdioTransport

from test.controlplane.loop import LoopThread

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "src/cnpg_mcp_server.py"
ERROR = "cnpg-mcp.io/error"

Data = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a tool answered: its text and its structured content."""

    text: str
    data: Data


@dataclass(frozen=True)
class Refusal:
    """How a tool refused: its text, and the error as data."""

    text: str
    data: Data

    @property
    def code(self) -> str:
        """The error code."""
        return str(self.data["code"])


class UnexpectedRefusal(AssertionError):
    """A call that should have worked was refused; the message is the server's text."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.code = refusal.code


class Desk:
    """A client for synchronous callers. Use as a context manager.

    Args:
        transport: the way to the server.
        log: tells what the server has written besides its answers.
    """

    def __init__(self, transport: ClientTransport, log: Callable[[], str]) -> None:
        self._client = Client(transport)
        self._log = log
        self._answers: list[str] = []
        self._loop = LoopThread("desk")

    def __enter__(self) -> Self:
        try:
            self._loop.run(self._client.__aenter__())  # type: ignore[no-untyped-call]  # fastmcp's
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._loop.run(self._client.close())  # type: ignore[no-untyped-call]  # fastmcp's
        finally:
            self._loop.close()

    def ask(self, tool: str, **arguments: Any) -> Answer:
        """The tool's answer.

        Raises:
            UnexpectedRefusal: the tool refused.
        """
        result = self._call(tool, arguments)
        if result.is_error:
            raise UnexpectedRefusal(_refusal(result))
        return Answer(_text(result), result.structured_content or {})

    def refused(self, tool: str, **arguments: Any) -> Refusal:
        """The tool's refusal."""
        result = self._call(tool, arguments)
        assert result.is_error, _text(result)
        return _refusal(result)

    def tools(self) -> set[str]:
        """The names of the tools."""
        return {tool.name for tool in self._loop.run(self._client.list_tools())}

    def said(self) -> list[str]:
        """Everything that came out of the server: its answers whole, and its error output."""
        return [*self._answers, self._log()]

    def _call(self, tool: str, arguments: Data) -> CallToolResult:
        called = self._client.call_tool(tool, arguments, raise_on_error=False)
        result: CallToolResult = self._loop.run(called)
        whole = [result.structured_content, result.meta]
        self._answers.append(f"{_text(result)}\n{json.dumps(whole, ensure_ascii=False)}")
        return result


def admits(desk: Desk) -> bool:
    """Whether the operator's webhook answers, without which nothing can be made."""
    try:
        return bool(desk.ask("create_postgres_cluster", name="never", dry_run=True))
    except UnexpectedRefusal:
        return False


def stdio_desk(kubeconfig: Path, log: Path) -> Desk:
    """A client with a server of its own on its stdio, as the user of a kubeconfig."""
    transport = StdioTransport(
        command=sys.executable,
        args=[str(ENTRY)],
        env={"KUBECONFIG": str(kubeconfig)},
        cwd=str(ROOT),
        log_file=log,
    )
    return Desk(transport, log.read_text)


OpenDesk = Callable[[Path], Desk]
"""Starts a server as the user of a kubeconfig."""


def _refusal(result: CallToolResult) -> Refusal:
    return Refusal(_text(result), (result.meta or {})[ERROR])


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if hasattr(block, "text"))
