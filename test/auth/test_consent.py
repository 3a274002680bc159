"""Consent that is remembered: for a client and a browser, and never where another page asks."""

from collections.abc import Iterator

import httpx
import pytest

from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import settings
from test.auth.servers import Server
from test.auth.site import SIGNING_KEY


@pytest.fixture(scope="module")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A main server with `OAUTH_CONSENT=remember`."""
    provider = Auth0()
    provider.start()
    about = {"OAUTH_SIGNING_KEY": SIGNING_KEY, "OAUTH_CONSENT": "remember"}
    server = Server("main", tmp_path_factory.mktemp("remembering"), {**settings(provider), **about})
    try:
        server.start()
        yield server
    finally:
        server.stop()
        provider.stop()


@pytest.fixture
def client(remembering: Server, http: httpx.AsyncClient) -> OAuthClient:
    """A client of that server."""
    return OAuthClient(remembering.base, http)


async def _asks(client: OAuthClient, browser: Browser, site: str) -> bool:
    """Whether the person is asked when a login begins on a page of this `Sec-Fetch-Site`."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    begun = await browser.http.get(client.authorization(), headers=headers)
    page = await browser.http.get(begun.headers["location"], headers=headers)
    return page.status_code == 200


async def test_person_is_asked_once(client: OAuthClient, browser: Browser) -> None:
    await client.login(browser)
    assert not await _asks(client, browser, "none")


async def test_person_is_asked_again_when_another_site_sends_them(
    client: OAuthClient, browser: Browser
) -> None:
    await client.login(browser)
    assert await _asks(client, browser, "cross-site")


async def test_person_is_asked_for_another_client(client: OAuthClient, browser: Browser) -> None:
    await client.login(browser)
    other = OAuthClient(client.base, client.http)
    await other.register()
    assert await _asks(other, browser, "none")
