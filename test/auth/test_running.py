"""The programs at work: told to stop, asked too much at once, and without what they need."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from test.auth import rpc
from test.auth.addresses import TIMEOUT_SECONDS, plain_http
from test.auth.kube_stand_in import KubeStandIn
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON, listens, wait_until
from test.auth.servers import Server
from test.auth.site import Site, make_auth0
from test.auth.walk import log_in
from test.unit.serving.asgi import until

LIMIT, CALLS = 8, 200
PATIENT = {"KUBE_TIMEOUT": "60"}
"""The servers wait for the API server for as long as a test keeps them waiting."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody and is never used."""
SECONDS = 60
"""Within which a server notices."""


@dataclass
class Works:
    """Both servers with a provider and an API server, all running."""

    site: Site[Auth0]
    kube: KubeStandIn
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    """What runs for all tests of this file."""
    folder = tmp_path_factory.mktemp("running")
    kube = KubeStandIn(folder)
    kube.start()
    extra = {"KUBECONFIG": str(kube.kubeconfig), "MAX_CONCURRENCY": str(LIMIT), **PATIENT}
    with Site(folder, make_auth0, extra) as site:
        of_main = log_in(site.main.base, PERSON, "cnpg:read").access
        yield Works(site, kube, {"main": of_main, "test": site.provider.token("cnpg:read")})
    kube.stop()


@pytest.fixture
def server(works: Works, kind: str) -> Server:
    """Either server."""
    found: Server = getattr(works.site, kind)
    return found


@pytest.fixture
def token(works: Works, kind: str) -> str:
    """A token that it lets in."""
    return works.tokens[kind]


def _has_answered(answer: httpx.Response) -> bool:
    """Whether a tool has listed the cluster."""
    if answer.status_code != httpx.codes.OK:
        return False
    result = answer.json()["result"]
    return not result.get("isError") and "pg" in result["content"][0]["text"]


def _is_ready(server: Server) -> bool:
    """Whether it says that it can do its work."""
    with plain_http() as http:
        return http.get(server.url("/readyz")).is_success


def _lacks(server: Server, name: str) -> bool:
    """Whether it says that it is not ready for want of this alone."""
    with plain_http() as http:
        answer = http.get(server.url("/readyz"))
    failed = {each for each, sentence in answer.json()["checks"].items() if sentence != "ok"}
    return (answer.status_code, failed) == (503, {name})


# Told to stop


async def test_slow_call_gets_its_answer_after_sigterm(
    works: Works, server: Server, token: str, http: httpx.AsyncClient
) -> None:
    assert _has_answered(await rpc.call(http, server.mcp, token))
    written = len(server.log)
    with works.kube.holding():
        calling = asyncio.create_task(rpc.call(http, server.mcp, token))
        await until(lambda: works.kube.arrived == 1)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        await until(lambda: "Waiting for" in server.log[written:])
        assert not listens(server.port)
        assert not calling.done()
        works.kube.release()
        answer = await calling
        await stopping
    server.start()
    assert _has_answered(answer)
    assert "Traceback" not in server.log
    assert _has_answered(await rpc.call(http, server.mcp, token))


# Asked too much at once


async def test_two_hundred_calls_at_once_are_all_answered(
    works: Works, server: Server, token: str
) -> None:
    pool = httpx.Limits(max_connections=CALLS)
    async with httpx.AsyncClient(
        limits=pool, timeout=TIMEOUT_SECONDS, trust_env=False, verify=NO_TLS
    ) as http:
        with works.kube.holding():
            calls = [
                asyncio.create_task(
                    http.post(
                        server.mcp,
                        json={**rpc.call_body(), "id": number},
                        headers=rpc.headers(token),
                    )
                )
                for number in range(CALLS)
            ]
            await until(lambda: sum(call.done() for call in calls) == CALLS - LIMIT)
            await until(lambda: works.kube.arrived == LIMIT)
            await until(lambda: _is_ready(server))
            works.kube.release()
            answers = await asyncio.gather(*calls)
        after = await rpc.call(http, server.mcp, token)
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 503: CALLS - LIMIT}
    for number, answer in enumerate(answers):
        if answer.status_code == 200:
            assert _has_answered(answer)
            assert answer.json()["id"] == number
        else:
            assert answer.json()["error"] == "overloaded"
            assert int(answer.headers["retry-after"]) > 0
    assert _has_answered(after)
    assert "Traceback" not in server.log


async def test_call_whose_client_hung_up_leaves_its_place_to_others(
    works: Works, server: Server, token: str, http: httpx.AsyncClient
) -> None:
    with works.kube.holding():
        calls = [asyncio.create_task(rpc.call(http, server.mcp, token)) for _ in range(LIMIT)]
        await until(lambda: works.kube.arrived == LIMIT)
        assert (await rpc.call(http, server.mcp, token)).status_code == 503
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        works.kube.release()
    async with asyncio.timeout(SECONDS):
        while not _has_answered(await rpc.call(http, server.mcp, token)):
            pass


# Without what they need


async def test_lost_api_server_is_named_by_readiness_until_it_is_back(
    works: Works, server: Server, token: str, http: httpx.AsyncClient
) -> None:
    wait_until(lambda: _is_ready(server), "the server is ready", SECONDS)
    works.kube.stop()
    try:
        wait_until(lambda: _lacks(server, "kubernetes"), "the loss is noticed", SECONDS)
        assert rpc.error_code(await rpc.call(http, server.mcp, token)) == "unavailable"
        assert (await http.get(server.url("/healthz"))).status_code == 200
    finally:
        works.kube.start()
    wait_until(lambda: _is_ready(server), "the server is ready again", SECONDS)
    assert _has_answered(await rpc.call(http, server.mcp, token))


def test_lost_provider_takes_the_main_server_alone_out_until_it_is_back(works: Works) -> None:
    main, test = works.site.main, works.site.test
    wait_until(lambda: _is_ready(main), "the server is ready", SECONDS)
    works.site.provider.stop()
    try:
        wait_until(lambda: _lacks(main, "provider"), "the loss is noticed", SECONDS)
        wait_until(lambda: _is_ready(test), "the test server is ready", SECONDS)
    finally:
        works.site.provider.start()
    wait_until(lambda: _is_ready(main), "the server is ready again", SECONDS)


def test_store_that_cannot_be_written_takes_the_main_server_out_until_it_can(
    works: Works,
) -> None:
    """The directory is gone, as a volume is that was unmounted."""
    main = works.site.main
    store = Path(main.settings["OAUTH_STORE"])
    aside = store.with_name("aside")
    wait_until(lambda: _is_ready(main), "the server is ready", SECONDS)
    store.rename(aside)
    try:
        wait_until(lambda: _lacks(main, "store"), "the loss is noticed", SECONDS)
    finally:
        aside.rename(store)
    wait_until(lambda: _is_ready(main), "the server is ready again", SECONDS)
