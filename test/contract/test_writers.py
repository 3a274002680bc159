"""Two servers at one inline list: nothing that either has done is lost, no Secret is left."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.contract.arrange import cluster_with, roles_reported
from test.contract.backend import Backend
from test.contract.caller import Caller
from test.contract.planning import planned
from test.contract.site import Site, open_site
from test.contract.test_create_role import secrets

ROUNDS, DROP_EVERY = 20, 5
OTHERS = ({"name": "first", "comment": "kept"}, {"name": "clerk", "comment": "kept"})
AT_ONCE = {"cluster_name": "pg", "wait_seconds": 0}


@pytest.fixture
async def older_site(older: Backend) -> AsyncIterator[Site]:
    """A namespace where roles are declared in the Cluster alone."""
    async with open_site(older) as opened:
        yield opened


async def declared(site: Site) -> dict[str, KubeObject]:
    """The inline roles by name; none is there twice."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    roles = found["spec"]["managed"]["roles"]
    by_name = {each["name"]: each for each in roles}
    assert len(by_name) == len(roles)
    return by_name


async def create(mcp: Caller, name: str) -> None:
    """Declares a role with a password."""
    answer = await mcp.call("create_postgres_role", **AT_ONCE, role_name=name)
    assert answer.content["outcome"] == "accepted"


async def change(mcp: Caller, name: str, number: int) -> None:
    """Changes a role that is there."""
    given = {**AT_ONCE, "role_name": name, "connection_limit": number + 1}
    assert (await mcp.call("update_postgres_role", **given)).content["outcome"] == "accepted"


async def drop(mcp: Caller, name: str) -> None:
    """Asks for a role to be dropped; the plan may be old a moment later, and is then asked anew."""
    given: dict[str, Any] = {**AT_ONCE, "role_name": name}
    for _ in range(20):
        plan = await planned(mcp, "delete_postgres_role", **given)
        code = {"confirmation": plan["confirmation"]}
        result = await mcp.ask("delete_postgres_role", {**given, **code})
        if not result.is_error:
            return
    raise AssertionError(f"the plan for {name} was old again and again")


async def test_creates_changes_and_drops_at_once_are_all_kept(older_site: Site) -> None:
    site = older_site
    await cluster_with(site, *OTHERS)
    await roles_reported(site, "reconciled", "first", "clerk")
    one, other = await site.user(), await site.user()
    dropped: set[str] = set()
    for number in range(ROUNDS):
        turns = [create(one, f"role_{number}"), change(other, "clerk", number)]
        if number % DROP_EVERY == 1:
            dropped.add(f"role_{number - 1}")
            turns.append(drop(other, f"role_{number - 1}"))
        await asyncio.gather(*turns)
    roles = await declared(site)
    kept = {f"role_{number}" for number in range(ROUNDS)} - dropped
    assert roles["first"] == {**OTHERS[0], **_defaults(roles["first"])}
    assert (roles["clerk"]["connectionLimit"], roles["clerk"]["comment"]) == (ROUNDS, "kept")
    assert {name for name in kept if roles[name]["ensure"] == "present"} == kept
    assert {name for name in dropped & roles.keys() if roles[name]["ensure"] != "absent"} == set()
    named = {each["passwordSecret"]["name"] for each in roles.values() if "passwordSecret" in each}
    assert (await secrets(site)).keys() == named
    assert len(named) == len(kept | (dropped & roles.keys()))


def _defaults(entry: KubeObject) -> KubeObject:
    """What the API server fills in."""
    return {key: entry[key] for key in ("connectionLimit", "ensure", "inherit") if key in entry}


async def test_one_role_asked_for_six_times_at_once_is_made_once(older_site: Site) -> None:
    await cluster_with(older_site, *OTHERS)
    writers = [await older_site.user() for _ in range(6)]
    calls = ({**AT_ONCE, "role_name": "wanted"} for _ in writers)
    results = await asyncio.gather(
        *(mcp.ask("create_postgres_role", call) for mcp, call in zip(writers, calls, strict=True))
    )
    done = [each.structured_content["outcome"] for each in results if not each.is_error]
    assert done.count("accepted") == 1
    assert set(done) <= {"accepted", "unchanged"}
    role = (await declared(older_site))["wanted"]
    assert (await secrets(older_site)).keys() == {role["passwordSecret"]["name"]}
