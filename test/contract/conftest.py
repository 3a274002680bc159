"""Fixtures of the contract tests. The code under test is always a user with the chart's rights.

Every test runs on the simulation of the demo and on the real control plane: one truth.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from test.contract.backend import Backend, PlaneWithoutCloudNativePG, RealBackend
from test.contract.caller import Answer, Caller, Content
from test.contract.planted import plant, state
from test.contract.servers import Desk, desk
from test.contract.simulated import SimulatedBackend
from test.contract.site import Site, open_site
from test.controlplane.clusters import healthy_cluster, wait_endpoints
from test.controlplane.fixtures import started

SIMULATED, REAL = "simulated", "real"
Call = Callable[..., Awaitable[Answer]]
Refused = Callable[..., Awaitable[Content]]


@pytest.fixture(scope="session")
def where(request: pytest.FixtureRequest) -> str:
    """`simulated` or `real`; every test that needs a cluster runs on both."""
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="session")
def backend(where: str, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A cluster with the operator at work."""
    yield from _backend(where, request, "plane")


@pytest.fixture(scope="session")
def quiet(where: str, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A cluster where nothing works on the objects: they stay as a test arranges them."""
    yield from _backend(where, request, "bare_plane", at_work=False)


@pytest.fixture(scope="session")
def older(where: str, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A cluster whose operator does not know the DatabaseRole kind."""
    yield from _backend(where, request, "older_plane", databaserole=False)


@pytest.fixture(scope="module")
def unequipped(where: str) -> Iterator[Backend]:
    """A cluster without CloudNativePG."""
    if where == SIMULATED:
        with closing(SimulatedBackend(equipped=False, at_work=False)) as simulated:
            yield simulated
        return
    plane = started(PlaneWithoutCloudNativePG(operator=False))
    yield RealBackend(plane)
    plane.stop()


def _backend(
    where: str, request: pytest.FixtureRequest, plane: str, **options: bool
) -> Iterator[Backend]:
    if where == SIMULATED:
        with closing(SimulatedBackend(**options)) as simulated:
            yield simulated
            assert simulated.mishaps == []
    else:
        yield RealBackend(request.getfixturevalue(plane))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs every test that needs a cluster on both, and those with an operator on the older API."""
    names = metafunc.fixturenames
    if "where" in names:
        metafunc.parametrize("where", [SIMULATED, REAL], indirect=True, scope="session")
    if "api" not in names or {"steady", "backend"} & set(names):
        return
    only_current = metafunc.definition.get_closest_marker("databaserole")
    apis = ["backend"] if only_current else ["backend", "older"]
    metafunc.parametrize("api", apis, indirect=True, ids=["current", "older"][: len(apis)])


@pytest.fixture
def api(where: str, request: pytest.FixtureRequest) -> Backend:
    """The backend of a test: the current API, or the older one without DatabaseRole."""
    chosen: Backend = request.getfixturevalue(getattr(request, "param", "backend"))
    return chosen


@pytest.fixture
def patient_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator that looks again late is still waited for before its report is believed."""
    monkeypatch.setattr("cnpg_mcp.domain.roles.reports._LOOKS", 40)


@pytest.fixture
async def site(api: Backend) -> AsyncIterator[Site]:
    """A namespace where the operator works."""
    async with open_site(api) as opened:
        yield opened


@pytest.fixture
async def quiet_site(quiet: Backend) -> AsyncIterator[Site]:
    """A namespace where nothing works."""
    async with open_site(quiet) as opened:
        yield opened


@pytest.fixture(scope="session")
def steady(backend: Backend) -> str:
    """A namespace with a healthy cluster `pg` of two instances, for tests that only look."""
    return asyncio.run(_steady(backend))


async def _steady(backend: Backend) -> str:
    namespace = backend.create_namespace()
    async with backend.admin() as admin:
        await healthy_cluster(admin, namespace, instances=2)
        await wait_endpoints(admin, namespace, "pg-rw", {"pg-1"})
    return namespace


@pytest.fixture
async def caller(site: Site) -> Caller:
    """The usual user: the chart's Role in the site's namespace, nothing else."""
    return await site.user()


@pytest.fixture
def call(caller: Caller) -> Call:
    """Calls a tool as the usual user; it succeeds."""
    return caller.call


@pytest.fixture
def refused(caller: Caller) -> Refused:
    """Calls a tool as the usual user; it fails. Gives the error."""
    return caller.refused


@dataclass(frozen=True)
class Kept:
    """A planted namespace that no test changes, another one, and two users of both."""

    namespace: str
    other_namespace: str
    user: Path
    stranger: Path


@pytest.fixture(scope="session")
def kept(quiet: Backend) -> Kept:
    """One for all tests that change nothing."""
    spaces = [quiet.create_namespace(), quiet.create_namespace()]
    asyncio.run(_plant(quiet, spaces[0]))
    return Kept(*spaces, quiet.user(spaces), quiet.user(spaces))


async def _plant(quiet: Backend, namespace: str) -> None:
    async with quiet.admin() as admin:
        await plant(admin, namespace)


@pytest.fixture
async def still(quiet: Backend, kept: Kept) -> AsyncIterator[Desk]:
    """A user in the planted namespace; afterwards everything is as it was."""
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(quiet.admin())
        site = Site(quiet, kept.namespace, admin, stack)
        before = await state(site)
        yield Desk(site, kept.user)
        assert await state(site) == before


@pytest.fixture
async def own(quiet_site: Site) -> Desk:
    """A user in a planted namespace of the test's own."""
    await plant(quiet_site.admin, quiet_site.namespace)
    return desk(quiet_site)
