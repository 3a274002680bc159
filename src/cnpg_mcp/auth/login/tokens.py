"""The tokens of logins: given, refreshed, looked up, ended. FastMCP's OAuth proxy, made to last.

What is overridden, and until when it has to be (read in FastMCP 4.1.2 and 4.2.1):

* `load_access_token`, which takes a provider or a store that is away for a bad token;
* code exchange and refresh, which are for one at a time among all replicas, with a short grace for
  a refresh token that is used twice, and the end of the login for one that is used again later;
* revocation, which leaves access tokens valid.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2
from cachetools import LRUCache
from fastmcp.server.auth import OAuthProxy
from fastmcp.server.auth.auth import AccessToken
from fastmcp.server.auth.oauth_proxy.models import UpstreamTokenSet
from fastmcp.server.auth.oauth_proxy.upstream import OAuthError
from joserfc.errors import JoseError
from mcp.server.auth.provider import AuthorizationCode, RefreshToken, TokenError
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from cnpg_mcp.auth.access_tokens import AccessTokens
from cnpg_mcp.auth.bearer import VerifiedToken, verified
from cnpg_mcp.auth.errors import AuthError, ExpiredToken, InvalidToken, ProviderUnavailable
from cnpg_mcp.auth.events import AuthEvent, Door, Tell
from cnpg_mcp.auth.family import Families, Login, UsedRefreshToken
from cnpg_mcp.auth.store import LoginStore, digest
from cnpg_mcp.auth.upstream import ProviderClient

USED_SECONDS = 400 * 24 * 3600
"""How long a client's registration lasts after its last login: a refresh token lasts a year."""
_MAX_NAME = 100
_MALFORMED = (JoseError, ValueError, KeyError, TypeError)
_KNOWN_TOKENS = 10_000
_HTTP_SECONDS = 10.0
_ENDED = "The login is over: sign in again."


class LoginTokens(OAuthProxy):
    """An OAuth proxy whose tokens outlive restarts, replicas, and a provider that is away."""

    def __init__(
        self,
        tokens: AccessTokens,
        store: LoginStore,
        tell: Tell,
        **options: Any,  # noqa: ANN401 - FastMCP's own
    ) -> None:
        self._tokens, self._store, self._tell = tokens, store, tell
        self._families = Families(store.values)
        self._http = httpx2.AsyncClient(timeout=_HTTP_SECONDS)
        self._known: LRUCache[str, _Known] = LRUCache(_KNOWN_TOKENS)
        super().__init__(client_storage=store.values, **options)
        self._tolerate_foreign_entries()

    def _tolerate_foreign_entries(self) -> None:
        """What another version of this program has stored counts as not there, not as a failure."""
        for adapter in (
            self._upstream_token_store,
            self._client_store,
            self._transaction_store,
            self._consent_csrf_store,
            self._code_store,
            self._jti_mapping_store,
            self._refresh_token_store,
        ):
            adapter._raise_on_validation_error = False  # noqa: SLF001 - FastMCP sets it to true

    async def _discover(self) -> None:
        """Learns the provider's endpoints, which FastMCP wants when it is constructed.

        Raises:
            ProviderUnavailable: they were never learned, and it does not tell.
        """
        endpoints = await self._tokens.provider.endpoints()
        self._upstream_authorization_endpoint = endpoints.authorization
        self._upstream_token_endpoint = endpoints.token
        self._upstream_revocation_endpoint = endpoints.revocation
        is_basic = "client_secret_basic" in endpoints.token_auth_methods
        self._token_endpoint_auth_method = (
            "client_secret_basic" if is_basic else "client_secret_post"
        )

    def _create_upstream_oauth_client(self) -> ProviderClient:
        assert self._upstream_client_secret is not None  # noqa: S101 - required by the settings
        return ProviderClient(
            self._upstream_client_id,
            self._upstream_client_secret.get_secret_value(),
            self._token_endpoint_auth_method or "client_secret_basic",
            self._tokens.verify,
            self._http,
        )

    async def close(self) -> None:
        """Closes the connections to the provider's token endpoint."""
        await self._http.aclose()

    # Given

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """A code that this client was given and has not used; any other try is on record."""
        code = await super().load_authorization_code(client, authorization_code)
        if code is None:
            self._tell_guess(Door.SIGN_IN, client)
        return code

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """The first tokens of a login; of two who come with one code, one gets them."""
        async with self._store.turn(f"code-{digest(authorization_code.code)}"):
            if await self._code_store.get(key=authorization_code.code) is None:
                raise TokenError("invalid_grant", "The authorization code has been used.")
            tokens = await super().exchange_authorization_code(client, authorization_code)
        family, _ = await self._family(tokens.access_token, "access")
        login = Login(
            asked=self._asked_for(authorization_code.scopes),
            client_name=(client.client_name or "")[:_MAX_NAME],
        )
        await self._families.begin(family, login, USED_SECONDS)
        await self._keep_client(client)
        await self._tell_of(Door.SIGN_IN, "ok", client.client_id or "", family)
        return tokens

    def _asked_for(self, scopes: Sequence[str]) -> list[str]:
        """Which scopes a login that asked for these has asked the provider for."""
        return list(scopes)

    async def _keep_client(self, client: OAuthClientInformationFull) -> None:
        """The registration lasts from its last use on."""
        stored = await self._client_store.get(key=client.client_id or "")
        if stored is not None:
            await self._client_store.put(client.client_id or "", stored, ttl=USED_SECONDS)

    # Refreshed

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        """A refresh token of this client, also one that has been used."""
        known = await super().load_refresh_token(client, refresh_token)
        if known is not None:
            return known
        used = await self._families.used(refresh_token)
        if used is None or used.client_id != client.client_id:
            self._tell_guess(Door.REFRESH, client)
            return None
        return RefreshToken(token=refresh_token, client_id=used.client_id, scopes=used.scopes)

    async def exchange_refresh_token(
        self,
        client: OAuthClientInformationFull,
        refresh_token: RefreshToken,
        scopes: list[str],  # noqa: ARG002
    ) -> OAuthToken:
        """New tokens for a refresh token, once; see `family` for the second time.

        They are good for what the login is good for: a request for less is not honoured, and the
        answer says so (RFC 6749, section 6).

        Raises:
            TokenError: `invalid_grant`, the login is over.
            Unavailable: the provider or the store is away.
        """
        await self._discover()
        family = await self._family_of_refresh(refresh_token.token)
        async with self._store.turn(f"login-{family}"):
            tokens = await self._once(client, refresh_token, family)
        if tokens is None:
            await self._tell_of(Door.REFRESH, "reused", client.client_id or "", family)
            await self._end(family)
            raise TokenError("invalid_grant", _ENDED)
        await self._keep_client(client)
        await self._tell_of(Door.REFRESH, "ok", client.client_id or "", family)
        return tokens

    async def _family_of_refresh(self, token: str) -> str:
        used = await self._families.used(token)
        if used is not None:
            return used.family
        try:
            family, _ = await self._family(token, "refresh")
        except InvalidToken as error:
            raise TokenError("invalid_grant", str(error)) from error
        return family

    async def _once(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, family: str
    ) -> OAuthToken | None:
        """The token's exchange, the first or within the grace; `None` once that is over."""
        used = await self._families.used(refresh_token.token)
        if used is None or not used.is_finished:
            return await self._exchange(client, refresh_token, family)
        return await self._once_more(refresh_token.token, used)

    async def _once_more(self, token: str, used: UsedRefreshToken) -> OAuthToken | None:
        """What it was exchanged for; `None` once the grace is over.

        Raises:
            TokenError: the login has been ended meanwhile.
        """
        answer = await self._families.answered(token, used)
        if answer is not None and await self._upstream_token_store.get(key=used.family) is None:
            raise TokenError("invalid_grant", _ENDED)
        return answer

    async def _exchange(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, family: str
    ) -> OAuthToken:
        """FastMCP's exchange, during which the old token is known all the time."""
        token, scopes = refresh_token.token, refresh_token.scopes
        await self._families.use(token, refresh_token.client_id, scopes, family)
        try:
            tokens = await self._refreshed(client, refresh_token)
        except BaseException:
            await self._families.unuse(token)
            raise
        await self._families.finish(token, tokens)
        return tokens

    async def _refreshed(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken
    ) -> OAuthToken:
        try:
            return await super().exchange_refresh_token(client, refresh_token, refresh_token.scopes)
        except TokenError as error:
            facts = {"client_id": client.client_id, "reason": error.error}
            self._tell(AuthEvent(Door.REFRESH, "refused", facts))
            raise
        except OAuthError as error:  # `invalid_grant` FastMCP translates itself
            raise _refusal_of(error) from error

    def _prepare_scopes_for_upstream_refresh(self, scopes: list[str]) -> list[str]:  # noqa: ARG002
        """None: the provider then keeps those of the login, `offline_access` among them."""
        return []

    # Looked up

    async def load_access_token(self, token: str) -> AccessToken | None:
        """FastMCP's way of asking."""
        try:
            return await self.verify(token)
        except AuthError:
            return None

    async def verify(self, token: str) -> VerifiedToken:
        """See `bearer.Verifier`: ours, and the provider's behind it, refreshed when it is over."""
        known = await self._known_token(token)
        upstream = await self._upstream(known.family)
        try:
            claims = await self._tokens.verify(upstream.access_token)
        except ExpiredToken:
            upstream = await self._renewed(known.family, upstream.access_token)
            claims = await self._tokens.verify(upstream.access_token)
        return verified(claims, client_id=upstream.client_id, asked=known.asked)

    async def _renewed(self, family: str, expired: str) -> UpstreamTokenSet:
        """The provider's tokens in place of one that has expired, refreshed by one for all."""
        await self._discover()
        async with self._store.turn(f"login-{family}"):
            upstream = await self._upstream(family)
            if upstream.access_token != expired:
                return upstream
            if not upstream.refresh_token:
                raise ExpiredToken(_ENDED)
            try:
                return await self._try_transparent_refresh(upstream)
            except OAuthError as error:
                raise _refusal_of(error) from error

    async def _known_token(self, token: str) -> "_Known":
        """What never changes about an access token: remembered, until the token's end.

        Whether its login still is, only the store knows; it is asked every time.
        """
        name = digest(token)
        known = self._known.get(name)
        if known is None or known.expires <= time.time():
            family, expires = await self._family(token, "access")
            login = await self._families.login(family)
            known = _Known(family, expires, tuple(login.asked) if login else ())
            self._known[name] = known
        return known

    async def _family(self, token: str, use: str) -> tuple[str, float]:
        """The login to which a token of ours belongs, and when the token ends."""
        try:
            payload = self.jwt_issuer.verify_token(token, expected_token_use=use)
            jti, expires = str(payload["jti"]), float(payload["exp"])
        except _MALFORMED as error:
            raise InvalidToken("The token is not one of this server, or it has expired.") from error
        mapping = await self._jti_mapping_store.get(key=jti)
        if mapping is None or mapping.jti != jti:
            raise InvalidToken(_ENDED)
        return mapping.upstream_token_id, expires

    async def _upstream(self, family: str) -> UpstreamTokenSet:
        upstream = await self._upstream_token_store.get(key=family)
        if upstream is None or upstream.upstream_token_id != family:
            raise InvalidToken(_ENDED)
        return upstream

    # Ended

    async def revoke(self, token: str, client_id: str) -> None:
        """See `endpoints.Revoker`; a refresh token that has been used ends its login as well."""
        family = await self._revocable(token)
        upstream = await self._upstream_token_store.get(key=family) if family else None
        if family and upstream is not None and upstream.client_id == client_id:
            await self._tell_of(Door.REVOKE, "ok", client_id, family)
            await self._end(family)

    async def _revocable(self, token: str) -> str | None:
        used = await self._families.used(token)
        if used is not None:
            return used.family
        for use in ("access", "refresh"):
            with suppress(InvalidToken):
                return (await self._family(token, use))[0]
        return None

    async def _end(self, family: str) -> None:
        """Nobody gets in with a token of this login any more; then the provider is told."""
        async with self._store.turn(f"login-{family}"):  # or a refresh under way would undo it
            upstream = await self._upstream_token_store.get(key=family)
            await self._upstream_token_store.delete(key=family)
            await self._families.end(family)
        if upstream is not None and upstream.refresh_token:
            await self._revoke_upstream(upstream.refresh_token)

    async def _revoke_upstream(self, refresh_token: str) -> None:
        """As well as it goes: here the login is over anyway."""
        try:
            address = (await self._tokens.provider.endpoints()).revocation
        except ProviderUnavailable:
            return
        if address is not None:
            await self._create_upstream_oauth_client().revoke(address, refresh_token)

    def _tell_guess(self, door: Door, client: OAuthClientInformationFull) -> None:
        facts = {"client_id": client.client_id, "reason": "No such code or token, or not any more."}
        self._tell(AuthEvent(door, "refused", facts))

    async def _tell_of(self, door: Door, outcome: str, client_id: str, family: str) -> None:
        """On record: who it is, by which client."""
        try:
            claims = await self._tokens.verify((await self._upstream(family)).access_token)
        except AuthError:  # what has been given stays given
            claims = {}
        login = await self._families.login(family)
        facts: dict[str, Any] = {
            "caller": {"issuer": claims.get("iss"), "subject": claims.get("sub")},
            "client_id": client_id,
            "client": login.client_name if login else "",
        }
        self._tell(AuthEvent(door, outcome, facts))


@dataclass(frozen=True)
class _Known:
    """An access token of ours: its login, its end, and what the login asked for."""

    family: str
    expires: float
    asked: tuple[str, ...]


def _refusal_of(error: OAuthError) -> AuthError:
    if error.error == "invalid_grant":
        return ExpiredToken(_ENDED)
    return ProviderUnavailable(
        f"The identity provider does not refresh logins: {str(error.error)[:100]}."
    )
