"""403 for a call whose login lacks a scope: clients then sign in again and ask for it."""

from dataclasses import dataclass

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnpg_mcp.auth.bearer import VerifiedToken
from cnpg_mcp.domain.caller import Scope as Right
from cnpg_mcp.toolkit.request import MISSING_SCOPES


@dataclass(frozen=True)
class StepUp:
    """Turns the tool error `insufficient_scope` into RFC 6750's answer.

    The decision was made inside the call; here it only gets its form, and only where a new login
    could bring the scope: one that has asked for it and did not get it keeps the tool error.
    """

    app: ASGIApp
    metadata_url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        token = _token(scope)
        if token is None:
            await self.app(scope, receive, send)
            return
        missing: list[Right] = []
        scope[MISSING_SCOPES] = missing
        is_exchanged = False

        async def exchange(message: Message) -> None:
            nonlocal is_exchanged
            if missing and not is_exchanged and message["type"] == "http.response.start":
                is_exchanged = _could_bring(token, missing[0])
                if is_exchanged:
                    await self._challenge(missing[0])(scope, receive, send)
            if not is_exchanged:
                await send(message)

        await self.app(scope, receive, exchange)

    def _challenge(self, right: Right) -> JSONResponse:
        """All scopes that the operation needs at once: the new login replaces the old one."""
        rights = list(Right)
        needed = " ".join(rights[: rights.index(right) + 1])
        description = f"This call needs the scope {right}."
        challenge = (
            f'Bearer error="insufficient_scope", error_description="{description}", '
            f'scope="{needed}", resource_metadata="{self.metadata_url}"'
        )
        body = {"error": "insufficient_scope", "error_description": description, "scope": needed}
        return JSONResponse(body, 403, headers={"WWW-Authenticate": challenge})


def _could_bring(token: VerifiedToken, right: Right) -> bool:
    """Whether asking for the scope would be new."""
    rights = list(Right)
    asked = token.asked
    return asked is None or not any(name in asked for name in rights[rights.index(right) :])


def _token(scope: Scope) -> VerifiedToken | None:
    user = scope.get("user")
    token = user.access_token if isinstance(user, AuthenticatedUser) else None
    return token if isinstance(token, VerifiedToken) else None
