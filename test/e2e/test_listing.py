"""The list of clusters, over every transport."""

import pytest

from test.e2e.births import Birth
from test.e2e.desk import ROOT, Data, Desk
from test.e2e.room import Room
from test.serving import HttpServer, ask

SERVERS = {
    "main": (["src/cnpg_mcp_server.py", "--transport", "http"], "/mcp"),
    "test": (["src/cnpg_mcp_test_server.py"], "/test"),
}


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


@pytest.mark.parametrize("server", SERVERS)
async def test_list_over_http_is_the_list_over_stdio(
    room: Room, desk: Desk, birth: Birth, server: str
) -> None:
    arguments, path = SERVERS[server]
    with HttpServer(arguments, {"KUBECONFIG": str(room.kubeconfig)}, cwd=ROOT) as running:
        answer = await ask(running.url(path), "list_postgres_clusters")
    names = [row["name"] for row in desk.ask("list_postgres_clusters").data["clusters"]]
    assert [row["name"] for row in (answer.structured_content or {})["clusters"]] == names


async def test_all_namespaces_without_the_right_lists_the_own_one_and_says_so(
    room: Room, desk: Desk, birth: Birth
) -> None:
    listed = desk.ask("list_postgres_clusters", all_namespaces=True).data
    assert {row.get("namespace", room.namespace) for row in listed["clusters"]} == {room.namespace}
    assert listed["scope"]["note"]


def test_absent_namespace_is_not_an_empty_list(desk: Desk) -> None:
    with_right = {"not_found", "forbidden"}  # the Role alone cannot look up other namespaces
    refusal = desk.refused("list_postgres_clusters", namespace="cnpg-mcp-e2e-absent")
    assert refusal.code in with_right


def test_absent_cluster_is_not_found(desk: Desk) -> None:
    assert desk.refused("get_cluster_status", name="absent").code == "not_found"
