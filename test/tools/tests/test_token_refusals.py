"""get-user-token.py: answers that are not to be trusted, and errors that help."""

import time
from pathlib import Path

import pytest

from test.auth.addresses import plain_http
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from test.controlplane.process import free_ports
from test.tools.speech import Failure
from test.tools.tests.login import TokenProgram, mode, secrets_in
from test.tools.tests.programs import TOKEN_PROGRAM, run
from test.tools.token.browser_login import code_of
from test.tools.token.callback import Callback
from test.tools.token.provider import Provider

STATE = "the-state-of-this-login"


@pytest.fixture
def with_auth0(auth0: Auth0, tmp_path: Path) -> TokenProgram:
    """The program with the stand-in for Auth0."""
    return TokenProgram(tmp_path, auth0.issuer)


# --- tokens that the test server would refuse ---


def test_opaque_token_is_told_with_the_reason(auth0: Auth0, tmp_path: Path) -> None:
    program = TokenProgram(tmp_path, auth0.issuer, OIDC_AUDIENCE=None)
    ran = program.log_in("--scope", "openid")
    assert ran.status == 3
    assert "OIDC_AUDIENCE" in ran.errors
    assert mode(program.token_file) == 0o600
    assert secrets_in(ran, program.token_file) == []


def test_encrypted_token_is_told_with_the_reason(auth0: Auth0, with_auth0: TokenProgram) -> None:
    auth0.tenant.encrypts = True
    ran = with_auth0.log_in()
    assert ran.status == 3
    assert "encrypted" in ran.errors


def test_token_for_another_audience_is_told_with_both(
    auth0: Auth0, with_auth0: TokenProgram
) -> None:
    other = auth0.tenant.keys.current.sign(auth0.tenant.claims(aud="https://other.example"))
    auth0.tenant.access_token = lambda grant: other
    ran = with_auth0.log_in()
    assert ran.status == 3
    assert "https://other.example" in ran.errors
    assert AUDIENCE in ran.errors


def test_token_without_a_scope_of_ours_is_doubted(auth0: Auth0, with_auth0: TokenProgram) -> None:
    auth0.tenant.withheld = frozenset({"cnpg:read", "cnpg:write", "cnpg:admin"})
    ran = with_auth0.log_in()
    assert ran.status == 0
    assert "DEFAULT_SCOPES" in ran.errors


def test_permissions_of_auth0_count_as_scopes(auth0: Auth0, with_auth0: TokenProgram) -> None:
    auth0.tenant.permissions = ("cnpg:write",)
    auth0.tenant.withheld = frozenset({"cnpg:read", "cnpg:write", "cnpg:admin"})
    ran = with_auth0.log_in()
    assert "permissions: cnpg:write" in ran.out
    assert "DEFAULT_SCOPES" not in ran.errors


# --- answers of somebody else ---


@pytest.mark.parametrize("nonce", ["another-login", None])
def test_id_token_of_another_login_is_refused(
    auth0: Auth0, with_auth0: TokenProgram, nonce: str | None
) -> None:
    original = auth0.tenant.id_token
    auth0.tenant.id_token = lambda grant: original(grant, nonce=nonce or "")
    ran = with_auth0.log_in()
    assert (ran.status, with_auth0.token_file.exists()) == (1, False)
    assert "nonce" in ran.errors


@pytest.mark.parametrize(
    "change",
    [{"aud": "another-client"}, {"iss": "https://other.example/"}, {"exp": int(time.time()) - 900}],
    ids=["audience", "issuer", "expired"],
)
def test_id_token_for_somebody_else_is_refused(
    auth0: Auth0, with_auth0: TokenProgram, change: dict[str, object]
) -> None:
    original = auth0.tenant.id_token
    auth0.tenant.id_token = lambda grant: original(grant, **change)
    ran = with_auth0.log_in()
    assert (ran.status, with_auth0.token_file.exists()) == (1, False)


def test_id_token_with_a_foreign_signature_is_refused(
    auth0: Auth0, with_auth0: TokenProgram
) -> None:
    published = auth0.tenant.keys.published()
    auth0.tenant.keys.published = lambda: published
    auth0.tenant.keys.rotate(keep=False)
    ran = with_auth0.log_in()
    assert (ran.status, with_auth0.token_file.exists()) == (1, False)


def test_missing_id_token_is_refused(auth0: Auth0, with_auth0: TokenProgram) -> None:
    auth0.tenant.withheld = frozenset({"openid"})
    ran = with_auth0.log_in()
    assert (ran.status, with_auth0.token_file.exists()) == (1, False)


PROVIDER = Provider("https://idp.example/", "https://idp.example/t", "https://idp.example/k")
NAMING = Provider(PROVIDER.issuer, PROVIDER.token, PROVIDER.jwks, names_itself=True)


@pytest.mark.parametrize(
    ("provider", "answer"),
    [
        (PROVIDER, {"code": "c", "iss": "https://thief.example/"}),
        (PROVIDER, {"code": "c", "iss": "https://idp.example"}),
        (NAMING, {"code": "c"}),
        (NAMING, {"error": "access_denied", "iss": "https://thief.example/"}),
    ],
)
def test_answer_of_another_provider_is_refused(provider: Provider, answer: dict[str, str]) -> None:
    with pytest.raises(Failure, match="comes from"):
        code_of(answer, provider)


def test_answer_of_the_provider_gives_the_code() -> None:
    assert code_of({"code": "c"}, PROVIDER) == "c"
    assert code_of({"code": "c", "iss": PROVIDER.issuer}, NAMING) == "c"


# --- the callback ---


def test_callback_waits_on_after_answers_that_are_not_its_own() -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/callback"
    with Callback(port, STATE) as callback, plain_http() as http:
        for foreign in ("", "?code=x", "?code=x&state=guess", f"?state={STATE}&state={STATE}"):
            assert http.get(url + foreign).status_code == 400
        assert http.get(f"http://127.0.0.1:{port}/favicon.ico").status_code == 404
        assert http.get(f"{url}?code=right&state={STATE}").status_code == 200
        assert callback.wait(1)["code"] == "right"


def test_callback_page_repeats_nothing_of_its_address() -> None:
    (port,) = free_ports(1)
    with Callback(port, STATE), plain_http() as http:
        page = http.get(f"http://127.0.0.1:{port}/callback?code=<b>&state={STATE}")
    assert "<b>" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"


def test_callback_port_that_is_taken_is_said(with_auth0: TokenProgram) -> None:
    with Callback(with_auth0.port, STATE):
        ran = with_auth0.run("--no-browser")
    assert ran.status == 1
    assert "--callback-port" in ran.errors


# --- errors ---


def test_refusal_of_the_provider_is_a_sentence(with_auth0: TokenProgram) -> None:
    with_auth0.environment["OIDC_AUDIENCE"] = "https://unknown.example"
    ran = with_auth0.run("--client-credentials")
    assert ran.status == 1
    assert "access_denied" in ran.errors
    assert "Next: " in ran.errors


def test_wrong_secret_is_said_and_not_shown(auth0: Auth0, tmp_path: Path) -> None:
    wrong = "made-up-wrong-secret-of-a-test"
    program = TokenProgram(tmp_path, auth0.issuer, AUTH0_CLIENT_SECRET=wrong)
    ran = program.run("--client-credentials")
    assert ran.status == 1
    assert "AUTH0_CLIENT_SECRET" in ran.errors
    assert wrong not in ran.said


def test_secret_that_the_provider_repeats_is_not_shown(
    auth0: Auth0, with_auth0: TokenProgram
) -> None:
    def repeats(audience: str, scope: str) -> dict[str, str]:
        text = f"got \x1b[31m{CLIENT_SECRET}\nfrom {CLIENT_ID}"
        return {"error": "server_error", "error_description": text}

    auth0.tenant.by_credentials = repeats
    ran = with_auth0.run("--client-credentials")
    assert "server_error" in ran.errors
    assert CLIENT_SECRET not in ran.said
    assert "\x1b" not in ran.said


def test_provider_that_is_away_is_a_sentence(auth0: Auth0, with_auth0: TokenProgram) -> None:
    auth0.stop()
    ran = with_auth0.run("--client-credentials")
    assert ran.status == 1
    assert "does not answer" in ran.errors


def test_address_of_another_provider_is_said(auth0: Auth0, tmp_path: Path) -> None:
    auth0.tenant.issuer = "https://other.example/"
    ran = TokenProgram(tmp_path, auth0.issuer).run("--client-credentials")
    assert ran.status == 1
    assert "calls itself https://other.example/" in ran.errors


def test_endpoint_without_encryption_is_refused_beyond_loopback(tmp_path: Path) -> None:
    ran = TokenProgram(tmp_path, "http://idp.example/").run("--client-credentials")
    assert ran.status == 2
    assert "https://" in ran.errors


@pytest.mark.parametrize("missing", ["OIDC_ISSUER", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"])
def test_missing_setting_is_named(with_auth0: TokenProgram, missing: str) -> None:
    del with_auth0.environment[missing]
    ran = with_auth0.run("--client-credentials")
    assert ran.status == 2
    assert missing in ran.errors


def test_setting_that_is_given_twice_is_refused(with_auth0: TokenProgram) -> None:
    with_auth0.environment["OIDC_ISSUER_FILE"] = "/nowhere"
    ran = with_auth0.run("--client-credentials")
    assert ran.status == 2
    assert "OIDC_ISSUER_FILE" in ran.errors


def test_nobody_who_logs_in_ends_it(with_auth0: TokenProgram) -> None:
    ran = with_auth0.run("--no-browser", "--timeout", "0.2")
    assert (ran.status, with_auth0.token_file.exists()) == (1, False)


def test_interrupted_login_leaves_nothing(with_auth0: TokenProgram) -> None:
    running = with_auth0.start("--no-browser")
    running.line_with("http")
    running.interrupt()
    ran = running.end()
    assert (ran.status, ran.errors) == (130, "stopped\n")
    assert list(with_auth0.token_file.parent.iterdir()) == []


def test_help_names_the_callback_to_register() -> None:
    ran = run(TOKEN_PROGRAM, "--help", environment={})
    assert "http://127.0.0.1:8765/callback" in ran.out
    assert ".venv/bin/python" in ran.out


def test_device_login_at_a_provider_without_is_said(auth0: Auth0, with_auth0: TokenProgram) -> None:
    ran = with_auth0.run("--device")
    assert ran.status == 1
