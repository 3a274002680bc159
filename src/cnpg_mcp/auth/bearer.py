"""The bearer token of a request: who it is, or a 401 or 503 that says what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fastmcp.server.auth.auth import AccessToken
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from cnpg_mcp.auth.errors import AuthError, InvalidToken, Unavailable
from cnpg_mcp.auth.place import Place

_SCHEME = "bearer "
RETRY_SECONDS = 5
Refused = Callable[[HTTPConnection, AuthError], None]
"""Told of every request that is refused."""


class VerifiedToken(AccessToken):
    """A token that was believed.

    `asked`: the scopes that its login asked for, `None` where nobody knows. The caller has none
    beyond them, and asking for them again brings no more.
    """

    asked: tuple[str, ...] | None = None


class Verifier(Protocol):
    """Who believes tokens, or raises why not."""

    async def verify(self, token: str) -> VerifiedToken:
        """The token that is believed.

        Raises:
            AuthError: it is not, or nobody can tell.
        """

    async def close(self) -> None:
        """Closes what it has open."""


def verified(
    claims: Mapping[str, Any], *, client_id: str, asked: tuple[str, ...] | None = None
) -> VerifiedToken:
    """What the rest of the server gets to know of a token; never the token itself."""
    return VerifiedToken(
        token="",
        client_id=client_id,
        scopes=[],
        expires_at=None,
        subject=str(claims["sub"]),
        claims=dict(claims),
        asked=asked,
    )


@dataclass(frozen=True)
class BearerTokens:
    """Sign-in at one path by the `Authorization` header; other paths are left alone."""

    verifier: Verifier
    place: Place
    refused: Refused

    def middleware(self) -> list[Middleware]:
        """What FastMCP puts in front of its endpoint."""
        return [
            Middleware(AuthenticationMiddleware, backend=_Backend(self), on_error=self._answer),
            Middleware(AuthContextMiddleware),
        ]

    def _answer(self, connection: HTTPConnection, error: AuthenticationError) -> Response:
        cause = error.__cause__
        assert isinstance(cause, AuthError)  # noqa: S101 - nothing else is raised below
        self.refused(connection, cause)
        return unavailable(cause) if isinstance(cause, Unavailable) else self._challenge(cause)

    def _challenge(self, error: AuthError) -> Response:
        """RFC 6750, section 3: what is wrong, and (RFC 9728) where to find out how to sign in."""
        challenge = (
            f'Bearer error="invalid_token", error_description="{error}", '
            f'resource_metadata="{self.place.metadata_url}"'
        )
        body = {"error": "invalid_token", "error_description": str(error)}
        return JSONResponse(body, 401, headers={"WWW-Authenticate": challenge})


class _Backend(AuthenticationBackend):
    def __init__(self, tokens: BearerTokens) -> None:
        self._tokens = tokens

    async def authenticate(
        self, conn: HTTPConnection
    ) -> tuple[AuthCredentials, AuthenticatedUser] | None:
        header = conn.headers.get("authorization", "")
        if conn.scope["path"] != self._tokens.place.path or not header.lower().startswith(_SCHEME):
            return None
        try:
            token = await self._tokens.verifier.verify(_credentials(header))
        except AuthError as error:
            raise AuthenticationError(str(error)) from error
        return AuthCredentials(token.scopes), AuthenticatedUser(token)


def _credentials(header: str) -> str:
    token = header[len(_SCHEME) :].strip(" ")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidToken("The Authorization header holds no bearer token.")
    return token


def unavailable(error: Unavailable) -> Response:
    """503: the client keeps its token and comes again."""
    body = {"error": "temporarily_unavailable", "error_description": str(error)}
    return JSONResponse(body, 503, headers={"Retry-After": str(RETRY_SECONDS)})
