"""Starting the servers over http: what is missing is said, nobody is served without sign-in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test.auth.addresses import plain_http
from test.auth.providers.base import CLIENT_SECRET, settings
from test.auth.servers import ENTRIES, ROOT, Server
from test.auth.site import Site

EXIT_SECONDS = 120
CANARY = "made-up-canary-of-a-test"
OPEN_TO_OTHERS = {"HOST": "0.0.0.0"}


def ended(kind: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A server that refuses to start."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *ENTRIES[kind], "--port", "0"],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=EXIT_SECONDS,
        check=False,
    )


def test_main_server_without_a_provider_says_what_it_needs() -> None:
    refused = ended("main", {})
    assert refused.returncode == 2
    assert "OIDC_ISSUER" in refused.stderr
    assert "AUTH0_CLIENT_SECRET" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("missing", ["PUBLIC_URL", "OAUTH_SIGNING_KEY"])
def test_main_server_that_others_can_reach_wants_address_and_key(
    missing: str, auth0_site: Site
) -> None:
    whole = {"PUBLIC_URL": "https://host.example", "OAUTH_SIGNING_KEY": "made-up-key-" * 4}
    del whole[missing]
    refused = ended("main", {**settings(auth0_site.provider), **OPEN_TO_OTHERS, **whole})
    assert refused.returncode == 2
    assert missing in refused.stderr


def test_store_that_cannot_be_written_is_said_at_the_start(
    tmp_path: Path, auth0_site: Site
) -> None:
    (tmp_path / "file").write_text("")
    refused = ended(
        "main", {**settings(auth0_site.provider), "OAUTH_STORE": str(tmp_path / "file" / "store")}
    )
    assert refused.returncode == 2
    assert "OAUTH_STORE" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_test_server_with_broken_settings_serves_the_reason_instead_of_exiting(
    tmp_path: Path,
) -> None:
    server = Server("test", tmp_path, {"RATE_LIMIT": "fast"})
    server.start()
    try:
        with plain_http() as http:
            answers = {path: http.post(server.url(path)) for path in ("/test", "/readyz")}
            alive = http.get(server.url("/healthz"))
    finally:
        server.stop()
    assert {answer.status_code for answer in answers.values()} == {503}
    assert "RATE_LIMIT" in answers["/test"].json()["error_description"]
    assert alive.status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLAN_STORE", f"redis://:{CANARY}@host:port"),
        ("PLAN_STORE", f"/{CANARY}"),
        ("PLAN_KEY", CANARY),
        ("TRUSTED_PROXIES", CANARY),
        ("DEFAULT_NAMESPACE", f"{CANARY}.x"),
        ("OIDC_ISSUER", f"https://user:{CANARY}@host.example"),
        ("AUTH0_CLIENT_SECRET_FILE", "/nowhere/at/all"),
    ],
)
def test_reason_names_the_setting_and_tells_no_value(
    name: str, value: str, tmp_path: Path, auth0_site: Site
) -> None:
    given = {**settings(auth0_site.provider), "PLAN_KEY": "made-up-key-" * 4, name: value}
    if name.endswith("_FILE"):
        del given[name.removesuffix("_FILE")]
    server = Server("test", tmp_path, given)
    server.start()
    try:
        with plain_http() as http:
            answer = http.post(server.url("/test"))
    finally:
        server.stop()
    assert answer.status_code == 503
    assert name in answer.json()["error_description"]
    for told in (answer.text, str(answer.headers)):
        assert CANARY not in told
        assert CLIENT_SECRET not in told
    if name not in {"TRUSTED_PROXIES", "DEFAULT_NAMESPACE"}:  # no secrets: the log may tell them
        assert CANARY not in server.log


@pytest.mark.parametrize("kind", ["main", "test"])
def test_nobody_is_served_without_a_token(kind: str, auth0_site: Site) -> None:
    server = {"main": auth0_site.main, "test": auth0_site.test}[kind]
    with plain_http() as http:
        answer = http.post(server.mcp, content=json.dumps({"jsonrpc": "2.0", "method": "ping"}))
    assert answer.status_code == 401
