"""The servers as processes on loopback: who is answered over http, and who is refused."""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from test.serving import ROOT, HttpServer, ask, tool_definitions

MAIN = ["src/cnpg_mcp_server.py", "--transport", "http"]
TEST = ["src/cnpg_mcp_test_server.py"]
ENTRIES = {"main": (MAIN, "/mcp"), "test": (TEST, "/test")}
INITIALIZE = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
    b'"capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'
)
EXIT_SECONDS = 30


@pytest.fixture(scope="module", params=ENTRIES)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[HttpServer, str]]:
    """Each server with a kubeconfig that does not exist, and the path it serves."""
    arguments, path = ENTRIES[request.param]
    absent = tmp_path_factory.mktemp("serving") / "absent"
    with HttpServer(arguments, {"KUBECONFIG": str(absent)}) as running:
        yield running, path


def _post(served: tuple[HttpServer, str], **headers: str) -> int:
    server, path = served
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    usual = {
        "Host": f"127.0.0.1:{server.port}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    try:
        connection.request("POST", path, INITIALIZE, {**usual, **headers})
        return connection.getresponse().status
    finally:
        connection.close()


def test_loopback_host_is_served(served: tuple[HttpServer, str]) -> None:
    assert _post(served) == 200


def test_localhost_by_name_is_served(served: tuple[HttpServer, str]) -> None:
    assert _post(served, Host=f"localhost:{served[0].port}") == 200


def test_foreign_host_is_refused(served: tuple[HttpServer, str]) -> None:
    assert _post(served, Host="attacker.example") == 421


def test_foreign_origin_is_refused(served: tuple[HttpServer, str]) -> None:
    assert _post(served, Origin="https://attacker.example") == 403


def test_page_of_another_port_of_this_machine_is_refused(served: tuple[HttpServer, str]) -> None:
    assert _post(served, Origin="http://localhost:8080") == 403


def test_own_origin_is_served(served: tuple[HttpServer, str]) -> None:
    assert _post(served, Origin=f"http://127.0.0.1:{served[0].port}") == 200


async def test_call_without_kubernetes_is_a_tool_error(served: tuple[HttpServer, str]) -> None:
    server, path = served
    answer = await ask(server.url(path), "list_postgres_clusters")
    assert answer.is_error
    assert (answer.meta or {})["cnpg-mcp.io/error"]["code"] == "unavailable"


async def test_both_servers_list_the_same_tools(tmp_path: Path) -> None:
    environment = {"KUBECONFIG": str(tmp_path / "absent")}
    with HttpServer(MAIN, environment) as main, HttpServer(TEST, environment) as test:
        assert await tool_definitions(main.url("/mcp")) == await tool_definitions(test.url("/test"))


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_bind_that_others_could_reach_is_refused(entry: str, host: str) -> None:
    arguments, _ = ENTRIES[entry]
    ended = subprocess.run(
        [sys.executable, *arguments, "--host", host, "--port", "0"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=EXIT_SECONDS,
        check=False,
    )
    assert ended.returncode == 2
    assert "loopback" in ended.stderr
    assert "Traceback" not in ended.stderr
