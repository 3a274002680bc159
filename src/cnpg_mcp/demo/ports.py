"""The loopback addresses that the demo serves at, and which of their ports are free."""

import socket
from collections.abc import Collection
from ipaddress import IPv4Address

from cnpg_mcp.demo.failure import DemoFailed

LOOPBACK = "127.0.0.1"
_BOTH = ((socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1"))
"""What `localhost` may be: a client that takes the second first must not meet somebody else."""
_TRIED = 100
_ANSWER_SECONDS = 0.5
_WAITING_CONNECTIONS = 128


class Ports:
    """Ports for one demo. None is given away twice: one that was lost is not tried again."""

    def __init__(self) -> None:
        self._given: set[int] = set()

    def free(self, wanted: int, kept: Collection[int] = ()) -> int:
        """The wanted port, or the next one that nobody listens at and that is not kept for others.

        Raises:
            DemoFailed: there is none.
        """
        last = min(wanted + _TRIED, 65536) - 1
        for port in range(wanted, last + 1):
            if port not in self._given and port not in kept and is_free(port):
                self._given.add(port)
                return port
        raise DemoFailed(f"no port from {wanted} to {last} is free")


def is_free(port: int) -> bool:
    """Whether nobody listens at the port of either loopback address, and somebody may."""
    return not any(
        _answers(family, host, port) or _is_taken(family, host, port) for family, host in _BOTH
    )


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    """Whether somebody takes connections; on macOS who listens at all addresses takes no port."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.settimeout(_ANSWER_SECONDS)
            tried.connect((host, port))
    except TimeoutError:
        return True
    except OSError:
        return False
    return True


def _is_taken(family: socket.AddressFamily, host: str, port: int) -> bool:
    """Whether the port cannot be listened at. What this machine has no addresses of is not."""
    if not _exists(family, host):
        return False
    try:
        _bound(family, host, port).close()
    except OSError:
        return True
    return False


def _exists(family: socket.AddressFamily, host: str) -> bool:
    try:
        _bound(family, host, 0).close()
    except OSError:
        return False
    return True


def listening(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: the port is taken.
    """
    listener = _bound(socket.AF_INET, host, port)
    listener.listen(_WAITING_CONNECTIONS)
    return listener


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """A socket that has the port.

    It names its protocol: asyncio sends small answers without delay on such a socket alone.
    """
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def loopback(host: str) -> str:
    """The address, if it is a loopback one; a name could lead anywhere.

    Raises:
        ValueError: others than this machine could reach it.
    """
    try:
        is_loopback = IPv4Address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise ValueError(
            f"The demo listens on loopback addresses (127.0.0.1) alone, not on {host!r}."
        )
    return host
