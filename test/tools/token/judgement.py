"""What a token says, and what the test server would say to it: its own code is asked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from cnpg_mcp.auth.access_tokens import AccessTokens
from cnpg_mcp.auth.callers import granted_scopes
from cnpg_mcp.auth.errors import AuthError, Unavailable
from cnpg_mcp.auth.provider import make_provider
from test.tools.speech import told

_USERINFO = "/userinfo"
_NO_AUDIENCE = (
    "Nobody but the provider can read it, since no audience was asked for (Auth0 and others give "
    "such tokens then): set OIDC_AUDIENCE to the API's identifier and get a new one."
)


@dataclass(frozen=True)
class Judgement:
    """What is known of a token.

    `refusal`: why the test server would refuse it. `doubts`: what may surprise later.
    """

    claims: Mapping[str, Any]
    refusal: str | None = None
    doubts: tuple[str, ...] = ()


def judge(token: str, issuer: str, audience: str | None) -> Judgement:
    """Looks at an access token as the test server with this issuer and audience would."""
    claims = _read(token)
    wanted = audience or next(iter(audiences(claims)), "")
    try:
        verified = asyncio.run(_verify(token, issuer, wanted))
    except Unavailable as error:
        return Judgement(claims, doubts=(f"It could not be checked: {told(error)}",))
    except AuthError as error:
        return Judgement(claims, refusal=_reason(error, claims, audience))
    return Judgement(verified, doubts=tuple(_doubts(verified, audience)))


def audiences(claims: Mapping[str, Any]) -> list[str]:
    """For whom the token is, the provider's own /userinfo last."""
    found = claims.get("aud")
    named = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return sorted((str(each) for each in named), key=lambda each: each.endswith(_USERINFO))


async def _verify(token: str, issuer: str, audience: str) -> Mapping[str, Any]:
    provider = make_provider(issuer)
    try:
        return await AccessTokens(provider, audience).verify(token)
    finally:
        await provider.close()


def _read(token: str) -> Mapping[str, Any]:
    """The claims, unverified: only to be shown, and to explain a refusal."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (PyJWTError, ValueError, TypeError, RecursionError):
        return {}
    return claims


def _reason(error: AuthError, claims: Mapping[str, Any], audience: str | None) -> str:
    if not claims and audience is None:
        return _NO_AUDIENCE
    if audience and claims and audience not in audiences(claims):
        return f"{error} It is for {_list(audiences(claims))}, not for {told(audience)}."
    return str(error)


def _doubts(claims: Mapping[str, Any], audience: str | None) -> list[str]:
    doubts = []
    if audience is None:
        first = told(next(iter(audiences(claims)), "nobody"))
        doubts.append(f"No audience was asked for; the server's OIDC_AUDIENCE has to be {first}.")
    if not granted_scopes(claims):
        doubts.append(
            "It grants none of cnpg:read, cnpg:write and cnpg:admin: its bearer may do what the "
            "server's DEFAULT_SCOPES say (cnpg:read). Grant them to you or the application at "
            "the provider (Auth0: API > Permissions, and RBAC)."
        )
    return doubts


def _list(names: list[str]) -> str:
    return ", ".join(map(told, names)) or "nobody"
