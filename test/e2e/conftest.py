"""Fixtures of the end to end tests: one room, one server, and clusters that several tests share."""

import os
import signal
from collections.abc import Iterator

import pytest

from test.e2e.admin import Admin
from test.e2e.births import Birth, watch
from test.e2e.declarations import Declared, declare
from test.e2e.desk import Answer, Desk
from test.e2e.room import Room, new_room, why_not
from test.tiers import cannot_run

WATCHED, WAITED = "watched", "waited"


@pytest.fixture(scope="session", autouse=True)
def _permitted() -> Iterator[None]:
    """Runs only where asked to, and cleans up when terminated as well."""
    reason = why_not()
    if reason:
        cannot_run("e2e", reason)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def admin(_permitted: None) -> Admin:
    """The administrator."""
    return Admin(os.environ["KUBECONFIG"])


@pytest.fixture(scope="session")
def room(admin: Admin) -> Iterator[Room]:
    """The run's namespace and restricted user."""
    with new_room(admin) as made:
        yield made


@pytest.fixture(scope="session")
def desk(room: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The server under test, as the restricted user."""
    log = tmp_path_factory.mktemp("server") / "stderr.log"
    with Desk(room.kubeconfig, log) as started:
        yield started


@pytest.fixture(scope="session")
def birth(room: Room, desk: Desk) -> Birth:
    """A cluster that was asked for and not waited for; its status from then until healthy."""
    return watch(desk, room.psql(WATCHED))


@pytest.fixture(scope="session")
def waited(desk: Desk) -> Answer:
    """The answer to a creation that was waited for."""
    return desk.ask("create_postgres_cluster", name=WAITED, wait_seconds=45)


@pytest.fixture(scope="session")
def declared(room: Room, desk: Desk, waited: Answer) -> Declared:
    """Roles and databases that the administrator declared, when all of them are settled."""
    return declare(room, desk, waited.data["name"])
