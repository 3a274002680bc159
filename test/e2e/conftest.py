"""Fixtures of the end to end tests: one room, its servers, and the clusters that tests share."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from test.e2e.admin import Admin
from test.e2e.births import LEFT, SCALED, Birth, watch
from test.e2e.canary import Canary
from test.e2e.declarations import Declared, declare
from test.e2e.desk import Answer, Desk, OpenDesk, stdio_desk
from test.e2e.installed.installation import Installation, prepared
from test.e2e.installed.surroundings import Surroundings, Unavailable, surroundings
from test.e2e.older_api import older_api
from test.e2e.person import Person
from test.e2e.room import Room, new_room, why_not
from test.e2e.writer import Writer
from test.tiers import cannot_run

WATCHED, WAITED = "watched", "waited"
LAST = "test_canary.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks about all that was said comes when all is said."""
    items.sort(key=lambda item: item.path.name == LAST)


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
def canary(room: Room) -> Iterator[Canary]:
    """Knows every password of the room, and hears every desk."""
    made = Canary(room.admin.twin(), room.namespace)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def open_desk(canary: Canary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDesk]:
    """Starts servers, as the user of a kubeconfig; all of them are heard."""
    with ExitStack() as stack:

        def opened(kubeconfig: Path) -> Desk:
            log = tmp_path_factory.mktemp("server") / "stderr.log"
            desk = stack.enter_context(stdio_desk(kubeconfig, log))
            canary.hears(desk)
            return desk

        yield opened


@pytest.fixture(scope="session")
def around(
    admin: Admin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Surroundings | Unavailable]:
    """The cluster, ready for installations; or why nothing can be installed."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("surroundings")
        kubeconfig = Path(os.environ["KUBECONFIG"])
        try:
            found = stack.enter_context(surroundings(admin, kubeconfig, folder))
        except Unavailable as reason:
            yield reason
        else:
            yield found


@pytest.fixture(scope="session")
def installed(
    room: Room,
    around: Surroundings | Unavailable,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation | Unavailable]:
    """The chart, installed to serve the room."""
    if isinstance(around, Unavailable):
        yield around
        return
    values = {"rbac": {"targetNamespaces": [room.namespace]}}
    with prepared(around, tmp_path_factory.mktemp("installed"), values) as installation:
        installation.install()
        room.tenants.append((installation.namespace, "cnpg-mcp-server"))
        yield installation


@pytest.fixture(scope="session")
def desk(
    room: Room, open_desk: OpenDesk, canary: Canary, installed: Installation | Unavailable
) -> Iterator[Desk]:
    """The server under test: the installed one by its public address, where one can be installed.

    Else the restricted user's own, on stdio.
    """
    if isinstance(installed, Unavailable):
        yield open_desk(room.kubeconfig)
        return
    with installed.desk("main", installed.login().access) as opened:
        canary.hears(opened)
        yield opened


@pytest.fixture(scope="session")
def older_kubeconfig(room: Room) -> Iterator[Path]:
    """For the same user, on the API as it was before there were DatabaseRole objects."""
    with older_api(room.kubeconfig) as path:
        yield path


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


@pytest.fixture(scope="session")
def asked_early(desk: Desk, birth: Birth, waited: Answer) -> None:
    """Clusters that later tests scale and delete: they come up while others are at work."""
    for name in (SCALED, LEFT):
        desk.ask("create_postgres_cluster", name=name)


@pytest.fixture(scope="session")
def writer(room: Room, desk: Desk, birth: Birth, asked_early: None) -> Writer:
    """The tools that write, on a cluster where nothing is declared but by those tests."""
    return Writer(desk, room.psql(WATCHED))


@pytest.fixture(scope="session")
def older_writer(writer: Writer, open_desk: OpenDesk, older_kubeconfig: Path) -> Writer:
    """The same on the older API: roles are declared inline."""
    return Writer(open_desk(older_kubeconfig), writer.psql)


@pytest.fixture(scope="session")
def person(writer: Writer) -> Person:
    """Somebody with kubectl and psql at the same cluster."""
    return Person(writer.psql)
