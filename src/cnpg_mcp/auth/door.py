"""The door of one server: made from settings, opened and closed with the server."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fastmcp.server.auth import AuthProvider
from fastmcp.server.auth.jwt_issuer import derive_jwt_key
from fastmcp.server.dependencies import get_access_token
from platformdirs import user_state_path
from pydantic import SecretStr
from starlette.requests import HTTPConnection

from cnpg_mcp.auth.access_tokens import AccessTokens
from cnpg_mcp.auth.bearer import Refused, VerifiedToken, Verifier
from cnpg_mcp.auth.callers import CallerRules
from cnpg_mcp.auth.errors import AuthError, ProviderUnavailable, Unavailable
from cnpg_mcp.auth.events import AuthEvent, Door, Tell
from cnpg_mcp.auth.login.sign_in import LoginRules, SignIn
from cnpg_mcp.auth.place import Offered, Place
from cnpg_mcp.auth.provider import IdentityProvider, make_provider
from cnpg_mcp.auth.resource import ProviderTokens
from cnpg_mcp.auth.store import DirectoryLogins, LoginStore, RedisLogins
from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.settings import Settings, SettingsError, is_redis


@dataclass(frozen=True)
class Entrance:
    """What a server needs to know who calls.

    `auth` is FastMCP's side, `verifier` ours; both are one object. `store` is where logins are.
    """

    auth: AuthProvider
    verifier: Verifier
    provider: IdentityProvider
    rules: CallerRules
    metadata_url: str
    store: LoginStore | None = None

    async def identify(self) -> Caller:
        """Who makes the present call: to be asked behind the endpoint's sign-in only."""
        token = get_access_token()
        assert isinstance(token, VerifiedToken)  # noqa: S101 - the endpoint lets nobody else pass
        return self.rules.caller(token.claims, token.client_id, token.asked)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The time during which the server runs. Neither provider nor store need be there yet."""
        tasks = [asyncio.create_task(self._greet())]
        if self.store is not None:
            tasks.append(asyncio.create_task(self.store.sweep()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.verifier.close()
            await self.provider.close()
            if self.store is not None:
                await self.store.close()

    async def _greet(self) -> None:
        """Asks the provider at the start, so that its first caller does not wait for it."""
        with suppress(ProviderUnavailable):
            await self.provider.keys(None)


def main_entrance(settings: Settings, place: Place, tell: Tell) -> Entrance:
    """The main server's: a login at the provider, and tokens of our own."""
    tokens = _access_tokens(settings)
    secret = _plain(settings.auth0_client_secret)
    rules = LoginRules(
        place=place,
        client_id=settings.auth0_client_id or "",
        client_secret=secret,
        signing_key=_plain(settings.oauth_signing_key) or None,
        scopes=_offered(settings),
        upstream_scopes=settings.oidc_scopes,
        authorize_params=settings.oidc_authorize_params,
        redirect_uris=settings.allowed_redirect_uris,
        consent=settings.oauth_consent,
        cimd=settings.oauth_cimd,
    )
    store = make_store(settings)
    sign_in = SignIn(rules, tokens, store, _refusals(tell), tell)
    rules_of_calls = CallerRules.of(settings)
    return Entrance(sign_in, sign_in, tokens.provider, rules_of_calls, place.metadata_url, store)


def token_entrance(settings: Settings, place: Place, tell: Tell) -> Entrance:
    """The test server's: the provider's own access tokens."""
    tokens = _access_tokens(settings)
    checked = ProviderTokens(tokens, place, _offered(settings), _refusals(tell))
    rules_of_calls = CallerRules.of(settings)
    return Entrance(checked, checked, tokens.provider, rules_of_calls, place.metadata_url)


def make_store(settings: Settings) -> LoginStore:
    """Where logins are kept; its key is derived, so that no other key tells it.

    Raises:
        SettingsError: the directory cannot be used.
    """
    secrets = (settings.oauth_store_key, settings.oauth_signing_key, settings.auth0_client_secret)
    material = next(_plain(secret) for secret in secrets if secret)
    key = derive_jwt_key(high_entropy_material=material, salt="cnpg-mcp-login-store")
    place = _plain(settings.oauth_store)
    if is_redis(place):
        return RedisLogins(place, key)
    path = Path(place).expanduser() if place else _usual_directory(key)
    try:
        return DirectoryLogins(path, key)
    except OSError as error:
        raise SettingsError(
            f"OAUTH_STORE: the directory {path} cannot be used ({error.strerror}). Name one that "
            "this user may write to, or a Redis URL."
        ) from error


def _usual_directory(key: bytes) -> Path:
    """One for each key, so that two installations on a machine keep apart."""
    return user_state_path("cnpg-mcp") / "oauth" / hashlib.sha256(key).hexdigest()[:12]


def _access_tokens(settings: Settings) -> AccessTokens:
    return AccessTokens(make_provider(settings.oidc_issuer or ""), settings.oidc_audience or "")


def _offered(settings: Settings) -> Offered:
    """What a login may be good for: a read-only server needs no more than reading."""
    useful = [Scope.READ] if settings.read_only else list(Scope)
    supported = tuple(scope.value for scope in useful)
    return Offered(supported, settings.login_scopes or supported)


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _refusals(tell: Tell) -> Refused:
    def refused(connection: HTTPConnection, error: AuthError) -> None:
        address = connection.client.host if connection.client else None
        outcome = "unavailable" if isinstance(error, Unavailable) else "invalid_token"
        tell(AuthEvent(Door.CALL, outcome, {"address": address, "reason": str(error)}))

    return refused
