"""A login that was ended stays ended: whatever was under way, remembered or already used."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from cnpg_mcp.auth.events import Door
from cnpg_mcp.auth.family import GRACE_SECONDS
from test.auth import rpc
from test.auth.browser import Browser
from test.auth.inside import Inside
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.bent import BentAuth0
from test.auth.redis import Redis, redis_program
from test.auth.refusals import is_refused
from test.auth.replicas import PLAN_KEY
from test.auth.tokens import with_signature
from test.unit.serving.asgi import until

WRITES = "create_postgres_cluster"
LIFETIME = 600


@dataclass
class Pair:
    """Two servers with the same logins: two with one Redis, or one twice."""

    one: Inside
    other: Inside


@pytest.fixture(scope="module")
def replicas(provider: BentAuth0, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two main servers with one Redis."""
    folder = tmp_path_factory.mktemp("shared")
    redis = Redis(folder, redis_program())
    redis.start()
    shared = {"oauth_store": SecretStr(redis.url), "plan_key": (SecretStr(PLAN_KEY),)}
    one = Inside(provider, folder / "one", **shared)
    other = Inside(provider, folder / "other", public_url=one.base, **shared)
    with one, other:
        yield Pair(one, other)
    redis.stop()


@pytest.fixture(params=["directory", "redis"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """Both kinds of store."""
    if request.param == "redis":
        return request.getfixturevalue("replicas")
    inside = request.getfixturevalue("inside")
    return Pair(inside, inside)


@pytest.fixture
def client(inside: Inside, http: httpx.AsyncClient) -> OAuthClient:
    """A client of the server with the directory."""
    return OAuthClient(inside.base, http)


async def _status(client: OAuthClient, access: str) -> int:
    return (await rpc.call(client.http, f"{client.base}/mcp", access)).status_code


def _at(inside: Inside, client: OAuthClient) -> OAuthClient:
    """The same client at another server."""
    return OAuthClient(inside.base, client.http, client_id=client.client_id)


# Something is under way


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_revocation_holds_although_a_refresh_is_under_way(
    provider: BentAuth0, pair: Pair, http: httpx.AsyncClient, browser: Browser, kind: str
) -> None:
    client = OAuthClient(pair.one.base, http)
    found = await client.login(browser)
    pair.other.events.clear()
    with provider.holding() as hold:
        refreshing = asyncio.create_task(client.refresh(found.refresh))
        await hold.has_arrived()
        ending = asyncio.create_task(_at(pair.other, client).revoke(getattr(found, kind)))
        await until(lambda: pair.other.has_told(Door.REVOKE, "ok"))
        await asyncio.wait({ending}, timeout=0.2)
        hold.release()
        assert (await ending).status_code == 200
        refreshed = await refreshing
    given = [found.access, *([refreshed.json()["access_token"]] if refreshed.is_success else [])]
    assert [await _status(client, access) for access in given] == [401] * len(given)
    is_refused(await client.refresh(found.refresh), "invalid_grant")
    if refreshed.is_success:
        is_refused(await client.refresh(refreshed.json()["refresh_token"]), "invalid_grant")


async def test_revocation_holds_although_a_call_renews_the_provider_s_token(
    provider: BentAuth0, pair: Pair, http: httpx.AsyncClient, browser: Browser
) -> None:
    client = OAuthClient(pair.one.base, http)
    found = await client.login(browser)
    await pair.one.expire(found.access)
    pair.other.events.clear()
    with provider.holding() as hold:
        calling = asyncio.create_task(_status(client, found.access))
        await hold.has_arrived()
        ending = asyncio.create_task(_at(pair.other, client).revoke(found.access))
        await until(lambda: pair.other.has_told(Door.REVOKE, "ok"))
        await asyncio.wait({ending}, timeout=0.2)
        hold.release()
        assert (await ending).status_code == 200
        await calling
    assert await _status(client, found.access) == 401
    is_refused(await client.refresh(found.refresh), "invalid_grant")


# Something is remembered


async def test_remembered_token_is_refused_at_once_after_revocation_elsewhere(
    pair: Pair, http: httpx.AsyncClient, browser: Browser
) -> None:
    client = OAuthClient(pair.one.base, http)
    found = await client.login(browser)
    assert [await _status(client, found.access) for _ in range(2)] == [200, 200]
    assert (await _at(pair.other, client).revoke(found.access)).status_code == 200
    assert await _status(client, found.access) == 401


async def test_remembered_token_is_refused_after_its_own_end(
    provider: BentAuth0, client: OAuthClient, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's token behind it is good for a day; the store has not forgotten it yet."""
    with provider.changing(lambda answer: {**answer, "expires_in": LIFETIME}):
        found = await client.login(browser)
    assert await _status(client, found.access) == 200
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + LIFETIME + 1)
    assert await _status(client, found.access) == 401


async def test_remembered_token_does_not_let_in_one_with_another_signature(
    client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    assert await _status(client, found.access) == 200
    assert await _status(client, with_signature(found.access, "AAAA")) == 401


# A refresh token that was used


async def test_used_refresh_token_revokes_the_login(client: OAuthClient, browser: Browser) -> None:
    first = await client.login(browser)
    second = tokens(await client.refresh(first.refresh))
    assert (await client.revoke(first.refresh)).status_code == 200
    assert await _status(client, second.access) == 401
    is_refused(await client.refresh(second.refresh), "invalid_grant")


async def test_used_refresh_token_of_another_client_revokes_nothing(
    client: OAuthClient, browser: Browser, inside: Inside
) -> None:
    first = await client.login(browser)
    second = tokens(await client.refresh(first.refresh))
    thief = OAuthClient(inside.base, client.http)
    await thief.register()
    for token in (first.refresh, second.refresh, second.access):
        assert (await thief.revoke(token)).status_code == 200
    assert await _status(client, second.access) == 200
    tokens(await client.refresh(second.refresh))


async def test_used_refresh_token_brings_nothing_after_the_logout_within_the_grace(
    client: OAuthClient, browser: Browser, inside: Inside
) -> None:
    first = await client.login(browser)
    second = tokens(await client.refresh(first.refresh))
    again = await client.refresh(first.refresh)
    assert again.is_success
    await client.revoke(second.refresh)
    inside.events.clear()
    is_refused(await client.refresh(first.refresh), "invalid_grant")
    assert not inside.has_told(Door.REFRESH, "reused")


async def test_exchange_that_was_not_finished_can_be_tried_again(
    client: OAuthClient, browser: Browser, inside: Inside
) -> None:
    """The process died after it had noted the use; the provider was not asked yet."""
    found = await client.login(browser)
    async with inside.looked_into() as (sign_in, _):
        family, _ = await sign_in._family(found.refresh, "refresh")
        await sign_in._families.use(found.refresh, client.client_id, ["cnpg:read"], family)
    inside.clock.ahead = GRACE_SECONDS + 2
    try:
        second = tokens(await client.refresh(found.refresh))
    finally:
        inside.clock.ahead = 0.0
    assert await _status(client, second.access) == 200


# What a refreshed login is good for


@pytest.mark.parametrize("is_said", [True, False], ids=["said", "not-said"])
async def test_wish_for_less_is_answered_with_what_the_tokens_are_really_good_for(
    provider: BentAuth0, client: OAuthClient, browser: Browser, is_said: bool
) -> None:
    def change(answer: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in answer.items() if is_said or name != "scope"}

    client.scope = "cnpg:read cnpg:write"
    with provider.changing(change):
        first = await client.login(browser)
        second = tokens(await client.refresh(first.refresh, scope="cnpg:read"))
        third = tokens(await client.refresh(second.refresh))
    for found in (second, third):
        assert {"cnpg:read", "cnpg:write"} <= set(found.answer["scope"].split())
    assert await _write(client, second) == 200


@pytest.mark.parametrize(("asked", "status"), [("cnpg:read", 403), ("cnpg:write", 200)])
async def test_permissions_wider_than_what_the_login_asked_for_give_no_more(
    provider: BentAuth0, client: OAuthClient, browser: Browser, asked: str, status: int
) -> None:
    tenant = provider.tenant
    tenant.permissions = ("cnpg:read", "cnpg:write", "cnpg:admin")
    tenant.withheld = frozenset(tenant.permissions)
    client.scope = asked
    try:
        found = await client.login(browser)
        assert await _write(client, found) == status
        found = tokens(await client.refresh(found.refresh))
        assert await _write(client, found) == status
    finally:
        tenant.permissions, tenant.withheld = None, frozenset()


async def _write(client: OAuthClient, found: Tokens) -> int:
    body = rpc.call_body(WRITES, name="a", namespace="a")
    sent = rpc.headers(found.access)
    return (await client.http.post(f"{client.base}/mcp", json=body, headers=sent)).status_code
