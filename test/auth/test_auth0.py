"""What is Auth0's own: audiences, opaque and encrypted tokens, permissions, clocks, scopes."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from test.auth import rpc
from test.auth.browser import Browser, Stuck
from test.auth.inside import Inside
from test.auth.oauth_client import OAuthClient, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import AUDIENCE, CLIENT_ID
from test.auth.providers.keys import opaque
from test.auth.providers.tenant import Tenant
from test.auth.site import Site

WRITES = "create_postgres_cluster"


@pytest.fixture
def tenant(auth0_site: Site[Auth0]) -> Iterator[Tenant]:
    """The tenant; its knobs are turned back afterwards."""
    found = auth0_site.provider.tenant
    knobs = ("skew", "lifetime", "encrypts", "permissions", "withheld", "audience")
    before = {name: getattr(found, name) for name in knobs}
    yield found
    for name, value in before.items():
        setattr(found, name, value)


def _authorization(tenant: Tenant) -> dict[str, str]:
    return tenant.asked("/authorize")[-1].parameters


async def test_provider_is_asked_for_the_audience_and_for_no_resource(
    tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    asked = _authorization(tenant)
    assert asked["audience"] == AUDIENCE
    assert "resource" not in asked
    assert asked["code_challenge_method"] == "S256"
    assert {"openid", "offline_access"} <= set(asked["scope"].split())
    assert asked["client_id"] == CLIENT_ID
    assert found.refresh


async def test_scopes_that_the_client_asks_for_reach_the_provider(
    tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    client.scope = "cnpg:read cnpg:write"
    await client.login(browser)
    asked = set(_authorization(tenant)["scope"].split())
    assert {"cnpg:read", "cnpg:write"} <= asked
    assert "cnpg:admin" not in asked


async def test_tokens_with_the_audience_in_a_list_are_let_in(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, tenant: Tenant
) -> None:
    token = auth0_site.provider.token("openid", "cnpg:read")
    assert rpc.is_let_in(await rpc.call(http, auth0_site.test.mcp, token))


async def test_refused_opaque_token_says_to_ask_for_the_audience(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, tenant: Tenant
) -> None:
    answer = await rpc.call(http, auth0_site.test.mcp, opaque(tenant.issuer))
    assert answer.status_code == 401
    assert "audience" in answer.json()["error_description"]


async def test_refused_encrypted_token_says_to_switch_encryption_off(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, tenant: Tenant
) -> None:
    tenant.encrypts = True
    answer = await rpc.call(http, auth0_site.test.mcp, auth0_site.provider.token("cnpg:read"))
    assert answer.status_code == 401
    assert "encrypt" in answer.json()["error_description"]


async def test_login_that_brings_encrypted_tokens_ends_with_a_page_that_says_so(
    auth0_site: Site[Auth0], tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    tenant.encrypts = True
    with pytest.raises(Stuck, match=r"^502 .*"):
        await client.login(browser)
    assert auth0_site.main.audit[-1]["outcome"] == "failed"


async def test_permissions_count_as_scopes(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, tenant: Tenant
) -> None:
    async def status(*permissions: str) -> int:
        tenant.permissions = permissions
        token = auth0_site.provider.token("openid")
        body = rpc.call_body(WRITES, name="a", namespace="a")
        answer = await http.post(auth0_site.test.mcp, json=body, headers=rpc.headers(token))
        return answer.status_code

    assert await status("cnpg:write") == 200
    assert await status("cnpg:read") == 403


async def test_provider_that_does_not_know_the_audience_sends_the_client_an_error(
    tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    tenant.audience = "https://some-other-api.example"
    landed = await client.land(browser)
    assert landed["error"] == "access_denied"
    assert landed["state"] == client.state
    assert "Service not found" in landed["error_description"]


@pytest.mark.parametrize("skew", [-25, 25])
async def test_clocks_that_differ_by_seconds_do_no_harm(
    auth0_site: Site[Auth0], tenant: Tenant, client: OAuthClient, browser: Browser, skew: int
) -> None:
    tenant.skew = skew
    found = await client.login(browser)
    assert rpc.is_let_in(await rpc.call(client.http, auth0_site.main.mcp, found.access))
    found = tokens(await client.refresh(found.refresh))
    assert rpc.is_let_in(await rpc.call(client.http, auth0_site.main.mcp, found.access))
    token = auth0_site.provider.token("cnpg:read")
    assert rpc.is_let_in(await rpc.call(client.http, auth0_site.test.mcp, token))


async def test_clock_that_is_minutes_ahead_is_told_as_such(
    auth0_site: Site[Auth0], tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    tenant.skew = 300
    answer = await rpc.call(
        client.http, auth0_site.test.mcp, auth0_site.provider.token("cnpg:read")
    )
    assert answer.status_code == 401
    assert "clock" in answer.json()["error_description"]
    with pytest.raises(Stuck, match=r"^502 "):
        await client.login(browser)


async def test_login_lasts_after_the_provider_s_first_token_is_over(
    auth0_site: Site[Auth0], tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    """The provider's clock is behind, so its tokens are over when they come."""
    tenant.lifetime = 1
    first = await client.login(browser)
    tenant.lifetime = 600
    refreshed = tokens(await client.refresh(first.refresh))
    assert rpc.is_let_in(await rpc.call(client.http, auth0_site.main.mcp, refreshed.access))


async def test_provider_s_token_that_ends_early_is_refreshed_by_one_call_for_all(
    inside: Inside, http: httpx.AsyncClient, browser: Browser
) -> None:
    """It was said to last, and is over at the first call."""
    tenant = inside.provider.tenant
    found = await OAuthClient(inside.base, http).login(browser)
    await inside.expire(found.access)
    asked = len(tenant.asked("/oauth/token"))
    calls = (rpc.call(http, inside.mcp, found.access) for _ in range(8))
    assert all(map(rpc.is_let_in, await asyncio.gather(*calls)))
    assert len(tenant.asked("/oauth/token")) == asked + 1


async def test_login_that_the_provider_has_ended_is_over(
    tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    tenant.end_all_logins()
    answer = await client.refresh(found.refresh)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


async def test_revoking_ends_access_refresh_and_the_login_at_the_provider(
    auth0_site: Site[Auth0], tenant: Tenant, client: OAuthClient, browser: Browser
) -> None:
    for kind in ("access", "refresh"):
        found = await client.login(browser)
        before = len(tenant.asked("/oauth/revoke"))
        answer = await client.revoke(getattr(found, kind))
        assert answer.status_code == 200
        called = await rpc.call(client.http, auth0_site.main.mcp, found.access)
        assert called.status_code == 401
        assert (await client.refresh(found.refresh)).json()["error"] == "invalid_grant"
        assert len(tenant.asked("/oauth/revoke")) == before + 1
