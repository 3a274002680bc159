"""The identity provider: is it the one that is meant, and does it know us."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from cnpg_mcp.doctor.examination import Skip
from cnpg_mcp.doctor.findings import Finding, passed, quoted
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.doctor.inside.place import Place
from cnpg_mcp.doctor.probe import Answer, Unanswered
from cnpg_mcp.settings import Settings, is_loopback

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SCOPES = ("cnpg:read", "cnpg:write", "cnpg:admin")
_KEY_TYPES = {"RSA", "EC", "OKP"}
_SYMMETRIC = "HS"
_CLOCK_SECONDS = 30
_OK, _BAD_REQUEST = 200, 400
_NO_SUCH_CODE = "invalid_grant"
"""Whoever is told this was let in. Others are refused by error or, at Auth0, by status alone."""
_NOT_OURS = {"invalid_client", "unauthorized_client"}
_CHALLENGE = "E9Melhoa2OwvFrEGm7K7uG8OxwJg6qF7L8Qd3PZt0xU"
"""Any S256 challenge: nobody goes on from here."""


@dataclass(frozen=True)
class _Document:
    """The provider's discovery document, and the answer in which it came."""

    answer: Answer
    content: Mapping[str, Any]

    def text(self, name: str) -> str:
        value = self.content.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        value = self.content.get(name)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


async def provider(place: Place) -> AsyncIterator[Finding]:
    """The provider's document is there, complete, and of the issuer that is trusted."""
    if not place.settings.oidc_issuer:
        return
    document = await _discover(place)
    if isinstance(document, Finding):
        yield document
        return
    found = [*_issuer_faults(place, document), *_gaps(document), *_clock(place, document)]
    for finding in found:
        yield finding
    if not found:
        yield passed("provider", f"{quoted(document.text('issuer'))} answers as itself.")
    if place.is_main and "offline_access" not in document.texts("scopes_supported"):
        yield kinds.NO_OFFLINE.found("offline_access is not among scopes_supported.")


async def provider_keys(place: Place) -> AsyncIterator[Finding]:
    """The provider publishes keys with which tokens can be checked."""
    if not place.settings.oidc_issuer:
        return
    document = await _known(place)
    keys = await _fetch(place, _require(document, "jwks_uri"))
    if isinstance(keys, Finding):
        yield keys
        return
    given = keys.content.get("keys")
    usable = [key for key in given if _is_usable(key)] if isinstance(given, list) else []
    if usable:
        yield passed("provider-keys", f"{len(usable)} signing keys are published.")
    else:
        yield kinds.PROVIDER_KEYS.found(f"{keys.answer.asked}: no RSA or elliptic curve key.")


async def provider_client(place: Place) -> AsyncIterator[Finding]:
    """The provider takes our client id and secret; asked with a code that does not exist."""
    secret = place.settings.auth0_client_secret
    client = place.settings.auth0_client_id
    if not client or not secret or not place.settings.oidc_issuer:
        return
    document = await _known(place)
    answer = await place.probe.ask(
        "POST", _require(document, "token_endpoint"), **_exchange(place, document, client)
    )
    error = (answer.json() or {}).get("error")
    is_known = error == _NO_SUCH_CODE or (answer.status == _BAD_REQUEST and error not in _NOT_OURS)
    if is_known:
        yield passed("provider-client", f"The provider takes the client: {_told(answer, error)}")
    else:
        yield kinds.CLIENT_REFUSED.found(_told(answer, error))


async def provider_login(place: Place) -> AsyncIterator[Finding]:
    """The provider would show its login page for our callback and our audience."""
    client = place.settings.auth0_client_id
    if not client or not place.settings.oidc_issuer:
        return
    document = await _known(place)
    callback = f"{place.public_url}/auth/callback"
    answer = await place.probe.ask(
        "GET",
        _require(document, "authorization_endpoint"),
        params=_authorization(place, client, callback),
    )
    target = urlsplit(answer.location)
    error = parse_qs(target.query).get("error", [None])[0]
    if answer.status >= _BAD_REQUEST or error:
        told = _told(answer, error, parse_qs(target.query).get("error_description", [""])[0])
        yield kinds.LOGIN_REFUSED.found(f"{told} The callback was {quoted(callback)}.")
    else:
        yield passed("provider-login", "The provider begins a login for our callback.")


async def _discover(place: Place) -> _Document | Finding:
    issuer = place.settings.oidc_issuer or ""
    return await _fetch(place, f"{issuer.rstrip('/')}/.well-known/openid-configuration")


async def _known(place: Place) -> _Document:
    document = await _discover(place)
    if isinstance(document, Finding):
        raise Skip("the provider's document is not there.")
    return document


async def _fetch(place: Place, address: str) -> _Document | Finding:
    try:
        answer = await place.probe.see("GET", address)
    except Unanswered as silence:
        return kinds.PROVIDER_AWAY.found(str(silence))
    if answer.status != _OK:
        return kinds.PROVIDER_AWAY.found(_told(answer, None))
    content = answer.json()
    if content is None:
        return kinds.PROVIDER_NOT_JSON.found(f"{answer.asked} is no JSON object.")
    return _Document(answer, content)


def _issuer_faults(place: Place, document: _Document) -> Iterator[Finding]:
    set_to, issuer = place.settings.oidc_issuer or "", document.text("issuer")
    seen = f"OIDC_ISSUER is {quoted(set_to)}, the provider calls itself {quoted(issuer)}."
    if issuer == set_to:
        return
    same = issuer.rstrip("/") == set_to.rstrip("/")
    yield (kinds.ISSUER_SLASH if same else kinds.PROVIDER_ISSUER).found(seen)


def _gaps(document: _Document) -> Iterator[Finding]:
    unusable = [name for name in _ENDPOINTS if not _is_secure(document.text(name))]
    if unusable:
        yield kinds.PROVIDER_INCOMPLETE.found(f"Missing or not https: {', '.join(unusable)}.")


def _clock(place: Place, document: _Document) -> Iterator[Finding]:
    told = document.answer.date
    apart = abs((told - place.now()).total_seconds()) if told else 0
    if apart > _CLOCK_SECONDS:
        yield kinds.PROVIDER_CLOCK.found(f"The clocks are {apart:.0f} s apart.")


def _is_secure(url: str) -> bool:
    parts = urlsplit(url)
    local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def _require(document: _Document, name: str) -> str:
    """An endpoint to which a secret may be sent."""
    if not _is_secure(document.text(name)):
        raise Skip(f"the provider's document has no usable {name}.")
    return document.text(name)


def _is_usable(key: object) -> bool:
    if not isinstance(key, dict) or key.get("use") not in {None, "sig"}:
        return False
    return key.get("kty") in _KEY_TYPES and not str(key.get("alg")).startswith(_SYMMETRIC)


def _exchange(place: Place, document: _Document, client: str) -> Mapping[str, Any]:
    """A token request with a code that does not exist, signed in as the server would."""
    given = place.settings.auth0_client_secret
    secret = given.get_secret_value() if given else ""
    form = {
        "grant_type": "authorization_code",
        "code": "cnpg-mcp-doctor-no-code",
        "redirect_uri": f"{place.public_url}/auth/callback",
        "code_verifier": "cnpg-mcp-doctor-no-verifier-of-any-challenge",
    }
    methods = document.texts("token_endpoint_auth_methods_supported")
    if methods and "client_secret_basic" not in methods:
        return {"data": {**form, "client_id": client, "client_secret": secret}}
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
    basic = base64.b64encode(pair.encode()).decode()
    return {"data": form, "headers": {"Authorization": f"Basic {basic}"}}


def _authorization(place: Place, client: str, callback: str) -> Mapping[str, str]:
    settings = place.settings
    audience = {"audience": settings.oidc_audience} if settings.oidc_audience else {}
    return {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": callback,
        "scope": " ".join(("openid", *(settings.oidc_scopes or _asked(settings)))),
        "state": "cnpg-mcp-doctor",
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
        **audience,
        **dict(parse_qsl(settings.oidc_authorize_params)),
    }


def _asked(settings: Settings) -> Sequence[str]:
    """What a login asks for where OIDC_SCOPES does not say it."""
    ours = _SCOPES[:1] if settings.read_only else _SCOPES
    return ("offline_access", *(settings.login_scopes or ours))


def _told(answer: Answer, error: object, description: str = "") -> str:
    """Status and error; never a body, which may hold anything."""
    said = " ".join(quoted(str(each)) for each in (error, description) if each)
    return f"{answer.asked} was answered {answer.status}{f': {said}' if said else ''}."
