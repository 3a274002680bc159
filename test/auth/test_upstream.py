"""The provider's token endpoint answers oddly: nobody is told of it by a 500, and no login dies."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cnpg_mcp.auth import upstream
from test.auth import rpc
from test.auth.browser import Browser, landing
from test.auth.inside import Inside
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.bent import BentAuth0

GOOD = {"access_token": "made-up-token", "token_type": "Bearer", "expires_in": 600}
ENDLESS_SECONDS = 60
"""After which nobody who waits for the provider will ever be answered."""
DEEP = "[" * 100_000 + "]" * 100_000


async def dripping(scope: Scope, receive: Receive, send: Send) -> None:
    """Goes on for as long as somebody listens."""
    gone = asyncio.create_task(_hung_up(receive))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not gone.done():
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.wait({gone}, timeout=0.02)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


UNUSABLE: dict[str, ASGIApp] = {
    "list": JSONResponse([]),
    "text": JSONResponse("x"),
    "null": JSONResponse(None),
    "no-json": Response("<html>"),
    "no-utf8": Response(b"\xff\xfe{"),
    "nothing": Response(status_code=204),
    "deep": Response(DEEP),
    "429": JSONResponse({"message": "slow down"}, 429),
    "404": JSONResponse({}, 404),
    "400-with-odd-error": JSONResponse({"error": {"code": 1}}, 400),
    "500": Response("oops", 500),
    "500-with-token": JSONResponse(GOOD, 500),
    "500-with-refusal": JSONResponse({"error": "invalid_grant"}, 500),
    "no-access-token": JSONResponse({"expires_in": 600}),
    "access-token-is-a-number": JSONResponse({**GOOD, "access_token": 7}),
    "access-token-is-null": JSONResponse({**GOOD, "access_token": None}),
    "large": JSONResponse({**GOOD, "padding": "x" * 200_001}),
    "redirect": RedirectResponse("/oauth/elsewhere"),
    "dripping": dripping,
}
"""What is no answer of a provider: it counts as away."""
REFUSALS = {"server_error": 503, "invalid_client": 503, "access_denied": 503, "invalid_grant": 400}
NAMES = ("expires_in", "refresh_expires_in", "scope", "token_type")
HARMLESS: dict[str, dict[str, Any]] = {
    "all-null": dict.fromkeys(NAMES),
    "all-text": {"expires_in": "soon", "refresh_expires_in": "never"},
    "all-list": {name: ["600"] for name in NAMES},
    "all-truth": dict.fromkeys(NAMES, True),
    "all-fraction": {"expires_in": 600.7, "refresh_expires_in": 6000.7},
    "no-end": {"refresh_expires_in": 0},
}
"""What may be wrong in an answer without harm."""
BEYOND: dict[str, dict[str, Any]] = {
    f"{name}-{kind}": {name: value}
    for name in ("expires_in", "refresh_expires_in")
    for kind, value in {
        "infinite": float("inf"),
        "no-number": float("nan"),
        "ages": 10**18,
        "negative": -600,
    }.items()
}
"""Lifetimes that no clock can hold."""


@pytest.fixture
def client(inside: Inside, http: httpx.AsyncClient) -> OAuthClient:
    """A client of that server."""
    return OAuthClient(inside.base, http)


def _odd(name: str, provider: BentAuth0) -> AbstractContextManager[None]:
    """The provider answers as the row of a table says."""
    if name in UNUSABLE:
        return _unusable(name, provider)
    return provider.changing(lambda answer: {**answer, **HARMLESS[name]})


@contextmanager
def _unusable(name: str, provider: BentAuth0) -> Iterator[None]:
    """No time for such an answer is too short: it counts as away as well."""
    with provider.answering(UNUSABLE[name]), pytest.MonkeyPatch.context() as patched:
        patched.setattr(upstream, "_TIMEOUT_SECONDS", 0.4)
        yield


async def _call(client: OAuthClient, found: Tokens) -> httpx.Response:
    return await rpc.call(client.http, f"{client.base}/mcp", found.access)


async def _callback(client: OAuthClient, browser: Browser) -> httpx.Response:
    """What the browser is answered when it comes back from the provider."""
    (await client.register()).raise_for_status()
    return await browser.http.get(await browser.address(client.authorization(), "/auth/callback"))


async def _exchanged(client: OAuthClient, returned: httpx.Response) -> httpx.Response | None:
    """What the code of a callback brings, where there is one."""
    code = landing(returned.headers.get("location", "")).get("code")
    return await client.exchange(code) if code else None


def _is_unavailable(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503
        and int(answer.headers["retry-after"]) > 0
        and answer.json()["error"] == "temporarily_unavailable"
    )


# It counts as away


@pytest.mark.parametrize("name", UNUSABLE)
async def test_login_ends_with_a_page_that_says_whose_fault_it_is(
    provider: BentAuth0, client: OAuthClient, browser: Browser, name: str
) -> None:
    async with asyncio.timeout(ENDLESS_SECONDS):
        with _odd(name, provider):
            answer = await _callback(client, browser)
    assert answer.status_code == 502
    assert "identity provider cannot be used" in answer.text
    assert "made-up-token" not in answer.text


async def test_refresh_token_is_as_good_after_an_odd_answer_as_before(
    provider: BentAuth0, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    for name in UNUSABLE:
        with _odd(name, provider):
            assert _is_unavailable(await client.refresh(found.refresh)), name
        found = tokens(await client.refresh(found.refresh))
    assert rpc.is_let_in(await _call(client, found))


async def test_call_that_needs_a_refresh_is_told_to_come_again(
    inside: Inside, provider: BentAuth0, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    for name in UNUSABLE:
        await inside.expire(found.access)
        with _odd(name, provider):
            assert _is_unavailable(await _call(client, found)), name
    assert rpc.is_let_in(await _call(client, found))


# It refuses


@pytest.mark.parametrize("refusal", REFUSALS.items(), ids=REFUSALS)
async def test_refusal_to_refresh_ends_the_login_only_where_it_says_so(
    inside: Inside,
    provider: BentAuth0,
    client: OAuthClient,
    browser: Browser,
    refusal: tuple[str, int],
) -> None:
    error, status = refusal
    found = await client.login(browser)
    with provider.answering(JSONResponse({"error": error}, 403)):
        refused = await client.refresh(found.refresh)
        await inside.expire(found.access)
        called = await _call(client, found)
    assert refused.status_code == status
    assert called.status_code == {503: 503, 400: 401}[status]
    if status == 503:
        tokens(await client.refresh(found.refresh))


# It answers well but for something


@pytest.mark.parametrize("name", HARMLESS)
async def test_login_and_refresh_go_well_where_nothing_needed_is_wrong(
    inside: Inside, provider: BentAuth0, client: OAuthClient, browser: Browser, name: str
) -> None:
    with _odd(name, provider):
        first = await client.login(browser)
        second = tokens(await client.refresh(first.refresh))
        assert min(found.answer["expires_in"] for found in (first, second)) >= 600
        await inside.expire(second.access)
        assert rpc.is_let_in(await _call(client, second))
    tokens(await client.refresh(second.refresh))


async def test_token_that_is_over_when_it_comes_is_a_refused_grant(
    provider: BentAuth0, client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    with provider.changing(lambda answer: {**answer, "expires_in": 0}):
        landed = await client.land(browser)
        first = await client.exchange(landed["code"])
        second = await client.refresh(found.refresh)
    for answer in (first, second):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("changed", BEYOND.values(), ids=BEYOND)
async def test_lifetime_beyond_all_clocks_is_no_failure_of_ours(
    inside: Inside,
    provider: BentAuth0,
    client: OAuthClient,
    browser: Browser,
    changed: dict[str, Any],
) -> None:
    found = await client.login(browser)
    await inside.expire(found.access)
    with provider.changing(lambda answer: {**answer, **changed}):
        called = await _call(client, found)
        refreshed = await client.refresh(found.refresh)
        returned = await _callback(client, browser)
        given = await _exchanged(client, returned)
    assert called.status_code in {200, 503}
    assert refreshed.status_code in {200, 400, 503}
    assert returned.status_code in {302, 502}
    assert "could not be completed" not in returned.text
    assert given is None or given.status_code in {200, 400}
