"""A stand-in for Auth0, in a thread: what no provider that can be installed does together.

Its issuer ends in a slash; without an audience the access token is opaque; with `openid` the
audience is a list; tokens carry `azp` and, where switched on, `permissions`; refusals of a grant
are 403; used refresh tokens end their family. Tests turn its knobs (`tenant`) while it runs.
"""

import base64
from collections.abc import Awaitable, Callable
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from test.auth.providers.base import (
    AUDIENCE,
    CLIENT_ID,
    CLIENT_SECRET,
    PERSON,
)
from test.auth.providers.tenant import Grant, OAuthError, Seen, Tenant
from test.auth.threaded import Threaded
from test.controlplane.process import free_ports

_LOGIN = """<!doctype html><title>Log in</title>
<form method="post" action="/u/login?{query}">
<input name="username"><input name="password" type="password"><button type="submit">Continue
</button></form>"""


class Auth0:
    """The tenant and the server that speaks for it.

    Args:
        callback: the only redirect URI of the application; none: any is taken.
    """

    def __init__(self, callback: str | None = None) -> None:
        (self.port,) = free_ports(1)
        self.issuer = f"http://127.0.0.1:{self.port}/"
        self.tenant = Tenant(self.issuer)
        self.subject = self.tenant.subject
        self._served = Threaded(_app(self.tenant, callback), self.port)

    def start(self) -> None:
        """Listens, at the same address as before."""
        self._served.start()

    def stop(self) -> None:
        """Stops listening, and closes what is open."""
        self._served.stop()

    def token(self, *scopes: str) -> str:
        """A token of the person."""
        return self.tenant.access_token(Grant(self.subject, AUDIENCE, scopes))

    def rotate_keys(self) -> None:
        """Signs with a new key; the one before stays published."""
        self.tenant.keys.rotate()


def _app(tenant: Tenant, callback: str | None) -> Starlette:
    endpoints = _Endpoints(tenant, callback)
    routes = [
        Route("/.well-known/openid-configuration", endpoints.discovery),
        Route("/.well-known/jwks.json", endpoints.jwks),
        Route("/authorize", endpoints.authorize),
        Route("/u/login", endpoints.login, methods=["POST"]),
        Route("/oauth/token", endpoints.token, methods=["POST"]),
        Route("/oauth/revoke", endpoints.revoke, methods=["POST"]),
    ]
    return Starlette(routes=routes)


Endpoint = Callable[["_Endpoints", Request, dict[str, str]], Awaitable[Response]]


def _noted(endpoint: Endpoint) -> Callable[["_Endpoints", Request], Awaitable[Response]]:
    """Notes the request with its parameters, and answers refusals as OAuth has it."""

    async def answer(self: "_Endpoints", request: Request) -> Response:
        form = await request.form() if request.method == "POST" else {}
        parameters = {name: str(value) for name, value in {**request.query_params, **form}.items()}
        self.tenant.seen.append(Seen(request.method, request.url.path, parameters))
        try:
            return await endpoint(self, request, parameters)
        except OAuthError as refusal:
            body = {"error": refusal.error, "error_description": refusal.description}
            return JSONResponse(body, refusal.status)

    return answer


class _Endpoints:
    def __init__(self, tenant: Tenant, callback: str | None) -> None:
        self.tenant, self.callback = tenant, callback

    @_noted
    async def discovery(self, request: Request, given: dict[str, str]) -> Response:
        issuer = self.tenant.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}authorize",
                "token_endpoint": f"{issuer}oauth/token",
                "device_authorization_endpoint": f"{issuer}oauth/device/code",
                "userinfo_endpoint": f"{issuer}userinfo",
                "jwks_uri": f"{issuer}.well-known/jwks.json",
                "registration_endpoint": f"{issuer}oidc/register",
                "revocation_endpoint": f"{issuer}oauth/revoke",
                "scopes_supported": ["openid", "profile", "offline_access", "name", "email"],
                "response_types_supported": ["code", "token", "id_token", "code token"],
                "code_challenge_methods_supported": ["S256", "plain"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["public"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic", "client_secret_post", "private_key_jwt", "none",
                ],
                "claims_supported": ["aud", "exp", "iat", "iss", "sub", "email"],
                "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
            }
        )  # fmt: skip

    @_noted
    async def jwks(self, request: Request, given: dict[str, str]) -> Response:
        return JSONResponse(self.tenant.keys.published())

    @_noted
    async def authorize(self, request: Request, given: dict[str, str]) -> Response:
        if given.get("client_id") != CLIENT_ID or not self._knows(given.get("redirect_uri", "")):
            return HTMLResponse("Callback URL mismatch", 403)
        try:
            self.tenant.grant(given.get("audience"), given.get("scope", ""))
        except OAuthError as refusal:
            said = {"error": refusal.error, "error_description": refusal.description}
            return _back(given, said)
        return HTMLResponse(_LOGIN.format(query=urlencode(given)))

    @_noted
    async def login(self, request: Request, given: dict[str, str]) -> Response:
        if (given.get("username"), given.get("password")) != (PERSON.username, PERSON.password):
            return HTMLResponse("Wrong username or password", 400)
        if not self._knows(given.get("redirect_uri", "")):
            return HTMLResponse("Callback URL mismatch", 403)
        audience = given.get("audience")
        grant = Grant(
            self.tenant.subject, audience, self.tenant.grant(audience, given.get("scope", "")),
            given["redirect_uri"], given.get("code_challenge", ""), given.get("nonce"),
        )  # fmt: skip
        return _back(given, {"code": self.tenant.new_code(grant)})

    @_noted
    async def token(self, request: Request, given: dict[str, str]) -> Response:
        _authenticate(request, given)
        tenant, kind = self.tenant, given.get("grant_type")
        if kind == "authorization_code":
            code, uri = given.get("code", ""), given.get("redirect_uri", "")
            return JSONResponse(tenant.by_code(code, uri, given.get("code_verifier", "")))
        if kind == "refresh_token":
            return JSONResponse(tenant.by_refresh(given.get("refresh_token", "")))
        if kind == "client_credentials":
            audience, scope = given.get("audience", ""), given.get("scope", "")
            return JSONResponse(tenant.by_credentials(audience, scope))
        raise OAuthError("unsupported_grant_type", "Unsupported grant type", 403)

    @_noted
    async def revoke(self, request: Request, given: dict[str, str]) -> Response:
        _authenticate(request, given)
        self.tenant.revoke(given.get("token", ""))
        return Response(status_code=200)

    def _knows(self, redirect_uri: str) -> bool:
        return bool(redirect_uri) and self.callback in {None, redirect_uri}


def _authenticate(request: Request, given: dict[str, str]) -> None:
    """The application's secret, in the header or in the form."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    found = (given.get("client_id", ""), given.get("client_secret", ""))
    if scheme.lower() == "basic":
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
        found = (unquote(name), unquote(secret))
    if found != (CLIENT_ID, CLIENT_SECRET):
        raise OAuthError("access_denied", "Unauthorized", 401)


def _back(given: dict[str, str], found: dict[str, str]) -> Response:
    state = {"state": given["state"]} if "state" in given else {}
    return RedirectResponse(f"{given['redirect_uri']}?{urlencode({**found, **state})}", 302)
