"""Sign-in of the main server: people at their identity provider, tokens of ours for MCP clients.

Besides what `tokens` does, FastMCP 4.1.2 to 4.2.1 has to be helped with: the provider's endpoints,
which it fetches once, when it is constructed, and dies when the provider is away; the scopes that
are asked for; registrations, which never expire; error pages that answer 500; `/token`, `/revoke`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from fastmcp.server.auth import TokenVerifier
from fastmcp.server.auth.auth import PrivateKeyJWTClientAuthenticator
from fastmcp.server.auth.oauth_proxy.models import ProxyDCRClient
from fastmcp.server.auth.oauth_proxy.ui import create_error_html
from fastmcp.utilities.ui import create_secure_html_response
from mcp.server.auth.handlers.metadata import MetadataHandler
from mcp.server.auth.middleware.client_auth import ClientAuthenticator
from mcp.server.auth.provider import AuthorizationParams, AuthorizeError, RegistrationError
from mcp.server.auth.routes import build_metadata, cors_middleware
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata
from pydantic import AnyHttpUrl, AnyUrl, JsonValue
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cnpg_mcp.auth.access_tokens import AccessTokens
from cnpg_mcp.auth.bearer import BearerTokens, Refused
from cnpg_mcp.auth.endpoints import RevocationHandler, TokenEndpoint
from cnpg_mcp.auth.errors import ProviderUnavailable
from cnpg_mcp.auth.events import AuthEvent, Door, Tell
from cnpg_mcp.auth.login.tokens import LoginTokens
from cnpg_mcp.auth.place import Offered, Place
from cnpg_mcp.auth.store import LoginStore
from cnpg_mcp.auth.upstream import failure_of_login

CLAUDE_CALLBACKS = (
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.com/api/mcp/auth_callback",
)
LOOPBACK_CALLBACKS = ("http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*")
_S256 = re.compile(r"[A-Za-z0-9_-]{43}")
_OPENID, _OFFLINE = "openid", "offline_access"
_PERSONAL = ("profile", "email")
_UNUSED_SECONDS = 7 * 24 * 3600
"""How long a registration waits for its first login."""
_FORBIDDEN, _SERVER_ERROR = 403, 500
_METADATA = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True)
class LoginRules:
    """What an installation decides about logins.

    `scopes`: what clients are told to ask for. `upstream_scopes`: what the provider is always asked
    for, in place of that. Without `signing_key` one is derived from the client secret.
    """

    place: Place
    client_id: str
    client_secret: str
    signing_key: str | None
    scopes: Offered
    upstream_scopes: Sequence[str] = ()
    authorize_params: str = ""
    redirect_uris: Sequence[str] = ()
    consent: Literal["always", "remember"] = "always"
    cimd: bool = False


class SignIn(LoginTokens):
    """Signs people in at their identity provider, and gives MCP clients tokens of its own."""

    def __init__(
        self,
        rules: LoginRules,
        tokens: AccessTokens,
        store: LoginStore,
        refused: Refused,
        tell: Tell,
    ) -> None:
        self._rules, self._refused = rules, refused
        super().__init__(
            tokens,
            store,
            tell,
            upstream_authorization_endpoint="",
            upstream_token_endpoint="",
            upstream_client_id=rules.client_id,
            upstream_client_secret=rules.client_secret,
            token_verifier=TokenVerifier(),
            base_url=rules.place.public_url,
            allowed_client_redirect_uris=[
                *CLAUDE_CALLBACKS,
                *LOOPBACK_CALLBACKS,
                *rules.redirect_uris,
            ],
            valid_scopes=[*rules.scopes.supported, _OPENID, _OFFLINE, *_PERSONAL],
            forward_resource=False,
            extra_authorize_params={
                "audience": tokens.audience,
                **dict(parse_qsl(rules.authorize_params)),
            },
            extra_token_params={"audience": tokens.audience},
            jwt_signing_key=rules.signing_key,
            require_authorization_consent=True if rules.consent == "always" else "remember",
            enable_cimd=rules.cimd,
        )
        self.revocation_options = RevocationOptions(enabled=True)

    # What clients are told

    @property
    def scopes_supported(self) -> list[str]:
        """Scopes of the protected resource: without `offline_access`, which is no right here."""
        return list(self._rules.scopes.supported)

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """What a login had better ask for at first."""
        return list(self._rules.scopes.at_first) if required_scopes is None else required_scopes

    def get_middleware(self) -> list[Middleware]:
        """What stands in front of the endpoint."""
        return BearerTokens(self, self._rules.place, self._refused).middleware()

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """FastMCP's endpoints, with three of ours."""
        return [self._standard(route) for route in super().get_routes(mcp_path)]

    def _standard(self, route: Route) -> Route:
        methods = ["POST", "OPTIONS"]
        if route.path == "/token":
            return Route(route.path, TokenEndpoint(route.app), methods=methods)
        if route.path == _METADATA:
            reads = ["GET", "OPTIONS"]
            handler = MetadataHandler(self._metadata())
            return Route(route.path, cors_middleware(handler.handle, reads), methods=reads)
        if route.path == "/revoke":
            revocation = RevocationHandler(self, self._authenticator())
            return Route(route.path, cors_middleware(revocation.handle, methods), methods=methods)
        return route

    def _authenticator(self) -> ClientAuthenticator:
        """Who checks a client: CIMD knows clients with a key of their own."""
        if self._cimd_manager is None:
            return ClientAuthenticator(self)
        return PrivateKeyJWTClientAuthenticator(self, self._cimd_manager, self.token_endpoint_url)

    def _metadata(self) -> OAuthMetadata:
        """RFC 8414. FastMCP's says that clients need a secret to revoke: none has one."""
        registration = self.client_registration_options or ClientRegistrationOptions()
        address = AnyHttpUrl(self._rules.place.public_url)
        metadata = build_metadata(address, None, registration, RevocationOptions(enabled=True))
        methods = ["none", "private_key_jwt"] if self._rules.cimd else ["none"]
        metadata.token_endpoint_auth_methods_supported = methods
        metadata.revocation_endpoint_auth_methods_supported = methods
        metadata.authorization_response_iss_parameter_supported = True
        metadata.client_id_metadata_document_supported = self._rules.cimd
        return metadata

    # Clients

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Registers a client for a week, within which somebody has to sign in with it.

        Raises:
            RegistrationError: `invalid_redirect_uri`.
        """
        if any(uri.fragment is not None for uri in client_info.redirect_uris or ()):
            raise RegistrationError("invalid_redirect_uri", "A redirect URI has no fragment.")
        await super().register_client(client_info)
        client = await self._client_store.get(key=client_info.client_id or "")
        if client is not None:
            client.scope = self._default_scope_str  # so that it may ask for more rights later
            await self._client_store.put(client.client_id or "", client, ttl=_UNUSED_SECONDS)

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """A client; one that registered may use no other redirect URIs than its own."""
        client = await super().get_client(client_id)
        is_registered = (
            isinstance(client, ProxyDCRClient)
            and client.cimd_document is None
            and not client.allow_unregistered_redirect_uris
        )
        return _Registered.model_construct(**dict(client)) if client and is_registered else client

    # The way to the provider and back

    async def authorize(
        self, client: OAuthClientInformationFull, params: AuthorizationParams
    ) -> str:
        """Begins a login.

        Raises:
            AuthorizeError: `invalid_request`, what is there for PKCE is no hash of SHA-256;
                `temporarily_unavailable`, the provider is away.
        """
        if not _S256.fullmatch(params.code_challenge):
            raise AuthorizeError("invalid_request", "code_challenge must have 43 characters.")
        try:
            await self._discover()
        except ProviderUnavailable as error:
            raise AuthorizeError("temporarily_unavailable", str(error)) from error
        return await super().authorize(client, params)

    async def _handle_consent(self, request: Request) -> Any:  # noqa: ANN401 - as in FastMCP
        await self._discover()
        response = await super()._handle_consent(request)
        if "error=access_denied" in response.headers.get("location", ""):
            facts = _whence(request) | {"reason": "The person said no."}
            self._tell(AuthEvent(Door.SIGN_IN, "refused", facts))
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _handle_idp_callback(self, request: Request) -> Any:  # noqa: ANN401 - as in FastMCP
        """FastMCP answers 500 with the exception's text when the exchange fails."""
        await self._discover()
        reasons: list[str] = []
        reset = failure_of_login.set(reasons)
        try:
            response = await super()._handle_idp_callback(request)
        finally:
            failure_of_login.reset(reset)
        if response.status_code == _SERVER_ERROR:
            reason = reasons[-1] if reasons else "The login could not be completed."
            page = create_error_html("Sign-in failed", f"{reason} Please start again.")
            response = create_secure_html_response(page, status_code=502)
            self._tell(AuthEvent(Door.SIGN_IN, "failed", _whence(request) | {"reason": reason}))
        elif "code" not in parse_qs(urlsplit(response.headers.get("location", "")).query):
            facts = _whence(request) | {"reason": _refusal(request, response)}
            self._tell(AuthEvent(Door.SIGN_IN, "refused", facts))
        return response

    def _build_upstream_authorize_url(self, txn_id: str, transaction: dict[str, Any]) -> str:
        scopes = self._asked_upstream(transaction.get("scopes") or self.scopes_supported)
        return super()._build_upstream_authorize_url(txn_id, {**transaction, "scopes": scopes})

    def _asked_upstream(self, scopes: Sequence[str]) -> list[str]:
        """What the provider is asked for: the client's scopes, and a refresh token."""
        asked = self._rules.upstream_scopes or [_OFFLINE, *scopes]
        return list(dict.fromkeys([_OPENID, *asked]))

    def _asked_for(self, scopes: Sequence[str]) -> list[str]:
        """All of ours where a login always asks for the same: another one brings no more."""
        is_fixed = bool(self._rules.upstream_scopes)
        return list(scopes if scopes and not is_fixed else self._rules.scopes.supported)


def _whence(request: Request) -> dict[str, JsonValue]:
    return {"address": request.client.host if request.client else None}


def _refusal(request: Request, response: Response) -> str:
    """Why a person who came back from the provider was not let in."""
    if response.status_code == _FORBIDDEN:
        return "The login was begun in another browser."
    if "error" in request.query_params:
        return "The provider said no."
    return "No such login was begun, or it is too old."


class _Registered(ProxyDCRClient):
    """A client that registered itself: its redirect URIs have to be allowed and its own.

    FastMCP (4.1 to 4.2.1) lets it use any URI of the allow-list.
    """

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """The redirect URI of a login; the port of a loopback one may differ (RFC 8252)."""
        allowed = super().validate_redirect_uri(redirect_uri)
        own = dict(self) | {"allowed_redirect_uri_patterns": None}
        return ProxyDCRClient.model_construct(**own).validate_redirect_uri(allowed)
