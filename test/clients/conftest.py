"""Both servers with a stand-in for Auth0, and tokens for each of them."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient
from test.auth.providers.base import PERSON, SCOPES
from test.auth.servers import Server
from test.auth.site import Site, make_auth0
from test.node.fixtures import node, pytest_collection_finish

__all__ = ["node", "pytest_collection_finish"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The provider and both servers."""
    with Site(tmp_path_factory.mktemp("clients"), make_auth0) as running:
        yield running


@pytest.fixture
def main_server(site: Site) -> Server:
    """The main server."""
    return site.main


@pytest.fixture
def test_server(site: Site) -> Server:
    """The test server."""
    return site.test


@pytest.fixture(scope="session")
def provider_token(site: Site) -> str:
    """A token that the test server takes."""
    return site.provider.token(*SCOPES)


@pytest.fixture(scope="session")
def main_token(site: Site) -> str:
    """A token that the main server takes: it gave it at a login."""
    return asyncio.run(_login(site.main))


async def _login(server: Server) -> str:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http, Browser(PERSON) as browser:
        client = OAuthClient(server.base, http, scope=" ".join(SCOPES))
        return (await client.login(browser)).access
