"""The command: what it takes, what it looks at, and its exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cnpg_mcp.doctor.command import Command, parse
from cnpg_mcp.doctor.main import main
from cnpg_mcp.settings import Settings
from test.doctor.planted import Planted
from test.doctor.served import Served

URL = "https://mcp.example"
FLAGS: dict[str, tuple[list[str], str | None, Command]] = {
    "nothing": ([], None, Command(None, outside=False, inside=True, as_json=False)),
    "url": (["--url", URL], None, Command(URL, outside=True, inside=False, as_json=False)),
    "connector's address": (
        ["--url", f"{URL}/mcp/", "--json"],
        None,
        Command(URL, outside=True, inside=False, as_json=True),
    ),
    "url for inside": (
        ["--url", URL, "--inside"],
        None,
        Command(URL, outside=False, inside=True, as_json=False),
    ),
    "both": (
        ["--outside", "--inside"],
        URL,
        Command(URL, outside=True, inside=True, as_json=False),
    ),
}
WRONG = (
    ["--outside"],
    ["--url", "mcp.example"],
    ["--url", "ftp://mcp.example"],
    ["--url", f"{URL}/other"],
    ["--url", "https://user:made-up@mcp.example"],
    ["--url", "https://"],
    ["surplus"],
)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the settings of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def healthy() -> Iterator[tuple[Planted, str]]:
    """A healthy server on loopback, and its address."""
    server = Planted()
    server.plain = lambda _: None
    with Served(server) as served:
        base = f"http://127.0.0.1:{served.port}"
        server.believe(base)
        server.origins = {base}
        yield server, base


@pytest.mark.parametrize("name", FLAGS)
def test_command_is_understood(name: str) -> None:
    arguments, public_url, command = FLAGS[name]
    assert parse(arguments, public_url) == command


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_command_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_healthy_server_ends_with_0(
    healthy: tuple[Planted, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", healthy[1]]) == 0
    assert "no errors, no warnings" in capsys.readouterr().out


def test_faulty_server_ends_with_1_and_json_names_the_fault(
    healthy: tuple[Planted, str], capsys: pytest.CaptureFixture[str]
) -> None:
    healthy[0].wants_tokens = False
    assert main(["--url", healthy[1], "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [each["code"] for each in found if each["severity"] == "error"] == [
        "served-without-sign-in"
    ]


def test_refused_settings_are_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://mcp.example")
    assert main(["--inside", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["code"], found["side"]) == ("settings-refused", "inside")


def test_both_sides_are_told(
    healthy: tuple[Planted, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PUBLIC_URL", healthy[1])
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/kubeconfig")
    assert main(["--outside", "--inside", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [each["side"] for each in found if each["severity"] == "error"] == ["inside"]


def test_program_runs_by_itself(healthy: tuple[Planted, str]) -> None:
    command = [sys.executable, "-m", "cnpg_mcp.doctor.main", "--url", healthy[1]]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert (ended.returncode, ended.stderr) == (0, "")
