"""The two documents from which clients learn how to log in, and whether they agree."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from cnpg_mcp.doctor.examination import Skip
from cnpg_mcp.doctor.findings import Finding, passed, quoted
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.visit import (
    MCP,
    RESOURCE_METADATA,
    SERVER_METADATA,
    STRANGER,
    Visit,
    is_missing,
    told,
)

_LEAST_SCOPE = "cnpg:read"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "registration_endpoint")
_OPTIONAL = ("revocation_endpoint",)
_FLOW = (
    ("response_types_supported", "code"),
    ("grant_types_supported", "authorization_code"),
    ("token_endpoint_auth_methods_supported", "none"),
)
"""What RFC 8414 lets a server leave out stands for something else than what clients need here."""
_FORBIDDEN = 403


async def resource_metadata(visit: Visit) -> AsyncIterator[Finding]:
    """The protected resource's metadata (RFC 9728) name this very address, and who gives tokens."""
    usual = f"{RESOURCE_METADATA}{MCP}"
    address = visit.challenge if visit.is_here(visit.challenge) else visit.at(usual)
    if urlsplit(address).path == usual and usual in visit.missing:
        raise Skip("it is not served.")
    document = await _document(visit, address)
    if isinstance(document, Finding):
        yield document
        return
    found = list(_resource_faults(visit, document))
    for fault in found:
        yield fault
    if not found:
        yield passed("resource-metadata", f"{urlsplit(address).path} names this address.")


def _resource_faults(visit: Visit, document: Mapping[str, Any]) -> Iterator[Finding]:
    resource = document.get("resource")
    visit.announced = resource if isinstance(resource, str) else ""
    misplaced = visit.misplaced("resource", resource)
    if misplaced:
        yield misplaced
    elif resource != visit.at(MCP):
        seen = f"resource is {quoted(str(resource))}, the address is {quoted(visit.at(MCP))}."
        yield kinds.RESOURCE_DIFFERS.found(seen)
    servers = _texts(document, "authorization_servers")
    if servers:
        visit.issuer = servers[0]
        wrong = visit.misplaced("authorization_servers[0]", servers[0])
        if wrong:
            yield wrong
    else:
        yield kinds.NO_AUTHORIZATION_SERVER.found("authorization_servers is missing or empty.")
    visit.scopes = _texts(document, "scopes_supported")
    if _LEAST_SCOPE not in visit.scopes:
        yield kinds.NO_SCOPES.found(f"The resource does not announce {_LEAST_SCOPE}.")


async def server_metadata(visit: Visit) -> AsyncIterator[Finding]:
    """The authorization server's metadata (RFC 8414) stand where the issuer says, and agree."""
    address = _server_metadata_address(visit)
    if SERVER_METADATA in visit.missing and urlsplit(address).path == SERVER_METADATA:
        raise Skip("it is not served.")
    document = await _document(visit, address)
    if isinstance(document, Finding):
        yield document
        return
    visit.server = document
    found = [*_place_faults(visit), *_issuer_faults(visit), *_ability_faults(document)]
    missing = [each for each in visit.scopes if each not in _texts(document, "scopes_supported")]
    if missing:
        found.append(kinds.NO_SCOPES.found(_unknown_scopes(missing)))
    for fault in found:
        yield fault
    if not found:
        yield passed("server-metadata", f"issuer {quoted(str(document['issuer']))}, as announced.")


def _server_metadata_address(visit: Visit) -> str:
    """RFC 8414, section 3: between the host and the path of the issuer."""
    path = urlsplit(visit.issuer).path.rstrip("/") if visit.is_here(visit.issuer) else ""
    return visit.at(f"{SERVER_METADATA}{path}")


def _place_faults(visit: Visit) -> Iterator[Finding]:
    for name in ("issuer", *_ENDPOINTS, *_OPTIONAL):
        wrong = visit.misplaced(name, visit.server.get(name))
        if wrong:
            yield wrong


def _issuer_faults(visit: Visit) -> Iterator[Finding]:
    issuer = visit.server.get("issuer")
    if not isinstance(issuer, str):
        yield kinds.ENDPOINTS_MISSING.found("issuer is missing.")
    elif visit.is_here(issuer) and visit.is_here(visit.issuer) and issuer != visit.issuer:
        seen = f"issuer is {quoted(issuer)}, authorization_servers has {quoted(visit.issuer)}."
        yield kinds.ISSUER_DIFFERS.found(seen)


def _ability_faults(document: Mapping[str, Any]) -> Iterator[Finding]:
    missing = [name for name in _ENDPOINTS if not isinstance(document.get(name), str)]
    if missing:
        yield kinds.ENDPOINTS_MISSING.found(f"Missing: {', '.join(missing)}.")
    if "S256" not in _texts(document, "code_challenge_methods_supported"):
        yield kinds.NO_PKCE.found("S256 is not among code_challenge_methods_supported.")
    for name, value in _FLOW:
        if value not in _texts(document, name):
            yield kinds.FLOW_NOT_ANNOUNCED.found(f"{value} is not among {name}.")
    if "refresh_token" not in _texts(document, "grant_types_supported"):
        yield kinds.NO_REFRESH.found("refresh_token is not among grant_types_supported.")


def _unknown_scopes(missing: Sequence[str]) -> str:
    names = ", ".join(map(quoted, missing))
    return f"The resource has scopes that the authorization server does not announce: {names}."


async def browsers(visit: Visit) -> AsyncIterator[Finding]:
    """Whether pages of others may read the documents (CORS), and HEAD is answered like GET."""
    address = visit.at(SERVER_METADATA)
    if SERVER_METADATA in visit.missing:
        raise Skip("there is no document.")
    head = await visit.probe.ask("HEAD", address)
    origin = {"Origin": STRANGER, "Access-Control-Request-Method": "GET"}
    preflight = await visit.probe.ask("OPTIONS", address, headers=origin)
    if head.status == _FORBIDDEN or "access-control-allow-origin" not in preflight.headers:
        yield kinds.BROWSERS.found(told(preflight))
    else:
        yield passed("browsers", "Pages of others may read the documents.")


async def _document(visit: Visit, address: str) -> Mapping[str, Any] | Finding:
    """A JSON document, or what is wrong with what is there instead."""
    answer = await visit.probe.ask("GET", address)
    if is_missing(answer):
        return kinds.PATHS_MISSING.found(f"Answered 404: {urlsplit(address).path}.")
    document = answer.json()
    if answer.status != 200 or document is None:  # noqa: PLR2004 - HTTP
        kind = "a page for people" if answer.is_page else "no JSON object"
        return kinds.NOT_JSON.found(f"{told(answer)} It is {kind}.")
    return document


def _texts(document: Mapping[str, Any], name: str) -> Sequence[str]:
    """The texts of a list; none where it is missing or something else."""
    value = document.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
