"""Fixtures of what is installed: skipped where nothing can be installed."""

import pytest

from test.e2e.installed.installation import Installation
from test.e2e.installed.surroundings import Surroundings, Unavailable
from test.tiers import cannot_run

TIER = "installed"


@pytest.fixture(scope="session")
def ready_around(around: Surroundings | Unavailable) -> Surroundings:
    """The cluster, ready for installations."""
    if isinstance(around, Unavailable):
        cannot_run(TIER, str(around))
    return around


@pytest.fixture(scope="session")
def running(ready_around: Surroundings, installed: Installation | Unavailable) -> Installation:
    """The installation that serves the room, and that the tests share."""
    assert isinstance(installed, Installation)
    return installed
