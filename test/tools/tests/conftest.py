"""Providers for the program that gets tokens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import CLIENT_SECRET
from test.auth.providers.nanoidp import NanoIdp
from test.tools.tests.login import TokenProgram

PUBLIC, POSTING = "public-client-of-a-test", "posting-client-of-a-test"


class WithMoreClients(NanoIdp):
    """nanoidp with a client without secret, one that posts it, and impatient device logins."""

    def documents(self) -> dict[str, dict[str, Any]]:
        """Its configuration files by name."""
        files = super().documents()
        oauth = files["settings"]["oauth"]
        usual = oauth["clients"][0]
        public = {**usual, "client_id": PUBLIC, "token_endpoint_auth_method": "none"}
        del public["client_secret"]
        posting = {**usual, "client_id": POSTING, "client_secret": CLIENT_SECRET}
        posting["token_endpoint_auth_method"] = "client_secret_post"
        oauth["clients"] = [usual, public, posting]
        files["settings"]["device_flow"] = {"polling_interval": 1}
        return files


@pytest.fixture(scope="module")
def nanoidp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NanoIdp]:
    """nanoidp, running."""
    provider = WithMoreClients(tmp_path_factory.mktemp("nanoidp"))
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def auth0() -> Iterator[Auth0]:
    """A stand-in for Auth0 of the test's own, to turn its knobs."""
    provider = Auth0()
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def program(nanoidp: NanoIdp, tmp_path: Path) -> TokenProgram:
    """The program with nanoidp."""
    return TokenProgram(tmp_path, nanoidp.issuer)
