"""Checks of the list of tools: exactly the twelve, each described well enough to be used."""

from collections.abc import Iterable
from typing import Any

from test.tools.check.registry import Registry, require
from test.tools.check.visit import Visit
from test.tools.speech import told

CHECKS = Registry()
READS, CREATES, CHANGES, DESTROYS = (
    (True, False, True),
    (False, False, True),
    (False, True, True),
    (False, True, False),
)
"""The hints of a tool: read-only, destructive, idempotent."""
TOOLS: dict[str, tuple[bool, bool, bool]] = {
    "list_postgres_clusters": READS,
    "get_cluster_status": READS,
    "create_postgres_cluster": CREATES,
    "scale_postgres_cluster": CHANGES,
    "delete_postgres_cluster": DESTROYS,
    "list_postgres_roles": READS,
    "create_postgres_role": CREATES,
    "update_postgres_role": CHANGES,
    "delete_postgres_role": DESTROYS,
    "list_postgres_databases": READS,
    "create_postgres_database": CREATES,
    "delete_postgres_database": DESTROYS,
}
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
_LEAST, _MOST = 100, 2048
Tool = dict[str, Any]


@CHECKS.check("tools.names", "has exactly the twelve tools")
async def names(visit: Visit) -> None:
    """Neither more nor less."""
    found = [tool["name"] for tool in await _tools(visit)]
    missing, foreign = sorted(TOOLS.keys() - set(found)), sorted(set(found) - TOOLS.keys())
    require(not missing, f"these are missing: {', '.join(missing)}")
    require(not foreign, f"these are not its own: {told(foreign)}")
    require(len(found) == len(TOOLS), "some are listed twice")


@CHECKS.check("tools.hints", "every tool says whether it reads, changes or destroys")
async def hints(visit: Visit) -> None:
    """Clients ask before a call by these."""
    for tool in await _tools(visit):
        given = tool.get("annotations") or {}
        stated = tuple(given.get(name) for name in _HINTS)
        require(all(isinstance(hint, bool) for hint in stated), f"{tool['name']} leaves one out")
        expected = TOOLS.get(tool["name"])
        require(expected in {None, stated[:3]}, f"{tool['name']} has other hints: {told(given)}")


@CHECKS.check("tools.descriptions", "every tool and every parameter is described")
async def descriptions(visit: Visit) -> None:
    """A model chooses by these."""
    for tool in await _tools(visit):
        size = len((tool.get("description") or "").encode())
        require(tool.get("title"), f"{tool['name']} has no title")
        require(_LEAST < size < _MOST, f"{tool['name']}: its description has {size} bytes")
        bare = [name for name, schema in _parameters(tool) if not schema.get("description")]
        require(not bare, f"{tool['name']} does not describe {told(bare)}")


@CHECKS.check("tools.schemas", "every tool says what it takes and what it answers")
async def schemas(visit: Visit) -> None:
    """Programs rely on these."""
    for tool in await _tools(visit):
        given, answer = tool.get("inputSchema") or {}, tool.get("outputSchema") or {}
        is_closed = given.get("type") == "object" and given.get("additionalProperties") is False
        require(is_closed, f"{tool['name']} takes arguments that it does not know")
        properties = answer.get("type") == "object" and answer.get("properties")
        require(properties, f"{tool['name']} does not say what it answers")


async def _tools(visit: Visit) -> list[Tool]:
    found = await visit.client.list_tools()
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found]


def _parameters(tool: Tool) -> Iterable[tuple[str, Tool]]:
    found: dict[str, Tool] = (tool.get("inputSchema") or {}).get("properties") or {}
    return found.items()
