"""Whether refusals of /token are understood, and tokens can be given back."""

from collections.abc import AsyncIterator

from cnpg_mcp.doctor.examination import Skip
from cnpg_mcp.doctor.findings import Finding, passed
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.login import UNKNOWN_CLIENT, verifier
from cnpg_mcp.doctor.outside.visit import CLAUDE_CALLBACK, Visit, told
from cnpg_mcp.doctor.probe import Answer

_NO_CODE = "cnpg-mcp-doctor-no-code"
_BAD_REQUEST, _UNAUTHORIZED, _OK = 400, 401, 200


async def token_errors(visit: Visit) -> AsyncIterator[Finding]:
    """An unknown client and a code that does not exist are refused in the standard's words."""
    if "/token" in visit.missing:
        raise Skip("/token is not served.")
    unknown = await _exchange(visit, UNKNOWN_CLIENT)
    wrong = []
    if not _is(unknown, _UNAUTHORIZED, "invalid_client"):
        wrong.append(kinds.UNKNOWN_CLIENT_UNCLEAR.found(told(unknown)))
    if visit.client:
        refused = await _exchange(visit, visit.client)
        if not _is(refused, _BAD_REQUEST, "invalid_grant"):
            wrong.append(kinds.GRANT_UNCLEAR.found(told(refused)))
    for finding in wrong or [passed("token-errors", "/token refuses in the standard's words.")]:
        yield finding


async def revocation(visit: Visit) -> AsyncIterator[Finding]:
    """A client can give back a token; one that does not exist is fine (RFC 7009, 2.2)."""
    if "/revoke" in visit.missing or not visit.client:
        raise Skip("/revoke is not served, or no client could be registered.")
    form = {"token": _NO_CODE, "client_id": visit.client}
    address = visit.endpoint("revocation_endpoint", "/revoke")
    answer = await visit.probe.ask("POST", address, data=form)
    if answer.status != _OK:
        yield kinds.REVOCATION_BROKEN.found(told(answer))
    else:
        yield passed("revocation", "/revoke takes tokens back.")


async def _exchange(visit: Visit, client: str) -> Answer:
    form = {
        "grant_type": "authorization_code",
        "code": _NO_CODE,
        "client_id": client,
        "redirect_uri": CLAUDE_CALLBACK,
        "code_verifier": verifier(),
        "resource": visit.resource,
    }
    return await visit.probe.ask("POST", visit.endpoint("token_endpoint", "/token"), data=form)


def _is(answer: Answer, status: int, error: str) -> bool:
    return answer.status == status and (answer.json() or {}).get("error") == error
