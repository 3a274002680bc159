"""An identity provider in good order, in which a test plants faults."""

import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Callable

DISCOVERY = "/.well-known/openid-configuration"
PUBLIC_URL = "http://localhost:3000"
CALLBACK = f"{PUBLIC_URL}/auth/callback"
CLIENT = "made-up-client"
SECRET = "made-up-secret-of-a-test"


class Provider:
    """The provider: what a fault changes are its attributes."""

    def __init__(self) -> None:
        self.skew = 0.0
        self.client = CLIENT
        self.callback = CALLBACK
        self.posted: dict[str, str] = {}
        self.authorization = ""
        self.instead: dict[str, Callable[[Request], Response]] = {}
        self.keys: dict[str, Any] = {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256"}]}

    def at(self, base: str) -> None:
        """Learns where it is."""
        self.issuer = f"{base}/"
        self.document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "scopes_supported": ["openid", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        request = Request(scope, receive)
        path = request.url.path
        answers = {
            DISCOVERY: lambda _: JSONResponse(self.document),
            "/keys": lambda _: JSONResponse(self.keys),
            "/authorize": self._authorize,
            "/token": self._token,
            **self.instead,
        }
        if path == "/token":
            self.posted = {name: str(value) for name, value in (await request.form()).items()}
            self.authorization = request.headers.get("authorization", "")
        response = answers[path](request) if path in answers else Response("", 404)
        response.headers["date"] = formatdate(time.time() + self.skew, usegmt=True)
        await response(scope, receive, send)

    def _authorize(self, request: Request) -> Response:
        known = request.query_params["redirect_uri"] == self.callback
        return HTMLResponse("login" if known else "mismatch", 200 if known else 403)

    def _token(self, _: Request) -> Response:
        if self.client != CLIENT:
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"error": "invalid_grant"}, 400)
