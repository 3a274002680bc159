"""The pages that a person sees: the login, and a refusal where no client can be told."""

import secrets
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from cnpg_mcp.demo.provider.people import API_SCOPES, PASSWORD, USERS

_OK, _BAD_REQUEST, _FORBIDDEN = 200, 400, 403


def login_page(query: str, token: str, asked: Iterable[str], problem: str = "") -> HTMLResponse:
    """The login for an authorization request.

    Args:
        query: the request's query, to which the form answers.
        token: what proves that the form was sent from this page.
        asked: the scopes that are asked for.
        problem: why the last try has failed.
    """
    scopes = [scope for scope in API_SCOPES if scope in set(asked)]
    return _page(
        "login.html",
        _FORBIDDEN if problem else _OK,
        users=list(USERS.values()),
        password=PASSWORD,
        query=query,
        token=token,
        scopes=scopes,
        problem=problem,
    )


def refusal_page(reason: str) -> HTMLResponse:
    """What is wrong with a request whose sender is not to be trusted."""
    return _page("refusal.html", _BAD_REQUEST, reason=reason)


def _page(name: str, status: int, **values: object) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    text = _templates().get_template(name).render(values, nonce=nonce)
    return HTMLResponse(text, status, _headers(nonce))


@cache
def _templates() -> Environment:
    loader = PackageLoader("cnpg_mcp.demo.provider")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def _headers(nonce: str) -> dict[str, str]:
    """No `form-action`: browsers apply it to all redirects that follow, back to any client."""
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": f"{policy}; base-uri 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
