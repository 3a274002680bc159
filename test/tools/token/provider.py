"""The provider's discovery document (OpenID Connect Discovery 1.0, section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from test.tools.speech import Failure, refuse, told

_METHODS = ("client_secret_basic", "client_secret_post")
_CHECK = "check OIDC_ISSUER."


class Unreachable(Failure):
    """The provider does not answer."""


@dataclass(frozen=True)
class Provider:
    """Where to ask for what.

    `names_itself`: it says its issuer when it sends the browser back (RFC 9207).
    """

    issuer: str
    token: str
    jwks: str
    authorization: str | None = None
    device: str | None = None
    names_itself: bool = False
    secret_methods: tuple[str, ...] = _METHODS[:1]


def discover(http: httpx.Client, issuer: str) -> Provider:
    """What the provider says of itself.

    Raises:
        Failure: it cannot be reached, or it is another one.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    document = fetch(http, address)
    found = document.get("issuer")
    if not isinstance(found, str) or found.rstrip("/") != issuer.rstrip("/"):
        refuse(
            f"The provider at {told(issuer)} calls itself {told(found)}.",
            "set OIDC_ISSUER to the name it gives itself, if that is the provider you mean.",
        )
    return Provider(
        issuer=found,
        token=_endpoint(document, "token_endpoint", issuer),
        jwks=_endpoint(document, "jwks_uri", issuer),
        authorization=_optional(document, "authorization_endpoint", issuer),
        device=_optional(document, "device_authorization_endpoint", issuer),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        secret_methods=_methods(document.get("token_endpoint_auth_methods_supported")),
    )


def fetch(http: httpx.Client, address: str) -> Mapping[str, Any]:
    """One JSON object of the provider.

    Raises:
        Failure: there is none.
    """
    try:
        response = http.get(address)
        document = response.json() if response.is_success else None
    except ValueError:
        document = None
    except httpx.HTTPError as error:
        raise unreachable(address, error) from None
    if not isinstance(document, dict):
        refuse(f"{told(address)} answers {response.status_code} without what is expected.", _CHECK)
    return document


def unreachable(address: str, error: httpx.HTTPError) -> Unreachable:
    """The failure for a provider that does not answer."""
    reason = told(error) or type(error).__name__
    next_step = f"check the network and {_CHECK}"
    if "CERTIFICATE" in reason.upper():
        next_step = "point SSL_CERT_FILE to the certificate authority of your organisation."
    return Unreachable(f"The provider does not answer at {told(address)}: {reason}.", next_step)


def _optional(document: Mapping[str, Any], name: str, issuer: str) -> str | None:
    return _endpoint(document, name, issuer) if document.get(name) else None


def _endpoint(document: Mapping[str, Any], name: str, issuer: str) -> str:
    url = document.get(name)
    parts = urlsplit(url if isinstance(url, str) else "")
    allowed = {"https", urlsplit(issuer).scheme}
    if parts.scheme not in allowed or not parts.hostname:
        refuse(f"The provider names no usable {name}.", _CHECK)
    return str(url)


def _methods(given: object) -> tuple[str, ...]:
    """How a secret may be sent; who says nothing takes the standard's default."""
    if not isinstance(given, list):
        return _METHODS[:1]
    return tuple(method for method in _METHODS if method in given)
