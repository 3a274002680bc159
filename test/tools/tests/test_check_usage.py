"""test-mcp.py: choosing checks, wrong usage, servers that are not there."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from test.controlplane.process import free_ports
from test.tools.check.options import parse
from test.tools.check.registry import Check, Registry
from test.tools.program import guarded
from test.tools.speech import Speech
from test.tools.tests.checking import check

TOKEN = "made-up-token-of-a-test"


# --- choosing ---


def registry() -> Registry:
    """Four checks in two groups."""

    async def run(_: object) -> None:
        """Nothing."""

    made = Registry()
    made.check("read.one", "")(run)
    made.check("write.first", "", writes=True)(run)
    made.check("write.second", "", needs=["write.first"], writes=True)(run)
    made.check("write.third", "", needs=["write.second"], writes=True)(run)
    return made


def names(checks: list[Check]) -> list[str]:
    """Their names."""
    return [check.name for check in checks]


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        (["read"], ["read.one"]),
        (["write.second"], ["write.first", "write.second"]),
        (["*.third"], ["write.first", "write.second", "write.third"]),
        (["read.one", "write.first"], ["read.one", "write.first"]),
        (["rea"], []),
    ],
)
def test_patterns_choose_checks_and_what_they_need(patterns: list[str], chosen: list[str]) -> None:
    assert names(registry().chosen(patterns, writes=False)) == chosen


def test_without_a_pattern_writing_is_chosen_only_when_asked_for() -> None:
    assert names(registry().chosen([], writes=False)) == ["read.one"]
    assert len(registry().chosen([], writes=True)) == 4


def test_check_cannot_need_a_later_one() -> None:
    with pytest.raises(ValueError, match="before"):
        registry().check("read.two", "", needs=["read.three"])(lambda _: None)


def test_list_names_every_check() -> None:
    ran = check("--list")
    assert (ran.status, ran.errors) == (0, "")
    assert {"tools.names", "write.delete-cluster"} <= {
        line.split()[0] for line in ran.out.splitlines()
    }
    listed = json.loads(check("--list", "--json", "--only", "write.status").out)
    assert [each["name"] for each in listed] == ["write.dry-run", "write.create", "write.status"]


def test_pattern_that_fits_nothing_is_refused() -> None:
    ran = check("--only", "nothing-like-it")
    assert ran.status == 2
    assert "--list" in ran.errors


# --- usage ---


def status(arguments: list[str]) -> int:
    """The exit status for a command line, where nothing is done but to read it."""
    try:
        return guarded(Speech(), lambda: len(parse(arguments).command))
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--write"], "--namespace"),
        (["--transport", "http"], "--url"),
        (["--transport", "stdio", "--url", "http://localhost:3000"], "--transport http"),
        (["--token", "t"], "--transport http"),
        (["--url", "http://localhost:1", "--command", "x"], "--command"),
        (["--url", "ftp://localhost"], "address"),
        (["--url", "http://localhost:99999"], "address"),
        (["--url", "http://localhost:1", "--token-file", "/nowhere"], "--token-file"),
        (["--login", "--token", "t", "--url", "http://localhost:1"], "not allowed"),
        (["--timeout", "0"], "--timeout"),
    ],
)
def test_wrong_usage_is_said(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert named in said.err


@pytest.mark.parametrize("text", ["", f"{TOKEN} and more", f"{TOKEN}\n{TOKEN}"])
def test_token_file_with_something_else_is_refused_and_not_shown(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text(text)
    given = ["--url", "http://localhost:1", "--token-file", str(tmp_path / "token")]
    assert status(given) == 2
    assert TOKEN not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://localhost:3000", "http://localhost:3000/mcp"),
        ("http://localhost:3000/", "http://localhost:3000/mcp"),
        ("http://localhost:3001/test", "http://localhost:3001/test"),
        ("https://host.example/test/", "https://host.example/test/"),
    ],
)
def test_address_without_a_path_means_mcp(given: str, meant: str) -> None:
    assert parse(["--url", given]).url == meant


def test_without_a_token_only_somebody_at_a_terminal_is_sent_to_the_login() -> None:
    http = ["--url", "http://localhost:3000"]
    assert parse(http, is_attended=True).login
    assert not parse(http).login
    assert not parse([*http, "--token", TOKEN], is_attended=True).login
    assert not parse([], is_attended=True).login


# --- no server to check ---


@contextmanager
def answering(status: int, headers: dict[str, str] | None = None) -> Iterator[str]:
    """The address of a server that answers everything alike, and repeats what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(str(self.headers).encode())

        do_GET = do_POST  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (401, "get-user-token.py"),
        (403, "403"),
        (404, "/test"),
        (421, "ALLOWED_HOSTS"),
        (429, "wait"),
        (503, "/readyz"),
        (500, "500"),
        (200, "No MCP server"),
    ],
)
def test_server_that_does_not_let_in_is_explained(status: int, named: str) -> None:
    said = {"WWW-Authenticate": f'Bearer error_description="The token {TOKEN} is over."'}
    with answering(status, said if status == 401 else None) as url:
        ran = check("--url", url, "--token", TOKEN)
    assert (ran.status, ran.out) == (2, "")
    assert named in ran.errors
    assert ran.errors.count("\n") == 1
    assert TOKEN not in ran.said


def test_refusal_of_the_token_is_told_in_the_servers_words() -> None:
    said = {"WWW-Authenticate": 'Bearer error_description="The token has expired."'}
    with answering(401, said) as url:
        ran = check("--url", url, "--token", TOKEN)
    assert "(401: The token has expired)" in ran.errors


def test_server_that_wants_a_sign_in_is_explained() -> None:
    with answering(401) as url:
        ran = check("--url", url)
    assert ran.status == 2
    assert "--login" in ran.errors


def test_address_where_nothing_listens_is_explained() -> None:
    ran = check("--url", f"http://127.0.0.1:{free_ports(1)[0]}")
    assert ran.status == 2
    assert "Nothing answers" in ran.errors


def test_program_that_cannot_be_started_is_explained() -> None:
    ran = check("--command", "/nowhere/server")
    assert ran.status == 2
    assert "cannot be started" in ran.errors


def test_program_that_ends_is_explained_with_its_last_words() -> None:
    ran = check("--command", "/bin/sh -c 'echo settings are wrong >&2; exit 2'")
    assert ran.status == 2
    assert "settings are wrong" in ran.errors


def test_token_that_would_travel_unencrypted_is_warned_about() -> None:
    ran = check("--url", "http://host.invalid:1/mcp", "--token", TOKEN)
    assert "warning: the token goes over the network unencrypted" in ran.errors
