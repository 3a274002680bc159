"""What settings forbid no call escapes: read-only, allowed namespaces, protected namespaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

import cnpg_tools
from cnpg_mcp.domain.caller import Scope
from cnpg_mcp.domain.cluster_list import ClusterQuery
from cnpg_mcp.kube.cursors import Position, encode_cursor
from test.contract.caller import Caller, failure
from test.contract.calls import CALLS
from test.contract.conftest import Kept
from test.contract.destructive import FORMS
from test.contract.planning import planned
from test.contract.planted import state
from test.contract.servers import Desk

TOOLS = cnpg_tools.REGISTRY.tools
WRITERS = {name for name, spec in TOOLS.items() if not spec.hints.read_only}
DELETERS = {name for name, spec in TOOLS.items() if spec.scope is Scope.ADMIN}


@dataclass(frozen=True)
class Call:
    """One form of a writing call; `plans` where it needs the code of a plan."""

    tool: str
    arguments: Mapping[str, Any]
    plans: bool


def ordinary(tool: str, **arguments: Any) -> Call:
    """A form that is done at once."""
    return Call(tool, {**arguments, "wait_seconds": 0}, plans=False)


ORDINARY = {
    "new-cluster": ordinary("create_postgres_cluster", name="orders"),
    "scale-up": ordinary("scale_postgres_cluster", name="pg", instances=4),
    "new-role": ordinary("create_postgres_role", cluster_name="pg", role_name="newcomer"),
    "new-group": ordinary(
        "create_postgres_role", cluster_name="pg", role_name="readers", login=False
    ),
    "change-object": ordinary(
        "update_postgres_role", cluster_name="pg", role_name="clerk", createdb=True
    ),
    "change-inline": ordinary(
        "update_postgres_role", cluster_name="pg", role_name="teller", in_roles=["below_plain"]
    ),
    "power-back": ordinary(
        "update_postgres_role", cluster_name="pg", role_name="boss", superuser=False
    ),
    "gets-login": ordinary(
        "update_postgres_role", cluster_name="pg", role_name="plain", login=True
    ),
    "new-database": ordinary(
        "create_postgres_database", cluster_name="pg", database_name="new", owner="teller"
    ),
}
WRITES = {
    **ORDINARY,
    **{name: Call(form.tool, form.arguments, plans=True) for name, form in FORMS.items()},
}
DELETIONS = {
    name: call for name, call in WRITES.items() if call.tool in DELETERS or name == "scale-down"
}
"""Scaling down deletes volumes."""
writes = pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
deletions = pytest.mark.parametrize("call", DELETIONS.values(), ids=DELETIONS)


def test_every_writing_tool_has_its_forms_here() -> None:
    assert {call.tool for call in ORDINARY.values()} == WRITERS - DELETERS
    assert {call.tool for call in WRITES.values()} == WRITERS
    assert set(CALLS) == set(TOOLS)


async def code(mcp: Caller, call: Call, **more: Any) -> dict[str, Any]:
    """The confirmation that a server without limits gives; none where none is needed."""
    if not call.plans:
        return {}
    plan = await planned(mcp, call.tool, **call.arguments, **more)
    return {"confirmation": plan["confirmation"]}


async def blocked(mcp: Caller, call: Call, by: str) -> bool:
    """Whether the plain call is refused, or answered with a plan without a code."""
    result = await mcp.ask(call.tool, dict(call.arguments))
    if result.is_error:
        return failure(result)["code"] == "blocked"
    content = result.structured_content
    named = [each["code"] for each in content["blockers"]]
    return content["outcome"] == "planned" and "confirmation" not in content and named == [by]


@writes
async def test_read_only_server_writes_in_no_form(still: Desk, call: Call) -> None:
    given = await code(await still.caller(), call)
    mcp = await still.caller(read_only=True)
    assert await blocked(mcp, call, "read_only")
    dry = await mcp.call(call.tool, **call.arguments, dry_run=True)
    assert dry.content["outcome"] == "dry_run"
    assert "confirmation" not in dry.content
    assert call.plans or "it is refused: This server is read-only" in dry.content["next_step"]
    error = await mcp.refused(call.tool, **call.arguments, **given)
    assert error["code"] == "blocked"


@writes
async def test_dry_run_stores_nothing(still: Desk, call: Call) -> None:
    mcp = await still.caller()
    given = await code(mcp, call)
    before = await state(still.site)
    for confirmation in ({}, given):
        dry = await mcp.call(call.tool, **call.arguments, **confirmation, dry_run=True)
        assert dry.content["outcome"] == "dry_run"
        assert "confirmation" not in dry.content
        assert await state(still.site) == before


@pytest.mark.parametrize("tool", TOOLS)
async def test_other_namespaces_are_out_of_reach(still: Desk, kept: Kept, tool: str) -> None:
    mcp = await still.caller(allowed_namespaces=(kept.other_namespace,))
    unlimited = await still.caller()
    place = {"namespace": kept.namespace}
    calls = [call for call in WRITES.values() if call.tool == tool]
    asked = [CALLS[tool], *(dict(call.arguments) for call in calls)]
    asked += [{**call.arguments, "dry_run": True} for call in calls]
    asked += [{**call.arguments, **await code(unlimited, call, **place)} for call in calls]
    for arguments in asked:
        error = await mcp.refused(tool, **arguments, **place)
        assert error["code"] == "blocked", arguments


async def test_lists_of_all_namespaces_end_at_the_allowed_ones(still: Desk, kept: Kept) -> None:
    tool, everywhere = "list_postgres_clusters", ClusterQuery(None, all_namespaces=True, limit=50)
    forged = encode_cursor(everywhere.question(), Position(kept.namespace))
    mcp = await still.caller(allowed_namespaces=(kept.other_namespace,))
    both = await still.caller(allowed_namespaces=(kept.namespace, kept.other_namespace))
    for more in ({}, {"cursor": forged}):
        seen = await both.call(tool, all_namespaces=True, **more)
        assert [row["namespace"] for row in seen.content["clusters"]] == [kept.namespace]
        result = await mcp.ask(tool, {"all_namespaces": True, **more})
        assert result.is_error or result.structured_content["clusters"] == []


@deletions
async def test_nothing_is_deleted_in_a_protected_namespace(still: Desk, call: Call) -> None:
    given = await code(await still.caller(), call)
    mcp = await still.caller(protected_namespaces=("t-*",))
    assert await blocked(mcp, call, "protected")
    error = await mcp.refused(call.tool, **call.arguments, **given)
    assert error["code"] == "protected"
