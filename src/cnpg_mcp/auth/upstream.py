"""The provider's token endpoint: what it gives is checked before anybody relies on it."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

import httpx2
from fastmcp.server.auth.oauth_proxy.upstream import AsyncOAuth2Client, OAuthError

from cnpg_mcp.auth.errors import InvalidToken, ProviderUnavailable

_log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10.0
_MAX_BYTES = 200_000
_SERVER_ERROR, _SUCCESS = 500, range(200, 300)
_MAX_LIFETIME = 10 * 365 * 24 * 3600
_TEXTS = ("access_token", "token_type", "refresh_token", "scope")
_LIFETIMES = ("expires_in", "refresh_expires_in")
_MALFORMED = (ValueError, TypeError, RecursionError)
Check = Callable[[str], Awaitable[Mapping[str, Any]]]
failure_of_login: ContextVar[list[str] | None] = ContextVar("failure_of_login", default=None)
"""Where the reason for a failed exchange goes: FastMCP's callback turns exceptions into a page."""


class ProviderClient(AsyncOAuth2Client):
    """Exchanges codes and refresh tokens, within 10 seconds and 200 kB; keeps what is needed.

    An access token that we would refuse is refused here. FastMCP 4.1 and 4.2 check it at the first
    call only: the login succeeds, then every call is answered 401, and the client signs in again
    and again. They also fail in many ways on answers that are not as they should be.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        method: str,
        check: Check,
        http: httpx2.AsyncClient,
    ) -> None:
        # Not FastMCP's constructor: it makes an http client, which takes 20 ms, at each exchange.
        self.client_id, self.client_secret = client_id, client_secret
        self.token_endpoint_auth_method = method
        self._check, self._client = check, http

    async def aclose(self) -> None:
        """Nothing: the http client is shared."""

    async def fetch_token(
        self,
        url: str,
        *,
        grant_type: str = "authorization_code",
        **params: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """The first tokens of a login.

        Raises:
            InvalidToken: the access token would be refused at every call.
            OAuthError: the provider refuses the login.
            ProviderUnavailable: it does not answer, or not as a provider.
        """
        tokens = await super().fetch_token(url, grant_type=grant_type, **params)
        try:
            await self._check(tokens["access_token"])
        except InvalidToken as error:
            _tell(f"The identity provider gave an access token that is not accepted. {error}")
            raise
        return tokens

    async def revoke(self, url: str, refresh_token: str) -> None:
        """Asks the provider to forget a login (RFC 7009); whether it does is its affair."""
        data = {"token": refresh_token, "token_type_hint": "refresh_token"}
        try:
            await self._post(url, data)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError):
            _log.warning("the identity provider could not be told that a login is over")

    async def _request_token(self, url: str, data: dict[str, Any]) -> dict[str, Any]:
        try:
            status, body = await self._post(url, data)
            answer = json.loads(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, *_MALFORMED) as error:
            raise _unusable(url, type(error).__name__) from error
        if status >= _SERVER_ERROR or not isinstance(answer, dict):
            raise _unusable(url, f"status {status}")
        if isinstance(answer.get("error"), str):
            _tell(f"The identity provider refused the login: {answer['error'][:100]}.")
            raise OAuthError(error=answer["error"], description=None)
        if status not in _SUCCESS or not isinstance(answer.get("access_token"), str):
            raise _unusable(url, f"status {status} without a token")
        return _kept(answer)

    async def _post(self, url: str, data: dict[str, Any]) -> tuple[int, bytes]:
        """Status and body of an answer, as far as it may go."""
        headers = {"Accept": "application/json"}
        self._apply_client_auth(data, headers)
        body = bytearray()
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            self._client.stream("POST", url, data=data, headers=headers) as response,
        ):
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise ValueError("the answer is too large")
        return response.status_code, bytes(body)


def _kept(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What we use of an answer, where it has the right type; no ID token, nothing personal."""
    texts = {name: answer[name] for name in _TEXTS if isinstance(answer.get(name), str)}
    kept: dict[str, Any] = texts
    for name in _LIFETIMES:
        value = answer.get(name)
        if isinstance(value, int | float) and 0 <= value <= _MAX_LIFETIME and value is not True:
            kept[name] = int(value)
    if "expires_in" in kept:
        kept["expires_at"] = int(time.time()) + kept["expires_in"]
    return kept


def _unusable(url: str, reason: str) -> ProviderUnavailable:
    _tell(f"The identity provider cannot be used at {url}.")
    return ProviderUnavailable(f"The identity provider cannot be used at {url}: {reason}.")


def _tell(reason: str) -> None:
    reasons = failure_of_login.get()
    if reasons is not None:
        reasons.append(reason)
