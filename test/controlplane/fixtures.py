"""pytest fixtures of the real control plane.

``plane`` is one for the whole session and belongs to no event loop; tests stay apart by namespace.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
import pytest_asyncio

from test.controlplane.api import KubeClient
from test.controlplane.binaries import (
    CNPG_VERSION,
    CNPG_VERSION_WITHOUT_DATABASEROLE,
    Unavailable,
    find,
)
from test.controlplane.plane import Plane
from test.tiers import cannot_run

PLANES = {
    "audited": CNPG_VERSION,
    "plane": CNPG_VERSION,
    "bare_plane": CNPG_VERSION,
    "older_plane": CNPG_VERSION_WITHOUT_DATABASEROLE,
}
"""The fixtures that are control planes, with the operator's version."""

RestrictedKubeconfig = Callable[..., Path]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Builds missing programs before the first test, whose time limit is shorter than a build."""
    needed = {name for item in session.items for name in _planes(item)}
    versions = {PLANES[name] for name in PLANES.keys() & needed}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        for version in sorted(versions):
            with suppress(Unavailable):
                find(version)


BACKENDS = {"backend": "plane", "quiet": "bare_plane", "older": "older_plane", "api": "older_plane"}
"""Fixtures of the contract tests that lead to a control plane where they are to be real."""


def _planes(item: pytest.Item) -> set[str]:
    """The control planes that a test needs."""
    names = set(getattr(item, "fixturenames", ()))
    if "where" not in names:
        return names
    real = item.callspec.params.get("where") == "real"
    return {BACKENDS[name] for name in names & BACKENDS.keys()} if real else set()


def started(plane: Plane) -> Plane:
    """The plane, running; skips where it cannot run, and fails where ``REQUIRE`` names ``real``."""
    try:
        return plane.start()
    except Unavailable as reason:
        cannot_run("real", f"no real control plane: {reason}")


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    """The session's control plane, with operator and simulated node."""
    running = started(Plane())
    yield running
    running.stop()


@pytest.fixture(scope="session")
def older_plane() -> Iterator[Plane]:
    """A control plane whose operator does not know the DatabaseRole kind."""
    running = started(Plane(cnpg_version=CNPG_VERSION_WITHOUT_DATABASEROLE))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def bare_plane() -> Iterator[Plane]:
    """A control plane that nothing works on: for recorded situations."""
    running = started(Plane(operator=False))
    yield running
    running.stop()


@pytest.fixture
def namespace(plane: Plane) -> Iterator[str]:
    """A namespace of the test's own; it is emptied in the background afterwards."""
    name = plane.create_namespace()
    yield name
    plane.delete_namespace(name)


@pytest_asyncio.fixture
async def admin(plane: Plane) -> AsyncIterator[KubeClient]:
    """A client with all rights, to arrange and to judge."""
    async with KubeClient(plane.admin_kubeconfig) as client:
        yield client


@pytest.fixture
def restricted_kubeconfig(plane: Plane) -> RestrictedKubeconfig:
    """Makes users with exactly the chart's rights: ``Plane.restricted_kubeconfig``."""
    return plane.restricted_kubeconfig
