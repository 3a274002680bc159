"""Tokens that a thief sends: none lets anybody in, and nothing of them is shown or kept."""

import json
import time

import httpx
import pytest

from cnpg_mcp.auth import remembered
from test.auth import rpc
from test.auth.forgeries import ALL, SCOPES, Forge, Thief
from test.auth.oauth_client import Tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import CLIENT_SECRET, PERSON
from test.auth.providers.tenant import Tenant
from test.auth.site import SIGNING_KEY, Site
from test.auth.tokens import (
    decode,
    symmetric,
    unsigned,
    with_a_bit_flipped,
    with_claims,
    with_header,
    with_signature,
)
from test.auth.trap import Trap
from test.auth.walk import log_in

LEAKS = ("Traceback", "site-packages", "jwt.", "pyjwt", "joserfc", "Error(", 'File "')
"""Words of Python that belong into no answer."""
MIN_PART = 16


@pytest.fixture(scope="module")
def tenant(auth0_site: Site[Auth0]) -> Tenant:
    return auth0_site.provider.tenant


@pytest.fixture(scope="module")
def thief(tenant: Tenant) -> Thief:
    return Thief(tenant)


def refused(answer: httpx.Response, site_url: str) -> None:
    """The answer is the 401 that RFC 6750 and RFC 9728 want, and tells nothing else.

    A token that fills more than its share of the headers is refused before anybody looks at it.
    """
    if answer.status_code == 431:
        assert answer.json()["error"] == "headers_too_large"
        return
    assert answer.status_code == 401, answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert f'resource_metadata="{site_url}/.well-known/oauth-protected-resource/' in challenge
    assert answer.json()["error"] == "invalid_token"
    assert not [word for word in LEAKS if word in answer.text + challenge]
    assert "\n" not in challenge


def tells_nothing_of(token: str, *texts: str) -> None:
    """No part of the token, above all not its signature, stands in the texts."""
    parts = [part for part in token.replace(" ", ".").split(".") if len(part) >= MIN_PART]
    for text in texts:
        assert not [part for part in parts if part in text]


# The test server takes the provider's tokens


async def test_a_good_token_is_let_in(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief
) -> None:
    answer = await rpc.call(http, auth0_site.test.mcp, thief.good)
    assert rpc.is_let_in(answer), answer.text


@pytest.mark.parametrize("forge", ALL.values(), ids=ALL)
async def test_forged_token_is_refused_by_the_test_server(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, forge: Forge
) -> None:
    site, token = auth0_site, forge(thief)
    before = len(site.test.log)
    answer = await rpc.call(http, site.test.mcp, token)
    refused(answer, site.test.base)
    tells_nothing_of(token, answer.text, str(answer.headers), site.test.log[before:])
    tells_nothing_of(token, json.dumps(site.test.audit))


@pytest.mark.parametrize("forge", ALL.values(), ids=ALL)
async def test_forged_token_is_refused_by_the_main_server(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, forge: Forge
) -> None:
    site, token = auth0_site, forge(thief)
    before = len(site.main.log)
    answer = await rpc.call(http, site.main.mcp, token)
    refused(answer, site.main.base)
    tells_nothing_of(token, answer.text, str(answer.headers), site.main.log[before:])


@pytest.mark.parametrize("header", ["jku", "x5u", "jwks_uri", "iss"])
async def test_no_address_from_a_token_is_asked_for_keys(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, header: str
) -> None:
    with Trap(thief.key.public) as trap:
        forged = thief.own(kid=thief.key.kid, **{header: trap.url})
        answer = await rpc.call(http, auth0_site.test.mcp, forged)
        refused(answer, auth0_site.test.base)
        assert trap.hits == 0


async def test_flood_of_unknown_kids_reaches_the_provider_once_in_each_pause(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, tenant: Tenant
) -> None:
    before, begun = len(tenant.asked("/.well-known/jwks.json")), time.monotonic()
    for number in range(60):
        answer = await rpc.call(http, auth0_site.test.mcp, thief.own(kid=f"unknown-{number}"))
        refused(answer, auth0_site.test.base)
    pauses = (time.monotonic() - begun) / remembered._PAUSE_SECONDS
    assert len(tenant.asked("/.well-known/jwks.json")) - before <= pauses + 1
    assert rpc.is_let_in(await rpc.call(http, auth0_site.test.mcp, thief.good))


async def test_token_of_an_attacker_s_provider_is_refused(
    auth0_site: Site[Auth0], http: httpx.AsyncClient
) -> None:
    other = Auth0()
    other.start()
    try:
        answer = await rpc.call(http, auth0_site.test.mcp, other.token(*SCOPES))
        refused(answer, auth0_site.test.base)
        assert other.tenant.seen == []
    finally:
        other.stop()


@pytest.mark.parametrize("seconds", [-20, 20])
async def test_clocks_may_differ_a_little(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, seconds: int
) -> None:
    claims = {"exp": thief.now - 20} if seconds < 0 else {"nbf": thief.now + 20}
    answer = await rpc.call(http, auth0_site.test.mcp, thief.given(**claims))
    assert rpc.is_let_in(answer), answer.text


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt"])
async def test_types_of_access_tokens_are_let_in(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, kind: str
) -> None:
    answer = await rpc.call(http, auth0_site.test.mcp, thief.given({"typ": kind}))
    assert rpc.is_let_in(answer), answer.text


# How a token is sent


@pytest.mark.parametrize("kind", ["main", "test"])
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic YTpi", "Token {}", "{}", "Bearer:{}", "Bearer\t{}"]
)
async def test_other_ways_of_naming_a_token_are_refused(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief, kind: str, header: str
) -> None:
    server = getattr(auth0_site, kind)
    sent = rpc.headers(None, Authorization=header.format(thief.good))
    answer = await http.post(server.mcp, json=rpc.call_body(), headers=sent)
    assert answer.status_code == 401
    assert "resource_metadata=" in answer.headers["www-authenticate"]


async def test_token_in_address_form_or_cookie_is_no_token(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief
) -> None:
    url, sent = auth0_site.test.mcp, rpc.headers(None)
    body = {**rpc.call_body(), "access_token": thief.good}
    in_address = await http.post(f"{url}?access_token={thief.good}", json=body, headers=sent)
    in_cookie = await http.post(
        url, json=body, headers={**sent, "Cookie": f"access_token={thief.good}"}
    )
    assert (in_address.status_code, in_cookie.status_code) == (401, 401)
    tells_nothing_of(thief.good, auth0_site.test.log)


async def test_the_scheme_may_be_written_small(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief
) -> None:
    sent = rpc.headers(None, Authorization=f"bearer {thief.good}")
    answer = await http.post(auth0_site.test.mcp, json=rpc.call_body(), headers=sent)
    assert rpc.is_let_in(answer), answer.text


SPELLINGS = ("{}", "{}/", "/{}", "{}//", "{}/.", "/.{}", "/x/..{}", "{}?a=b", "{};a=b", "{}%2f")


@pytest.mark.parametrize("kind", ["main", "test"])
@pytest.mark.parametrize("spelling", [*SPELLINGS, "{}%00", "upper"])
async def test_no_spelling_of_the_path_leads_around_sign_in(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, kind: str, spelling: str
) -> None:
    server = getattr(auth0_site, kind)
    path = server.mcp.removeprefix(server.base)
    spelt = path.upper() if spelling == "upper" else spelling.format(path)
    request = http.build_request(
        "POST", server.url("/"), json=rpc.call_body(), headers=rpc.headers(None)
    )
    request.extensions["target"] = spelt.encode()
    answer = await http.send(request)
    assert 300 <= answer.status_code < 500, answer.text
    assert "result" not in answer.text


# The main server takes its own tokens


@pytest.fixture(scope="module")
def main_tokens(auth0_site: Site[Auth0]) -> Tokens:
    """The tokens of one login at the main server."""
    return log_in(auth0_site.main.base, PERSON)


OWN = {
    "alg-none": lambda token: with_header(token, alg="none"),
    "alg-none-unsigned": lambda token: with_signature(with_header(token, alg="none"), ""),
    "alg-hs512": lambda token: with_header(token, alg="HS512"),
    "alg-rs256": lambda token: with_header(token, alg="RS256"),
    "claims-other-client": lambda token: with_claims(token, client_id="another"),
    "claims-other-jti": lambda token: with_claims(token, jti="another"),
    "claims-longer": lambda token: with_claims(token, exp=9_999_999_999),
    "bit-flipped": with_a_bit_flipped,
    "unsigned": lambda token: with_signature(token, ""),
    "cut": lambda token: token[:-2],
    "secret-empty": lambda token: _signed_anew(token, b""),
    "secret-client": lambda token: _signed_anew(token, CLIENT_SECRET.encode()),
    "secret-signing-key": lambda token: _signed_anew(token, SIGNING_KEY.encode()),
}


def _signed_anew(token: str, secret: bytes) -> str:
    header, claims, _ = token.split(".")
    changed = {**json.loads(decode(claims)), "exp": 9_999_999_998}
    return symmetric(json.loads(decode(header)), changed, secret)


@pytest.mark.parametrize("forge", OWN.values(), ids=OWN)
async def test_forged_token_of_the_main_server_is_refused(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, main_tokens: Tokens, forge: Forge
) -> None:
    token = forge(main_tokens.access)
    refused(await rpc.call(http, auth0_site.main.mcp, token), auth0_site.main.base)


async def test_main_server_s_token_is_let_in_there_and_refused_by_the_test_server(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, main_tokens: Tokens
) -> None:
    assert rpc.is_let_in(await rpc.call(http, auth0_site.main.mcp, main_tokens.access))
    refused(await rpc.call(http, auth0_site.test.mcp, main_tokens.access), auth0_site.test.base)


async def test_provider_s_token_is_refused_by_the_main_server(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, thief: Thief
) -> None:
    refused(await rpc.call(http, auth0_site.main.mcp, thief.good), auth0_site.main.base)


async def test_refresh_token_opens_no_endpoint(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, main_tokens: Tokens
) -> None:
    for server in (auth0_site.main, auth0_site.test):
        refused(await rpc.call(http, server.mcp, main_tokens.refresh), server.base)


async def test_token_of_another_installation_with_the_same_provider_is_refused(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, main_tokens: Tokens
) -> None:
    """Same claims, other signing key."""
    claims = json.loads(decode(main_tokens.access.split(".")[1]))
    token = symmetric({"typ": "JWT"}, claims, b"a-signing-key-of-another-installation")
    refused(await rpc.call(http, auth0_site.main.mcp, token), auth0_site.main.base)


async def test_unsigned_claims_of_the_main_server_are_refused(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, main_tokens: Tokens
) -> None:
    claims = json.loads(decode(main_tokens.access.split(".")[1]))
    token = unsigned({"alg": "none", "typ": "JWT"}, claims)
    refused(await rpc.call(http, auth0_site.main.mcp, token), auth0_site.main.base)
