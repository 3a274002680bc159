"""The OAuth endpoints where FastMCP's differ from the standards: /token and /revoke."""

import json
from dataclasses import dataclass
from typing import Protocol

from mcp.server.auth.middleware.client_auth import AuthenticationError, ClientAuthenticator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BAD_REQUEST, _UNAUTHORIZED = 400, 401
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True)
class TokenEndpoint:
    """`/token` as RFC 6749, section 5.2, has it: `invalid_grant` is 400.

    FastMCP (4.1 to 4.2.1) makes it 401, by which clients mean that they are not registered any
    more; they register anew instead of signing in again.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a token request."""
        start: Message = {}

        async def standard(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == _UNAUTHORIZED:
                start = message
                return
            if start:
                is_grant = _error(message.get("body", b"")) == "invalid_grant"
                await send({**start, "status": _BAD_REQUEST if is_grant else _UNAUTHORIZED})
                start = {}
            await send(message)

        await self.app(scope, receive, standard)


class Revoker(Protocol):
    """Who can end the login that a token belongs to."""

    async def revoke(self, token: str, client_id: str) -> None:
        """Ends it, where the token is one of this client's; says nothing otherwise."""


@dataclass(frozen=True)
class RevocationHandler:
    """RFC 7009 for public clients: access or refresh token, the whole login ends.

    FastMCP (up to 4.2.1) demands a client_secret that no client has, leaves access tokens valid,
    and serves the endpoint only where the provider has one.
    """

    revoker: Revoker
    authenticator: ClientAuthenticator

    async def handle(self, request: Request) -> Response:
        """Answers a revocation request: 200 also for tokens that are unknown."""
        try:
            client = await self.authenticator.authenticate_request(request)
        except AuthenticationError as error:
            return _refused("invalid_client", error.message, _UNAUTHORIZED)
        token = (await request.form()).get("token")
        if not isinstance(token, str) or not token:
            return _refused("invalid_request", "The parameter token is missing.", _BAD_REQUEST)
        await self.revoker.revoke(token, client.client_id or "")
        return Response(status_code=200, headers=_NO_STORE)


def _refused(error: str, description: str, status: int) -> Response:
    body = {"error": error, "error_description": description}
    return JSONResponse(body, status, headers=_NO_STORE)


def _error(body: bytes) -> object:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("error") if isinstance(answer, dict) else None
