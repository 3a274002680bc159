"""Removing what a run has made, from a server whose answers are written down here."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from fastmcp import Client, FastMCP
from fastmcp.tools.base import ToolResult
from mcp_types import TextContent

from test.tools.check.calls import ERROR
from test.tools.check.cleanup import Patience, clean_up
from test.tools.check.registry import State
from test.tools.check.visit import Own
from test.tools.check.wire import Era
from test.tools.speech import Failure

QUICK = Patience(whole=60, pace=0.01, late=0.2)
PLAN = {"outcome": "planned", "confirmation": "the-code"}
ACCEPTED = {"outcome": "accepted"}
GONE = "not_found"


@dataclass
class Scripted:
    """A way to a server that gives these answers in turn, the last one for ever."""

    answers: list[dict[str, Any] | str]
    unreachable: int = 0
    refusal: None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def opened(self, era: Era, stack: AsyncExitStack) -> Client[Any] | Failure:
        """A client of it, after so many failures."""
        if self.unreachable:
            self.unreachable -= 1
            return Failure("It is away.", "wait.")
        return await stack.enter_async_context(Client(self._server()))

    def _server(self) -> FastMCP:
        server = FastMCP("scripted")

        @server.tool
        def delete_postgres_cluster(
            *,
            namespace: str,
            name: str,
            without_backup: bool,
            delete_dependents: bool,
            wait_seconds: int = 0,
            confirmation: str | None = None,
        ) -> ToolResult:
            self.asked.set()
            self.calls.append({"name": name, "confirmation": confirmation})
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return _failed(answer) if isinstance(answer, str) else _done(answer)

        return server


def _done(answer: dict[str, Any]) -> ToolResult:
    return ToolResult(content=[_text("done")], structured_content=answer)


def _failed(code: str) -> ToolResult:
    return ToolResult(
        content=[_text(f"{code}: it is so.")], meta={ERROR: {"code": code}}, is_error=True
    )


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)


def own(*, answered: bool = True) -> Own:
    """A cluster that a run may have made."""
    return Own("playground", made=True, answered=answered)


async def test_nothing_made_is_nothing_removed() -> None:
    wire = Scripted([PLAN])
    assert await clean_up(wire, Own("playground"), QUICK) is None
    assert wire.calls == []


async def test_cluster_is_removed_by_plan_and_code_until_it_is_gone() -> None:
    wire, mine = Scripted([PLAN, ACCEPTED, "blocked", PLAN, ACCEPTED, GONE]), own()
    result = await clean_up(wire, mine, QUICK)
    assert result.state is State.PASSED
    assert [call["confirmation"] for call in wire.calls] == [
        None, "the-code", None, None, "the-code", None,
    ]  # fmt: skip
    assert {call["name"] for call in wire.calls} == {mine.name}
    assert not mine.made


async def test_cluster_that_comes_late_is_removed_all_the_same() -> None:
    """By a clock that goes on with each call, the last call comes four seconds after the first."""
    wire = Scripted([GONE, GONE, PLAN, ACCEPTED, GONE])
    patience = replace(QUICK, late=3, now=lambda: float(len(wire.calls)))
    result = await clean_up(wire, own(answered=False), patience)
    assert result.state is State.PASSED
    assert "the-code" in [call["confirmation"] for call in wire.calls]


async def test_server_that_comes_back_is_asked_again() -> None:
    wire = Scripted([PLAN, ACCEPTED, GONE], unreachable=2)
    assert (await clean_up(wire, own(), QUICK)).state is State.PASSED


async def test_what_asking_again_does_not_change_is_given_up() -> None:
    blocked = {"outcome": "planned", "blockers": [{"message": "It is protected."}]}
    for answers, words in ((["forbidden"], "forbidden"), ([blocked], "It is protected.")):
        wire, mine = Scripted(answers), own()
        result = await clean_up(wire, mine, QUICK)
        assert result.state is State.FAILED
        assert f"playground/{mine.name} is left behind" in result.reason
        assert words in result.reason
        assert len(wire.calls) == 1


async def test_time_that_is_up_is_said_with_what_was_seen() -> None:
    result = await clean_up(Scripted(["unavailable"]), own(), replace(QUICK, whole=6))
    assert result.state is State.FAILED
    assert "unavailable" in result.reason


async def test_second_interrupt_names_what_is_left() -> None:
    wire = Scripted(["unavailable"])
    task = asyncio.create_task(clean_up(wire, own(), QUICK))
    await wire.asked.wait()
    task.cancel()
    result = await task
    assert result.state is State.FAILED
    assert "left behind: stopped" in result.reason
