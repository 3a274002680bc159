"""Fixtures of the demo's tests."""

from collections.abc import Iterator

import pytest

from test.demo.running import Demo, start_apart


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, running quickly."""
    running = start_apart(tmp_path_factory.mktemp("demo") / "screen", "--speed", "3")
    assert running.process.poll() is None, running.said
    yield running
    running.interrupt()
