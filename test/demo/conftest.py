"""Fixtures of the demo's tests."""

from collections.abc import Iterator

import pytest

from test.controlplane.process import free_ports
from test.demo.running import Demo, start


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, running quickly."""
    main, test = free_ports(2)
    screen = tmp_path_factory.mktemp("demo") / "screen"
    running = start(screen, "--port", str(main), "--test-port", str(test), "--speed", "3")
    assert running.process.poll() is None, running.said
    yield running
    running.interrupt()
