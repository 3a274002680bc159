"""Which tests may run beside each other: `make test` has a worker process for each lane.

Within a lane the order is pytest's own, and nothing is shared between lanes: each starts the
servers and control planes that its tests need.
"""

from enum import StrEnum

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling


class Lane(StrEnum):
    """What the tests of a lane mostly wait for."""

    SIMULATION = "simulation"
    """The demo, or a part of it."""
    REAL = "real"
    """Servers, control planes and, late, when the other lane is done, a whole cluster."""


class LaneScheduling(LoadScopeScheduling):
    """Gives whole lanes to workers."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """For every `--dist`."""
    return LaneScheduling(config, log)


def lane(nodeid: str) -> Lane:
    """The lane of a test, by pytest's name for it."""
    path, _, name = nodeid.partition("::")
    is_simulated = path.startswith("test/demo/") or "simulated" in name.partition("[")[2]
    return Lane.SIMULATION if is_simulated else Lane.REAL
