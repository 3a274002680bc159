"""The provider's token endpoint: what it gives is checked before anybody relies on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

import httpx2
from fastmcp.server.auth.oauth_proxy.upstream import AsyncOAuth2Client, OAuthError

from cnpg_mcp.auth.errors import InvalidToken, ProviderUnavailable

_log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10.0
Check = Callable[[str], Awaitable[Mapping[str, Any]]]
failure_of_login: ContextVar[list[str] | None] = ContextVar("failure_of_login", default=None)
"""Where the reason for a failed exchange goes: FastMCP's callback turns exceptions into a page."""


class ProviderClient(AsyncOAuth2Client):
    """Exchanges codes and refresh tokens; an access token that we would refuse is refused here.

    FastMCP 4.1 and 4.2 check it at the first call only: the login succeeds, then every call is
    answered 401, and the client signs in again and again.
    """

    def __init__(self, client_id: str, client_secret: str, method: str, check: Check) -> None:
        super().__init__(client_id, client_secret, method, timeout=_TIMEOUT_SECONDS)
        self._check = check

    async def fetch_token(
        self, url: str, *, grant_type: str = "authorization_code", **params: Any  # noqa: ANN401
    ) -> dict[str, Any]:
        """The first tokens of a login.

        Raises:
            InvalidToken: the access token would be refused at every call.
        """
        tokens = await super().fetch_token(url, grant_type=grant_type, **params)
        try:
            await self._check(_access_token(tokens))
        except InvalidToken as error:
            _tell(f"The identity provider gave an access token that is not accepted. {error}")
            raise
        return tokens

    async def _request_token(self, url: str, data: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return await super()._request_token(url, data)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, TypeError) as error:
            _tell(f"The identity provider cannot be used at {url}.")
            raise ProviderUnavailable(
                f"The identity provider cannot be used at {url}: {type(error).__name__}."
            ) from error
        except OAuthError as error:
            _tell(f"The identity provider refused the login: {str(error.error)[:100]}.")
            raise

    async def revoke(self, url: str, refresh_token: str) -> None:
        """Asks the provider to forget a login (RFC 7009); whether it does is its affair."""
        data = {"token": refresh_token, "token_type_hint": "refresh_token"}
        headers: dict[str, str] = {}
        self._apply_client_auth(data, headers)
        try:
            await self._client.post(url, data=data, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            _log.warning("the identity provider could not be told that a login is over")


def _access_token(tokens: object) -> str:
    token = tokens.get("access_token") if isinstance(tokens, dict) else None
    if not isinstance(token, str):
        raise InvalidToken("The provider gave no access token.")
    return token


def _tell(reason: str) -> None:
    reasons = failure_of_login.get()
    if reasons is not None:
        reasons.append(reason)
