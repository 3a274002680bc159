"""Bytes that no HTTP library sends: each is refused, and the server lives on."""

import pytest

from test.auth import raw
from test.auth.addresses import plain_http
from test.auth.servers import MCP_PATHS, Server


def _request(server: Server, *lines: str, body: bytes = b"{}", start: str = "") -> bytes:
    first = start or f"POST {MCP_PATHS[server.kind]} HTTP/1.1"
    head = "\r\n".join([first, f"Host: localhost:{server.port}", *lines])
    return head.encode("latin-1") + b"\r\n\r\n" + body


RAW = {
    "length-and-chunks": ("Content-Length: 2", "Transfer-Encoding: chunked"),
    "two-lengths": ("Content-Length: 2", "Content-Length: 5"),
    "length-list": ("Content-Length: 2, 2",),
    "length-negative": ("Content-Length: -2",),
    "length-signed": ("Content-Length: +2",),
    "length-words": ("Content-Length: two",),
    "length-huge": ("Content-Length: 99999999999999999999999",),
    "chunk-size-huge": ("Transfer-Encoding: chunked", "X: \r\n\r\nffffffffffffffffff"),
    "chunked-twice": ("Transfer-Encoding: chunked, chunked",),
    "unknown-encoding": ("Transfer-Encoding: gzip",),
    "no-colon": ("this is no header",),
    "space-before-colon": ("Authorization : Bearer x", "Content-Length: 2"),
    "empty-name": (": x",),
    "null": ("X: a\x00b", "Content-Length: 2"),
    "bare-carriage-return": ("X: a\rb", "Content-Length: 2"),
    "folded": ("X: a\r\n b", "Content-Length: 2"),
    "latin": ("Authorization: Bearer \xff\xfe", "Content-Length: 2"),
    "host-twice": ("Host: thief.example", "Content-Length: 2"),
}
STARTS = {
    "no-version": "POST /mcp",
    "old-version": "POST /mcp HTTP/0.9",
    "new-version": "POST /mcp HTTP/9.9",
    "http2": "PRI * HTTP/2.0",
    "absolute": "POST http://thief.example/mcp HTTP/1.1",
    "asterisk": "OPTIONS * HTTP/1.1",
    "connect": "CONNECT thief.example:443 HTTP/1.1",
    "trace": "TRACE /mcp HTTP/1.1",
    "unknown-method": "STEAL /mcp HTTP/1.1",
    "null-in-path": "GET /mcp\x00 HTTP/1.1",
    "latin-in-path": "GET /m\xff\xfe HTTP/1.1",
    "long-path": f"GET /{'x' * 50_000} HTTP/1.1",
    "empty": " ",
}


@pytest.mark.parametrize("lines", RAW.values(), ids=RAW)
def test_malformed_headers_are_refused_or_ignored(server: Server, lines: tuple[str, ...]) -> None:
    answer = raw.exchange(server.port, _request(server, *lines))
    assert raw.status(answer) in {None, *range(400, 500)}, answer[:300]
    assert _lives(server)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_malformed_request_lines_are_refused(server: Server, start: str) -> None:
    answer = raw.exchange(server.port, _request(server, "Content-Length: 2", start=start))
    assert raw.status(answer) in {None, *range(400, 500)}, answer[:300]
    assert _lives(server)


def test_bytes_that_are_no_http_are_refused(server: Server) -> None:
    for data in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"\n" * 100 + b"x\n\n",
    ):
        assert raw.status(raw.exchange(server.port, data + b"\r\n\r\n")) in {None, 400}
    assert _lives(server)


def _lives(server: Server) -> bool:
    with plain_http() as http:
        return http.get(server.url("/healthz")).is_success
