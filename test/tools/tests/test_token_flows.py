"""get-user-token.py: each way to a token, with real providers."""

import asyncio
import os
from pathlib import Path

import jwt

from test.auth.addresses import plain_http
from test.auth.browser import Browser
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import AUDIENCE, CLIENT_SECRET, PERSON
from test.auth.providers.nanoidp import NanoIdp
from test.tools.tests.conftest import POSTING, PUBLIC
from test.tools.tests.login import BrowserProgram, TokenProgram, mode, secrets_in
from test.tools.tests.programs import Running


def claims(program: TokenProgram) -> dict[str, object]:
    """What the written token says."""
    found: dict[str, object] = jwt.decode(program.token, options={"verify_signature": False})
    return found


def test_browser_login_writes_the_token_alone_and_tells_about_it(program: TokenProgram) -> None:
    ran = program.log_in()
    assert ran.status == 0, ran.said
    said = claims(program)
    assert (said["sub"], said["aud"]) == (PERSON.username, AUDIENCE)
    for fact in (program.environment["OIDC_ISSUER"], PERSON.username, AUDIENCE, "cnpg:admin"):
        assert fact in ran.out
    assert f"--token-file {program.token_file}" in ran.out
    assert secrets_in(ran, program.token_file, program.refresh_file) == []


def test_both_files_are_for_their_owner_alone(program: TokenProgram) -> None:
    previous = os.umask(0)
    try:
        program.log_in()
    finally:
        os.umask(previous)
    assert (mode(program.token_file), mode(program.refresh_file)) == (0o600, 0o600)
    left = sorted(path.name for path in program.token_file.parent.iterdir())
    assert left == ["token.txt", "token.txt.refresh"]


def test_client_without_a_secret_logs_in(nanoidp: NanoIdp, tmp_path: Path) -> None:
    given = {"AUTH0_CLIENT_ID": PUBLIC, "AUTH0_CLIENT_SECRET": None}
    program = TokenProgram(tmp_path, nanoidp.issuer, **given)
    assert program.log_in().status == 0
    assert claims(program)["client_id"] == PUBLIC


def test_client_whose_secret_must_be_posted_logs_in(nanoidp: NanoIdp, tmp_path: Path) -> None:
    program = TokenProgram(tmp_path, nanoidp.issuer, AUTH0_CLIENT_ID=POSTING)
    ran = program.run("--client-credentials")
    assert ran.status == 0, ran.said


def test_browser_is_opened_at_the_login_page(program: TokenProgram, tmp_path: Path) -> None:
    browser = BrowserProgram(tmp_path, program.redirect_uri)
    program.environment["BROWSER"] = browser.variable
    ran = program.run()
    assert ran.status == 0, ran.said
    assert len(browser.visits) == 1


def test_device_login_needs_no_browser_here(program: TokenProgram) -> None:
    running = program.start("--device")
    asyncio.run(approve(running))
    ran = running.end()
    assert ran.status == 0, ran.said
    assert claims(program)["sub"] == PERSON.username
    assert secrets_in(ran, program.token_file, program.refresh_file) == []


async def approve(running: Running) -> None:
    """Types the code in at the provider's page, as somebody at another machine."""
    address = running.line_with("http").split()[-1]
    code = running.line_with("code").split()[-1]
    answers = {"user_code": code, "username": PERSON.username, "password": PERSON.password}
    async with Browser(PERSON) as browser:
        data = {**answers, "action": "approve"}
        (await browser.http.post(address, data=data)).raise_for_status()


def test_refused_device_login_ends_with_a_sentence(program: TokenProgram) -> None:
    running = program.start("--device")
    address = running.line_with("http").split()[-1]
    code = running.line_with("code").split()[-1]
    with plain_http() as http:
        http.post(address, data={"user_code": code, "action": "deny"})
    ran = running.end()
    assert (ran.status, program.token_file.exists()) == (1, False)
    assert "refused" in ran.errors


def test_client_credentials_take_the_secret_from_a_file(program: TokenProgram) -> None:
    path = program.token_file.with_name("secret")
    path.write_text(f"{CLIENT_SECRET}\n")
    given = {**program.environment, "AUTH0_CLIENT_SECRET_FILE": str(path)}
    del given["AUTH0_CLIENT_SECRET"]
    program.environment = given
    ran = program.run("--client-credentials")
    assert ran.status == 0, ran.said
    assert "cnpg:write" in str(claims(program)["scope"])
    assert not program.refresh_file.exists()
    assert secrets_in(ran, program.token_file) == []


def test_scopes_can_be_chosen(program: TokenProgram) -> None:
    program.run("--client-credentials", "--scope", "cnpg:read")
    assert claims(program)["scope"] == "cnpg:read"


def test_refresh_renews_the_token_without_a_login(program: TokenProgram) -> None:
    program.log_in()
    first, kept = program.token, program.refresh_file.read_text()
    ran = program.run("--refresh")
    assert ran.status == 0, ran.said
    assert program.token != first
    assert program.refresh_file.read_text() != kept
    assert program.run("--refresh").status == 0
    assert secrets_in(ran, program.token_file, program.refresh_file) == []


def test_refresh_needs_no_settings_but_the_secret(program: TokenProgram) -> None:
    program.log_in()
    secret = {"AUTH0_CLIENT_SECRET": program.environment["AUTH0_CLIENT_SECRET"]}
    program.environment = secret
    ran = program.run("--refresh")
    assert ran.status == 0, ran.said


def test_refresh_token_that_is_over_is_said(program: TokenProgram) -> None:
    program.log_in()
    spent = program.refresh_file.read_text()
    program.run("--refresh")
    program.refresh_file.write_text(spent)
    ran = program.run("--refresh")
    assert ran.status == 1
    assert "log in anew" in ran.errors


def test_refresh_token_is_shown_to_its_own_provider_alone(
    program: TokenProgram, auth0: Auth0
) -> None:
    program.log_in()
    program.environment = {**program.environment, "OIDC_ISSUER": auth0.issuer}
    ran = program.run("--refresh")
    assert ran.status == 2
    assert auth0.tenant.seen == []


def test_refresh_token_of_an_earlier_login_does_not_stay(program: TokenProgram) -> None:
    program.log_in()
    program.run("--client-credentials")
    assert not program.refresh_file.exists()


def test_audience_and_scopes_reach_auth0(auth0: Auth0, tmp_path: Path) -> None:
    program = TokenProgram(tmp_path, auth0.issuer)
    ran = program.log_in()
    assert ran.status == 0, ran.said
    (asked,) = auth0.tenant.asked("/authorize")
    assert asked.parameters["audience"] == AUDIENCE
    assert asked.parameters["code_challenge_method"] == "S256"
    assert "offline_access" in asked.parameters["scope"].split()
    assert f"{AUDIENCE}, {auth0.issuer}userinfo" in ran.out


def test_issuer_without_its_slash_is_found(auth0: Auth0, tmp_path: Path) -> None:
    program = TokenProgram(tmp_path, auth0.issuer.rstrip("/"))
    ran = program.log_in()
    assert ran.status == 0, ran.said
    assert f"{auth0.issuer}\n" in ran.out
