"""The identity provider: its endpoints and signing keys, kept while it is away."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWKError

from cnpg_mcp.auth.errors import ProviderUnavailable
from cnpg_mcp.auth.remembered import Remembered
from cnpg_mcp.settings import is_loopback

_TIMEOUT_SECONDS = 5.0
_CHECK_SECONDS = 3.0
_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Endpoints:
    """What the provider says about itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    revocation: str | None = None
    token_auth_methods: tuple[str, ...] = ("client_secret_basic",)


class IdentityProvider:
    """One OpenID provider, asked when needed; nothing is sent when it is made.

    What was learned stays in use while the provider is away. `clock` gives monotonic seconds.
    """

    def __init__(
        self, issuer: str, http: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.issuer = issuer
        self._http = http
        self._endpoints = Remembered(self._discover, clock)
        self._keys = Remembered(self._fetch_keys, clock)
        self._checking: asyncio.Task[None] | None = None

    async def endpoints(self) -> Endpoints:
        """Its endpoints.

        Raises:
            ProviderUnavailable: they were never learned, and it does not tell.
        """
        return await self._endpoints.current()

    async def keys(self, kid: str | None) -> tuple[PyJWK, ...]:
        """Its signing keys with this id, or all of them for a token that names none.

        An unknown id may be a new key: the provider is asked again, once in two seconds.

        Raises:
            ProviderUnavailable: no key was ever learned, and it gives none.
        """
        known = _named(await self._keys.current(), kid)
        return known or _named(await self._keys.renewed(), kid)

    async def check(self) -> None:
        """Whether it answers, known from a question that is a few seconds old.

        Raises:
            ProviderUnavailable: it does not, or as another issuer.
        """
        if self._checking is None or (
            self._checking.done() and self._endpoints.age >= _CHECK_SECONDS
        ):
            is_first = self._checking is None
            self._checking = asyncio.create_task(self._endpoints.ask(_CHECK_SECONDS))
            if is_first:
                await asyncio.shield(self._checking)
        if self._endpoints.failure:
            raise ProviderUnavailable(self._endpoints.failure)

    async def close(self) -> None:
        """Closes the connections to it."""
        if self._checking is not None:
            self._checking.cancel()
        await self._http.aclose()

    async def _discover(self) -> Endpoints:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await self._fetch(address)
        found = _text(document, "issuer", address)
        if found.rstrip("/") != self.issuer.rstrip("/"):
            raise ProviderUnavailable(
                f"OIDC_ISSUER is {self.issuer}, but the provider there calls itself {found[:200]}."
            )
        revocation = document.get("revocation_endpoint")
        methods = document.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            issuer=found,
            authorization=_text(document, "authorization_endpoint", address),
            token=_text(document, "token_endpoint", address),
            jwks=_text(document, "jwks_uri", address),
            revocation=revocation if isinstance(revocation, str) else None,
            token_auth_methods=_methods(methods),
        )

    async def _fetch_keys(self) -> tuple[PyJWK, ...]:
        address = (await self.endpoints()).jwks
        keys = (await self._fetch(address)).get("keys")
        if not isinstance(keys, list):
            raise ProviderUnavailable(f"{address} holds no list of signing keys.")
        return tuple(key for key in map(_key, keys) if key is not None)

    async def _fetch(self, address: str) -> dict[str, Any]:
        """One JSON object; bounded in time and size, and never from elsewhere by a redirect."""
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                return _json_object(await self._read(address), address)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise ProviderUnavailable(
                f"The identity provider cannot be reached at {address}: {reason}."
            ) from error

    async def _read(self, address: str) -> bytes:
        body = bytearray()
        async with self._http.stream("GET", address) as response:
            if response.status_code != httpx.codes.OK:
                raise ProviderUnavailable(
                    f"The identity provider answers {response.status_code} at {address}."
                )
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    raise ProviderUnavailable(f"{address} is larger than {_MAX_BYTES} bytes.")
        return bytes(body)


def make_provider(issuer: str) -> IdentityProvider:
    """The provider with that issuer; certificates are checked, redirects are not followed."""
    return IdentityProvider(issuer, httpx.AsyncClient(follow_redirects=False, timeout=5.0))


def _key(found: object) -> PyJWK | None:
    """A key that signs; `None` for one of another use, or of a kind that is not known here."""
    try:
        key = PyJWK.from_dict(found)  # type: ignore[arg-type]  # what is no dict is no key
    except (PyJWKError, InvalidKeyError, ValueError, TypeError, AttributeError):
        return None
    return key if key.public_key_use in (None, "sig") else None


def _named(keys: tuple[PyJWK, ...], kid: str | None) -> tuple[PyJWK, ...]:
    return tuple(key for key in keys if kid is None or key.key_id == kid)


def _json_object(body: bytes, address: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ProviderUnavailable(
            f"{address} is no JSON: something else than the identity provider answers there."
        )
    return document


def _text(document: Mapping[str, Any], name: str, address: str) -> str:
    value = document.get(name)
    url = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if url.scheme != "https" and not is_loopback(url.hostname or ""):
        raise ProviderUnavailable(f"{address} has no {name} that begins with https://.")
    return str(value)


def _methods(given: object) -> tuple[str, ...]:
    """How the token endpoint may be asked; the standard names a default for who says nothing."""
    named = given if isinstance(given, list) else []
    return tuple(each for each in named if isinstance(each, str)) or ("client_secret_basic",)
