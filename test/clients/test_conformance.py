"""The official conformance suite on the servers as they are, and on one that has its fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from test.auth.servers import MCP_PATHS, Server
from test.auth.site import Site
from test.clients import suite_server
from test.clients.suite import REVISIONS, try_server
from test.node.modules import Installed
from test.serving import HttpServer


@pytest.fixture(scope="module")
def suite_url(site: Site) -> Iterator[str]:
    """The test server with everything that the suite looks for."""
    with HttpServer(["-m", suite_server.__name__], site.test.settings) as server:
        yield server.url(MCP_PATHS["test"])


@pytest.mark.parametrize("revision", REVISIONS)
def test_with_the_contents_that_the_suite_looks_for_the_server_conforms(
    node: Installed, suite_url: str, provider_token: str, revision: str, tmp_path: Path
) -> None:
    seen = try_server(
        node, suite_url, revision, expected="suite_server.expected.yaml", results=tmp_path,
        token=provider_token,
    )  # fmt: skip
    assert (seen.status, seen.passed > 0) == (0, True), seen.report + seen.troubles


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_main_server_conforms_behind_its_sign_in(
    node: Installed, main_server: Server, main_token: str, revision: str, tmp_path: Path
) -> None:
    seen = try_server(
        node, main_server.mcp, revision, expected="server.expected.yaml", results=tmp_path,
        token=main_token,
    )  # fmt: skip
    assert (seen.status, seen.passed > 0) == (0, True), seen.report + seen.troubles


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_test_server_conforms_behind_its_sign_in(
    node: Installed, test_server: Server, provider_token: str, revision: str, tmp_path: Path
) -> None:
    seen = try_server(
        node, test_server.mcp, revision, expected="server.expected.yaml", results=tmp_path,
        token=provider_token,
    )  # fmt: skip
    assert (seen.status, seen.passed > 0) == (0, True), seen.report + seen.troubles
