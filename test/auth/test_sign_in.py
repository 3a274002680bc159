"""Registrations, and what a login has to begin with: bounds that clients meet, and what is kept."""

import httpx
import pytest

from test.auth.browser import Browser, landing
from test.auth.inside import Inside
from test.auth.oauth_client import REDIRECT_URI, OAuthClient
from test.auth.refusals import is_refused

CLIENTS = "mcp-oauth-proxy-clients"
DAY = 24 * 3600
BOUND = 16_384


@pytest.fixture
def client(inside: Inside, http: httpx.AsyncClient) -> OAuthClient:
    """A client of that server."""
    return OAuthClient(inside.base, http)


async def _days_left(inside: Inside, client: OAuthClient) -> float:
    """For how many days a registration is kept."""
    async with inside.looked_into() as (_, store):
        found, seconds = await store.values.ttl(client.client_id, collection=CLIENTS)
    assert found is not None
    assert seconds is not None
    return seconds / DAY


async def test_registration_without_a_login_is_kept_for_a_week(
    inside: Inside, client: OAuthClient
) -> None:
    await client.register()
    assert await _days_left(inside, client) == pytest.approx(7, abs=0.01)


async def test_login_that_is_not_finished_does_not_prolong_its_registration(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    await client.land(browser)
    assert await _days_left(inside, client) == pytest.approx(7, abs=0.01)


async def test_registration_with_a_login_is_kept_for_longer_than_its_refresh_tokens(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    await client.login(browser)
    assert await _days_left(inside, client) == pytest.approx(400, abs=0.01)


async def test_refresh_prolongs_the_registration(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    async with inside.looked_into() as (sign_in, _):
        stored = await sign_in._client_store.get(key=client.client_id)
        await sign_in._client_store.put(client.client_id, stored, ttl=DAY)
    await client.refresh(found.refresh)
    assert await _days_left(inside, client) == pytest.approx(400, abs=0.01)


@pytest.mark.parametrize(("size", "status"), [(BOUND, 201), (BOUND + 1, 413)])
async def test_registration_of_more_than_sixteen_kilobytes_is_refused(
    client: OAuthClient, size: int, status: int
) -> None:
    head = f'{{"redirect_uris": ["{REDIRECT_URI}"], "token_endpoint_auth_method": "none"'
    body = f'{head}, "client_name": "a test"'
    padded = f"{body}{' ' * (size - len(body) - 1)}}}"
    sent = {"Content-Type": "application/json"}
    answer = await client.http.post(f"{client.base}/register", content=padded, headers=sent)
    assert (len(padded), answer.status_code) == (size, status)


@pytest.mark.parametrize("path", ["/token", "/revoke"])
async def test_form_of_more_than_sixteen_kilobytes_is_refused(
    client: OAuthClient, path: str
) -> None:
    content = b"token=" + b"x" * (BOUND - 5)
    assert (await client.http.post(client.base + path, content=content)).status_code == 413


@pytest.mark.parametrize("uri", [f"{REDIRECT_URI}#there", f"{REDIRECT_URI}#", f"{REDIRECT_URI}?a#"])
async def test_redirect_uri_with_a_fragment_is_not_registered(
    client: OAuthClient, uri: str
) -> None:
    is_refused(await client.register(redirect_uris=[uri]), "invalid_redirect_uri")
    both = await client.register(redirect_uris=[REDIRECT_URI, uri])
    is_refused(both, "invalid_redirect_uri")


CHALLENGES = {
    "short": "x" * 42,
    "long": "x" * 44,
    "padded": "x" * 42 + "=",
    "plain-base64": "x" * 42 + "+",
    "line-break": "x" * 43 + "\n",
    "blank": " " * 43,
    "other-script": "ж" * 43,
    "verifier": "x" * 128,
}


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=CHALLENGES)
async def test_what_is_no_hash_of_sha256_is_no_challenge(
    client: OAuthClient, challenge: str
) -> None:
    await client.register()
    answer = await client.http.get(client.authorization(code_challenge=challenge))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(REDIRECT_URI)
    assert landing(answer.headers["location"])["error"] == "invalid_request"


async def test_metadata_says_that_clients_revoke_without_a_secret(client: OAuthClient) -> None:
    found = (await client.http.get(f"{client.base}/.well-known/oauth-authorization-server")).json()
    assert found["revocation_endpoint"] == f"{client.base}/revoke"
    assert found["revocation_endpoint_auth_methods_supported"] == ["none"]
    assert found["token_endpoint_auth_methods_supported"] == ["none"]
