"""Fixtures of the deploy tier: Helm, and renders that many tests look at."""

from collections.abc import Callable
from contextlib import nullcontext, suppress

import pytest

from test.controlplane.binaries import Unavailable
from test.deploy.rendered import Rendered
from test.deploy.valuesets import minimal
from test.helm import Helm, Values, find_helm
from test.tiers import cannot_run

Render = Callable[..., Rendered]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Builds Helm before the first test, whose time limit is shorter than a build."""
    if not any("helm" in getattr(item, "fixturenames", ()) for item in session.items):
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext(), suppress(Unavailable):
        find_helm()


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Helm, which only renders."""
    try:
        return Helm(find_helm(), tmp_path_factory.mktemp("helm"))
    except Unavailable as reason:
        cannot_run("deploy", str(reason))


@pytest.fixture(scope="session")
def render(helm: Helm) -> Render:
    """Renders the chart: values besides those that are always needed."""
    known: dict[str, Rendered] = {}

    def rendered(values: Values | None = None, **where: str) -> Rendered:
        asked = repr((values or {}, where))
        if asked not in known:
            known[asked] = Rendered.of(helm.render(minimal(values or {}), **where))
        return known[asked]

    return rendered
