"""Clusters in trouble: the verdict is true and names the cause."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from test.controlplane.access import CLUSTER_FACTS
from test.e2e.births import Birth
from test.e2e.desk import Data, Desk, admits
from test.e2e.room import Room
from test.e2e.waiting import until

DOWN_SECONDS = 90
NOTICED_SECONDS = 60
BACK_SECONDS = 60


@dataclass(frozen=True)
class Doomed:
    """The status of two clusters that cannot come up."""

    without_image: Data
    without_room: Data


@pytest.fixture(scope="module")
def doomed(desk: Desk, birth: Birth) -> Doomed:
    """Both are asked for at once, since the scheduler is given half a minute."""
    major = birth.status["version"].split(".")[0]
    desk.ask("create_postgres_cluster", name="no-image", postgres_version=f"{major}.99")
    desk.ask(
        "create_postgres_cluster",
        name="no-room",
        memory="64Ti",
        parameters={"shared_buffers": "128MB"},
    )
    return Doomed(_once_down(desk, "no-image"), _once_down(desk, "no-room"))


def _once_down(desk: Desk, name: str) -> Data:
    def down() -> Data | None:
        data = desk.ask("get_cluster_status", name=name).data
        return data if data["verdict"] == "down" else None

    return until(down, DOWN_SECONDS, f"{name} is down")


def _codes(status: Data) -> set[str]:
    return {finding["code"] for finding in status["findings"]}


def test_image_that_cannot_be_pulled_is_down_with_the_cause(doomed: Doomed) -> None:
    assert "image-pull-failing" in _codes(doomed.without_image)


def test_memory_that_no_node_has_is_down_with_the_cause(doomed: Doomed) -> None:
    assert "pod-unschedulable" in _codes(doomed.without_room)


@pytest.fixture
def stopped_operator(room: Room, desk: Desk, birth: Birth) -> Iterator[None]:
    """The operator away, and cluster facts readable; back when this ends, webhooks included."""
    found = room.admin.operators()
    if len(found) != 1:
        pytest.skip(f"the operator's Deployment is not to be told: {found}")
    (operator,) = found
    try:
        with room.granted(CLUSTER_FACTS):
            room.admin.scale_operator(operator, 0)
            yield
    finally:
        room.admin.scale_operator(operator, operator.replicas)
        until(lambda: admits(desk), BACK_SECONDS, "the operator's webhook admits again")


def test_cluster_without_operator_is_degraded_and_says_so(
    stopped_operator: None, desk: Desk, birth: Birth
) -> None:
    def noticed() -> Data | None:
        data = desk.ask("get_cluster_status", name=birth.status["name"]).data
        return data if "operator-down" in _codes(data) else None

    status = until(noticed, NOTICED_SECONDS, "status names the operator")
    assert status["verdict"] == "degraded"


def test_create_without_operator_says_that_the_operator_does_not_answer(
    stopped_operator: None, desk: Desk
) -> None:
    refusal = desk.refused("create_postgres_cluster", name="never")
    assert refusal.code == "operator_unavailable"
