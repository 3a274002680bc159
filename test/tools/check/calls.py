"""Calling tools, and what every answer has to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastmcp import Client
from fastmcp.client.client import CallToolResult

from test.tools.check.registry import CheckFailed, require
from test.tools.check.wire import Wire, in_words
from test.tools.speech import told

ERROR = "cnpg-mcp.io/error"
Content = Mapping[str, Any]


class ToolRefused(CheckFailed):
    """A tool answered with an error where an answer was wanted; `code` is its reason."""

    def __init__(self, tool: str, code: str, text: str) -> None:
        super().__init__(f"{tool} answers {text}")
        self.code = code


@dataclass(frozen=True)
class Caller:
    """Calls tools through one client; `wire` knows what http has answered."""

    client: Client[Any]
    wire: Wire

    async def call(self, tool: str, **arguments: object) -> Content:
        """The structured content of a call that succeeds.

        Raises:
            ToolRefused: it does not.
            CheckFailed: the answer is not as every answer has to be.
        """
        result = await self._ask(tool, arguments)
        text = _text(result)
        if result.is_error:
            raise ToolRefused(tool, str(_error(result).get("code")), told(text))
        content = result.structured_content
        require(text.strip(), f"{tool} answers without a text for models")
        if not isinstance(content, dict):
            raise CheckFailed(f"{tool} answers without structured content")
        return content

    async def refused(self, tool: str, **arguments: object) -> Content:
        """The error of a call that fails: a code, and what to do next.

        Raises:
            CheckFailed: it succeeds, or the error helps nobody.
        """
        result = await self._ask(tool, arguments)
        require(result.is_error, f"{tool} answers as if {told(arguments)} were right")
        error = _error(result)
        for part in ("code", "message", "next_step"):
            require(error.get(part), f"{tool}: the error has no {part}: {told(_text(result))}")
        return error

    async def _ask(self, tool: str, arguments: Mapping[str, object]) -> CallToolResult:
        self.wire.refusal = None
        try:
            result = await self.client.call_tool(tool, dict(arguments), raise_on_error=False)
        except Exception:
            if self.wire.refusal is None:
                raise
            code, text = in_words(self.wire.refusal)
            raise ToolRefused(tool, code, text) from None
        require("Traceback" not in _text(result), f"{tool} shows a trace")
        return result


def rows(content: Content, what: str) -> list[Content]:
    """The rows of a list.

    Raises:
        CheckFailed: there is no list.
    """
    found = content.get(what)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise CheckFailed(f"the answer has no list of {what}")
    return found


def named(content: Content, what: str, name: str) -> Content | None:
    """The row of that name, if there is one."""
    return next((row for row in rows(content, what) if row.get("name") == name), None)


def _error(result: CallToolResult) -> Content:
    found = (result.meta or {}).get(ERROR)
    return found if isinstance(found, dict) else {}


def _text(result: CallToolResult) -> str:
    return "\n".join(getattr(part, "text", "") for part in result.content)
