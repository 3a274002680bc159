"""The walkthrough of the documentation, which a real cluster has written, word for word."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.pace import Pace
from test.contract.simulated import SimulatedBackend
from test.controlplane.access import INSTANCE_REPORTS, RBAC_VERSION, shipped
from test.e2e.admin import Admin
from test.e2e.desk import ROOT, stdio_desk
from test.e2e.room import Room
from test.e2e.walkthrough import walk

SPEED = 3.0


@pytest.fixture
def room() -> Iterator[Room]:
    """A namespace of a simulation, and a user with all that the chart gives."""
    with closing(SimulatedBackend(pace=Pace(SPEED), queries=True)) as backend:
        namespace = backend.create_namespace()
        kubeconfig = backend.user([namespace], cluster_facts=True)
        admin = Admin(str(backend.admin_kubeconfig))
        for body in _reports(kubeconfig.stem):
            admin.create(body, namespace)
        yield Room(admin, namespace, kubeconfig)
        assert backend.mishaps == []


def _reports(user: str) -> tuple[KubeObject, KubeObject]:
    """The optional Role, and its binding to a user."""
    role = shipped(INSTANCE_REPORTS)
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": RBAC_VERSION,
        "kind": "RoleBinding",
        "metadata": {"name": INSTANCE_REPORTS},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": INSTANCE_REPORTS},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    return role, binding


def test_answers_are_those_of_a_real_cluster(room: Room) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        stdio_desk(room.kubeconfig, Path(folder) / "stderr.log") as desk,
    ):
        assert walk(room, desk) == (ROOT / "docs/walkthrough.md").read_text()
