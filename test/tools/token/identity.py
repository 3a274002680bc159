"""The ID token: proof that the answer belongs to this login (OpenID Connect Core, 3.1.3.7)."""

import secrets
from typing import Any

import httpx
import jwt
from jwt.exceptions import PyJWKError, PyJWKSetError, PyJWTError

from test.tools.speech import refuse, told
from test.tools.token.endpoint import Application
from test.tools.token.provider import fetch

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
_LEEWAY_SECONDS = 60
_AGAIN = "try again; if it persists, the provider or something before it is wrong."


def check_id_token(application: Application, id_token: str | None, nonce: str) -> None:
    """Refuses an answer that was not given to this login of this application.

    Raises:
        Failure: what is wrong with it.
    """
    if id_token is None:
        refuse(
            "The provider answers without the ID token that was asked for.",
            "leave openid out of --scope if the provider knows OAuth alone.",
        )
    claims = _claims(application, id_token)
    if not secrets.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        refuse("The provider's answer belongs to another login (nonce).", _AGAIN)
    if claims.get("azp") not in {None, application.client_id}:
        refuse("The provider's answer belongs to another application (azp).", _AGAIN)


def _claims(application: Application, id_token: str) -> dict[str, Any]:
    try:
        key = _key(application.http, application.provider.jwks, id_token)
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=_ALGORITHMS,
            audience=application.client_id,
            issuer=application.provider.issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub"]},
        )
    except (PyJWTError, ValueError, TypeError) as error:
        refuse(
            f"The provider's ID token is not to be believed ({told(type(error).__name__)}).",
            "check this machine's clock, and that the application's ID tokens are signed with "
            "RS256 (Auth0: application > Advanced > OAuth).",
        )
    return claims


def _key(http: httpx.Client, address: str, id_token: str) -> jwt.PyJWK:
    kid = jwt.get_unverified_header(id_token).get("kid")
    try:
        keys = jwt.PyJWKSet.from_dict(dict(fetch(http, address))).keys
    except (PyJWKSetError, PyJWKError):
        keys = []
    found = [key for key in keys if kid in {None, key.key_id}]
    if len(found) != 1:
        raise PyJWTError("no key of that name")
    return found[0]
