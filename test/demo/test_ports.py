"""Ports: a free one is one that nobody answers at, whatever `localhost` is."""

import socket
from collections.abc import Iterator

import pytest

from cnpg_mcp.demo.failure import DemoFailed
from cnpg_mcp.demo.ports import Ports, is_free
from test.controlplane.process import free_ports

ADDRESSES = {
    "127.0.0.1": socket.AF_INET,
    "0.0.0.0": socket.AF_INET,
    "::1": socket.AF_INET6,
    "::": socket.AF_INET6,
}


@pytest.fixture(params=ADDRESSES)
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that somebody listens at, on one address."""
    try:
        listener = socket.create_server((request.param, 0), family=ADDRESSES[request.param])
    except OSError as error:
        pytest.skip(f"this machine has no {request.param}: {error}")
    with listener:
        yield listener.getsockname()[1]


def test_port_that_somebody_listens_at_is_not_free(taken: int) -> None:
    assert not is_free(taken)
    assert Ports().free(taken) > taken


def test_port_that_nobody_listens_at_is_free() -> None:
    (port,) = free_ports(1)
    assert is_free(port)
    assert Ports().free(port) == port


def test_none_is_given_away_twice_and_none_that_is_kept() -> None:
    (port,) = free_ports(1)
    ports = Ports()
    assert ports.free(port, kept=[port]) > port
    assert ports.free(port) == port
    assert ports.free(port) > port


def test_no_free_port_is_a_failure() -> None:
    with pytest.raises(DemoFailed, match="no port from 65535 to 65535 is free"):
        Ports().free(65535, kept=[65535])
