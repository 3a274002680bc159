"""The operator's stand-in does what the operator does: tests of that run on it unchanged.

On a real API server they prove the stand-in alone, in the simulation all of the demo together.
"""

from collections.abc import Iterator

import pytest

from test.controlplane.fixtures import started
from test.controlplane.test_lifecycle import *  # noqa: F403
from test.controlplane.test_nodesim import *  # noqa: F403
from test.demo.operator_tests import *  # noqa: F403
from test.demo.stand_in import SimulatedPlane, StandInPlane

Stage = StandInPlane | SimulatedPlane


@pytest.fixture(scope="module", params=["simulated", "real API server"])
def plane(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A control plane with the stand-in at work, in place of the session's."""
    if request.param == "simulated":
        running: Stage = SimulatedPlane()
    else:
        running = StandInPlane()
        started(running)
    yield running
    running.stop()


async def test_stand_in_had_no_mishap(plane: Stage) -> None:
    assert plane.operator.errors == []
