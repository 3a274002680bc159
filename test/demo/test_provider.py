"""The demo's identity provider: who gets which tokens, alone and with both servers."""

import base64
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from authlib.oidc.discovery import OpenIDProviderMetadata

from cnpg_mcp.demo.provider.keys import PUBLISHED, SigningKeys, TooManyKeys
from cnpg_mcp.demo.provider.provider import Provider
from test.auth import rpc
from test.auth.addresses import http_from, plain_http
from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient, tokens
from test.auth.providers.base import wait_until
from test.controlplane.process import free_ports
from test.demo.provider_house import (
    ADMIN,
    CALLBACK,
    GRANTED,
    READ,
    WRITE,
    Application,
    House,
    house,
    person,
)

USERS = tuple(GRANTED)
HOUR = timedelta(hours=1)
NEW_CLUSTER = {"name": "new", "dry_run": False}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("provider")) as found:
        yield found


@pytest.fixture(scope="module")
def provider(site: House) -> Provider:
    return site.provider


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with http_from() as client:
        yield client


@pytest.fixture
def application(provider: Provider, http: httpx.AsyncClient) -> Application:
    return Application(provider, http)


async def claims(provider: Provider, http: httpx.AsyncClient, token: str, aud: str) -> Any:
    """What a token says that is signed with a published key."""
    keys = jwt.PyJWKSet.from_dict((await http.get(f"{provider.issuer}/jwks")).json())
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.decode(token, keys[kid], ["RS256"], audience=aud, issuer=provider.issuer)


async def access_of(application: Application, provider: Provider, user: str) -> Any:
    """The claims of the access token that a user's login gives."""
    found = tokens(await application.exchange(await application.code(user)))
    return await claims(provider, application.http, found.access, provider.audience)


async def create(http: httpx.AsyncClient, url: str, token: str) -> httpx.Response:
    """A call of a tool that writes."""
    body = rpc.call_body("create_postgres_cluster", **NEW_CLUSTER)
    return await http.post(url, json=body, headers=rpc.headers(token))


def lists(answer: httpx.Response) -> bool:
    """Whether a call of the tool that lists has succeeded."""
    return answer.is_success and "structuredContent" in answer.json()["result"]


# Both servers


@pytest.mark.parametrize("user", USERS)
async def test_login_at_the_main_server_gives_the_users_scopes(
    site: House, http: httpx.AsyncClient, user: str
) -> None:
    client = OAuthClient(site.main.base, http)
    async with Browser(person(user)) as browser:
        found = await client.login(browser)
    granted = [scope for scope in found.answer["scope"].split() if scope.startswith("cnpg:")]
    assert granted == GRANTED[user]
    assert lists(await rpc.call(http, site.main.mcp, found.access))
    code = rpc.error_code(await create(http, site.main.mcp, found.access))
    assert (code == "insufficient_scope") == (user == "reader")
    last = site.main.audit[-1]["caller"]
    assert (last["subject"], last["issuer"]) == (user, site.provider.issuer)


@pytest.mark.parametrize("user", USERS)
async def test_token_is_let_in_by_the_test_server(
    site: House, http: httpx.AsyncClient, user: str
) -> None:
    token = site.provider.token(user, HOUR)
    assert lists(await rpc.call(http, site.test.mcp, token))


async def test_readers_token_may_not_write_at_the_test_server(
    site: House, http: httpx.AsyncClient
) -> None:
    answer = await create(http, site.test.mcp, site.provider.token("reader", HOUR))
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert answer.json()["scope"] == f"{READ} {WRITE}"


async def test_token_that_is_over_is_not_let_in(site: House, http: httpx.AsyncClient) -> None:
    token = site.provider.token("admin", -HOUR)
    answer = await rpc.call(http, site.test.mcp, token)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


async def test_main_server_refreshes_logins(site: House, http: httpx.AsyncClient) -> None:
    client = OAuthClient(site.main.base, http)
    async with Browser(person("reader")) as browser:
        current = await client.login(browser)
    for _ in range(3):
        following = tokens(await client.refresh(current.refresh))
        assert following.refresh != current.refresh
        assert lists(await rpc.call(http, site.main.mcp, following.access))
        current = following


async def test_new_key_is_taken_and_tokens_of_the_one_before_stay_good(
    site: House, http: httpx.AsyncClient
) -> None:
    before = site.provider.token("reader", HOUR)
    assert lists(await rpc.call(http, site.test.mcp, before))
    answer = await http.post(f"{site.provider.issuer}/keys/rotate")
    assert answer.status_code == httpx.codes.NO_CONTENT
    after = site.provider.token("reader", HOUR)
    assert kid(after) != kid(before)
    for token in (after, before):
        wait_until(lambda: lists(called(site.test.mcp, token)), "token is let in")  # noqa: B023
    async with Browser(person("reader")) as browser:
        found = await OAuthClient(site.main.base, http).login(browser)
    assert lists(await rpc.call(http, site.main.mcp, found.access))


def called(url: str, token: str) -> httpx.Response:
    """A call of the tool that lists; a server looks for new keys once in two seconds."""
    with plain_http() as http:
        return http.post(url, json=rpc.call_body(), headers=rpc.headers(token))


def kid(token: str) -> str:
    """The id of the key that has signed."""
    return str(jwt.get_unverified_header(token)["kid"])


async def test_keys_are_published_as_long_as_a_token_lives_that_they_have_signed(
    provider: Provider, http: httpx.AsyncClient
) -> None:
    token = provider.token("reader", 12 * HOUR)
    for _ in range(4):
        provider.rotate_keys()
        keys = (await http.get(f"{provider.issuer}/jwks")).json()["keys"]
        assert not {"d", "p", "q"} & set().union(*keys)
        assert kid(token) in {key["kid"] for key in keys}


class Clock:
    """Stands still until it is moved."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_key_goes_with_the_last_of_its_tokens_and_one_without_any_at_once() -> None:
    clock = Clock()
    keys = SigningKeys(clock)
    keys.signing(HOUR)
    keys.signing(HOUR / 2)
    keys.rotate()
    keys.rotate()
    assert len(keys.published["keys"]) == 2
    clock.now += HOUR.total_seconds()
    keys.rotate()
    assert len(keys.published["keys"]) == 1


def test_keys_are_not_rotated_when_all_that_can_be_published_are_needed() -> None:
    clock = Clock()
    keys = SigningKeys(clock)
    for number in range(PUBLISHED - 1):
        keys.signing(HOUR + timedelta(seconds=number))
        keys.rotate()
    keys.signing(12 * HOUR)
    before = keys.published
    with pytest.raises(TooManyKeys) as refusal:
        keys.rotate()
    assert refusal.value.seconds == HOUR.total_seconds()
    assert keys.published == before
    clock.now += HOUR.total_seconds()
    keys.rotate()
    assert len(keys.published["keys"]) == PUBLISHED


async def test_rotation_that_is_refused_says_when_to_try_again(http: httpx.AsyncClient) -> None:
    (port,) = free_ports(1)
    alone = Provider(port, [CALLBACK])
    await alone.start()
    try:
        for _ in range(PUBLISHED):
            alone.token("reader", HOUR)
            last = await http.post(f"{alone.issuer}/keys/rotate")
    finally:
        await alone.stop()
    assert last.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert 0 < int(last.headers["retry-after"]) <= HOUR.total_seconds()
    assert "Next: try again in" in last.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
async def test_no_page_of_a_browser_rotates_keys(
    provider: Provider, http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    before = kid(provider.token("reader", HOUR))
    answer = await http.post(f"{provider.issuer}/keys/rotate", headers=headers)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert kid(provider.token("reader", HOUR)) == before


# Tokens


async def test_discovery_is_as_the_standard_has_it(
    provider: Provider, http: httpx.AsyncClient
) -> None:
    found = (await http.get(f"{provider.issuer}/.well-known/openid-configuration")).json()
    OpenIDProviderMetadata(found).validate()
    assert found["issuer"] == provider.issuer
    assert found["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize("user", USERS)
async def test_access_token_has_what_the_user_may_of_what_was_asked(
    application: Application, provider: Provider, user: str
) -> None:
    found = await access_of(application, provider, user)
    assert found["scope"].split() == ["openid", "offline_access", *GRANTED[user]]
    assert (found["sub"], found["client_id"]) == (user, provider.client_id)


async def test_nobody_gets_more_than_was_asked(provider: Provider, http: httpx.AsyncClient) -> None:
    application = Application(provider, http, scope=f"{WRITE} unheard:of")
    found = await access_of(application, provider, "admin")
    assert found["scope"] == WRITE


async def test_id_token_says_who_has_signed_in(
    application: Application, provider: Provider
) -> None:
    code = await application.code("writer", nonce="n-1")
    answer = tokens(await application.exchange(code)).answer
    found = await claims(provider, application.http, answer["id_token"], provider.client_id)
    assert (found["sub"], found["nonce"]) == ("writer", "n-1")
    assert {"auth_time", "at_hash", "exp", "iat"} <= found.keys()


async def test_login_that_does_not_ask_to_stay_has_no_refresh_token(
    provider: Provider, http: httpx.AsyncClient
) -> None:
    application = Application(provider, http, scope=f"openid {READ}")
    assert not tokens(await application.exchange(await application.code("reader"))).refresh


async def test_refresh_token_is_good_once_and_keeps_the_scopes(
    application: Application, provider: Provider
) -> None:
    first = tokens(await application.exchange(await application.code("writer")))
    second = tokens(await application.refresh(first.refresh, scope=READ))
    third = tokens(await application.refresh(second.refresh))
    assert second.answer["scope"] == READ
    assert third.answer["scope"] == first.answer["scope"]
    again = await application.refresh(first.refresh)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    more = await application.refresh(third.refresh, scope=ADMIN)
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


async def test_code_is_good_once(application: Application) -> None:
    code = await application.code("reader")
    tokens(await application.exchange(code))
    again = await application.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


WRONG = {
    "verifier": ({"code_verifier": "v" * 43}, 400, "invalid_grant"),
    "no verifier": ({"code_verifier": None}, 400, "invalid_request"),
    "verifier in other letters": ({"code_verifier": "é" * 43}, 400, "invalid_request"),
    "redirect": ({"redirect_uri": f"{CALLBACK}/"}, 400, "invalid_grant"),
    "client": ({"client_id": "somebody"}, 400, "invalid_client"),
    "secret": ({"client_secret": "wrong"}, 401, "invalid_client"),
    "no secret": ({"client_secret": None}, 401, "invalid_client"),
    "secret in other letters": ({"client_secret": "ключ"}, 401, "invalid_client"),
    "grant": ({"grant_type": 'wrong"\\é'}, 400, "unsupported_grant_type"),
    "another grant": ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
}


@pytest.mark.parametrize(("other", "status", "error"), WRONG.values(), ids=WRONG)
async def test_exchange_with_one_thing_wrong_is_refused(
    application: Application, other: dict[str, str | None], status: int, error: str
) -> None:
    answer = await application.exchange(await application.code("admin"), **other)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_code_that_was_never_given_is_refused(application: Application) -> None:
    answer = await application.exchange("never-given")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_credentials_that_are_no_text_are_refused(
    provider: Provider, http: httpx.AsyncClient
) -> None:
    credentials = base64.b64encode(b"\xff:\xfe").decode()
    headers = {"Authorization": f"Basic {credentials}"}
    form = {"grant_type": "refresh_token", "refresh_token": "any"}
    answer = await http.post(f"{provider.issuer}/token", data=form, headers=headers)
    assert answer.status_code == httpx.codes.BAD_REQUEST


async def test_body_that_is_larger_than_any_of_ours_is_not_read(
    provider: Provider, http: httpx.AsyncClient
) -> None:
    answer = await http.post(f"{provider.issuer}/token", data={"code": "c" * 40_000})
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


# Where it listens


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "", "192.168.1.4", "::", "::1", "localhost", "example.com", "127.0.0.1.nip"]
)
def test_any_address_but_loopback_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Provider(1, [CALLBACK], host=host)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/authorize"])
async def test_requests_for_other_hosts_are_refused(
    provider: Provider, http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(f"{provider.issuer}{path}", headers={"Host": "rebound.example"})
    assert answer.status_code == httpx.codes.BAD_REQUEST


def test_secrets_are_others_at_each_start() -> None:
    one, other = (Provider(1, [CALLBACK]) for _ in range(2))
    assert one.client_secret != other.client_secret
    assert kid(one.token("reader", HOUR)) != kid(other.token("reader", HOUR))
