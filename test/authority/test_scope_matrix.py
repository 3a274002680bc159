"""Who may do what: every tool, every form of a call, every scope, both servers, every version."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

import cnpg_tools
from test.auth import rpc
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON
from test.auth.walk import log_in
from test.authority.asking import ERAS, Caller, challenge, outcome
from test.authority.cells import CELLS, ONE_OF_EACH, Cell, Kind
from test.authority.house import NAMES, House
from test.authority.matrix import Matrix
from test.authority.rules import TOOL_ERROR, WRITES, expected
from test.authority.standing import STANDINGS, Standing
from test.authority.world import World
from test.contract.planted import state

CALLERS = [(kind, each) for kind, callers in STANDINGS.items() for each in callers]
callers = pytest.mark.parametrize(
    ("kind", "standing"), CALLERS, ids=[f"{kind}-{each}" for kind, each in CALLERS]
)
kinds = pytest.mark.parametrize("kind", NAMES)
LEGACY = [era for era in ERAS if era != rpc.MODERN]
BY_NAME = {str(each): each for each in STANDINGS["main"]}
ROLE = {"cluster_name": "pg", "role_name": "newcomer", "wait_seconds": 0}


def test_every_tool_of_the_registry_is_in_the_matrix_in_every_form_it_has() -> None:
    tools = cnpg_tools.REGISTRY.tools
    forms = {tool: {cell.kind for cell in CELLS if cell.tool == tool} for tool in tools}
    reading = {tool for tool, spec in tools.items() if spec.hints.read_only}
    assert len(tools) == 12
    assert {tool for tool, kinds in forms.items() if kinds == {Kind.LOOK}} == reading
    coded = {tool for tool, spec in tools.items() if "confirmation" in spec.arguments.model_fields}
    assert {tool for tool, kinds in forms.items() if {Kind.PLAN, Kind.APPLY} <= kinds} == coded
    assert {cell.kind for cell in ONE_OF_EACH} == set(Kind)


@pytest.mark.parametrize("era", ERAS)
@callers
async def test_scope_decides_and_nothing_changes_where_it_is_missing(
    matrix: Matrix, http: httpx.AsyncClient, kind: str, standing: Standing, era: str
) -> None:
    asked = CELLS if era == rpc.MODERN else ONE_OF_EACH
    caller = matrix.caller(http, kind, standing, era)
    async with matrix.world.unchanged():
        told = await matrix.outcomes(caller, standing, asked)
    assert told == {str(cell): expected(cell, standing) for cell in asked}


# What a client says in headers


FALSE = {
    "Mcp-Name": "list_postgres_clusters",
    "Mcp-Method": "tools/list",
}
standings = pytest.mark.parametrize("standing", [BY_NAME["none"], BY_NAME["read"]], ids=str)


@pytest.mark.parametrize("era", LEGACY)
@standings
@kinds
async def test_headers_of_another_call_change_nothing_where_the_version_has_none(
    matrix: Matrix, http: httpx.AsyncClient, kind: str, standing: Standing, era: str
) -> None:
    caller = matrix.caller(http, kind, standing, era)
    async with matrix.world.unchanged():
        told = await matrix.outcomes(caller, standing, ONE_OF_EACH, **FALSE)
    assert told == {str(cell): expected(cell, standing) for cell in ONE_OF_EACH}


@pytest.mark.parametrize("header", FALSE)
@kinds
async def test_headers_of_another_call_are_refused_where_the_version_has_them(
    matrix: Matrix, http: httpx.AsyncClient, kind: str, header: str
) -> None:
    standing = BY_NAME["admin"]
    caller = matrix.caller(http, kind, standing, rpc.MODERN)
    asked = [cell for cell in ONE_OF_EACH if cell.tool != FALSE["Mcp-Name"]]
    answers = [
        await matrix.answer(caller, standing, cell, **{header: FALSE[header]}) for cell in asked
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert all("error" in answer.json() for answer in answers)


# The way to more


@kinds
async def test_challenge_says_all_that_a_client_needs_for_a_new_login(
    matrix: Matrix, http: httpx.AsyncClient, kind: str
) -> None:
    caller = matrix.caller(http, kind, BY_NAME["read"], rpc.MODERN)
    answer = await caller.ask("create_postgres_role", ROLE)
    needed = "cnpg:read cnpg:write"
    said = challenge(answer)
    assert said.pop("error_description")
    assert said == {
        "error": "insufficient_scope",
        "scope": needed,
        "resource_metadata": caller.house.metadata,
    }
    assert answer.json().keys() == {"error", "error_description", "scope"}
    assert answer.json()["scope"] == needed
    document = (await http.get(said["resource_metadata"])).json()
    assert document["resource"] == caller.house.mcp
    assert set(needed.split()) <= set(document["scopes_supported"])


async def test_client_that_asks_for_what_the_challenge_says_gets_through(
    matrix: Matrix, http: httpx.AsyncClient, provider: Auth0
) -> None:
    caller = matrix.caller(http, "main", BY_NAME["read"], rpc.MODERN)
    frozen = {**ROLE, "namespace": matrix.world.frozen[rpc.MODERN]}
    scope = challenge(await caller.ask("create_postgres_role", frozen))["scope"]
    again = replace(caller, token=log_in(caller.house.base, PERSON, f"openid {scope}").access)
    assert outcome(await again.ask("create_postgres_role", frozen)) == WRITES


async def test_client_is_not_sent_to_login_again_for_what_every_login_asks_for(
    provider: Auth0, http: httpx.AsyncClient, world: World, folder: Path
) -> None:
    always = ("offline_access", "cnpg:read")
    with House("main", provider.issuer, folder, world.account, oidc_scopes=always) as house:
        token = log_in(house.base, PERSON, "openid cnpg:read").access
        answer = await Caller(http, house, token).ask("create_postgres_role", ROLE)
    assert outcome(answer) == TOOL_ERROR


# What the scope is good for


WRITING = [cell for cell in ONE_OF_EACH if cell.kind in {Kind.CHANGE, Kind.APPLY}]


@pytest.mark.parametrize("cell", WRITING, ids=str)
@kinds
async def test_whoever_has_the_scope_really_changes_what_they_may(
    matrix: Matrix, http: httpx.AsyncClient, kind: str, cell: Cell
) -> None:
    standing = BY_NAME["write" if cell.kind is Kind.CHANGE else "admin"]
    caller = matrix.caller(http, kind, standing, rpc.MODERN)
    async with matrix.world.another() as site:
        arguments = {**cell.arguments, "namespace": site.namespace}
        if cell.kind is Kind.APPLY:
            arguments["confirmation"] = await caller.code(cell.tool, arguments)
        before = await state(site)
        done = await caller.content(cell.tool, arguments)
        assert await state(site) != before
    assert done["outcome"] in {"accepted", "applied"}
