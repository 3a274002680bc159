"""Registering as a client does: Claude and programs on a desk may, strangers may not."""

from collections.abc import AsyncIterator

from cnpg_mcp.doctor.examination import Skip
from cnpg_mcp.doctor.findings import Finding, passed, quoted
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.login import starts_login
from cnpg_mcp.doctor.outside.visit import CLAUDE_CALLBACK, STRANGER, Visit, told
from cnpg_mcp.doctor.probe import Answer

NAME = "cnpg-mcp-doctor"
_LOOPBACK_CALLBACK = "http://localhost:33418/callback"
_WELCOME = {"Claude": CLAUDE_CALLBACK, "a client on this machine": _LOOPBACK_CALLBACK}
_FOREIGN = (f"{STRANGER}/cb", "https://claude.ai.attacker.example/api/mcp/auth_callback")
_OK_BELOW = 300


async def registration(visit: Visit) -> AsyncIterator[Finding]:
    """Claude's callback and loopback ones are registered."""
    refused = False
    for who, callback in _WELCOME.items():
        answer = await _register(visit, callback)
        client = _client_id(answer)
        if client is None:
            refused = True
            yield kinds.REGISTRATION_REFUSED.found(f"{who} ({callback}): {told(answer)}")
        elif callback == CLAUDE_CALLBACK:
            visit.client = client
    if not refused:
        yield passed("registration", "Claude and clients on this machine can register.")


async def foreign_callbacks(visit: Visit) -> AsyncIterator[Finding]:
    """No other callback is registered, and none gets a login."""
    accepted = False
    for callback in _FOREIGN:
        client = _client_id(await _register(visit, callback))
        if client is None:
            continue
        accepted = True
        if await starts_login(visit, client, callback):
            yield kinds.FOREIGN_ACCEPTED.found(f"{callback} was registered and gets logins.")
        else:
            yield kinds.FOREIGN_REGISTERED.found(f"{callback} was registered.")
    if not accepted:
        yield passed("foreign-callbacks", "Callbacks of strangers are refused.")


async def _register(visit: Visit, callback: str) -> Answer:
    if "/register" in visit.missing:
        raise Skip("/register is not served.")
    body = {
        "client_name": NAME,
        "redirect_uris": [callback],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
    address = visit.endpoint("registration_endpoint", "/register")
    answer = await visit.probe.ask("POST", address, json=body)
    if _client_id(answer) is not None:
        visit.changed.append(f"a client {NAME} for {quoted(callback)}, forgotten after a week")
    return answer


def _client_id(answer: Answer) -> str | None:
    """The id of the client that was registered; `None` when it was refused."""
    client = (answer.json() or {}).get("client_id")
    return client if answer.status < _OK_BELOW and isinstance(client, str) else None
