"""A main server as the doctor wants to see it, in which a test plants faults."""

import gzip
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

HOST = "mcp.example"
BASE = f"https://{HOST}"
CLAUDE = "https://claude.ai/api/mcp/auth_callback"
WELCOME = (CLAUDE, "http://localhost", "http://127.0.0.1")
RESOURCE = "/.well-known/oauth-protected-resource/mcp"
SERVER = "/.well-known/oauth-authorization-server"
TEST_RESOURCE = "/.well-known/oauth-protected-resource/test"
ROUTED = frozenset(
    {"/mcp", "/mcp/", RESOURCE, SERVER, "/register", "/authorize", "/consent", "/auth/callback"}
    | {"/token", "/revoke"}
)
SCOPES = ["cnpg:read", "cnpg:write", "cnpg:admin"]

Handler = Callable[[Request], Awaitable[Response]]


class Planted:
    """The server: what a fault changes are its attributes; `handlers` are its paths.

    `front` may answer in its place (`plain` over http), `after` may change what it answers.
    """

    def __init__(self) -> None:
        self.routed = set(ROUTED)
        self.origins = {BASE}
        self.refuses_origins = True
        self.cors = True
        self.callbacks: tuple[str, ...] = WELCOME
        self.authorized: tuple[str, ...] = WELCOME
        self.demands_pkce = True
        self.wants_tokens = True
        self.skew = timedelta()
        self.clients: dict[str, str] = {}
        self.hosts: set[str] = set()
        self.hung: set[str] = set()
        self.consent = f"{BASE}/consent?txn_id=1"
        self.front: Callable[[Request], Response | None] = lambda _: None
        self.plain: Callable[[Request], Response | None] = _to_https
        self.after: Callable[[Request, Response], Response] = lambda _, response: response
        self.handlers: dict[str, Handler] = {
            "/mcp": self._mcp,
            "/mcp/": self._mcp,
            RESOURCE: self._document(lambda: self.resource),
            SERVER: self._document(lambda: self.server),
            "/register": self._register,
            "/authorize": self._authorize,
            "/consent": self._consent,
            "/auth/callback": _bad_request,
            "/token": self._token,
            "/revoke": self._revoke,
            "/test": self._test,
            **dict.fromkeys(("/healthz", "/readyz", "/metrics"), _internal),
        }
        self.believe(BASE)

    def believe(self, base: str) -> None:
        """Takes an address for its own, as PUBLIC_URL would say."""
        self.challenge = f'Bearer scope="cnpg:read", resource_metadata="{base}{RESOURCE}"'
        self.resource: dict[str, Any] = {
            "resource": f"{base}/mcp",
            "authorization_servers": [f"{base}/"],
            "scopes_supported": SCOPES,
            "bearer_methods_supported": ["header"],
        }
        self.server: dict[str, Any] = {
            "issuer": f"{base}/",
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "registration_endpoint": f"{base}/register",
            "revocation_endpoint": f"{base}/revoke",
            "scopes_supported": [*SCOPES, "openid", "offline_access"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "code_challenge_methods_supported": ["S256"],
        }
        self.consent = f"{base}/consent?txn_id=1"

    def instead(self, path: str, response: Callable[[Request], Response]) -> None:
        """Answers a path otherwise."""

        async def handler(request: Request) -> Response:
            return response(request)

        self.handlers[path] = handler
        self.routed.add(path)

    def pad(self, path: str, size: int) -> None:
        """Puts so many blanks before a document."""
        known = self.handlers[path]

        async def handler(request: Request) -> Response:
            answer = await known(request)
            return Response(b" " * size + bytes(answer.body), media_type="application/json")

        self.handlers[path] = handler

    def hang(self, path: str) -> None:
        """Never answers a path."""

        async def handler(request: Request) -> Response:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response()

        self.handlers[path] = handler
        self.hung.add(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        request = Request(scope, receive)
        self.hosts.add(request.headers["host"])
        front = self.front if request.url.scheme == "https" else self.plain
        response = front(request) or await self._answer(request)
        response = self.after(request, response)
        response.headers["date"] = format_datetime(datetime.now(UTC) + self.skew, usegmt=True)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, origin = request.url.path, request.headers.get("origin")
        if path not in self.routed:
            return Response("default backend - 404", 404)
        closed = self.refuses_origins and not (self.cors and path in {RESOURCE, SERVER})
        if origin and closed and origin not in self.origins:
            return Response("Forbidden Origin", 403)
        return await self.handlers[path](request)

    async def _mcp(self, _: Request) -> Response:
        if self.wants_tokens:
            return Response(status_code=401, headers={"WWW-Authenticate": self.challenge})
        return JSONResponse({"jsonrpc": "2.0", "id": 1, "result": {}})

    async def _test(self, _: Request) -> Response:
        challenge = f'Bearer resource_metadata="{BASE}{TEST_RESOURCE}"'
        return Response(status_code=401, headers={"WWW-Authenticate": challenge})

    def _document(self, content: Callable[[], dict[str, Any]]) -> Handler:
        async def handler(request: Request) -> Response:
            allowed = {"Access-Control-Allow-Origin": "*"} if self.cors else {}
            caching = {"Cache-Control": "public, max-age=3600"}
            return JSONResponse(content(), headers={**caching, **allowed})

        return handler

    async def _register(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        callback = (await request.json())["redirect_uris"][0]
        if not callback.startswith(self.callbacks):
            return _error(400, "invalid_redirect_uri")
        client = f"client-{len(self.clients)}"
        self.clients[client] = callback
        return JSONResponse({"client_id": client, "redirect_uris": [callback]}, 201)

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        callback = asked.get("redirect_uri", "")
        known = self.clients.get(asked.get("client_id", ""))
        if known is None or known != callback or not callback.startswith(self.authorized):
            return _error(400, "invalid_request")
        if self.demands_pkce and asked.get("code_challenge_method") != "S256":
            return redirect(f"{callback}?error=invalid_request&state={asked['state']}")
        return redirect(self.consent)

    async def _consent(self, request: Request) -> Response:
        found = "txn_id" in request.query_params
        return HTMLResponse("<form></form>", 200 if found else 400)

    async def _token(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        if (await request.form()).get("client_id") not in self.clients:
            return _error(401, "invalid_client")
        return _error(400, "invalid_grant")

    async def _revoke(self, request: Request) -> Response:
        return Response(status_code=200 if request.method == "POST" else 405)


def redirect(target: str, status: int = 302) -> Response:
    """A redirect, to exactly this."""
    return Response(status_code=status, headers={"Location": target})


def zipped(_: Request, response: Response) -> Response:
    """The answer as a proxy that compresses everything passes it on."""
    body = gzip.compress(bytes(response.body))
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, response.status_code, headers={**headers, "Content-Encoding": "gzip"})


def _error(status: int, code: str) -> Response:
    return JSONResponse({"error": code}, status)


def _to_https(request: Request) -> Response:
    return redirect(f"{BASE}{request.url.path}", 308)


async def _bad_request(_: Request) -> Response:
    return HTMLResponse("<h1>Error</h1>", 400)


async def _internal(_: Request) -> Response:
    return Response("ok")
