"""One call through the frame: failures are coded, nothing unexpected is shown."""

import logging

import pytest
from fastmcp import Client, FastMCP

from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.results import ClusterList, ListScope
from cnpg_mcp.errors import ErrorCode, FieldError, ToolFailure
from cnpg_mcp.kube.errors import DeadlineExceeded, Unreachable
from cnpg_mcp.toolkit.frame import register_all
from cnpg_mcp.toolkit.registry import Hints, Registry

CANARY = "canary-value-that-must-not-be-shown"
ERROR = "cnpg-mcp.io/error"


async def nobody():
    return Caller("test", "nobody")


def server_with(raised):
    registry = Registry({ClusterList: lambda result: "text"})

    @registry.tool(
        title="Probe",
        scope=Scope.READ,
        hints=Hints(read_only=True, destructive=False, idempotent=True),
        result=ClusterList,
    )
    async def probe(estate: Estate, *, count: int = 0, name: str | None = None) -> ClusterList:
        """Answer, or raise what the test says."""
        if raised is not None:
            raise raised
        return ClusterList(clusters=(), scope=ListScope())

    server = FastMCP("probe")
    register_all(registry, server, Estate(kube=None, identify=nobody))
    return server


async def answer(raised=None, **arguments):
    async with Client(server_with(raised)) as client:
        return await client.call_tool("probe", arguments, raise_on_error=False)


async def test_unexpected_exception_shows_a_request_id_and_nothing_else(caplog):
    with caplog.at_level(logging.ERROR):
        result = await answer(RuntimeError(CANARY))
    error = result.meta[ERROR]
    assert error["code"] == "internal"
    assert CANARY not in result.content[0].text
    request_id = error["message"].split("request ")[1].rstrip(").")
    assert any(request_id in record.getMessage() for record in caplog.records)
    assert CANARY in caplog.text


async def test_failure_carries_code_fields_and_next_step():
    failure = ToolFailure(ErrorCode.INVALID, "no", "do this", (FieldError("spec.x", "bad"),))
    result = await answer(failure)
    assert result.is_error
    assert result.structured_content is None
    assert result.meta[ERROR] == {
        "code": "invalid",
        "message": "no",
        "next_step": "do this",
        "fields": [{"field": "spec.x", "message": "bad"}],
    }


@pytest.mark.parametrize("name", ["password", "token", "nmae"])
async def test_value_of_an_unknown_argument_is_not_echoed(name):
    result = await answer(**{name: CANARY})
    assert result.meta[ERROR]["code"] == "invalid"
    assert CANARY not in str(result)


async def test_usual_mistake_leads_to_the_argument_that_was_meant():
    result = await answer(cluster_name="pg")
    assert "did you mean name?" in result.meta[ERROR]["fields"][0]["message"]


async def test_value_of_a_wrong_type_is_not_echoed():
    result = await answer(count=CANARY)
    assert [field["field"] for field in result.meta[ERROR]["fields"]] == ["count"]
    assert CANARY not in str(result)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unreachable("cut", maybe_applied=True), "unavailable"),
        (DeadlineExceeded("late", maybe_applied=True), "timeout"),
    ],
)
async def test_unknown_fate_of_a_write_is_said(error, code):
    result = await answer(error)
    assert result.meta[ERROR]["code"] == code
    assert "may or may not" in result.meta[ERROR]["message"]


async def test_optional_argument_accepts_null():
    assert not (await answer(name=None)).is_error
