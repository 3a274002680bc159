"""Nobody becomes somebody else: by claims, by headers, by a plan that another person has seen."""

from typing import Any

import httpx
import pytest

import cnpg_tools
from test.authority import rights
from test.authority.asking import Caller
from test.authority.company import Company
from test.authority.house import NAMES
from test.authority.matrix import Matrix
from test.authority.people import ANOTHER, EVERYBODY, SOMEONE, Employee
from test.authority.standing import ADMIN
from test.contract.calls import CALLS
from test.contract.destructive import FORMS
from test.contract.planted import state
from test.contract.site import Site

kinds = pytest.mark.parametrize("kind", NAMES)
LIST = "list_postgres_clusters"
DROP = FORMS["delete-database"]
INJECTED = "someone\r\nImpersonate-Group: system:masters"


# By claims: with a prefix they are harmless


POWERFUL = {
    "admin": Employee("system:admin"),
    "account": Employee("system:serviceaccount:kube-system:default"),
    "masters": Employee("auth0|intruder", ("system:masters",)),
    "masters-by-comma": Employee("auth0|intruder", ("dba,system:masters",)),
    "node": Employee("system:node:a", ("system:nodes",)),
}


@pytest.mark.parametrize("who", POWERFUL.values(), ids=POWERFUL)
@kinds
async def test_name_of_somebody_powerful_gives_no_power(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str, who: Employee
) -> None:
    async with company.overheard() as asked:
        error = await company.caller(http, kind, who).refused(LIST, {"namespace": site.namespace})
    assert error["code"] == "forbidden"
    assert {(each.user, each.groups) for each in asked} == {(who.user, who.kubernetes_groups)}
    assert all(each.status == 403 for each in asked)


# By claims: what cannot be a name bars


BARRED = {
    "header-in-subject": Employee(INJECTED),
    "header-in-group": Employee("auth0|intruder", (INJECTED,)),
    "no-groups": Employee("auth0|intruder", claims={"groups": None}),
    "groups-as-text": Employee("auth0|intruder", claims={"groups": "dba"}),
    "blank-before": Employee(" system:admin"),
    "not-ascii": Employee("auth0|\u0430da"),
}


@pytest.mark.parametrize("who", BARRED.values(), ids=BARRED)
@kinds
async def test_unfit_claims_bar_their_bearer_who_is_on_record(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str, who: Employee
) -> None:
    house = company.houses[kind]
    intruder = company.caller(http, kind, who)
    tools = list(cnpg_tools.REGISTRY.tools)
    before = len(house.audit)
    async with company.overheard() as asked:
        errors = [await intruder.refused(tool, CALLS[tool]) for tool in tools]
    assert {error["code"] for error in errors} == {"forbidden"}
    assert asked == []
    lines = house.audit[before:]
    assert [line["tool"] for line in lines] == tools
    assert {(line["outcome"], line["error"]) for line in lines} == {("refused", "forbidden")}
    named = {(line["caller"]["issuer"], line["caller"]["subject"]) for line in lines}
    assert named == {(company.provider.issuer, who.subject)}


# By headers


HEADERS = {
    "Impersonate-User": "system:admin",
    "Impersonate-Group": "system:masters",
    "Impersonate-Uid": "0",
    "Impersonate-Extra-Scopes": "all",
    "X-Remote-User": "system:admin",
    "X-Remote-Group": "system:masters",
}


@kinds
async def test_headers_of_a_client_do_not_reach_the_api_server(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str
) -> None:
    another = company.caller(http, kind, ANOTHER)
    async with company.overheard() as asked:
        answer = await another.ask(LIST, {"namespace": site.namespace}, **HEADERS)
    assert "forbidden" in answer.text
    assert {(each.user, each.groups) for each in asked} == {
        (ANOTHER.user, ANOTHER.kubernetes_groups)
    }


@kinds
async def test_headers_of_a_client_make_no_server_act_as_others_that_does_not(
    matrix: Matrix, http: httpx.AsyncClient, kind: str
) -> None:
    plane, account = matrix.world.plane, matrix.world.plane.user_of(matrix.world.account)
    house = matrix.houses(kind, ADMIN)
    before = len(await plane.requests(account))
    caller = Caller(http, house, matrix.tokens.of(house, ADMIN))
    answer = await caller.ask(LIST, {}, **HEADERS)
    asked = (await plane.requests(account))[before:]
    assert answer.status_code == 200
    assert {(each.user, each.groups) for each in asked} == {(account, frozenset({EVERYBODY}))}


# By e-mail


@pytest.mark.parametrize("verified", [None, False, "true"])
@kinds
async def test_e_mail_that_is_not_verified_is_nobody(
    by_email: Company, site: Site, http: httpx.AsyncClient, kind: str, verified: Any
) -> None:
    await rights.give(site.admin, site.namespace, user="oidc:someone@shop.example")
    claims = {"email": "someone@shop.example", "email_verified": verified}
    intruder = by_email.caller(http, kind, Employee("auth0|intruder", claims=claims))
    error = await intruder.refused(LIST, {"namespace": site.namespace})
    assert error["code"] == "forbidden"
    assert "not verified" in error["message"]


@kinds
async def test_e_mail_that_is_verified_is_the_user(
    by_email: Company, site: Site, http: httpx.AsyncClient, kind: str
) -> None:
    await rights.give(site.admin, site.namespace, user="oidc:someone@shop.example")
    claims = {"email": "someone@shop.example", "email_verified": True}
    someone = by_email.caller(http, kind, Employee("auth0|someone", claims=claims))
    found = await someone.content(LIST, {"namespace": site.namespace})
    assert [row["name"] for row in found["clusters"]] == ["pg"]


# By somebody else's plan


@kinds
async def test_code_of_one_person_serves_no_other_with_the_same_rights(
    company: Company, site: Site, http: httpx.AsyncClient, kind: str
) -> None:
    for who in (SOMEONE, ANOTHER):
        await rights.give(site.admin, site.namespace, user=who.user)
    someone, another = (company.caller(http, kind, who) for who in (SOMEONE, ANOTHER))
    here = {**DROP.arguments, "namespace": site.namespace}
    code = await someone.code(DROP.tool, here)
    before = await state(site)
    error = await another.refused(DROP.tool, {**here, "confirmation": code})
    assert error["code"] == "confirmation_stale"
    assert await state(site) == before
    done = await someone.content(DROP.tool, {**here, "confirmation": code})
    assert done["outcome"] in {"accepted", "applied"}


@pytest.mark.parametrize(("of", "at"), [("main", "test"), ("test", "main")])
async def test_code_of_one_server_serves_not_at_the_other(
    company: Company, site: Site, http: httpx.AsyncClient, of: str, at: str
) -> None:
    await rights.give(site.admin, site.namespace, user=SOMEONE.user)
    here = {**DROP.arguments, "namespace": site.namespace}
    code = await company.caller(http, of, SOMEONE).code(DROP.tool, here)
    before = await state(site)
    error = await company.caller(http, at, SOMEONE).refused(
        DROP.tool, {**here, "confirmation": code}
    )
    assert error["code"] == "confirmation_stale"
    assert await state(site) == before
