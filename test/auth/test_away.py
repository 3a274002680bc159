"""The provider is away: at the start, in the middle, and when it comes back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from test.auth import rpc
from test.auth.addresses import plain_http
from test.auth.browser import Browser, landing
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON, wait_until
from test.auth.providers.nanoidp import NanoIdp
from test.auth.servers import Server
from test.auth.site import Site, make_auth0
from test.auth.walk import log_in

SECONDS = 60
"""Within which a server notices."""


def provider_check(server: Server) -> str:
    """What readiness says of the provider."""
    with plain_http() as http:
        return str(http.get(server.url("/readyz")).json()["checks"]["provider"])


def is_unavailable(answer: httpx.Response) -> bool:
    """The 503 that tells a client to keep what it has and to come again."""
    return answer.status_code == 503 and int(answer.headers["retry-after"]) > 0


# From the start


class _Away(Site[Auth0]):
    """Servers that start while the provider is away."""

    def __enter__(self) -> "_Away":
        for server in (self.main, self.test):
            server.launch()
        for server in (self.main, self.test):
            server.wait()
        return self


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Site[Auth0]]:
    """Both servers; their provider has not started yet."""
    with _Away(tmp_path, make_auth0) as site:
        yield site


async def test_servers_start_without_the_provider_and_work_once_it_is_there(
    away: Site[Auth0], http: httpx.AsyncClient, browser: Browser
) -> None:
    assert provider_check(away.main) != "ok"
    assert is_unavailable(await rpc.call(http, away.test.mcp, away.provider.token("cnpg:read")))
    document = await http.get(f"{away.main.base}/.well-known/oauth-authorization-server")
    assert document.status_code == 200
    client = OAuthClient(away.main.base, http)
    assert (await client.register()).status_code == 201
    refused = await http.get(client.authorization())
    assert landing(refused.headers["location"])["error"] == "temporarily_unavailable"

    away.provider.start()
    wait_until(lambda: provider_check(away.main) == "ok", "the provider is noticed", SECONDS)
    found = await client.login(browser)
    assert rpc.is_let_in(await rpc.call(http, away.main.mcp, found.access))
    _let_in_soon(away.test, away.provider.token("cnpg:read"))


def _let_in_soon(server: Server, token: str) -> None:
    def is_let_in() -> bool:
        sent = {"json": rpc.call_body(), "headers": rpc.headers(token)}
        with plain_http() as http:
            return rpc.is_let_in(http.post(server.mcp, **sent))

    wait_until(is_let_in, "the token is let in", SECONDS)


# In the middle


@pytest.fixture(params=["stopped", "hangs"])
def lost(
    request: pytest.FixtureRequest, nanoidp_site: Site[NanoIdp]
) -> Iterator[tuple[Site[NanoIdp], Tokens, str]]:
    """The site, with tokens from before its provider was lost; it comes back afterwards."""
    middle, provider = nanoidp_site, nanoidp_site.provider
    before = log_in(middle.main.base, PERSON), provider.token("cnpg:read")
    lose, find = (
        (provider.stop, provider.start)
        if request.param == "stopped"
        else (provider.pause, provider.resume)
    )
    lose()
    yield middle, *before
    find()
    wait_until(lambda: provider_check(middle.main) == "ok", "the provider is back", SECONDS)


Lost = tuple[Site[NanoIdp], Tokens, str]


async def test_those_who_are_signed_in_stay_so(lost: Lost, http: httpx.AsyncClient) -> None:
    site, of_main, of_test = lost
    assert rpc.is_let_in(await rpc.call(http, site.main.mcp, of_main.access))
    assert rpc.is_let_in(await rpc.call(http, site.test.mcp, of_test))


async def test_readiness_of_the_main_server_says_so(lost: Lost) -> None:
    site, *_ = lost
    wait_until(lambda: provider_check(site.main) != "ok", "the loss is noticed", SECONDS)


async def test_test_server_does_not_need_it_to_be_ready(
    lost: Lost, http: httpx.AsyncClient
) -> None:
    site, *_ = lost
    answer = await http.get(site.test.url("/readyz"))
    assert "provider" not in answer.json()["checks"]


async def test_refresh_token_is_as_good_afterwards_as_the_provider_has_it(
    lost: Lost, http: httpx.AsyncClient
) -> None:
    site, of_main, _ = lost
    client = OAuthClient(site.main.base, http, client_id=of_main.client_id)
    assert is_unavailable(await client.refresh(of_main.refresh))
    has_hung = site.provider.resume()
    site.provider.start()
    answer = await client.refresh(of_main.refresh)
    if has_hung and answer.status_code == 400:  # it has got the request, and its answer was lost
        assert answer.json()["error"] == "invalid_grant"
        return
    following = tokens(answer)
    assert rpc.is_let_in(await rpc.call(http, site.main.mcp, following.access))


async def test_login_in_the_middle_ends_with_a_page_and_not_with_an_error_of_ours(
    lost: Lost, http: httpx.AsyncClient, browser: Browser
) -> None:
    """The person comes back from the provider, which is lost before the code is exchanged."""
    site, *_ = lost
    client = OAuthClient(site.main.base, http)
    await client.register()
    answer = await http.get(client.authorization())
    assert answer.status_code in {302, 503}
    if answer.status_code == 302:
        assert answer.headers["location"].startswith((client.redirect_uri, client.base))
