"""What the user may not see is said to be unseen, and seen where a role of the chart allows it."""

from collections.abc import Mapping

import pytest

from test.controlplane.access import CLUSTER_FACTS, INSTANCE_REPORTS
from test.e2e.births import Birth
from test.e2e.desk import Desk
from test.e2e.room import Room

OPTIONAL = {
    "operator_deployments": CLUSTER_FACTS,
    "storage_classes": CLUSTER_FACTS,
    "instance_reports": INSTANCE_REPORTS,
}


def _unseen(desk: Desk, birth: Birth) -> Mapping[str, str]:
    unseen: Mapping[str, str] = desk.ask("get_cluster_status", name=birth.status["name"]).data.get(
        "unseen", {}
    )
    return unseen


@pytest.mark.parametrize("part", OPTIONAL)
def test_part_without_its_role_is_said_to_be_forbidden(desk: Desk, birth: Birth, part: str) -> None:
    assert _unseen(desk, birth)[part] == "forbidden"


@pytest.mark.parametrize(("part", "role"), OPTIONAL.items())
def test_part_with_its_role_is_seen(
    room: Room, desk: Desk, birth: Birth, part: str, role: str
) -> None:
    with room.granted(role):
        assert part not in _unseen(desk, birth)


def test_nothing_but_the_optional_parts_is_unseen(desk: Desk, birth: Birth) -> None:
    assert _unseen(desk, birth).keys() == OPTIONAL.keys()
