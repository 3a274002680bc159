"""Every fault that a test plants, and the code of the one finding that it must give."""

from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from test.doctor.planted import (
    BASE,
    CLAUDE,
    HOST,
    SERVER,
    Planted,
    redirect,
    zipped,
)

Fault = Callable[[Planted], object]


def _documents_with_page(server: Planted) -> None:
    server.instead(SERVER, lambda _: HTMLResponse("<title>Welcome</title>"))


def _issuer_without_slash(server: Planted) -> None:
    server.server["issuer"] = BASE


def _resource_with_slash(server: Planted) -> None:
    server.resource["resource"] = f"{BASE}/mcp/"


def _four_paths(server: Planted) -> None:
    server.routed = {"/mcp", "/mcp/", "/test", "/register", SERVER}


def _open_to_strangers(server: Planted) -> None:
    server.callbacks = server.authorized = ("http",)


def _registers_strangers(server: Planted) -> None:
    server.callbacks = ("http",)


def _sso_page(server: Planted) -> None:
    server.front = lambda _: HTMLResponse("<form>Sign in</form>")


def _sso_redirect(server: Planted) -> None:
    server.front = lambda _: redirect("https://sso.example/login?next=/mcp")


def _basic_auth(server: Planted) -> None:
    header = {"WWW-Authenticate": 'Basic realm="staff"'}
    server.front = lambda _: Response("", 401, headers=header)


def _slash_to_http(server: Planted) -> None:
    server.instead("/mcp/", lambda _: redirect(f"http://{HOST}/mcp", 307))


def _slash_by_get(server: Planted) -> None:
    server.instead("/mcp/", lambda _: redirect(f"{BASE}/mcp", 301))


def _clock_behind(server: Planted) -> None:
    server.skew = timedelta(minutes=-5)


def _clock_ahead(server: Planted) -> None:
    server.skew = timedelta(minutes=5)


def _everything_routed(server: Planted) -> None:
    server.routed |= {"/healthz", "/readyz", "/metrics"}


def _compressing(server: Planted) -> None:
    server.after = zipped


def _caching(server: Planted) -> None:
    def cached(_: Request, response: Response) -> Response:
        response.headers["X-Cache"] = "HIT"
        return response

    server.after = cached


def _open_to_all(server: Planted) -> None:
    server.wants_tokens = False


def _away(server: Planted) -> None:
    server.front = lambda _: HTMLResponse("<h1>503</h1>", 503)


def _without_challenge(server: Planted) -> None:
    server.challenge = 'Bearer error="invalid_token"'


def _renamed_challenge(server: Planted) -> None:
    header = {"x-amzn-remapped-www-authenticate": server.challenge}
    server.instead("/mcp", lambda _: Response("", 401, headers=header))


def _without_pkce(server: Planted) -> None:
    server.demands_pkce = False


def _no_servers(server: Planted) -> None:
    server.resource["authorization_servers"] = []


def _without(name: str, value: str | None = None) -> Fault:
    """The server's document without an entry, or without one value of it."""

    def fault(server: Planted) -> None:
        left = [each for each in server.server.pop(name) if value and each != value]
        if value:
            server.server[name] = left

    return fault


def _consent_skipped(server: Planted) -> None:
    server.consent = "https://idp.example/authorize?client_id=1"


def _consent_refused(server: Planted) -> None:
    server.instead("/consent", lambda _: HTMLResponse("<h1>Forbidden</h1>", 403))


def _own_origin_unknown(server: Planted) -> None:
    server.origins = {f"http://{HOST}"}


def _any_origin(server: Planted) -> None:
    server.refuses_origins = False


def _open_redirect(server: Planted) -> None:
    known = server.handlers["/authorize"]

    async def handler(request: Request) -> Response:
        answer = await known(request)
        callback = request.query_params.get("redirect_uri", "")
        unknown = request.query_params.get("client_id") not in server.clients
        return redirect(f"{callback}?error=invalid_client") if unknown and callback else answer

    server.handlers["/authorize"] = handler


def _unknown_is_invalid_request(server: Planted) -> None:
    known = server.handlers["/token"]

    async def handler(request: Request) -> Response:
        answer = await known(request)
        return Response(answer.body, 400) if answer.status_code == 401 else answer

    server.handlers["/token"] = handler


def _used_code_is_401(server: Planted) -> None:
    known = server.handlers["/token"]

    async def handler(request: Request) -> Response:
        answer = await known(request)
        return Response(answer.body, 401) if answer.status_code == 400 else answer

    server.handlers["/token"] = handler


def _revoke_wants_a_secret(server: Planted) -> None:
    server.instead("/revoke", lambda _: JSONResponse({"error": "invalid_request"}, 400))


def _claude_refused(server: Planted) -> None:
    server.callbacks = ("http://localhost",)


def _desk_refused(server: Planted) -> None:
    server.callbacks = (CLAUDE,)


def _login_refused(server: Planted) -> None:
    server.consent = f"{CLAUDE}?error=access_denied"


def _port_80_serves(server: Planted) -> None:
    server.plain = lambda _: None


def _port_80_loses_post(server: Planted) -> None:
    server.plain = lambda _: redirect(f"{BASE}/mcp", 301)


FAULTS: dict[str, tuple[Fault, str]] = {
    "challenge without resource_metadata": (_without_challenge, "challenge-without-metadata"),
    "gateway renames WWW-Authenticate": (_renamed_challenge, "challenge-without-metadata"),
    "documents disagree on the slash": (_issuer_without_slash, "issuer-differs"),
    "resource with a slash": (_resource_with_slash, "resource-differs"),
    "PUBLIC_URL is http": (lambda it: it.believe(f"http://{HOST}"), "announces-http"),
    "PUBLIC_URL is elsewhere": (
        lambda it: it.believe("https://old.example"),
        "announces-other-host",
    ),
    "no authorization server": (_no_servers, "no-authorization-server"),
    "page instead of a document": (_documents_with_page, "document-not-json"),
    "no S256": (_without("code_challenge_methods_supported"), "pkce-not-announced"),
    "no code": (_without("response_types_supported"), "flow-not-announced"),
    "no public clients": (
        _without("token_endpoint_auth_methods_supported", "none"),
        "flow-not-announced",
    ),
    "no refresh": (_without("grant_types_supported", "refresh_token"), "refresh-not-announced"),
    "no admin scope": (_without("scopes_supported", "cnpg:admin"), "scopes-not-announced"),
    "no token endpoint": (_without("token_endpoint"), "endpoints-missing"),
    "four paths": (_four_paths, "paths-missing"),
    "nothing is routed": (lambda it: it.routed.clear(), "paths-missing"),
    "login page in front": (_sso_page, "sign-in-in-front"),
    "redirect to a login in front": (_sso_redirect, "sign-in-in-front"),
    "basic authentication in front": (_basic_auth, "sign-in-in-front"),
    "foreign Host": (
        lambda it: it.instead("/mcp", lambda _: Response("Invalid Host", 421)),
        "host-refused",
    ),
    "another spelling of the address": (
        lambda it: it.instead("/mcp", lambda _: redirect(f"https://www.{HOST}/mcp", 308)),
        "mcp-redirects",
    ),
    "no sign-in": (_open_to_all, "served-without-sign-in"),
    "test server without sign-in": (
        lambda it: it.instead("/test", lambda _: JSONResponse({"jsonrpc": "2.0"})),
        "served-without-sign-in",
    ),
    "403 instead of 401": (
        lambda it: it.instead("/mcp", lambda _: Response("", 403)),
        "no-challenge",
    ),
    "Claude refused": (_claude_refused, "registration-refused"),
    "clients on a desk refused": (_desk_refused, "registration-refused"),
    "strangers get logins": (_open_to_strangers, "foreign-callback-accepted"),
    "strangers are registered": (_registers_strangers, "foreign-callback-registered"),
    "unknown client is redirected": (_open_redirect, "open-redirect"),
    "unknown client at /token": (_unknown_is_invalid_request, "unknown-client-unclear"),
    "PKCE is optional": (_without_pkce, "pkce-not-demanded"),
    "login is refused": (_login_refused, "login-refused"),
    "consent is skipped": (_consent_skipped, "consent-skipped"),
    "consent is refused": (_consent_refused, "consent-broken"),
    "used code is a 401": (_used_code_is_401, "refused-grant-unclear"),
    "revocation wants a secret": (_revoke_wants_a_secret, "revocation-broken"),
    "slash leads to http": (_slash_to_http, "slash-leads-away"),
    "slash loses the call": (_slash_by_get, "slash-leads-away"),
    "own origin is refused": (_own_origin_unknown, "own-origin-refused"),
    "strangers' pages are let in": (_any_origin, "foreign-origin-accepted"),
    "clock behind": (_clock_behind, "clock-differs"),
    "clock ahead": (_clock_ahead, "clock-differs"),
    "proxy compresses": (_compressing, "answers-compressed"),
    "proxy caches": (_caching, "answers-cached"),
    "internal paths are public": (_everything_routed, "internal-paths-public"),
    "nobody behind the proxy": (_away, "unavailable"),
    "/token fails": (
        lambda it: it.instead("/token", lambda _: Response("", 500)),
        "server-failed",
    ),
    "/register hangs": (lambda it: it.hang("/register"), "no-answer"),
    "http serves, too": (_port_80_serves, "served-without-tls"),
    "http loses the call": (_port_80_loses_post, "redirect-loses-post"),
}
"""By what an administrator would call it."""

NOTED: dict[str, tuple[Fault, str]] = {
    "slash leads here": (
        lambda it: it.instead("/mcp/", lambda _: redirect(f"{BASE}/mcp", 307)),
        "slash-not-served",
    ),
    "slash is not routed": (lambda it: it.routed.discard("/mcp/"), "slash-not-served"),
    "rate limit": (
        lambda it: it.instead("/register", lambda _: Response("", 429)),
        "throttled",
    ),
    "test server beside it": (lambda it: it.routed.add("/test"), "test-server"),
    "no CORS": (lambda it: setattr(it, "cors", False), "closed-to-browsers"),
}
"""What is no fault, but told."""
