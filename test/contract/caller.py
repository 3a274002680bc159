"""An MCP client of a server that runs as one user: how tests call tools."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastmcp import Client, FastMCP
from fastmcp.client.client import CallToolResult

from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings

ERROR = "cnpg-mcp.io/error"
PATIENT = frozenset(
    {
        "create_postgres_role",
        "update_postgres_role",
        "delete_postgres_role",
        "create_postgres_database",
        "delete_postgres_database",
    }
)
"""Tools that wait for PostgreSQL by default, but only as long as an idle machine needs."""
PATIENCE = 45
"""Seconds that they may wait at most."""
Content = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a tool answered: the text for a model, the structured content for a program."""

    text: str
    content: Content

    def rows(self, what: str, key: str = "name") -> dict[str, Content]:
        """The rows of a list by name; no two may have the same."""
        found = {row[key]: row for row in self.content[what]}
        assert len(found) == len(self.content[what])
        return found


@dataclass(frozen=True)
class Caller:
    """Calls tools through one client.

    A `patient` one has PostgreSQL waited for as long as may be, where a test does not say how long.
    """

    client: Client
    patient: bool = False

    async def ask(self, tool: str, arguments: Content, **options: Any) -> CallToolResult:
        """The result, whatever it is; no answer ever shows a trace."""
        if self.patient and tool in PATIENT:
            arguments = {"wait_seconds": PATIENCE, **arguments}
        result = await self.client.call_tool(tool, arguments, raise_on_error=False, **options)
        assert "Traceback" not in _text(result)
        return result

    async def call(self, tool: str, **arguments: Any) -> Answer:
        """The answer of a call that succeeds."""
        result = await self.ask(tool, arguments)
        assert not result.is_error, _text(result)
        assert result.structured_content is not None
        return Answer(_text(result), result.structured_content)

    async def refused(self, tool: str, **arguments: Any) -> Content:
        """The error of a call that fails: code, message, next step, fields."""
        result = await self.ask(tool, arguments)
        assert result.is_error, _text(result)
        return failure(result)

    async def pages(self, tool: str, **arguments: Any) -> list[Answer]:
        """All pages of a list, by its cursors."""
        pages = [await self.call(tool, **arguments)]
        while cursor := pages[-1].content.get("next_cursor"):
            pages.append(await self.call(tool, **arguments, cursor=cursor))
        return pages


def failure(result: CallToolResult) -> Content:
    """The error of a result: always a known code and a next step, never structured content."""
    error: Content = (result.meta or {})[ERROR]
    assert error["code"] in set(ErrorCode)
    assert error["next_step"]
    assert result.structured_content is None
    return error


def fields(error: Content) -> set[str]:
    """The fields that an error names."""
    return {item["field"] for item in error.get("fields", ())}


def size(value: Any) -> int:
    """Bytes of a value as JSON on the wire."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def server(kubeconfig: Path, **settings: Any) -> FastMCP:
    """A server as one user, with settings."""
    given = Settings(kubeconfig=str(kubeconfig), **settings)
    return build_server("cnpg-mcp", build_estate(given, "cnpg-mcp"))


def _text(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content)
