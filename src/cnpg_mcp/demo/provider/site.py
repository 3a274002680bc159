"""The provider's web site: discovery, keys, login, tokens."""
# mypy: disable-error-code="import-untyped"

import hashlib
import hmac
import math
import secrets

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc6749.grants import BaseGrant
from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cnpg_mcp.demo.provider.grants import AUTH_METHODS
from cnpg_mcp.demo.provider.keys import ALGORITHM, SigningKeys, TooManyKeys
from cnpg_mcp.demo.provider.pages import login_page, refusal_page
from cnpg_mcp.demo.provider.people import SCOPES, user_with
from cnpg_mcp.demo.provider.server import Asked, AuthorizationServer

AUTHORIZE, TOKEN, JWKS, ROTATE = "/authorize", "/token", "/jwks", "/keys/rotate"
DISCOVERY = "/.well-known/openid-configuration"
_COOKIE = "cnpg-mcp-demo-login"
_DENY = "deny"
_NO_CONTENT, _FORBIDDEN, _TOO_LARGE, _TOO_MANY = 204, 403, 413, 429
_OF_BROWSERS = ("origin", "sec-fetch-site")
"""Headers that a browser sends with a POST, whatever page it is for."""
_MAX_BYTES = 32_768


class Site:
    """All paths of one provider. Everything runs in the event loop: one request at a time."""

    def __init__(self, issuer: str, server: AuthorizationServer, keys: SigningKeys) -> None:
        self._issuer, self._server, self._keys = issuer, server, keys
        self._secret = secrets.token_bytes()

    def app(self, hosts: list[str]) -> Starlette:
        """The application, for requests to these hosts alone (a page elsewhere may rebind DNS)."""
        routes = [
            Route(DISCOVERY, self._discovery),
            Route(JWKS, self._jwks),
            Route(AUTHORIZE, self._authorize, methods=["GET", "POST"]),
            Route(TOKEN, self._token, methods=["POST"]),
            Route(ROTATE, self._rotate, methods=["POST"]),
        ]
        trusted = Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
        return Starlette(routes=routes, middleware=[trusted])

    async def _discovery(self, _: Request) -> Response:
        """OpenID Connect Discovery 1.0, section 3."""
        return JSONResponse(
            {
                "issuer": self._issuer,
                "authorization_endpoint": self._issuer + AUTHORIZE,
                "token_endpoint": self._issuer + TOKEN,
                "jwks_uri": self._issuer + JWKS,
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_methods_supported": AUTH_METHODS,
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "claims_supported": ["sub", "name"],
            }
        )

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(self._keys.published)

    async def _rotate(self, request: Request) -> Response:
        """For curl and scripts: no page has business here."""
        if any(name in request.headers for name in _OF_BROWSERS):
            return PlainTextResponse("This is not for browsers.\n", _FORBIDDEN)
        try:
            self._keys.rotate()
        except TooManyKeys as error:
            seconds = math.ceil(error.seconds)
            text = f"{error}. Next: try again in {seconds} s, or start the demo anew.\n"
            return PlainTextResponse(text, _TOO_MANY, {"Retry-After": str(seconds)})
        return Response(status_code=_NO_CONTENT)

    async def _token(self, request: Request) -> Response:
        given = await _form(request)
        if given is None:
            return Response(status_code=_TOO_LARGE)
        return self._server.answer_token(Asked(request, given))

    async def _authorize(self, request: Request) -> Response:
        asked = Asked(request, request.query_params)
        try:
            grant = self._server.checked(asked, None)
        except OAuth2Error as error:
            if error.redirect_uri:
                return self._server.answer_error(asked, error)
            return refusal_page(error.description or str(error.error))
        if request.method == "POST":
            return await self._signed_in(request, asked, grant)
        return self._login(request)

    async def _signed_in(self, request: Request, asked: Asked, grant: BaseGrant) -> Response:
        """What comes of the login form."""
        given = await _form(request)
        if given is None:
            return Response(status_code=_TOO_LARGE)
        expected = self._proof(request, request.cookies.get(_COOKIE, ""))
        if not hmac.compare_digest(expected, given.get("token", "").encode()):
            return self._login(
                request, "That form was too old, or not from here. Please try again."
            )
        if _DENY in given:
            return self._server.answer_authorization(asked, grant, None)
        user = user_with(given.get("username", ""), given.get("password", ""))
        if user is None:
            return self._login(request, "There is nobody with that name and password.")
        return self._server.answer_authorization(asked, grant, user)

    def _login(self, request: Request, problem: str = "") -> Response:
        """The login page; its cookie tells this browser from all others."""
        cookie = request.cookies.get(_COOKIE) or secrets.token_urlsafe()
        page = login_page(
            query=request.url.query,
            token=self._proof(request, cookie).decode(),
            asked=request.query_params.get("scope", "").split(),
            problem=problem,
        )
        page.set_cookie(_COOKIE, cookie, path=AUTHORIZE, httponly=True, samesite="lax")
        return page

    def _proof(self, request: Request, cookie: str) -> bytes:
        """What only a page for this browser and this authorization request knows."""
        text = f"{cookie}\n{request.url.query}"
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest().encode()


async def _form(request: Request) -> QueryParams | None:
    """The parameters in a body; none if it is larger than any of ours."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            return None
    return QueryParams(bytes(body))
