"""Whoever may write to the store without its key cannot become somebody else by it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis import Redis as RedisClient

from cnpg_mcp.auth.store import digest
from test.auth import rpc
from test.auth.browser import Browser
from test.auth.inside import Inside
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.redis import Redis, redis_program
from test.auth.refusals import is_refused
from test.auth.replicas import PLAN_KEY

FAMILIES, TOKENS = "mcp-upstream-tokens", "mcp-jti-mappings"
CLIENTS, CODES = "mcp-oauth-proxy-clients", "mcp-authorization-codes"
REFRESH, USED = "mcp-refresh-tokens", "cnpg-used-refresh-tokens"
LOGINS, ANSWERS = "cnpg-logins", "cnpg-refresh-answers"
FOREIGN = {"version": 99, "asked": 7, "used_at": [], "jti": {}, "redirect_uris": "x", "code": 1}
"""What another version of this program may have stored."""


@pytest.fixture
def client(inside: Inside, http: httpx.AsyncClient) -> OAuthClient:
    """A client of that server."""
    return OAuthClient(inside.base, http)


def _file(inside: Inside, collection: str, key: str) -> Path:
    """The entry with this key."""
    name = collection.replace("-", "_")
    (found,) = inside.store.glob(f"*{name}*/{digest(key)}.json")
    return found


async def _family(inside: Inside, found: Tokens) -> str:
    async with inside.looked_into() as (sign_in, _):
        return (await sign_in._family(found.access, "access"))[0]


async def _token_id(inside: Inside, token: str, use: str) -> str:
    async with inside.looked_into() as (sign_in, _):
        return str(sign_in.jwt_issuer.verify_token(token, expected_token_use=use)["jti"])


async def _status(client: OAuthClient, found: Tokens) -> int:
    return (await rpc.call(client.http, f"{client.base}/mcp", found.access)).status_code


async def _two(inside: Inside, client: OAuthClient, browser: Browser) -> tuple[Tokens, Tokens]:
    """A thief's login, and a victim's, with one client."""
    return await client.login(browser), await client.login(browser)


# Entries in other places


async def test_login_copied_over_another_lets_nobody_in(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    thief, victim = await _two(inside, client, browser)
    own, others = [await _family(inside, found) for found in (thief, victim)]
    assert await _status(client, thief) == 200
    shutil.copy(_file(inside, FAMILIES, others), _file(inside, FAMILIES, own))
    assert await _status(client, thief) == 401
    assert await _status(client, victim) == 200


@pytest.mark.parametrize("use", ["access", "refresh"])
async def test_token_s_entry_copied_over_another_lets_nobody_in(
    inside: Inside, client: OAuthClient, browser: Browser, use: str
) -> None:
    thief, victim = await _two(inside, client, browser)
    own, others = [await _token_id(inside, getattr(one, use), use) for one in (thief, victim)]
    shutil.copy(_file(inside, TOKENS, others), _file(inside, TOKENS, own))
    if use == "access":
        assert await _status(client, thief) == 401
    else:
        is_refused(await client.refresh(thief.refresh), "invalid_grant")
    assert await _status(client, victim) == 200


async def test_answer_to_a_refresh_copied_over_another_is_not_given_away(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    thief, victim = await _two(inside, client, browser)
    for found in (thief, victim):
        tokens(await client.refresh(found.refresh))
    own, others = [_file(inside, ANSWERS, one.refresh) for one in (thief, victim)]
    shutil.copy(others, own)
    answer = await client.refresh(thief.refresh)
    given = tokens(answer) if answer.is_success else None
    assert given is None or await _family(inside, given) != await _family(inside, victim)


async def test_rights_of_another_login_are_not_taken_over_with_its_entry(
    inside: Inside, provider: Auth0, client: OAuthClient, browser: Browser
) -> None:
    """The person may do everything; the thief has a login that asked to read."""
    tenant = provider.tenant
    tenant.permissions = ("cnpg:read", "cnpg:write", "cnpg:admin")
    tenant.withheld = frozenset(tenant.permissions)
    try:
        client.scope = "cnpg:read"
        thief = await client.login(browser)
        client.scope = "cnpg:read cnpg:write"
        victim = await client.login(browser)
        own, others = [await _family(inside, one) for one in (thief, victim)]
        shutil.copy(_file(inside, LOGINS, others), _file(inside, LOGINS, own))
        body = rpc.call_body("create_postgres_cluster", name="a", namespace="a")
        sent = rpc.headers(thief.access)
        answer = await client.http.post(f"{client.base}/mcp", json=body, headers=sent)
    finally:
        tenant.permissions, tenant.withheld = None, frozenset()
    assert answer.status_code in {401, 403}


# Entries of another kind


async def _put(inside: Inside, collection: str, key: str, value: Mapping[str, Any]) -> None:
    async with inside.looked_into() as (_, store):
        await store.values.put(key, value, collection=collection, ttl=600)


@pytest.mark.parametrize("collection", [FAMILIES, TOKENS])
async def test_call_whose_entry_is_of_another_kind_is_a_401(
    inside: Inside, client: OAuthClient, browser: Browser, collection: str
) -> None:
    found = await client.login(browser)
    key = {
        FAMILIES: await _family(inside, found),
        TOKENS: await _token_id(inside, found.access, "access"),
    }[collection]
    await _put(inside, collection, key, FOREIGN)
    assert await _status(client, found) == 401


async def test_call_whose_login_is_of_another_kind_asked_for_nothing(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    await _put(inside, LOGINS, await _family(inside, found), FOREIGN)
    assert await _status(client, found) == 200


@pytest.mark.parametrize("collection", [FAMILIES, TOKENS, REFRESH, USED, CLIENTS])
async def test_refresh_whose_entry_is_of_another_kind_is_refused_in_form(
    inside: Inside, client: OAuthClient, browser: Browser, collection: str
) -> None:
    found = await client.login(browser)
    key = {
        FAMILIES: await _family(inside, found),
        TOKENS: await _token_id(inside, found.refresh, "refresh"),
        REFRESH: digest(found.refresh),
        USED: found.refresh,
        CLIENTS: client.client_id,
    }[collection]
    await _put(inside, collection, key, FOREIGN)
    answer = await client.refresh(found.refresh)
    if collection == USED:  # as if it had not been used
        tokens(answer)
    else:
        is_refused(answer, "invalid_grant", "invalid_client")


@pytest.mark.parametrize("what", ["used", "answer"])
async def test_second_refresh_whose_entry_is_of_another_kind_is_refused_in_form(
    inside: Inside, client: OAuthClient, browser: Browser, what: str
) -> None:
    found = await client.login(browser)
    tokens(await client.refresh(found.refresh))
    await _put(inside, {"used": USED, "answer": ANSWERS}[what], found.refresh, FOREIGN)
    is_refused(await client.refresh(found.refresh), "invalid_grant")


async def test_code_whose_entry_is_of_another_kind_is_refused_in_form(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    landed = await client.land(browser)
    await _put(inside, CODES, landed["code"], FOREIGN)
    is_refused(await client.exchange(landed["code"]), "invalid_grant")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"value": 1}', '{"value": {"__encrypted_data__": "x"}}'],
)
async def test_file_that_was_damaged_is_no_failure_of_ours(
    inside: Inside, client: OAuthClient, browser: Browser, content: str
) -> None:
    found = await client.login(browser)
    _file(inside, FAMILIES, await _family(inside, found)).write_text(content)
    assert await _status(client, found) == 401
    is_refused(await client.refresh(found.refresh), "invalid_grant")


# Names of entries


async def _secrets(inside: Inside, client: OAuthClient, browser: Browser) -> set[str]:
    """All that has been a key while a person signed in, refreshed, and began once more."""
    code = (await client.land(browser))["code"]
    begun = await client.land(browser)
    url = client.authorization()
    state = (await client.http.get(url)).headers["location"].rsplit("=", 1)[-1]
    found = tokens(await client.exchange(code))
    following = tokens(await client.refresh(found.refresh))
    ids = [await _token_id(inside, each.access, "access") for each in (found, following)]
    given = {code, begun["code"], state, client.client_id, client.state, found.refresh, *ids}
    return given | {await _family(inside, following)}


async def test_names_of_files_are_digests(
    inside: Inside, client: OAuthClient, browser: Browser
) -> None:
    secrets = await _secrets(inside, client, browser)
    names = [path.stem for path in inside.store.glob("*/*")]
    assert len(names) > len(secrets)
    assert [name for name in names if len(name) != 64 or set(name) - set("0123456789abcdef")] == []
    assert {digest(client.client_id)} <= set(names)


async def test_names_of_entries_in_redis_are_digests(
    provider: Auth0, tmp_path: Path, http: httpx.AsyncClient, browser: Browser
) -> None:
    redis = Redis(tmp_path, redis_program())
    redis.start()
    shared = {"oauth_store": SecretStr(redis.url), "plan_key": (SecretStr(PLAN_KEY),)}
    try:
        with Inside(provider, tmp_path / "server", **shared) as inside:
            client = OAuthClient(inside.base, http)
            secrets = await _secrets(inside, client, browser)
            names = [name.decode() for name in RedisClient.from_url(redis.url).scan_iter()]
    finally:
        redis.stop()
    assert len(names) > len(secrets)
    assert [name for name in names if any(secret in name for secret in secrets)] == []
    assert any(digest(client.client_id) in name for name in names)
