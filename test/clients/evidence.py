"""What every client has to see: the twelve tools, and a tool's own answer to a call.

No API server is there to ask, which the tool says; nobody but the tool says so.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from cnpg_tools import REGISTRY

TOOL = "list_postgres_clusters"
LEGACY, MODERN = "2025-11-25", "2026-07-28"


def assert_all_tools(names: Iterable[str]) -> None:
    """The names are those of our tools."""
    assert sorted(names) == sorted(REGISTRY.tools)


def assert_answered(result: Mapping[str, Any]) -> None:
    """The result of a call, as JSON, is what the tool itself answers."""
    assert (result["isError"], result["_meta"]["cnpg-mcp.io/error"]["code"]) == (
        True,
        "unavailable",
    )
