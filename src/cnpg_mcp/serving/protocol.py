"""HTTP/1.1 as httptools parses it, with one thing put right."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class TrimmedHeaders(HttpToolsProtocol):
    """Takes blanks after a header's value for no part of it (RFC 9110, section 5.5).

    httptools 0.9 hands them on; `Mcp-Name: NAME ` would then name another tool than the body.
    """

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header as it comes."""
        super().on_header(name, value.rstrip(b" \t"))
