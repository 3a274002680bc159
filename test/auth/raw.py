"""HTTP by hand, for requests that no library makes."""

import socket

SECONDS = 10


def exchange(port: int, data: bytes) -> bytes:
    """What a server answers to these bytes, until it closes or has answered once."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(data)
        return _read(connection)


def _read(connection: socket.socket) -> bytes:
    received = b""
    while not _is_whole(received):
        try:
            part = connection.recv(65_536)
        except OSError:
            break
        if not part:
            break
        received += part
    return received


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


def status(answer: bytes) -> int | None:
    """The status of an answer; `None` where the connection was closed without one."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else None
