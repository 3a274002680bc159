"""No password is ever seen: in no answer, log, audit line or progress, whatever happens."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from test.contract.backend import Backend
from test.contract.caller import Caller
from test.contract.calls import CALLS, READING
from test.contract.canary import Overheard, Passwords, all_ears
from test.contract.destructive import KINDS
from test.contract.planning import confirmed
from test.contract.planted import FOREIGN_SECRET, PASSWORD
from test.contract.servers import Desk
from test.contract.site import Site
from test.contract.test_limits import ORDINARY, WRITES, Call

ROTATE = {"cluster_name": "pg", "role_name": "clerk", "rotate_password": True, "wait_seconds": 1}
NEWCOMER = {"cluster_name": "pg", "role_name": "newcomer", "wait_seconds": 1}


class Listener:
    """Calls tools and keeps all that is told, on every way."""

    def __init__(self, desk: Desk, log: Path) -> None:
        self.desk, self.log = desk, log
        self.passwords = Passwords()
        self.told: list[str] = []

    async def server(self, breaks: str = "", **settings: Any) -> Caller:
        """A server whose requests are overheard."""
        return await self.desk.caller(
            around=lambda kube: Overheard(kube, self.passwords, breaks), **settings
        )

    async def ask(self, mcp: Caller, tool: str, **arguments: Any) -> dict[str, Any]:
        """Calls a tool in whatever form; gives what it answered for programs."""
        result = await mcp.ask(tool, arguments, progress_handler=self._progress)
        self.told.append(repr(result))
        await self.passwords.look(self.desk.site)
        return result.structured_content or {}

    async def _progress(self, *step: Any) -> None:
        self.told.append(repr(step))


@pytest.fixture
def listener(own: Desk, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Listener]:
    """A listener; afterwards no password was heard anywhere."""
    listening = Listener(own, tmp_path / "audit.log")
    with all_ears() as ear:
        yield listening
    streams = capfd.readouterr()
    audit = listening.log.read_text() if listening.log.exists() else ""
    everything = "\n".join([*listening.told, *ear.heard, *streams, audit])
    assert "cnpg-mcp.io/error" in everything or "structured_content" in everything
    assert any("call_tool" in line for line in ear.heard)  # FastMCP at DEBUG names each call
    assert PASSWORD in listening.passwords.found
    assert listening.passwords.entered == []
    assert [each for each in listening.passwords.forms() if each in everything] == []


SPOKEN = {name: call for name, call in WRITES.items() if name in {*ORDINARY, *KINDS}}


@pytest.mark.parametrize("call", SPOKEN.values(), ids=SPOKEN)
async def test_no_form_of_a_write_shows_a_password(listener: Listener, call: Call) -> None:
    mcp = await listener.server()
    given: dict[str, Any] = {**call.arguments}
    await listener.ask(mcp, call.tool, **given, dry_run=True)
    await listener.ask(mcp, call.tool, **given, confirmation="no code")
    for breaks in ("before", "after", ""):
        plan = await listener.ask(mcp, call.tool, **given) if call.plans else {}
        code = {"confirmation": plan["confirmation"]} if plan.get("confirmation") else {}
        broken = await listener.server(breaks, audit_log=listener.log)
        await listener.ask(broken, call.tool, **given, **code)


async def test_secret_of_somebody_else_is_not_shown(listener: Listener) -> None:
    mcp = await listener.server(audit_log=listener.log)
    guest = {"cluster_name": "pg", "role_name": "guest", "wait_seconds": 0}
    await listener.ask(mcp, "update_postgres_role", **guest, rotate_password=True)
    plan = await listener.ask(mcp, "delete_postgres_role", **guest)
    assert FOREIGN_SECRET in {row["name"] for row in plan["effects"]}
    code = {"confirmation": plan["confirmation"]}
    await listener.ask(mcp, "delete_postgres_role", **guest, **code)


@pytest.mark.parametrize("tool", sorted(READING))
async def test_no_reading_tool_shows_a_password(listener: Listener, tool: str) -> None:
    mcp = await listener.server(audit_log=listener.log)
    await listener.ask(mcp, tool, **CALLS[tool])
    await listener.ask(mcp, tool, **CALLS[tool], namespace="elsewhere")
    if tool != "list_postgres_databases":
        await listener.ask(mcp, tool, **CALLS[tool], detail_level="detailed")


async def test_passwords_are_made_and_none_is_shown(listener: Listener) -> None:
    mcp = await listener.server(audit_log=listener.log)
    await listener.passwords.look(listener.desk.site)
    before = set(listener.passwords.found)
    await listener.ask(mcp, "create_postgres_role", **NEWCOMER)
    plan = await listener.ask(mcp, "update_postgres_role", **ROTATE)
    code = {"confirmation": plan["confirmation"]}
    await listener.ask(mcp, "update_postgres_role", **ROTATE, **code)
    made = {each for each in listener.passwords.found - before if len(each) == 32}
    assert len(made) == 2


async def test_secrets_of_a_running_cluster_are_not_shown(
    backend: Backend, steady: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(backend.admin())
        site, passwords = Site(backend, steady, admin, stack), Passwords()
        await passwords.look(site)
        with all_ears() as ear:
            mcp = await site.user(namespaces=[steady], cluster_facts=True)
            told = [repr(await mcp.ask(tool, arguments)) for tool, arguments in CALLS.items()]
            told.append(repr(await mcp.call("delete_postgres_cluster", name="pg")))
    everything = "\n".join([*told, *ear.heard, *capfd.readouterr()])
    assert "pg-app" in everything
    assert len(passwords.found) > 5
    assert [each for each in passwords.forms() if each in everything] == []


async def test_program_that_logs_everything_shows_no_password(own: Desk, tmp_path: Path) -> None:
    errors, passwords = tmp_path / "stderr", Passwords()
    async with own.program(errors, LOG_LEVEL="DEBUG") as mcp:
        answers = [await mcp.call("create_postgres_role", **NEWCOMER)]
        await passwords.look(own.site)
        answers.append(await confirmed(mcp, "update_postgres_role", **ROTATE))
        await passwords.look(own.site)
        await mcp.refused("update_postgres_role", **{**ROTATE, "role_name": "nobody"})
    said = errors.read_text()
    assert "DEBUG" in said
    assert '"event":"intent"' in said
    assert len([each for each in passwords.found if len(each) == 32]) >= 2
    assert [each for each in passwords.forms() if each in f"{said}{answers}"] == []
