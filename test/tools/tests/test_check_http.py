"""test-mcp.py over http: both servers with their sign-in, and a provider that people log in at."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from test.auth.providers.base import SCOPES
from test.auth.providers.nanoidp import NanoIdp
from test.auth.site import Site, make_nanoidp
from test.contract.backend import Backend, RealBackend
from test.contract.planted import plant
from test.controlplane.plane import Plane
from test.controlplane.process import free_ports
from test.tools.tests.checking import check, reason, shown, states
from test.tools.tests.login import BrowserProgram, TokenProgram

JWT_BEGINS = "eyJ"


@pytest.fixture(scope="module")
def planted(bare_plane: Plane) -> tuple[Backend, str]:
    """A namespace with a database cluster that nothing works on."""
    backend = RealBackend(bare_plane)
    namespace = backend.create_namespace()
    asyncio.run(_plant(backend, namespace))
    return backend, namespace


async def _plant(backend: Backend, namespace: str) -> None:
    async with backend.admin() as admin:
        await plant(admin, namespace)


@pytest.fixture(scope="module")
def site(
    planted: tuple[Backend, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site[NanoIdp]]:
    """nanoidp and both servers, which may do in the namespace what the chart allows."""
    backend, namespace = planted
    settings = {"KUBECONFIG": str(backend.user([namespace]))}
    with Site(tmp_path_factory.mktemp("site"), make_nanoidp, settings) as running:
        yield running


@pytest.fixture
def token_file(site: Site[NanoIdp], tmp_path: Path) -> Path:
    """A file with a token that may only read."""
    path = tmp_path / "token"
    path.write_text(site.provider.token(SCOPES[0]))
    return path


def unhappy(found: dict[str, object]) -> dict[str, str]:
    """The checks that did not pass."""
    return {name: state for name, state in states(found).items() if state != "passed"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_test_server_passes_with_a_token(site: Site[NanoIdp], token_file: Path, slash: str) -> None:
    arguments = ["--json", "--url", site.test.mcp + slash, "--token-file", str(token_file)]
    ran = check(*arguments)
    assert unhappy(shown(ran)) == {}
    assert token_file.read_text() not in ran.said


def test_both_programs_work_together(site: Site[NanoIdp], tmp_path: Path) -> None:
    program = TokenProgram(tmp_path, site.provider.issuer)
    assert program.log_in().status == 0
    ran = check("--json", "--url", site.test.mcp, "--token-file", str(program.token_file))
    assert unhappy(shown(ran)) == {}


def test_main_server_passes_with_one_login(site: Site[NanoIdp], tmp_path: Path) -> None:
    (port,) = free_ports(1)
    browser = BrowserProgram(tmp_path, f"http://localhost:{port}/callback")
    ran = check(
        "--json", "--url", site.main.base, "--login", "--callback-port", str(port),
        environment={"BROWSER": browser.variable},
    )  # fmt: skip
    assert unhappy(shown(ran)) == {}
    assert len(browser.visits) == 1
    assert JWT_BEGINS not in ran.said


def test_token_of_the_provider_is_refused_by_the_main_server(
    site: Site[NanoIdp], token_file: Path
) -> None:
    ran = check("--json", "--url", site.main.base, "--token-file", str(token_file))
    assert (ran.status, ran.out) == (2, "")
    assert "--login" in ran.errors
    assert token_file.read_text() not in ran.said


def test_reader_who_writes_fails_and_makes_nothing(
    site: Site[NanoIdp], token_file: Path, planted: tuple[Backend, str]
) -> None:
    arguments = ["--url", site.test.mcp, "--token-file", str(token_file), "--only", "write.create"]
    found = shown(check("--json", "--write", "--namespace", planted[1], *arguments))
    assert found["exit_status"] == 1
    assert states(found)["write.dry-run"] == "passed"
    assert "insufficient_scope" in reason(found, "write.create")


def test_login_at_the_test_server_says_what_it_takes(site: Site[NanoIdp]) -> None:
    ran = check("--url", site.test.mcp, "--login", "--no-browser")
    assert (ran.status, ran.out) == (2, "")
    assert "--token-file" in ran.errors
