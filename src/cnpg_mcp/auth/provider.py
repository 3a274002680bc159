"""The identity provider: its endpoints and signing keys, kept while it is away."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWKError, PyJWKSetError

from cnpg_mcp.auth.errors import ProviderUnavailable

_log = logging.getLogger(__name__)
_FRESH_SECONDS = 600.0
"""How long endpoints and keys are used without asking again: a withdrawn key dies within it."""
_PAUSE_SECONDS = 2.0
"""Between two questions that something unknown or a failure caused, however many ask for it."""
_OUTAGE_SECONDS = 30.0
"""Between two tries to renew what is known while the provider is away: each keeps one waiting."""
_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True)
class Endpoints:
    """What the provider says about itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    revocation: str | None = None
    token_auth_methods: tuple[str, ...] = ("client_secret_basic",)


@dataclass
class _Kept(Generic[T]):
    """A document of the provider with the moments at which it was got, and last asked for."""

    value: T | None = None
    got: float = float("-inf")
    asked: float = float("-inf")
    failure: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class IdentityProvider:
    """One OpenID provider, asked when needed; nothing is sent when it is made.

    What was learned stays in use while the provider is away. `clock` gives monotonic seconds.
    """

    issuer: str
    http: httpx.AsyncClient
    clock: Callable[[], float] = time.monotonic
    _endpoints: _Kept[Endpoints] = field(default_factory=_Kept)
    _keys: _Kept[tuple[PyJWK, ...]] = field(default_factory=_Kept)

    async def endpoints(self) -> Endpoints:
        """Its endpoints.

        Raises:
            ProviderUnavailable: they were never learned, and it does not tell.
        """
        return await self._current(self._endpoints, self._discover)

    async def keys(self, kid: str | None) -> tuple[PyJWK, ...]:
        """Its signing keys with this id, or all of them for a token that names none.

        An unknown id may be a new key: the provider is asked again, once in two seconds.

        Raises:
            ProviderUnavailable: no key was ever learned, and it gives none.
        """
        known = _named(await self._current(self._keys, self._fetch_keys), kid)
        if known or not self._may_ask(self._keys):
            return known
        return _named(await self._current(self._keys, self._fetch_keys, renew=True), kid)

    async def check(self) -> None:
        """Asks it now, for readiness.

        Raises:
            ProviderUnavailable: it does not answer, or answers as another issuer.
        """
        await self._current(self._endpoints, self._discover, renew=True)
        if self._endpoints.failure:
            raise ProviderUnavailable(self._endpoints.failure)
        await self.keys(None)

    async def close(self) -> None:
        """Closes the connections to it."""
        await self.http.aclose()

    async def _current(self, kept: _Kept[T], ask: Callable[[], Any], *, renew: bool = False) -> T:
        """The document as known; asked for again when old, by one caller for all."""
        if kept.value is not None and not renew and self._is_good_enough(kept):
            return kept.value
        async with kept.lock:
            if self._may_ask(kept):
                await self._ask(kept, ask)
        if kept.value is None:
            raise ProviderUnavailable(kept.failure)
        return kept.value

    def _is_good_enough(self, kept: _Kept[Any]) -> bool:
        """Whether it is fresh, or somebody is asking already, or asking has just failed."""
        now = self.clock()
        has_failed = bool(kept.failure) and now - kept.asked < _OUTAGE_SECONDS
        return now - kept.got < _FRESH_SECONDS or kept.lock.locked() or has_failed

    def _may_ask(self, kept: _Kept[Any]) -> bool:
        return self.clock() - kept.asked >= _PAUSE_SECONDS

    async def _ask(self, kept: _Kept[T], ask: Callable[[], Any]) -> None:
        kept.asked, kept.failure = self.clock(), "The identity provider has not answered yet."
        try:
            kept.value = await ask()
            kept.got, kept.failure = self.clock(), ""
        except ProviderUnavailable as failure:
            kept.failure = str(failure)
            _log.warning("%s", failure)

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
        document = await self._fetch(address)
        try:
            keys = PyJWKSet.from_dict(document).keys
        except (PyJWKSetError, PyJWKError, TypeError, AttributeError, ValueError) as error:
            raise ProviderUnavailable(f"{address} holds no usable signing keys.") from error
        return tuple(key for key in keys if key.public_key_use in {None, "sig"})

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
        async with self.http.stream("GET", address) as response:
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
    if not isinstance(value, str) or not urlsplit(value).netloc:
        raise ProviderUnavailable(f"{address} has no usable {name}.")
    return value


def _methods(given: object) -> tuple[str, ...]:
    """How the token endpoint may be asked; the standard names a default for who says nothing."""
    named = given if isinstance(given, list) else []
    return tuple(each for each in named if isinstance(each, str)) or ("client_secret_basic",)
