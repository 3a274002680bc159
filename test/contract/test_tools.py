"""The list of tools: the same on both servers, well described, within budget."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client, FastMCP
from fastmcp.client.transports import StdioTransport

import cnpg_mcp_server
import cnpg_mcp_test_server
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from test.contract.caller import size
from test.contract.calls import CALLS, READING
from test.docs import GOLDEN

SOURCES = Path(cnpg_mcp_server.__file__).parent
WITHOUT_OUTPUT, WITH_OUTPUT = 24 * 1024, 36 * 1024
HINTS = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
Tools = list[dict[str, Any]]


def server_of(name: str) -> FastMCP:
    """A server as its entry builds it."""
    return build_server(name, build_estate(Settings(), name))


async def listed(client: Client) -> Tools:
    """The tools as they go over the wire."""
    async with client:
        found = await client.list_tools()
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found]


@pytest.fixture
async def tools() -> Tools:
    """The tools of the main server."""
    return await listed(Client(server_of(cnpg_mcp_server.NAME)))


async def test_both_servers_list_byte_identical_tools(tools: Tools) -> None:
    other = Client(server_of(cnpg_mcp_test_server.NAME))
    assert json.dumps(tools) == json.dumps(await listed(other))


async def test_the_program_lists_the_same_over_stdio(tools: Tools) -> None:
    entry = str(SOURCES / "cnpg_mcp_server.py")
    assert json.dumps(await listed(Client(StdioTransport(sys.executable, [entry])))) == json.dumps(
        tools
    )


async def test_plain_calls_cover_every_tool(tools: Tools) -> None:
    assert {tool["name"] for tool in tools} == set(CALLS)


async def test_every_tool_states_all_four_hints(tools: Tools) -> None:
    assert {tool["name"]: HINTS & set(tool["annotations"]) for tool in tools} == dict.fromkeys(
        (tool["name"] for tool in tools), HINTS
    )


async def test_reading_tools_and_only_they_are_read_only(tools: Tools) -> None:
    writing = {tool["name"] for tool in tools if not tool["annotations"]["readOnlyHint"]}
    assert writing == CALLS.keys() - READING


async def test_tools_that_can_destroy_and_only_they_say_so(tools: Tools) -> None:
    destructive = {tool["name"] for tool in tools if tool["annotations"]["destructiveHint"]}
    creating = {name for name in CALLS if name.startswith("create_")}
    assert destructive == CALLS.keys() - READING - creating
    takes_a_code = {
        tool["name"] for tool in tools if "confirmation" in tool["inputSchema"]["properties"]
    }
    assert takes_a_code == CALLS.keys() - READING


async def test_list_is_the_reviewed_one(tools: Tools) -> None:
    assert tools == json.loads(GOLDEN.read_text()), "run `make docs` and review the difference"


async def test_every_tool_has_title_and_bounded_description(tools: Tools) -> None:
    for tool in tools:
        assert tool["title"]
        assert 100 < len(tool["description"].encode()) < 2048


async def test_every_parameter_is_described(tools: Tools) -> None:
    bare = [
        (tool["name"], name)
        for tool in tools
        for name, schema in tool["inputSchema"]["properties"].items()
        if not schema.get("description")
    ]
    assert bare == []


async def test_every_tool_refuses_unknown_arguments(tools: Tools) -> None:
    assert all(tool["inputSchema"]["additionalProperties"] is False for tool in tools)


async def test_every_tool_has_an_output_schema(tools: Tools) -> None:
    assert all(tool["outputSchema"]["type"] == "object" for tool in tools)


async def test_input_schemas_have_no_noise(tools: Tools) -> None:
    noise = {"anyOf", "$ref", "$defs", "title"}
    assert {key for tool in tools for key in _keys(tool["inputSchema"])} & noise == set()


def _keys(schema: Any) -> Iterator[str]:
    """Every keyword of a schema; names of properties are no keywords."""
    for key, value in schema.items():
        yield key
        if key == "properties":
            for each in value.values():
                yield from _keys(each)
        elif isinstance(value, dict):
            yield from _keys(value)


async def test_list_fits_the_budget(tools: Tools) -> None:
    assert size(tools) <= WITH_OUTPUT
    for tool in tools:
        del tool["outputSchema"]
    assert size(tools) <= WITHOUT_OUTPUT
