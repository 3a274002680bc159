"""pytest fixture ``node``: the installed npm packages, ready before the first test's clock runs.

A ``conftest.py`` imports both names below.
"""

from contextlib import nullcontext, suppress

import pytest

from test.node.modules import Installed, Unavailable, install, node_modules


def pytest_collection_finish(session: pytest.Session) -> None:
    """Installs before the first test, whose time limit may be shorter than that takes."""
    if not any("node" in getattr(item, "fixturenames", ()) for item in session.items):
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext(), suppress(Unavailable):
        install()


@pytest.fixture(scope="session")
def node() -> Installed:
    """The installed npm packages; skips where they cannot be installed."""
    return node_modules()
