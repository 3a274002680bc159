"""What is kept of the provider's answers, and what is made of its failures."""

import gzip
import json
import logging
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastmcp.server.auth.oauth_proxy.upstream import OAuthError

from cnpg_mcp.auth.errors import InvalidToken, ProviderUnavailable
from cnpg_mcp.auth.upstream import ProviderClient, failure_of_login

URL = "https://issuer.example/token"
GOOD = {
    "access_token": "made-up-access",
    "refresh_token": "made-up-refresh",
    "token_type": "Bearer",
    "scope": "cnpg:read",
    "expires_in": 600,
    "id_token": "made-up-id-token",
    "email": "someone@example",
}
Answer = Callable[[httpx2.Request], httpx2.Response]


async def _believed(_: str) -> dict[str, Any]:
    return {}


async def _refused(_: str) -> dict[str, Any]:
    raise InvalidToken("The token was given for another audience.")


def _client(answer: Answer, check: Any = _believed) -> ProviderClient:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return ProviderClient("made-up-client", "made-up-secret", "client_secret_basic", check, http)


def _with(body: Any, status: int = 200) -> Answer:
    return lambda _: httpx2.Response(status, content=json.dumps(body))


def _broken(error: Exception) -> Answer:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise error

    return answer


async def test_token_in_a_redirect_is_not_believed() -> None:
    with pytest.raises(ProviderUnavailable):
        await _client(_with(GOOD, 302)).fetch_token(URL, code="made-up-code")


async def test_what_is_needed_is_kept_and_nothing_personal() -> None:
    kept = await _client(_with(GOOD)).fetch_token(URL, code="made-up-code")
    assert kept.keys() == GOOD.keys() - {"id_token", "email"} | {"expires_at"}


async def test_refresh_token_stays_where_the_provider_gives_no_other() -> None:
    answer = {**GOOD, "refresh_token": None}
    kept = await _client(_with(answer)).refresh_token(URL, refresh_token="made-up-old")
    assert kept["refresh_token"] == "made-up-old"


async def test_refusal_of_the_provider_is_told_in_a_hundred_characters() -> None:
    reasons: list[str] = []
    reset = failure_of_login.set(reasons)
    try:
        with pytest.raises(OAuthError):
            await _client(_with({"error": "x" * 5_000}, 400)).fetch_token(URL, code="c")
    finally:
        failure_of_login.reset(reset)
    assert "x" * 100 in reasons[0]
    assert len(reasons[0]) < 200


async def test_token_that_would_be_refused_at_each_call_is_refused_at_the_login() -> None:
    reasons: list[str] = []
    reset = failure_of_login.set(reasons)
    try:
        with pytest.raises(InvalidToken):
            await _client(_with(GOOD), _refused).fetch_token(URL, code="c")
    finally:
        failure_of_login.reset(reset)
    assert "another audience" in reasons[0]
    assert "made-up-access" not in reasons[0]


FAILURES = [
    httpx2.ConnectError("refused"),
    httpx2.ReadTimeout("late"),
    httpx2.RemoteProtocolError("no http"),
    httpx2.InvalidURL("odd"),
    httpx2.DecodingError("no gzip"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
async def test_broken_connection_is_a_provider_that_is_away(error: Exception) -> None:
    with pytest.raises(ProviderUnavailable) as raised:
        await _client(_broken(error)).refresh_token(URL, refresh_token="made-up-refresh")
    assert "made-up" not in str(raised.value)


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
async def test_end_of_a_login_that_cannot_be_told_is_logged_without_its_token(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await _client(_broken(error)).revoke(URL, "made-up-refresh")
    assert "could not be told" in caplog.text
    assert "made-up-refresh" not in caplog.text


async def test_compressed_answer_counts_by_what_it_unpacks_to() -> None:
    """A megabyte of blanks takes a kilobyte on the way."""
    packed = gzip.compress(b" " * 1_000_000 + json.dumps(GOOD).encode())
    assert len(packed) < 2_000

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Encoding": "gzip"}, content=packed)

    with pytest.raises(ProviderUnavailable):
        await _client(answer).refresh_token(URL, refresh_token="made-up-refresh")
