"""Both real servers, behind an Ingress with TLS and directly: the doctor finds what is so."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cnpg_mcp.doctor.main import main
from test.auth.providers.base import CLIENT_SECRET
from test.auth.site import SIGNING_KEY, Site, make_auth0
from test.controlplane.plane import Plane
from test.doctor.certificates import Authority
from test.doctor.conftest import look
from test.doctor.ingress import Ingress
from test.doctor.planted import BASE, HOST
from test.doctor.served import Served, Way
from test.doctor.test_outside import faults, notes


@contextmanager
def published(folder: Path, authority: Authority, **settings: str) -> Iterator[Way]:
    """Both servers under their public name."""
    with Site(folder, make_auth0, {"PUBLIC_URL": BASE, **settings}) as site:
        ingress = Ingress(site.main.port, site.test.port)
        with Served(ingress, authority.issue(HOST)) as encrypted:
            yield Way({"https": encrypted.port}, authority.path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both servers on loopback."""
    with Site(tmp_path_factory.mktemp("site"), make_auth0) as running:
        yield running


async def test_servers_behind_an_ingress_have_no_fault(
    tmp_path: Path, authority: Authority
) -> None:
    with published(tmp_path, authority, TRUSTED_PROXIES="127.0.0.1") as way:
        report, _ = await look(way)
    assert faults(report) == []
    assert "test-server" in notes(report)


async def test_other_settings_of_an_ingress_that_is_not_trusted_have_no_fault(
    tmp_path: Path, authority: Authority
) -> None:
    settings = {"READ_ONLY": "true", "OAUTH_CONSENT": "remember", "OAUTH_CIMD": "true"}
    with published(tmp_path, authority, **settings) as way:
        report, _ = await look(way)
    assert faults(report) == []


async def test_server_on_loopback_has_no_fault(site: Site) -> None:
    report, _ = await look(Way({"http": site.main.port}), site.main.base)
    assert faults(report) == []


async def test_server_under_another_name_than_its_own_is_found(site: Site) -> None:
    base = f"http://127.0.0.1:{site.main.port}"
    report, _ = await look(Way({"http": site.main.port}), base)
    assert faults(report) == ["announces-other-host"]


def test_inside_of_a_real_server_has_no_error(
    site: Site,
    bare_plane: Plane,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kubeconfig = bare_plane.restricted_kubeconfig([bare_plane.create_namespace()])
    settings = {**site.main.settings, "PORT": str(site.main.port), "KUBECONFIG": str(kubeconfig)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert main(["--inside", "--json"]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["totals"]["warning"] == 0
    assert not any(secret in told for secret in (CLIENT_SECRET, SIGNING_KEY))
