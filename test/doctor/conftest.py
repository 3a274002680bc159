"""Fixtures of the doctor's tests: a planted server under a public name."""

from collections.abc import Collection, Iterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from cnpg_mcp.doctor.examination import examine
from cnpg_mcp.doctor.findings import Report
from cnpg_mcp.doctor.outside.checks import CHECKS
from cnpg_mcp.doctor.outside.visit import Visit
from cnpg_mcp.doctor.probe import Answer, Probe
from test.doctor.certificates import Authority
from test.doctor.planted import BASE, HOST, Planted
from test.doctor.served import Served, Way

PATIENCE, LITTLE_PATIENCE = 30.0, 1.0
"""Seconds for one answer; the second where a planted server hangs, which is found out soon."""


class PatientProbe(Probe):
    """Waits long, except for answers of paths that hang."""

    def __init__(self, way: Way, hung: Collection[str]) -> None:
        super().__init__(way, patience=PATIENCE)
        self._hung = hung

    async def see(self, method: str, url: str, **request: Any) -> Answer:
        """See `Probe`."""
        self.patience = LITTLE_PATIENCE if httpx.URL(url).path in self._hung else PATIENCE
        return await super().see(method, url, **request)


class Stage:
    """Serves whichever server is planted at the moment."""

    planted: Planted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        await self.planted(scope, receive, send)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates that are believed."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stage(authority: Authority) -> Iterator[tuple[Stage, Way]]:
    """One server for all tests, over https and http, and the way there."""
    stage = Stage()
    with Served(stage, authority.issue(HOST)) as encrypted, Served(stage) as plain:
        yield stage, Way({"https": encrypted.port, "http": plain.port}, authority.path)


@pytest.fixture
def planted(stage: tuple[Stage, Way]) -> Planted:
    """A healthy server; http leads to https."""
    stage[0].planted = Planted()
    return stage[0].planted


@pytest.fixture
def way(stage: tuple[Stage, Way]) -> Way:
    """The way to the planted server."""
    return stage[1]


async def public_address(_: str) -> list[str]:
    """An address of the internet."""
    return ["8.8.8.8"]


async def look(
    way: Way, base: str = BASE, *, hung: Collection[str] = (), **visit: object
) -> tuple[Report, Visit]:
    """What the doctor finds outside, where some paths hang, and what it has learned."""
    async with PatientProbe(way, hung) as probe:
        visited = Visit(base, probe, **{"resolve": public_address, **visit})
        return await examine(CHECKS, visited), visited
