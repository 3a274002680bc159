"""What a call without a token is answered: the 401 from which every login begins."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

from cnpg_mcp.doctor.examination import Stop
from cnpg_mcp.doctor.findings import Finding, passed
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.visit import MCP, PUBLIC_PATHS, Visit, is_missing, told
from cnpg_mcp.doctor.probe import Answer

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))')
_BEARER = re.compile(r"(?:^|,)\s*bearer(?:\s|$)", re.IGNORECASE)
_RENAMED = "x-amzn-remapped-www-authenticate"
_UNAUTHORIZED, _MISDIRECTED, _OK_BELOW = 401, 421, 300


async def challenge(visit: Visit) -> AsyncIterator[Finding]:
    """A call without a token is answered 401, with the address of the metadata."""
    answer = await visit.call()
    if is_missing(answer):
        visit.missing.add(MCP)
    elif answer.status == _MISDIRECTED:
        yield kinds.HOST_REFUSED.found(told(answer))
        raise Stop("The server refuses this host.")
    elif is_in_front(answer):
        yield kinds.SIGN_IN_IN_FRONT.found(f"{told(answer)} {_looks(answer)}")
        raise Stop("Something else answers in the server's place.")
    elif answer.location:
        yield kinds.MCP_REDIRECTS.found(told(answer))
    elif answer.status < _OK_BELOW:
        yield kinds.OPEN.found(told(answer))
    elif answer.status != _UNAUTHORIZED:
        yield kinds.NO_CHALLENGE.found(told(answer))
    else:
        yield _metadata_address(visit, answer)


def metadata_of(answer: Answer) -> str:
    """The `resource_metadata` of a challenge (RFC 9728, section 5.1); empty without one."""
    header = ", ".join(answer.headers.get_list("www-authenticate"))
    if not _BEARER.search(header):
        return ""
    named: dict[str, str] = {
        name: quoted or bare for name, quoted, bare in _PARAMETER.findall(header)
    }
    return named.get("resource_metadata", "")


def _metadata_address(visit: Visit, answer: Answer) -> Finding:
    visit.challenge = metadata_of(answer)
    if not visit.challenge:
        renamed = f" It was renamed to {_RENAMED}." if _RENAMED in answer.headers else ""
        return kinds.NO_METADATA_IN_CHALLENGE.found(
            f"{told(answer)} Its WWW-Authenticate names no resource_metadata.{renamed}"
        )
    wrong = visit.misplaced("resource_metadata in the 401", visit.challenge)
    return wrong or passed("challenge", "401, and it names the resource's metadata.")


def is_in_front(answer: Answer) -> bool:
    """Whether something else has answered: a page, a way to one, another kind of sign-in.

    A redirect to the same path elsewhere is only another spelling of the address.
    """
    if answer.location:
        return urlsplit(urljoin(MCP, answer.location)).path.rstrip("/") != MCP
    header = answer.headers.get("www-authenticate", "")
    asks_otherwise = answer.status == _UNAUTHORIZED and header and not _BEARER.search(header)
    return bool(asks_otherwise) or answer.is_page


def _looks(answer: Answer) -> str:
    if answer.location:
        return "It leads to a page for people."
    return "It is a page for people." if answer.is_page else "It asks for another kind of sign-in."


async def paths(visit: Visit) -> AsyncIterator[Finding]:
    """Every path of a login is routed to the server."""
    for path in PUBLIC_PATHS[1:]:
        if is_missing(await visit.probe.see("GET", visit.at(path))):
            visit.missing.add(path)
    missing = [path for path in PUBLIC_PATHS if path in visit.missing]
    if len(missing) == len(PUBLIC_PATHS):
        yield kinds.PATHS_MISSING.found("None of the server's paths is served here.")
        raise Stop("None of the server's paths is served here.")
    if missing:
        yield kinds.PATHS_MISSING.found(f"Answered 404: {', '.join(missing)}.")
    else:
        yield passed("paths", f"All {len(PUBLIC_PATHS)} paths of a login are served.")
