"""From inside: the API server, CloudNativePG and its operator, on a real control plane."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from cnpg_mcp.doctor.findings import Report
from cnpg_mcp.doctor.inside.checks import KUBERNETES
from cnpg_mcp.doctor.inside.kubernetes import api_server, cnpg, operator
from test.controlplane import pki
from test.controlplane.fixtures import started
from test.controlplane.plane import Plane
from test.doctor.inside import PATIENCE, look_inside
from test.doctor.planes import PlaneWithoutCloudNativePG, PlaneWithoutDatabaseRoles
from test.doctor.served import Served
from test.doctor.test_outside import faults, notes

CHECKS = (api_server, cnpg, operator)
LITTLE_PATIENCE = 3.0
"""For an API server that hangs."""


@pytest.fixture(scope="module")
def unequipped() -> Iterator[Plane]:
    """A cluster without CloudNativePG."""
    plane = started(PlaneWithoutCloudNativePG(operator=False))
    yield plane
    plane.stop()


@pytest.fixture(scope="module")
def older() -> Iterator[PlaneWithoutDatabaseRoles]:
    """A cluster without the DatabaseRole kind."""
    plane = PlaneWithoutDatabaseRoles(operator=False)
    started(plane)
    yield plane
    plane.stop()


async def examined(kubeconfig: Path, patience: float = PATIENCE) -> Report:
    """What is found with a kubeconfig."""
    return await look_inside(CHECKS, patience=patience, kubeconfig=str(kubeconfig))


async def test_cluster_in_order_has_no_fault(older: PlaneWithoutDatabaseRoles) -> None:
    older.show_operator(running=True)
    report = await examined(older.admin_kubeconfig)
    assert faults(report) == []
    assert notes(report) == ["no-database-roles", "no-object-stores"]


async def test_operator_without_a_pod_is_found(older: PlaneWithoutDatabaseRoles) -> None:
    older.show_operator(running=False)
    assert faults(await examined(older.admin_kubeconfig)) == ["operator-down"]


async def test_operator_that_may_not_be_seen_is_noted(older: PlaneWithoutDatabaseRoles) -> None:
    report = await examined(older.restricted_kubeconfig(["default"]))
    assert faults(report) == []
    assert "operator-not-seen" in notes(report)


async def test_missing_cnpg_is_found_and_ends_it(unequipped: Plane) -> None:
    report = await look_inside(KUBERNETES, kubeconfig=str(unequipped.admin_kubeconfig))
    assert faults(report) == ["cnpg-missing"]


async def test_credentials_of_another_cluster_are_refused(
    unequipped: Plane, older: Plane, tmp_path: Path
) -> None:
    pair = unequipped._authority.issue("admin", ("system:masters",))
    path = tmp_path / "kubeconfig"
    pki.write_kubeconfig(path, older.server, older._authority, pair, "default")
    assert faults(await examined(path)) == ["api-server-refuses"]


async def test_stale_kubeconfig_is_told_from_an_api_server_that_is_away(
    unequipped: Plane, older: Plane, tmp_path: Path
) -> None:
    pair = older._authority.issue("admin", ("system:masters",))
    path = tmp_path / "kubeconfig"
    pki.write_kubeconfig(path, older.server, unequipped._authority, pair, "default")
    assert faults(await examined(path)) == ["no-kubernetes-credentials"]


async def test_api_server_that_is_away_is_found_alone(unequipped: Plane) -> None:
    unequipped.apiserver_stop()
    try:
        assert faults(await examined(unequipped.admin_kubeconfig)) == ["api-server-away"]
    finally:
        unequipped.apiserver_start()


async def test_frozen_api_server_is_found_alone(unequipped: Plane) -> None:
    unequipped.apiserver_pause()
    try:
        report = await examined(unequipped.admin_kubeconfig, LITTLE_PATIENCE)
        assert faults(report) == ["api-server-away"]
    finally:
        unequipped.apiserver_resume()


async def test_missing_kubeconfig_is_found_alone(tmp_path: Path) -> None:
    assert faults(await examined(tmp_path / "absent")) == ["no-kubernetes-credentials"]


class Api:
    """What an API server answers, by path; anything else is not found."""

    def __init__(self) -> None:
        names = ("clusters", "databases", "backups", "scheduledbackups", "poolers")
        self.kinds = [{"name": name} for name in (*names, "databaseroles")]
        self.answers: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        usual = {
            "/version": JSONResponse({"gitVersion": "v1.36.3"}),
            "/apis": JSONResponse({"kind": "APIGroupList"}),
            "/apis/postgresql.cnpg.io/v1": JSONResponse({"resources": self.kinds}),
            "/apis/apps/v1/deployments": JSONResponse({"items": []}),
            **self.answers,
        }
        answer = usual.get(scope["path"]) or JSONResponse({"kind": "Status", "code": 404}, 404)
        await answer(scope, receive, send)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[tuple[Api, Path]]:
    """An API server that says what a test wants, and a kubeconfig for it."""
    stub = Api()
    with Served(stub) as served:
        path = tmp_path / "kubeconfig"
        path.write_text(json.dumps(_kubeconfig(f"http://127.0.0.1:{served.port}")))
        yield stub, path


def _kubeconfig(server: str) -> dict[str, object]:
    return {
        "current-context": "stub",
        "clusters": [{"name": "stub", "cluster": {"server": server}}],
        "users": [{"name": "stub", "user": {}}],
        "contexts": [{"name": "stub", "context": {"cluster": "stub", "user": "stub"}}],
    }


async def test_kind_that_is_missing_is_found_alone(api: tuple[Api, Path]) -> None:
    api[0].kinds = [kind for kind in api[0].kinds if kind["name"] != "databases"]
    assert faults(await examined(api[1])) == ["cnpg-too-old"]


async def test_page_in_place_of_the_api_server_is_found_alone(api: tuple[Api, Path]) -> None:
    api[0].answers["/version"] = HTMLResponse("<p>Sign in")
    assert faults(await examined(api[1])) == ["api-server-away"]


async def test_failing_api_server_is_found_alone(api: tuple[Api, Path]) -> None:
    api[0].answers["/version"] = JSONResponse({"kind": "Status"}, 500)
    assert faults(await examined(api[1])) == ["api-server-away"]


async def test_kinds_that_are_not_told_are_no_fault(api: tuple[Api, Path]) -> None:
    api[0].answers["/apis/postgresql.cnpg.io/v1"] = JSONResponse({"kind": "Status"}, 403)
    report = await examined(api[1])
    assert (faults(report), notes(report)) == ([], ["not-checked", "operator-not-seen"])
