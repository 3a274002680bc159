"""Plans as tests use them: asked for, confirmed, and refused."""

from typing import Any

from test.contract.caller import Answer, Caller, Content

STALE = "confirmation_stale"


async def planned(mcp: Caller, tool: str, **arguments: Any) -> Content:
    """The plan of a call, with its code; nothing blocks it."""
    content = (await mcp.call(tool, **arguments)).content
    assert content["outcome"] == "planned"
    assert content["confirmation"], content["blockers"]
    return content


async def confirmed(mcp: Caller, tool: str, **arguments: Any) -> Answer:
    """The answer to a call that is repeated with the code of its plan."""
    plan = await planned(mcp, tool, **arguments)
    return await mcp.call(tool, **arguments, confirmation=plan["confirmation"])


async def refused_with_code(mcp: Caller, tool: str, **arguments: Any) -> Content:
    """The error of a call that is repeated with the code of its plan."""
    plan = await planned(mcp, tool, **arguments)
    return await mcp.refused(tool, **arguments, confirmation=plan["confirmation"])


def effects(content: Content, fate: str) -> set[tuple[str, str]]:
    """Kind and name of what has this fate in a plan."""
    return {(row["kind"], row["name"]) for row in content["effects"] if row["fate"] == fate}
