"""The provider's access tokens: which are believed (RFC 9068, RFC 8725), and what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import jwt
from jwt import PyJWK
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

from cnpg_mcp.auth.errors import ExpiredToken, InvalidToken
from cnpg_mcp.auth.provider import IdentityProvider

LEEWAY_SECONDS = 30
"""By how much the clocks of provider and server may differ."""
_FAMILIES = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""Algorithms by type of key: no symmetric one, so that a public key can never sign."""
ALGORITHMS = frozenset(name for names in _FAMILIES.values() for name in names)
_HEADER_TYPES = {"jwt", "at+jwt", "application/at+jwt"}
_OTHER_KINDS = {"id", "refresh", "offline", "logout", "logout+jwt"}
"""Values of the claim `typ` by which some providers tell apart what they sign with one key."""
_ID_TOKEN_CLAIMS = {"nonce", "at_hash", "c_hash", "s_hash"}
_MAX_CHARS = 16_384
_JWE_PARTS, _JWS_PARTS = 5, 3
_REQUIRED = ["exp", "sub", "iss", "aud"]


@dataclass(frozen=True)
class AccessTokens:
    """Checks access tokens that one provider gave for one audience."""

    provider: IdentityProvider
    audience: str

    async def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is believed.

        Raises:
            InvalidToken: what is wrong with it, without any part of it.
            ExpiredToken: it is over.
            ProviderUnavailable: its signature cannot be checked at the moment.
        """
        algorithm, kid = _header(token)
        key = await self._key(algorithm, kid)
        issuer = (await self.provider.endpoints()).issuer
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.audience,
                issuer=issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            )
        except InvalidTokenError as error:
            _refuse(error)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidToken("The token is malformed.") from error
        _require_access_token(claims)
        return claims

    async def _key(self, algorithm: str, kid: str | None) -> PyJWK:
        """The one key that may have signed: by id, type of key and its own algorithm."""
        fitting = [
            key
            for key in await self.provider.keys(kid)
            if algorithm in _FAMILIES.get(key.key_type or "", ())
            and key._jwk_data.get("alg") in {None, algorithm}  # noqa: SLF001 - not public in pyjwt
        ]
        if len(fitting) != 1:
            raise InvalidToken("The token is signed with a key that the provider does not publish.")
        return fitting[0]


def _header(token: str) -> tuple[str, str | None]:
    """Algorithm and key id; headers that name keys themselves (jku, jwk, x5u) are not looked at."""
    _require_shape(token)
    try:
        header = jwt.get_unverified_header(token)
    except (InvalidTokenError, ValueError, TypeError, RecursionError) as error:
        raise InvalidToken("The token is malformed.") from error
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise InvalidToken("The token is not signed with an algorithm that is accepted.")
    if not isinstance(kind, str) or kind.lower() not in _HEADER_TYPES:
        raise InvalidToken("The token is no access token: send the access token instead.")
    if "crit" in header or not isinstance(kid, str | None):
        raise InvalidToken("The token's header is not understood.")
    return algorithm, kid


def _require_shape(token: str) -> None:
    parts = token.count(".") + 1
    if len(token) > _MAX_CHARS:
        raise InvalidToken(f"The token is longer than {_MAX_CHARS} characters.")
    if parts == _JWE_PARTS:
        raise InvalidToken(
            "The token is encrypted. Ask the provider for one with the audience of this API (Auth0 "
            "encrypts those without), and have it sign tokens of this API, not encrypt them."
        )
    if parts != _JWS_PARTS:
        raise InvalidToken(
            "The token is no JWT. Ask the provider for one with the audience of this API: Auth0 "
            "and others give opaque tokens without it."
        )


def _require_access_token(claims: Mapping[str, Any]) -> None:
    kind = claims.get("typ")
    is_other = isinstance(kind, str) and kind.lower() in _OTHER_KINDS
    if is_other or _ID_TOKEN_CLAIMS & claims.keys() or "events" in claims:
        raise InvalidToken("The token is no access token: send the access token instead.")
    if "cnf" in claims:
        raise InvalidToken("The token is bound to a key (cnf); only bearer tokens are accepted.")
    if not claims["sub"]:
        raise InvalidToken("The token names nobody: its claim sub is empty.")


def _refuse(error: InvalidTokenError) -> NoReturn:
    """What is wrong in our words: pyjwt's may quote the token."""
    if isinstance(error, ExpiredSignatureError):
        raise ExpiredToken("The token has expired.") from error
    if isinstance(error, ImmatureSignatureError):
        raise InvalidToken("The token is not valid yet: compare the clocks.") from error
    if isinstance(error, InvalidAudienceError):
        raise InvalidToken("The token was given for another audience.") from error
    if isinstance(error, InvalidIssuerError):
        raise InvalidToken("The token was given by another issuer.") from error
    if isinstance(error, MissingRequiredClaimError):
        raise InvalidToken(f"The token has no claim {error.claim}.") from error
    raise InvalidToken("The token is malformed, or its signature is wrong.") from error
