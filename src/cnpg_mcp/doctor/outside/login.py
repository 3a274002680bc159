"""The way to the login page, up to consent: nobody is logged in."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urljoin, urlsplit

from cnpg_mcp.doctor.examination import Skip
from cnpg_mcp.doctor.findings import Finding, passed
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.visit import CLAUDE_CALLBACK, STRANGER, Visit, told
from cnpg_mcp.doctor.probe import Answer

UNKNOWN_CLIENT = "cnpg-mcp-doctor-unregistered"
_BAD_REQUEST, _OK = 400, 200


def verifier() -> str:
    """A code verifier of PKCE (RFC 7636)."""
    return secrets.token_urlsafe(48)


async def unknown_client(visit: Visit) -> AsyncIterator[Finding]:
    """A client that nobody registered is told so, and the person is sent nowhere."""
    answer = await authorize(visit, UNKNOWN_CLIENT, f"{STRANGER}/cb")
    if answer.location:
        yield kinds.OPEN_REDIRECT.found(told(answer))
    elif answer.status != _BAD_REQUEST:
        yield kinds.UNKNOWN_CLIENT_UNCLEAR.found(told(answer))
    else:
        yield passed("unknown-client", "/authorize refuses unknown clients with a 400.")


async def pkce(visit: Visit) -> AsyncIterator[Finding]:
    """Without a challenge, or with one that hides nothing, there is no login."""
    client = _client(visit)
    without: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    plain: dict[str, str | None] = {"code_challenge_method": "plain"}
    for what, changes in (("no code_challenge", without), ("method plain", plain)):
        answer = await authorize(visit, client, CLAUDE_CALLBACK, changes)
        if not _is_refused(answer, CLAUDE_CALLBACK):
            yield kinds.PKCE_NOT_DEMANDED.found(f"With {what}: {told(answer)}")
            return
    yield passed("pkce", "/authorize demands PKCE with S256.")


async def foreign_redirect(visit: Visit) -> AsyncIterator[Finding]:
    """A registered client gets no login for a callback that it did not register."""
    callback = f"{STRANGER}/cb"
    answer = await authorize(visit, _client(visit), callback)
    if answer.location:
        yield kinds.FOREIGN_ACCEPTED.found(told(answer))
    else:
        yield passed("foreign-redirect", "Callbacks that were not registered are refused.")


async def login(visit: Visit) -> AsyncIterator[Finding]:
    """A registered client gets to the consent page, on this host."""
    answer = await authorize(visit, _client(visit), CLAUDE_CALLBACK)
    if _is_refused(answer, CLAUDE_CALLBACK) or not answer.location:
        yield kinds.LOGIN_REFUSED.found(told(answer))
        return
    target = urljoin(visit.at("/authorize"), answer.location)
    wrong = visit.misplaced("/authorize leads to an address that", target)
    if urlsplit(target).path != "/consent":
        yield kinds.CONSENT_SKIPPED.found(told(answer))
    elif wrong:
        yield wrong
    elif "/consent" in visit.missing:
        raise Skip("/consent is not served.")
    else:
        visit.changed.append("a login that was begun, forgotten within minutes")
        yield await _consent(visit, target)


async def starts_login(visit: Visit, client: str, callback: str) -> bool:
    """Whether a client gets a login for a callback."""
    answer = await authorize(visit, client, callback)
    return bool(answer.location) and not _is_refused(answer, callback)


async def authorize(
    visit: Visit, client: str, callback: str, changes: dict[str, str | None] | None = None
) -> Answer:
    """What /authorize answers to a client's question; `None` in `changes` leaves out."""
    if "/authorize" in visit.missing:
        raise Skip("/authorize is not served.")
    digest = hashlib.sha256(verifier().encode()).digest()
    query: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": callback,
        "state": secrets.token_urlsafe(16),
        "scope": "cnpg:read",
        "resource": visit.resource,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        **(changes or {}),
    }
    params = {name: value for name, value in query.items() if value is not None}
    address = visit.endpoint("authorization_endpoint", "/authorize")
    return await visit.probe.ask("GET", address, params=params)


async def _consent(visit: Visit, address: str) -> Finding:
    answer = await visit.probe.ask("GET", address)
    if answer.status != _OK or not answer.is_page:
        return kinds.CONSENT_BROKEN.found(told(answer))
    return passed("login", "A registered client gets to the consent page.")


def _client(visit: Visit) -> str:
    if not visit.client:
        raise Skip("no client could be registered.")
    return visit.client


def _is_refused(answer: Answer, callback: str) -> bool:
    """Refused to the person's face, or to the client at its callback (RFC 6749, 4.1.2.1)."""
    if not answer.location:
        return answer.status >= _BAD_REQUEST
    parts = urlsplit(answer.location)
    return answer.location.startswith(callback) and "error" in parse_qs(parts.query)
