"""The walkthrough of the documentation, which a real cluster has written, word for word."""

import math
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.volumes import JOB_SECONDS
from cnpg_mcp.demo.pace import Pace
from test.contract.simulated import SimulatedBackend
from test.controlplane.access import INSTANCE_REPORTS, RBAC_VERSION, shipped
from test.e2e.admin import Admin
from test.e2e.desk import ROOT, Answer, Data, stdio_desk
from test.e2e.room import Room
from test.e2e.story import CREATION
from test.e2e.walkthrough import walk

SPEED = 3.0
(BEGINNING,) = [step for step in CREATION if step.passing]


class Held(Pace):
    """Lets no job end before it was shown that one is at work."""

    shown = False

    def seconds(self, real: float) -> float:
        """As long as it takes, and after that no time at all."""
        if real == JOB_SECONDS:
            return 0 if self.shown else math.inf
        return super().seconds(real)

    def see(self, data: Data) -> None:
        """Looks whether an answer is the one that shows it."""
        self.shown = self.shown or BEGINNING.is_answered_by(data)


@pytest.fixture
def pace() -> Held:
    return Held(SPEED)


@pytest.fixture
def room(pace: Held) -> Iterator[Room]:
    """A namespace of a simulation, and a user with all that the chart gives."""
    with closing(SimulatedBackend(pace=pace, queries=True)) as backend:
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


def test_answers_are_those_of_a_real_cluster(
    room: Room, pace: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        stdio_desk(room.kubeconfig, Path(folder) / "stderr.log") as desk,
    ):
        ask = desk.ask

        def seen(tool: str, **arguments: Any) -> Answer:
            answer = ask(tool, **arguments)
            pace.see(answer.data)
            return answer

        monkeypatch.setattr(desk, "ask", seen)
        assert walk(room, desk) == (ROOT / "docs/walkthrough.md").read_text()
