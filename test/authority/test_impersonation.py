"""Kubernetes decides by the person, not by the server: who they are, and what they may do there."""

import asyncio
from pathlib import Path

import httpx
import pytest

from test.auth import rpc
from test.authority import rights
from test.authority.asking import Caller
from test.authority.cells import ONE_OF_EACH
from test.authority.company import Company
from test.authority.house import NAMES, House
from test.authority.people import ANOTHER, GROUP_PREFIX, IMPERSONATES, SOMEONE
from test.contract.planted import state
from test.contract.site import Site

kinds = pytest.mark.parametrize("kind", NAMES)
LIST = "list_postgres_clusters"
ROLE = {"cluster_name": "pg", "role_name": "newcomer", "wait_seconds": 0}


# Who may


@kinds
async def test_person_does_what_they_may_although_the_server_may_not(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str
) -> None:
    await rights.give(site.admin, site.namespace, user=SOMEONE.user)
    someone = company.caller(http, kind, SOMEONE)
    here = {"namespace": site.namespace}
    async with company.overheard() as asked:
        found = await someone.content(LIST, here)
        made = await someone.content("create_postgres_role", {**ROLE, **here})
    assert [row["name"] for row in found["clusters"]] == ["pg"]
    assert made["outcome"] == "accepted"
    assert {(each.user, each.groups) for each in asked} == {
        (SOMEONE.user, SOMEONE.kubernetes_groups)
    }
    assert {"list", "get", "create"} <= {each.verb for each in asked}


@kinds
async def test_person_does_not_what_they_may_not_although_the_server_may(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str
) -> None:
    company.plane.let_in(company.account, site.namespace)
    await rights.give(site.admin, site.namespace, user=SOMEONE.user)
    another, here = company.caller(http, kind, ANOTHER), {"namespace": site.namespace}
    code = await company.caller(http, kind, SOMEONE).code(
        "delete_postgres_role", {"cluster_name": "pg", "role_name": "clerk", **here}
    )
    before = await state(site)
    errors = [
        await another.refused(LIST, here),
        await another.refused("create_postgres_role", {**ROLE, **here}),
        await another.refused(
            "create_postgres_cluster", {"name": "orders", "dry_run": True, **here}
        ),
        await another.refused(
            "delete_postgres_role",
            {"cluster_name": "pg", "role_name": "clerk", "confirmation": code, **here},
        ),
    ]
    assert {error["code"] for error in errors} == {"forbidden"}
    assert all(ANOTHER.user in error["message"] for error in errors)
    assert await state(site) == before


@kinds
async def test_group_gives_its_members_what_it_may(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str
) -> None:
    await rights.give(site.admin, site.namespace, group=f"{GROUP_PREFIX}on call")
    here = {"namespace": site.namespace}
    found = await company.caller(http, kind, SOMEONE).content(LIST, here)
    assert [row["name"] for row in found["clusters"]] == ["pg"]
    error = await company.caller(http, kind, ANOTHER).refused(LIST, here)
    assert error["code"] == "forbidden"


async def test_people_who_call_at_the_same_time_are_not_taken_for_each_other(
    company: Company, site: Site, http: httpx.AsyncClient
) -> None:
    await rights.give(site.admin, site.namespace, user=SOMEONE.user)
    here = {"cluster_name": "pg", "namespace": site.namespace}
    both = [company.caller(http, "test", who) for who in (SOMEONE, ANOTHER)]
    answers = await asyncio.gather(
        *(caller.ask("list_postgres_roles", here) for _ in range(20) for caller in both)
    )
    assert [rpc.error_code(answer) for answer in answers] == [None, "forbidden"] * 20


async def test_no_tool_asks_anything_as_the_server_itself(
    company: Company, site: Site, http: httpx.AsyncClient
) -> None:
    await rights.give(site.admin, site.namespace, user=SOMEONE.user)
    someone = company.caller(http, "test", SOMEONE)
    async with company.overheard() as asked:
        for cell in ONE_OF_EACH:
            arguments = {**cell.arguments, "namespace": site.namespace}
            answer = await someone.ask(cell.tool, arguments)
            plan = answer.json()["result"].get("structuredContent", {})
            if code := plan.get("confirmation"):
                await someone.ask(cell.tool, {**arguments, "confirmation": code})
    assert {each.user for each in asked} == {SOMEONE.user}
    assert {"get", "list", "create", "patch", "delete"} <= {each.verb for each in asked}


async def test_server_that_may_not_act_as_others_says_what_it_lacks(
    company: Company, site: Site, http: httpx.AsyncClient, folder: Path
) -> None:
    company.plane.let_in(company.account, site.namespace)
    account = company.plane.restricted_kubeconfig([site.namespace])
    issuer = company.provider.issuer
    with House("test", issuer, folder, account, **IMPERSONATES) as house:
        someone = Caller(http, house, SOMEONE.token(company.provider, house))
        error = await someone.refused(LIST, {"namespace": site.namespace})
    assert error["code"] == "forbidden"
    assert "cannot impersonate" in error["message"]
    assert company.plane.user_of(account) in error["message"]
    assert "the user that the message names" in error["next_step"]


async def test_person_who_may_not_is_not_told_to_give_the_server_more(
    company: Company, site: Site, http: httpx.AsyncClient
) -> None:
    error = await company.caller(http, "test", ANOTHER).refused(LIST, {"namespace": site.namespace})
    assert "server's account" not in error["next_step"]
