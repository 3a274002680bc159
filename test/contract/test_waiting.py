"""Waiting: progress while it lasts, and a call that is given up leaves a whole change behind."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.domain.resources import SECRETS
from cnpg_mcp.kube.client import Kube
from test.contract.planted import FOREIGN_SECRET, state
from test.contract.servers import Desk
from test.contract.site import Site
from test.contract.test_audit import lines
from test.controlplane.api import until

ROLE = ("create_postgres_role", {"cluster_name": "pg", "role_name": "newcomer"})
CHANGE = ("update_postgres_role", {"cluster_name": "pg", "role_name": "plain", "login": True})
DATABASE = (
    "create_postgres_database",
    {"cluster_name": "pg", "database_name": "new", "owner": "app"},
)
SCALE = ("scale_postgres_cluster", {"name": "pg", "instances": 4})
CLUSTER = ("create_postgres_cluster", {"name": "orders"})
WAITING = (ROLE, CHANGE, DATABASE, SCALE, CLUSTER)
waiting = pytest.mark.parametrize(("tool", "arguments"), WAITING, ids=[tool for tool, _ in WAITING])


class Told:
    """The progress that a client was told of."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, float | None, str | None]] = []
        self.first, self.second = asyncio.Event(), asyncio.Event()

    async def __call__(self, done: float, total: float | None, message: str | None) -> None:
        self.steps.append((done, total, message))
        (self.second if self.first.is_set() else self.first).set()


async def test_progress_arrives_while_calls_wait(own: Desk) -> None:
    mcp = await own.caller()
    told = [Told() for _ in WAITING]
    calls = [
        asyncio.create_task(mcp.ask(tool, {**arguments, "wait_seconds": 45}, progress_handler=each))
        for (tool, arguments), each in zip(WAITING, told, strict=True)
    ]
    async with asyncio.timeout(40):
        await asyncio.gather(*(each.second.wait() for each in told))
    assert not any(call.done() for call in calls)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    for each in told:
        waited = [done for done, _, _ in each.steps]
        assert waited == sorted(waited)
        assert all(0 < done <= 45 == total and text for done, total, text in each.steps)


async def test_wait_that_shows_nothing_new_ends_with_accepted(own: Desk) -> None:
    mcp = await own.caller()
    asked = (mcp.ask(tool, {**arguments, "wait_seconds": 1}) for tool, arguments in WAITING)
    results = await asyncio.gather(*asked)
    assert {each.structured_content["outcome"] for each in results} == {"accepted"}


async def test_progress_arrives_over_stdio(own: Desk, tmp_path: Path) -> None:
    told, (tool, arguments) = Told(), ROLE
    async with own.program(tmp_path / "stderr") as mcp:
        await mcp.ask(tool, {**arguments, "wait_seconds": 2}, progress_handler=told)
    assert told.steps
    assert all(total == 2 and text for _, total, text in told.steps)


@waiting
async def test_nothing_is_told_where_nothing_is_waited_for(
    own: Desk, tool: str, arguments: dict[str, Any]
) -> None:
    told = Told()
    mcp = await own.caller()
    await mcp.ask(tool, {**arguments, "wait_seconds": 0}, progress_handler=told)
    assert told.steps == []


@waiting
async def test_call_that_is_given_up_while_it_waits_has_made_its_change(
    own: Desk, tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    told, log = Told(), tmp_path / "audit.log"
    before = await state(own.site)
    mcp = await own.caller(audit_log=log)
    given = {**arguments, "wait_seconds": 45}
    call = asyncio.create_task(mcp.ask(tool, given, progress_handler=told))
    await asyncio.wait_for(told.first.wait(), 20)
    call.cancel()
    await until(lambda: _ended(log), 30, lambda: "the server still waits")
    (line,) = lines(log)
    assert line["outcome"] == "cancelled"
    assert line["objects"]
    assert line["ms"] < 45_000
    assert await state(own.site) != before
    await require_whole(own.site)
    again = await mcp.call(tool, **arguments, wait_seconds=0)
    assert again.content["outcome"] == "unchanged"


async def _ended(log: Path) -> bool:
    return bool(lines(log))


class Held(Kube):
    """Holds on to the answer to the making of a Secret: the role is not declared yet."""

    def __init__(self, kube: Kube) -> None:
        super().__init__(kube._transport)
        self.made, self.go_on = asyncio.Event(), asyncio.Event()

    async def create(self, resource: Any, *args: Any, **options: Any) -> Any:
        written = await super().create(resource, *args, **options)
        if resource == SECRETS and not options.get("dry_run"):
            self.made.set()
            await self.go_on.wait()
        return written


@pytest.mark.parametrize(("tool", "arguments"), [ROLE, CHANGE], ids=["create", "change"])
async def test_call_that_is_given_up_between_two_writes_is_finished(
    own: Desk, tmp_path: Path, tool: str, arguments: dict[str, Any]
) -> None:
    held: list[Held] = []
    log = tmp_path / "audit.log"

    def around(kube: Kube) -> Kube:
        held.append(Held(kube))
        return held[0]

    mcp = await own.caller(around=around, audit_log=log)
    call = asyncio.create_task(mcp.ask(tool, {**arguments, "wait_seconds": 0}))
    await asyncio.wait_for(held[0].made.wait(), 20)
    call.cancel()
    await until(lambda: _ended(log), 30, lambda: "the call has not ended")
    held[0].go_on.set()
    name = str(arguments["role_name"])
    await until(lambda: _refers(own.site, name), 30, lambda: "the role names no Secret")
    await until(lambda: _is_whole(own.site), 30, lambda: "a Secret stands alone")


async def require_whole(site: Site) -> None:
    """Every Secret of this server is named by a role, and every Secret that one names exists."""
    made = {each["metadata"]["name"] for each in await _secrets(site)}
    assert made == set((await _named(site)).values())


async def _is_whole(site: Site) -> bool:
    secrets = await _secrets(site)
    owned = all(each["metadata"].get("ownerReferences") for each in secrets if _is_new(each))
    made = {each["metadata"]["name"] for each in secrets}
    return owned and made == set((await _named(site)).values())


def _is_new(secret: KubeObject) -> bool:
    return "cnpg-mcp.io/call" in secret["metadata"]["annotations"]


async def _refers(site: Site, role: str) -> bool:
    return role in await _named(site)


async def _secrets(site: Site) -> list[KubeObject]:
    found = await site.admin.list("secrets", site.namespace)
    return [each for each in found if each["metadata"]["name"] != FOREIGN_SECRET]


async def _named(site: Site) -> dict[str, str]:
    """The Secret that each declared role names."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    objects = await site.admin.list("databaseroles", site.namespace)
    roles = [*found["spec"]["managed"]["roles"], *(each["spec"] for each in objects)]
    names = {each["name"]: each["passwordSecret"]["name"] for each in roles if _has(each)}
    return {role: name for role, name in names.items() if name != FOREIGN_SECRET}


def _has(role: KubeObject) -> bool:
    return "passwordSecret" in role
