"""Fixtures: a control plane with an audit log, a provider, and servers inside this process."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from test.auth.addresses import http_from
from test.auth.providers.auth0 import Auth0
from test.auth.walk import at_once
from test.authority.audited import AuditedPlane
from test.authority.company import Company, open_company
from test.authority.house import NAMES, House
from test.authority.matrix import Houses, Matrix
from test.authority.standing import Tokens
from test.authority.world import World, make_world
from test.contract.backend import RealBackend
from test.contract.planted import plant
from test.contract.site import Site, open_site
from test.controlplane.fixtures import started


@pytest.fixture(scope="session")
def audited() -> Iterator[AuditedPlane]:
    """A control plane that nothing works on, with an audit log."""
    plane = AuditedPlane()
    started(plane)
    yield plane
    plane.stop()


@pytest.fixture(scope="session")
def provider() -> Iterator[Auth0]:
    """The stand-in for Auth0."""
    running = Auth0()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def world(audited: AuditedPlane) -> World:
    """The planted namespaces."""
    return at_once(make_world(audited))


@pytest.fixture(scope="session")
def houses(
    provider: Auth0, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Houses]:
    """Both servers, for callers who get reading by default and for those who get nothing."""
    with ExitStack() as stack:
        running = {}
        for kind in NAMES:
            for default in ((), ("cnpg:read",)):
                house = House(
                    kind, provider.issuer, tmp_path_factory.mktemp(kind), world.account,
                    default_scopes=default,
                )  # fmt: skip
                running[kind, bool(default)] = stack.enter_context(house)
        yield lambda kind, caller: running[kind, caller.default is not None]


@pytest.fixture(scope="session")
def tokens(provider: Auth0) -> Tokens:
    """Tokens of everybody, each made once."""
    return Tokens(provider)


@pytest.fixture(scope="session")
def matrix(houses: Houses, tokens: Tokens, world: World) -> Matrix:
    """The calls of the matrix."""
    return Matrix(houses, tokens, world)


@pytest.fixture(scope="session")
def company(
    audited: AuditedPlane, provider: Auth0, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """Both servers, acting as whoever calls."""
    with open_company(audited, provider, tmp_path_factory.mktemp("company")) as running:
        yield running


@pytest.fixture(scope="session")
def by_email(
    audited: AuditedPlane, provider: Auth0, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Company]:
    """The same, where the e-mail address says who somebody is."""
    settings = {"impersonate_user_claim": "email", "impersonate_groups_claim": None}
    folder = tmp_path_factory.mktemp("company-by-email")
    with open_company(audited, provider, folder, **settings) as running:
        yield running


@pytest_asyncio.fixture
async def site(audited: AuditedPlane) -> AsyncIterator[Site]:
    """A planted namespace in which nobody has a right yet."""
    async with open_site(RealBackend(audited)) as opened:
        await plant(opened.admin, opened.namespace)
        yield opened


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of plain http."""
    async with http_from() as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For what a server of a test's own writes."""
    return tmp_path / "server"
