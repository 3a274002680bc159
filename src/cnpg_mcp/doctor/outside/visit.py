"""One visit to a public address: what to ask with, and what has been learned so far."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from cnpg_mcp.doctor.findings import Finding, quoted
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.probe import Answer, Probe
from cnpg_mcp.settings import is_loopback

MCP = "/mcp"
TEST = "/test"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
SERVER_METADATA = "/.well-known/oauth-authorization-server"
PUBLIC_PATHS = (
    MCP,
    f"{RESOURCE_METADATA}{MCP}",
    SERVER_METADATA,
    "/register",
    "/authorize",
    "/consent",
    "/auth/callback",
    "/token",
    "/revoke",
)
"""What a login needs; nothing else of the main server has to be public."""
INTERNAL_PATHS = ("/healthz", "/readyz", "/metrics")

CLAUDE_CALLBACK = "https://claude.ai/api/mcp/auth_callback"
STRANGER = "https://attacker.example"
_PORTS = {"http": 80, "https": 443}
_NOT_FOUND = 404

Resolve = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host; none where it has none."""


async def addresses_of(host: str) -> list[str]:
    """What this machine's resolver says."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(entry[4][0]) for entry in found})


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass
class Visit:
    """A public address under examination. `base` is scheme and host, without a slash at the end."""

    base: str
    probe: Probe
    resolve: Resolve = addresses_of
    now: Callable[[], datetime] = utc_now
    challenge: str = ""
    """Where the 401 says the resource's metadata are; empty when it does not."""
    announced: str = ""
    """What the resource calls itself: clients name it in what they ask."""
    issuer: str = ""
    """The entry of `authorization_servers`."""
    scopes: Sequence[str] = ()
    """What the resource says may be asked for."""
    server: Mapping[str, Any] = field(default_factory=dict)
    """The authorization server's metadata."""
    missing: set[str] = field(default_factory=set)
    """Public paths that are not routed."""
    client: str = ""
    """A client registered for Claude's callback."""
    changed: list[str] = field(default_factory=list)
    """What the visit has left behind, for people."""

    @property
    def url(self) -> SplitResult:
        """The address in parts."""
        return urlsplit(self.base)

    @property
    def host(self) -> str:
        """The host alone."""
        return self.url.hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether the address stays on this machine."""
        return is_loopback(self.host)

    @property
    def resource(self) -> str:
        """The resource that a login is for (RFC 8707)."""
        return self.announced or self.at(MCP)

    def at(self, path: str) -> str:
        """The address of a path."""
        return f"{self.base}{path}"

    def is_here(self, url: str) -> bool:
        """Whether an address has our scheme, host and port."""
        return _origin(urlsplit(url)) == _origin(self.url)

    def misplaced(self, what: str, url: object) -> Finding | None:
        """What is wrong with the place of an address that a document names, if anything."""
        if not isinstance(url, str) or self.is_here(url):
            return None
        told = f"{what} is {quoted(str(url))}."
        parts = urlsplit(url)
        if parts.scheme == "http" and self.url.scheme == "https" and parts.hostname == self.host:
            return kinds.ANNOUNCES_HTTP.found(told)
        return kinds.ANNOUNCES_OTHER_HOST.found(told)

    def endpoint(self, name: str, path: str) -> str:
        """An endpoint as announced, where it is here; else at its usual path."""
        announced = self.server.get(name)
        return (
            announced if isinstance(announced, str) and self.is_here(announced) else self.at(path)
        )

    async def call(self, path: str = MCP, **headers: str) -> Answer:
        """A first call of MCP, without a token."""
        headers = {"Accept": "application/json, text/event-stream", **headers}
        return await self.probe.ask("POST", self.at(path), json=INITIALIZE, headers=headers)


INITIALIZE: Mapping[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "cnpg-mcp-doctor", "version": "1"},
    },
}


def told(answer: Answer) -> str:
    """What was answered, for people: status, where it leads, and the error where there is one."""
    target = urlsplit(answer.location)
    where = f" leading to {quoted(target._replace(query='').geturl())}" if answer.location else ""
    told_by_query = {name: values[0] for name, values in parse_qs(target.query).items()}
    said = _error(answer.json() or told_by_query)
    return f"{answer.asked} was answered {answer.status}{where}{f': {said}' if said else ''}."


def _error(named: Mapping[str, Any]) -> str:
    """The error in the words of OAuth; empty where there is none."""
    parts = [named[name] for name in ("error", "error_description") if name in named]
    return " ".join(quoted(str(part)) for part in parts)


def is_missing(answer: Answer) -> bool:
    """Whether nobody serves that path."""
    return answer.status == _NOT_FOUND


def all_private(addresses: list[str]) -> bool:
    """Whether none of the addresses can be reached over the internet."""
    return bool(addresses) and not any(ip_address(each).is_global for each in addresses)


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        port = url.port
    except ValueError:
        port = -1
    return url.scheme, url.hostname, port or _PORTS.get(url.scheme)
