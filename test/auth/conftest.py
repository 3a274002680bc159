"""Fixtures of the tier `auth`: providers, and the servers that trust them."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from test.auth.addresses import http_from
from test.auth.browser import Browser
from test.auth.inside import Inside
from test.auth.oauth_client import OAuthClient
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON
from test.auth.providers.bent import BentAuth0
from test.auth.servers import Server
from test.auth.site import Site, make_auth0, make_nanoidp, make_oidc_provider
from test.auth.walk import log_in
from test.node.fixtures import node, pytest_collection_finish

__all__ = ["node", "pytest_collection_finish"]


@pytest.fixture(scope="session")
def auth0_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site[Auth0]]:
    """Both servers with the stand-in for Auth0, whose knobs tests may turn (and turn back)."""
    with Site(tmp_path_factory.mktemp("auth0"), make_auth0) as running:
        yield running


@pytest.fixture(scope="session")
def nanoidp_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both servers with nanoidp."""
    with Site(tmp_path_factory.mktemp("nanoidp"), make_nanoidp) as running:
        yield running


@pytest.fixture(scope="session")
def oidc_provider_site(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """Both servers with oidc-provider, which gives refresh tokens only after a consent page."""
    packages = request.getfixturevalue("node")
    folder = tmp_path_factory.mktemp("oidc-provider")
    settings = {"OIDC_AUTHORIZE_PARAMS": "prompt=consent"}
    with Site(folder, make_oidc_provider(packages), settings) as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of plain http."""
    async with http_from() as client:
        yield client


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """The browser of the one person."""
    async with Browser(PERSON) as opened:
        yield opened


@pytest.fixture
def client(auth0_site: Site[Auth0], http: httpx.AsyncClient) -> OAuthClient:
    """An OAuth client of the main server that knows nobody yet."""
    return OAuthClient(auth0_site.main.base, http)


# Either server, for what holds for both


@pytest.fixture(scope="session")
def token_of(auth0_site: Site[Auth0]) -> dict[str, str]:
    """A token that is let in, by kind of server; its login may only read."""
    return {
        "main": log_in(auth0_site.main.base, PERSON, "cnpg:read").access,
        "test": auth0_site.provider.token("cnpg:read"),
    }


@pytest.fixture(params=["main", "test"])
def kind(request: pytest.FixtureRequest) -> str:
    """Either server."""
    return str(request.param)


@pytest.fixture
def server(auth0_site: Site[Auth0], kind: str) -> Server:
    """Either server, running."""
    found: Server = getattr(auth0_site, kind)
    return found


@pytest.fixture
def token(token_of: dict[str, str], kind: str) -> str:
    """A token that it lets in."""
    return token_of[kind]


@pytest.fixture(scope="module")
def provider() -> Iterator[BentAuth0]:
    """The stand-in for Auth0, whose token endpoint can be bent."""
    made = BentAuth0()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def inside(provider: BentAuth0, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """The main server in this process, with a directory for its logins."""
    with Inside(provider, tmp_path_factory.mktemp("inside")) as running:
        yield running
