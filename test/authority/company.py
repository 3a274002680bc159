"""Servers that act as whoever calls, and what the API server has on record of them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from test.auth.providers.auth0 import Auth0
from test.auth.walk import at_once
from test.authority import rights
from test.authority.asking import Caller
from test.authority.audited import AuditedPlane, Request
from test.authority.house import NAMES, House
from test.authority.people import IMPERSONATES, Employee
from test.controlplane.api import KubeClient


@dataclass(frozen=True)
class Company:
    """Both servers, whose account may do nothing but act as others."""

    plane: AuditedPlane
    provider: Auth0
    account: Path
    houses: dict[str, House]

    def caller(self, http: httpx.AsyncClient, kind: str, who: Employee) -> Caller:
        """Somebody at a server."""
        house = self.houses[kind]
        return Caller(http, house, who.token(self.provider, house))

    @asynccontextmanager
    async def overheard(self) -> AsyncIterator[list[Request]]:
        """All that the account asks inside; the list is filled at the end."""
        account = self.plane.user_of(self.account)
        before = len(await self.plane.requests(account))
        asked: list[Request] = []
        yield asked
        asked += (await self.plane.requests(account))[before:]


@contextmanager
def open_company(
    plane: AuditedPlane, provider: Auth0, folder: Path, **settings: Any
) -> Iterator[Company]:
    """A company with a new account; `settings` replace those of the servers."""
    account, given = at_once(_impersonator(plane)), {**IMPERSONATES, **settings}
    with ExitStack() as stack:
        houses = {
            kind: House(kind, provider.issuer, folder / kind, account, **given) for kind in NAMES
        }
        for house in houses.values():
            stack.enter_context(house)
        yield Company(plane, provider, account, houses)


async def _impersonator(plane: AuditedPlane) -> Path:
    async with KubeClient(plane.admin_kubeconfig) as admin:
        return await rights.impersonator(plane, admin)
