"""People sign in at real providers; what their tokens then open on both servers."""

import time

import httpx
import pytest
from fastmcp import Client
from key_value.aio.stores.memory import MemoryStore

from test.auth import rpc
from test.auth.addresses import plain_http
from test.auth.browser import Browser, Stuck
from test.auth.mcp_login import BrowserOAuth
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.base import PERSON, Provider, wait_until
from test.auth.site import Site
from test.auth.walk import log_in

SITES = ("nanoidp_site", "oidc_provider_site", "auth0_site")
NEW_KEY_SECONDS = 60


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest) -> Site[Provider]:
    """Each provider with both servers."""
    found: Site[Provider] = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def client(site: Site[Provider], http: httpx.AsyncClient) -> OAuthClient:
    """An OAuth client of the main server."""
    return OAuthClient(site.main.base, http)


async def _called(site: Site[Provider], oauth: BrowserOAuth, mode: str = "auto") -> str:
    """The code of the error of a tool that finds no API server."""
    async with Client(site.main.mcp, auth=oauth, mode=mode) as mcp:
        answer = await mcp.call_tool(rpc.TOOL, raise_on_error=False)
    return str((answer.meta or {})["cnpg-mcp.io/error"]["code"])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_person_signs_in_and_calls_a_tool(
    site: Site[Provider], browser: Browser, mode: str
) -> None:
    oauth = BrowserOAuth(browser)
    assert await _called(site, oauth, mode) == "unavailable"
    assert oauth.logins == 1
    assert "/consent" in browser.visit.paths()


async def test_client_that_comes_again_needs_no_login(
    site: Site[Provider], browser: Browser
) -> None:
    kept = MemoryStore()
    await _called(site, BrowserOAuth(browser, storage=kept))
    again = BrowserOAuth(browser, storage=kept)
    assert await _called(site, again) == "unavailable"
    assert again.logins == 0


async def test_client_whose_token_is_over_refreshes_without_a_login(
    site: Site[Provider], browser: Browser
) -> None:
    oauth = BrowserOAuth(browser)
    await _called(site, oauth)
    before = oauth.context.current_tokens
    oauth.context.token_expiry_time = time.time() - 1
    assert await _called(site, oauth) == "unavailable"
    assert oauth.logins == 1
    assert oauth.context.current_tokens != before


async def test_calls_and_logins_are_on_record_with_person_and_client(
    site: Site[Provider], browser: Browser
) -> None:
    await _called(site, BrowserOAuth(browser))
    last = [line for line in site.main.audit if line.get("tool") == rpc.TOOL][-1]
    assert last["caller"]["subject"] == site.provider.subject
    assert last["caller"]["issuer"] == site.provider.issuer


async def test_login_brings_tokens_as_oauth_has_them(client: OAuthClient, browser: Browser) -> None:
    landed = await client.land(browser)
    assert landed["state"] == client.state
    assert landed["iss"].rstrip("/") == client.base
    answer = await client.exchange(landed["code"])
    found = tokens(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert found.answer["token_type"].lower() == "bearer"
    assert found.answer["expires_in"] > 0
    assert found.refresh


async def test_refreshed_tokens_are_let_in_one_after_the_other(
    site: Site[Provider], client: OAuthClient, browser: Browser, http: httpx.AsyncClient
) -> None:
    current = await client.login(browser)
    for _ in range(3):
        following = tokens(await client.refresh(current.refresh))
        assert following.access != current.access
        assert rpc.is_let_in(await rpc.call(http, site.main.mcp, following.access))
        current = following


@pytest.mark.parametrize("era", rpc.ERAS)
async def test_provider_s_token_is_let_in_by_the_test_server(
    site: Site[Provider], http: httpx.AsyncClient, era: str
) -> None:
    answer = await rpc.call(http, site.test.mcp, site.provider.token("cnpg:read"), era)
    assert rpc.is_let_in(answer), answer.text


async def test_test_server_answers_with_and_without_slash(
    site: Site[Provider], http: httpx.AsyncClient
) -> None:
    answer = await rpc.call(http, f"{site.test.mcp}/", site.provider.token("cnpg:read"))
    assert rpc.is_let_in(answer), answer.text


async def test_person_who_declines_is_sent_back_with_an_error(
    site: Site[Provider], client: OAuthClient, browser: Browser
) -> None:
    (await client.register()).raise_for_status()
    landed = await browser.sign_in(client.authorization(), client.redirect_uri, press="deny")
    assert landed["error"] == "access_denied"
    assert landed["state"] == client.state
    assert landed.get("code") is None


# Key rotation


@pytest.fixture(scope="module")
def before_rotation(site: Site[Provider]) -> tuple[Tokens, str]:
    """Tokens of the key before; by now both servers have taken the new one."""
    before = log_in(site.main.base, PERSON), site.provider.token("cnpg:read")
    site.provider.rotate_keys()
    token = site.provider.token("cnpg:read")
    wait_until(lambda: _is_let_in(site, token), "the new key is taken by test", NEW_KEY_SECONDS)
    wait_until(lambda: _can_sign_in(site), "the new key is taken by main", NEW_KEY_SECONDS)
    return before


def _is_let_in(site: Site[Provider], token: str) -> bool:
    with plain_http() as http:
        answer = http.post(site.test.mcp, json=rpc.call_body(), headers=rpc.headers(token))
    return rpc.is_let_in(answer)


def _can_sign_in(site: Site[Provider]) -> bool:
    try:
        log_in(site.main.base, PERSON)
    except Stuck:
        return False
    return True


async def test_tokens_of_the_new_key_are_let_in(
    site: Site[Provider],
    before_rotation: tuple[Tokens, str],
    client: OAuthClient,
    browser: Browser,
) -> None:
    found = await client.login(browser)
    assert rpc.is_let_in(await rpc.call(client.http, site.main.mcp, found.access))
    token = site.provider.token("cnpg:read")
    assert rpc.is_let_in(await rpc.call(client.http, site.test.mcp, token))


async def test_tokens_of_the_key_before_stay_good(
    site: Site[Provider], before_rotation: tuple[Tokens, str], http: httpx.AsyncClient
) -> None:
    of_main, of_test = before_rotation
    assert rpc.is_let_in(await rpc.call(http, site.main.mcp, of_main.access))
    assert rpc.is_let_in(await rpc.call(http, site.test.mcp, of_test))
