"""Two processes with one Redis are one server: nobody notices which of them answers."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client
from key_value.aio.stores.memory import MemoryStore
from redis import Redis as RedisClient

from test.auth import rpc
from test.auth.addresses import plain_http
from test.auth.browser import Browser
from test.auth.mcp_login import BrowserOAuth
from test.auth.oauth_client import OAuthClient, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON, settings, wait_until
from test.auth.replicas import Replicas
from test.auth.servers import Server
from test.auth.site import SIGNING_KEY
from test.auth.walk import log_in
from test.contract.planted import plant
from test.controlplane.api import KubeClient
from test.controlplane.plane import Plane

LOST_SECONDS = 8
"""Within which a request has to be answered while Redis is away."""
RECOVERY_SECONDS = 60
NEW: dict[str, Any] = {
    "cluster_name": "pg",
    "database_name": "new",
    "owner": "teller",
    "extensions": ["dblink"],
    "wait_seconds": 0,
}
"""A database with an extension that loads code, which takes a plan."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Auth0]:
    """The stand-in for Auth0."""
    made = Auth0()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def replicas(provider: Auth0, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    """The two, running."""
    made = Replicas(tmp_path_factory.mktemp("replicas"), provider)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(replicas: Replicas, http: httpx.AsyncClient) -> OAuthClient:
    """An OAuth client of the two."""
    return OAuthClient(replicas.base, http)


async def test_person_signs_in_and_calls_by_turns(replicas: Replicas, browser: Browser) -> None:
    before = dict(replicas.service.served)
    oauth = BrowserOAuth(browser)
    async with Client(replicas.mcp, auth=oauth) as mcp:
        for _ in range(4):
            answer = await mcp.call_tool(rpc.TOOL, raise_on_error=False)
            assert (answer.meta or {})["cnpg-mcp.io/error"]["code"] == "unavailable"
    assert oauth.logins == 1
    assert all(replicas.service.served[port] > before[port] + 3 for port in before)


async def test_each_replica_lets_in_what_the_other_has_given(
    replicas: Replicas, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    for server in replicas.servers:
        assert rpc.is_let_in(await rpc.call(client.http, server.url("/mcp"), found.access))


async def test_eight_refreshes_at_once_with_one_token_all_succeed_with_one_result(
    replicas: Replicas, client: OAuthClient, browser: Browser, provider: Auth0
) -> None:
    found = await client.login(browser)
    asked = len(provider.tenant.asked("/oauth/token"))
    answers = await asyncio.gather(*(client.refresh(found.refresh) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len(provider.tenant.asked("/oauth/token")) == asked + 1
    following = tokens(await client.refresh(answers[0].json()["refresh_token"]))
    assert rpc.is_let_in(await rpc.call(client.http, replicas.mcp, following.access))


async def test_of_eight_who_come_with_one_code_one_gets_tokens(
    client: OAuthClient, browser: Browser
) -> None:
    landed = await client.land(browser)
    answers = await asyncio.gather(*(client.exchange(landed["code"]) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7


async def test_revocation_at_one_replica_holds_at_the_other(
    replicas: Replicas, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    one, two = replicas.servers
    form = {"token": found.access, "client_id": client.client_id}
    assert (await client.http.post(one.url("/revoke"), data=form)).status_code == 200
    answer = await rpc.call(client.http, two.url("/mcp"), found.access)
    assert answer.status_code == 401


async def test_nobody_signs_in_again_after_a_rolling_restart(
    replicas: Replicas, browser: Browser
) -> None:
    oauth = BrowserOAuth(browser, storage=MemoryStore())
    async with Client(replicas.mcp, auth=oauth) as mcp:
        for server in replicas.servers:
            server.restart()
            answer = await mcp.call_tool(rpc.TOOL, raise_on_error=False)
            assert (answer.meta or {})["cnpg-mcp.io/error"]["code"] == "unavailable"
    oauth.context.token_expiry_time = 1.0
    async with Client(replicas.mcp, auth=oauth) as mcp:
        await mcp.call_tool(rpc.TOOL, raise_on_error=False)
    assert oauth.logins == 1


async def test_login_goes_on_at_the_other_replica_when_one_ends_in_the_middle(
    replicas: Replicas, client: OAuthClient, browser: Browser
) -> None:
    await client.register()
    callback = await browser.address(client.authorization(), "/auth/callback")
    replicas.servers[0].restart()
    request = browser.http.build_request("GET", callback)
    answer = await browser.fetch(request)
    assert answer.headers["location"].startswith(client.redirect_uri)


def _is_unavailable(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("away", ["stopped", "frozen"])
async def test_lost_redis_is_answered_503_and_is_taken_up_again(
    replicas: Replicas, client: OAuthClient, browser: Browser, away: str
) -> None:
    found = await client.login(browser)
    lose, find = (
        (replicas.redis.stop, replicas.redis.start)
        if away == "stopped"
        else (replicas.redis.pause, replicas.redis.resume)
    )
    lose()
    try:
        async with asyncio.timeout(3 * LOST_SECONDS):
            answers = await asyncio.gather(
                rpc.call(client.http, replicas.mcp, found.access),
                client.refresh(found.refresh),
                client.http.get(client.authorization()),
                OAuthClient(replicas.base, client.http).register(),
                client.revoke(found.refresh),
            )
        assert [answer.status_code for answer in answers] == [503] * len(answers)
        assert all(map(_is_unavailable, answers))
        ready = await client.http.get(replicas.servers[0].url("/readyz"))
        assert (ready.status_code, ready.json()["checks"]["store"] == "ok") == (503, False)
    finally:
        find()
    await asyncio.to_thread(_recovered, replicas, found.access)
    tokens(await client.refresh(found.refresh))


def _recovered(replicas: Replicas, token: str) -> None:
    def all_let_in() -> bool:
        with plain_http() as plain:
            answers = [
                plain.post(one.url("/mcp"), json=rpc.call_body(), headers=rpc.headers(token))
                for one in replicas.servers
            ]
        return all(map(rpc.is_let_in, answers))

    wait_until(all_let_in, "all replicas let in again", RECOVERY_SECONDS)


def test_redis_holds_nothing_that_can_be_read(replicas: Replicas) -> None:
    found = log_in(replicas.base, PERSON)
    redis = RedisClient.from_url(replicas.redis.url)
    held = b" ".join(_everything(redis))
    assert len(held) > 1000
    for secret in (found.access, found.refresh, "auth0|someone", PERSON.password, "cnpg:read"):
        assert secret.encode() not in held


def _everything(redis: Any) -> Iterator[bytes]:
    for key in redis.scan_iter():
        yield key
        if redis.type(key) == b"string":
            yield redis.get(key) or b""  # some are forgotten soon


async def test_everything_in_redis_is_forgotten_some_day(replicas: Replicas) -> None:
    redis = RedisClient.from_url(replicas.redis.url)
    log_in(replicas.base, PERSON)
    forever = [key for key in redis.scan_iter() if redis.ttl(key) == -1]
    assert [key for key in forever if b"codes-since" not in key] == []


# One process with a directory


async def test_nobody_signs_in_again_after_a_restart_with_the_store_in_a_directory(
    provider: Auth0, tmp_path: Path, browser: Browser
) -> None:
    one = {**settings(provider), "OAUTH_SIGNING_KEY": SIGNING_KEY}
    server = Server("main", tmp_path / "main", one)
    server.start()
    try:
        oauth = BrowserOAuth(browser, storage=MemoryStore())
        async with Client(server.mcp, auth=oauth) as mcp:
            await mcp.call_tool(rpc.TOOL, raise_on_error=False)
        server.restart()
        oauth.context.token_expiry_time = 1.0
        async with Client(server.mcp, auth=oauth) as mcp:
            await mcp.call_tool(rpc.TOOL, raise_on_error=False)
        assert oauth.logins == 1
    finally:
        server.stop()
    _is_private(Path(server.settings["OAUTH_STORE"]))


def _is_private(store: Path) -> None:
    assert store.stat().st_mode & 0o077 == 0
    texts = [path.read_text() for path in store.rglob("*") if path.is_file()]
    assert texts
    assert not [text for text in texts if PERSON.username in text]


# Confirmation codes


@pytest.fixture
async def planted(bare_plane: Plane) -> tuple[str, Path]:
    """A namespace with a cluster in it, and the kubeconfig of a user who may work there."""
    namespace = bare_plane.create_namespace()
    async with KubeClient(bare_plane.admin_kubeconfig) as admin:
        await plant(admin, namespace)
    return namespace, bare_plane.restricted_kubeconfig([namespace])


async def test_code_that_was_used_at_one_replica_does_not_act_at_the_other(
    provider: Auth0, tmp_path: Path, planted: tuple[str, Path], bare_plane: Plane
) -> None:
    namespace, kubeconfig = planted
    pair = Replicas(tmp_path, provider, KUBECONFIG=str(kubeconfig))
    pair.start()
    try:
        token = (await asyncio.to_thread(log_in, pair.base, PERSON)).access
        one, two = (Tool(server, token, namespace) for server in pair.servers)
        code = (await one.call())["confirmation"]
        assert (await one.call(confirmation=code))["outcome"] in {"accepted", "applied"}
        async with KubeClient(bare_plane.admin_kubeconfig) as admin:
            (made,) = await _databases(admin, namespace)
            await admin.delete("databases", namespace, made)
        refused = await two.call(confirmation=code)
        assert refused["code"] == "confirmation_stale"
        async with KubeClient(bare_plane.admin_kubeconfig) as admin:
            assert await _databases(admin, namespace) == []
    finally:
        pair.stop()


async def _databases(admin: KubeClient, namespace: str) -> list[str]:
    """The names of the Databases that a tool has made."""
    found = await admin.list("databases", namespace)
    return [
        each["metadata"]["name"] for each in found if each["spec"]["name"] == NEW["database_name"]
    ]


class Tool:
    """Makes a database that loads code, by plan and code, at one replica."""

    def __init__(self, server: Server, token: str, namespace: str) -> None:
        self._server, self._token = server, token
        self._arguments = {**NEW, "namespace": namespace}

    async def call(self, **more: Any) -> dict[str, Any]:
        """The content of the answer, or of its error."""
        async with Client(self._server.url("/mcp"), auth=self._token) as mcp:
            answer = await mcp.call_tool(
                "create_postgres_database", {**self._arguments, **more}, raise_on_error=False
            )
        return answer.structured_content or dict((answer.meta or {})["cnpg-mcp.io/error"])
