"""The list of clusters, over every transport."""

from collections.abc import Iterator

import httpx
import pytest

from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON
from test.auth.site import Site, make_auth0
from test.e2e.births import Birth
from test.e2e.desk import Data, Desk
from test.e2e.room import Room
from test.serving import ask


def _row(listed: Data, name: str) -> Data:
    row: Data
    (row,) = [row for row in listed["clusters"] if row["name"] == name]
    return row


def test_list_shows_what_the_operator_reports(room: Room, desk: Desk, birth: Birth) -> None:
    name = birth.status["name"]
    row = _row(desk.ask("list_postgres_clusters").data, name)
    status = room.admin.get("clusters", room.namespace, name)["status"]
    assert (row["phase"], row["ready"], row["instances"], row["primary"]) == (
        status["phase"],
        status["readyInstances"],
        status["instances"],
        status["currentPrimary"],
    )


def test_list_has_every_cluster_of_the_namespace_once(room: Room, desk: Desk, birth: Birth) -> None:
    listed = desk.ask("list_postgres_clusters").data
    existing = [item["metadata"]["name"] for item in room.admin.objects("clusters", room.namespace)]
    assert sorted(row["name"] for row in listed["clusters"]) == sorted(existing)


def test_detailed_list_gives_the_verdict_of_the_status(desk: Desk, birth: Birth) -> None:
    listed = desk.ask("list_postgres_clusters", detail_level="detailed").data
    assert _row(listed, birth.status["name"])["verdict"] == birth.status["verdict"]


@pytest.fixture(scope="module")
def site(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site[Auth0]]:
    """Both servers over http on the real cluster."""
    folder = tmp_path_factory.mktemp("http")
    with Site(folder, make_auth0, {"KUBECONFIG": str(room.kubeconfig)}) as running:
        yield running


async def _main_token(site: Site[Auth0]) -> str:
    async with httpx.AsyncClient(trust_env=False) as http, Browser(PERSON) as browser:
        return (await OAuthClient(site.main.base, http).login(browser)).access


async def test_list_over_http_is_the_list_over_stdio(
    site: Site[Auth0], desk: Desk, birth: Birth
) -> None:
    names = [row["name"] for row in desk.ask("list_postgres_clusters").data["clusters"]]
    tokens = {site.main: await _main_token(site), site.test: site.provider.token("cnpg:read")}
    for server, token in tokens.items():
        answer = await ask(server.mcp, token, "list_postgres_clusters")
        assert not answer.is_error, answer
        assert [row["name"] for row in (answer.structured_content or {})["clusters"]] == names


async def test_all_namespaces_without_the_right_lists_the_own_one_and_says_so(
    room: Room, desk: Desk, birth: Birth
) -> None:
    listed = desk.ask("list_postgres_clusters", all_namespaces=True).data
    assert {row.get("namespace", room.namespace) for row in listed["clusters"]} == {room.namespace}
    assert listed["scope"]["note"]


def test_absent_namespace_is_not_an_empty_list(desk: Desk) -> None:
    # the Role alone cannot look up other namespaces, and the chart limits the server to its own
    truthful = {"not_found", "forbidden", "blocked"}
    refusal = desk.refused("list_postgres_clusters", namespace="cnpg-mcp-e2e-absent")
    assert refusal.code in truthful


def test_absent_cluster_is_not_found(desk: Desk) -> None:
    assert desk.refused("get_cluster_status", name="absent").code == "not_found"
