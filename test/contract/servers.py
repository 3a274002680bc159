"""Servers that differ in one thing: name, key, clock, caller, or their way to the API server."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from cnpg_mcp.domain.caller import Caller as Person
from cnpg_mcp.domain.caller import Scope
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.kube.client import Kube
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from test.contract.caller import Caller
from test.contract.site import Site

ENTRY = Path(__file__).parents[2] / "src/cnpg_mcp_server.py"
NAME = "cnpg-mcp"
KEY, OTHER_KEY = "a-key-of-the-tests-" * 3, "another-key-of-the-tests-" * 2


@dataclass(frozen=True)
class Desk:
    """One user of a site, and the servers that run as this user; all have the same key."""

    site: Site
    kubeconfig: Path

    async def caller(
        self,
        *,
        name: str = NAME,
        key: str = KEY,
        now: Callable[[], datetime] | None = None,
        person: Person | None = None,
        around: Callable[[Kube], Kube] | None = None,
        **settings: Any,
    ) -> Caller:
        """A client of a new server; `around` wraps what it talks to the API server through."""
        given = Settings(kubeconfig=str(self.kubeconfig), plan_key=(key,), **settings)
        estate = build_estate(given, name)
        if now is not None:
            estate = replace(estate, now=now)
        if person is not None:
            estate = replace(estate, identify=_always(person))
        if around is not None:
            estate = replace(estate, kube=around(estate.kube))
        return await self.connected(estate, name)

    @asynccontextmanager
    async def program(self, errors: Path, **environment: str) -> AsyncIterator[Caller]:
        """A client of the real program over stdio; its error output goes into a file."""
        transport = StdioTransport(
            sys.executable,
            [str(ENTRY)],
            env={"KUBECONFIG": str(self.kubeconfig), **environment},
            log_file=errors,
            keep_alive=False,
        )
        async with Client(transport) as client:
            yield Caller(client)

    async def connected(self, estate: Estate, name: str = NAME) -> Caller:
        """A client of a server over this estate; it goes with the site."""
        client = Client(build_server(name, estate))
        return Caller(await self.site._stack.enter_async_context(client))


def desk(site: Site) -> Desk:
    """A new user with the chart's rights."""
    return Desk(site, site.backend.user([site.namespace]))


def person(*scopes: Scope, subject: str = "a-person") -> Person:
    """Somebody who signed in with these scopes."""
    return Person("https://issuer.example", subject, frozenset(scopes))


def _always(who: Person):
    async def identify() -> Person:
        return who

    return identify
