"""Every call is one line of the audit log, whatever comes of it, and the line names its caller."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from cnpg_mcp.errors import ErrorCode
from test.auth import rpc
from test.auth.providers.auth0 import Auth0
from test.auth.tokens import decode
from test.authority import rules
from test.authority.asking import Caller, error_of, outcome
from test.authority.cells import ONE_OF_EACH, Cell
from test.authority.house import NAMES, House
from test.authority.matrix import Matrix
from test.authority.standing import ADMIN, STANDINGS, Standing
from test.contract.destructive import FORMS
from test.contract.planted import state

kinds = pytest.mark.parametrize("kind", NAMES)
eras = pytest.mark.parametrize("era", rpc.ERAS)
STANDING = {each.name: each for each in STANDINGS["test"]}
FORBIDDEN_BY_SCOPE = ("refused", "insufficient_scope")
DROP = FORMS["delete-database"]
ROLE = {"cluster_name": "pg", "role_name": "newcomer", "wait_seconds": 0}
Line = dict[str, Any]


def told(answer: httpx.Response) -> tuple[str, str | None]:
    """Outcome and error as the line should have them, by what the client was answered."""
    if answer.status_code == httpx.codes.FORBIDDEN:
        return FORBIDDEN_BY_SCOPE
    if error := error_of(answer):
        return "refused", error["code"]
    return answer.json()["result"]["structuredContent"].get("outcome", "read"), None


def client_id(token: str) -> str:
    """The client for which a token was made; our own tokens and the provider's say it each."""
    claims = json.loads(decode(token.split(".")[1]))
    return str(claims.get("client_id") or claims["azp"])


async def recorded(
    matrix: Matrix, caller: Caller, standing: Standing, cell: Cell
) -> tuple[httpx.Response, Line]:
    """An answer and its line, of which there is one."""
    answer = await matrix.answer(caller, standing, cell)
    name = answer.headers["x-request-id"]
    (line,) = (each for each in caller.house.audit if each["request_id"] == name)
    return answer, line


@eras
@pytest.mark.parametrize("standing", [STANDING["none"], STANDING["read"]], ids=str)
@kinds
async def test_every_call_is_one_line_that_names_who_and_what(
    matrix: Matrix, http: httpx.AsyncClient, kind: str, standing: Standing, era: str
) -> None:
    caller = matrix.caller(http, kind, standing, era)
    before = datetime.now(UTC)
    for cell in ONE_OF_EACH:
        answer, line = await recorded(matrix, caller, standing, cell)
        assert (line["event"], line["tool"]) == ("call", cell.tool)
        assert before <= datetime.fromisoformat(line["time"]) <= datetime.now(UTC)
        assert line["arguments"].keys() == {*cell.arguments, "namespace"}
        assert (line["outcome"], line.get("error")) == told(answer)
        assert 0 <= line["ms"] < 60_000
        assert line["caller"] == {
            "issuer": caller.house.issuer,
            "subject": matrix.tokens.subject,
            "client_id": client_id(caller.token),
        }
        assert line["client"] == ("a test 0" if era == rpc.MODERN else http.headers["user-agent"])


@kinds
async def test_name_that_a_client_gives_its_request_is_the_one_on_record(
    matrix: Matrix, http: httpx.AsyncClient, kind: str
) -> None:
    caller = matrix.caller(http, kind, STANDING["read"], rpc.MODERN)
    given = f"trace-of-{kind}.1"
    answer = await caller.ask("list_postgres_clusters", {}, **{"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given
    assert [line["request_id"] for line in caller.house.audit].count(given) == 1


@kinds
async def test_call_with_unfit_arguments_is_on_record_without_their_values(
    matrix: Matrix, http: httpx.AsyncClient, kind: str
) -> None:
    caller = matrix.caller(http, kind, STANDING["read"], rpc.MODERN)
    error = await caller.refused("get_cluster_status", {"name": "pg", "password": "canary-7a1e"})
    assert error["code"] == ErrorCode.INVALID
    assert caller.house.audit[-1]["error"] == ErrorCode.INVALID
    assert "canary-7a1e" not in caller.house.audit_log.read_text()


@kinds
async def test_what_is_destroyed_is_on_record_as_intended_by_the_same_person(
    matrix: Matrix, http: httpx.AsyncClient, kind: str
) -> None:
    caller = matrix.caller(http, kind, STANDING["admin"], rpc.MODERN)
    async with matrix.world.another() as site:
        here = {**DROP.arguments, "namespace": site.namespace}
        code = await caller.code(DROP.tool, here)
        answer = await caller.ask(DROP.tool, {**here, "confirmation": code})
    name = answer.headers["x-request-id"]
    intent, call = (line for line in caller.house.audit if line["request_id"] == name)
    assert (intent["event"], call["event"]) == ("intent", "call")
    assert ("Database", "shop") in {(each["kind"], each["name"]) for each in intent["effects"]}
    assert call["caller"]["subject"] == matrix.tokens.subject


# Without the log


@pytest.fixture(params=[*itertools.product(NAMES, ["folder", "full"])], ids="-".join)
def unrecorded(
    request: pytest.FixtureRequest, matrix: Matrix, provider: Auth0, folder: Path
) -> Iterator[House]:
    """A server whose audit log cannot be written: it is a folder, or on a disk that is full."""
    kind, why = request.param
    log = folder if why == "folder" else Path("/dev/full")
    with House(kind, provider.issuer, folder, matrix.world.account, audit_log=log) as house:
        yield house


async def test_nothing_is_destroyed_without_its_line_and_all_else_goes_on(
    matrix: Matrix, unrecorded: House, http: httpx.AsyncClient
) -> None:
    caller = Caller(http, unrecorded, matrix.tokens.of(unrecorded, ADMIN))
    async with matrix.world.another() as site:
        here = {**DROP.arguments, "namespace": site.namespace}
        code = await caller.code(DROP.tool, here)
        before = await state(site)
        error = await caller.refused(DROP.tool, {**here, "confirmation": code})
        assert error["code"] == ErrorCode.UNAVAILABLE
        assert await state(site) == before
        made = await caller.ask("create_postgres_role", {**ROLE, "namespace": site.namespace})
        assert outcome(made) == "accepted"
        assert outcome(await caller.ask("list_postgres_clusters", {})) == rules.ANSWERS
