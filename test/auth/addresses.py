"""Plain http clients, each from a loopback address of its own: rates are counted by address."""

import secrets
import ssl

import httpx

TIMEOUT_SECONDS = 30
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody and is never used; httpx would load the machine's certificates for each client."""


def somewhere() -> str:
    """A loopback address that hardly anybody has used."""
    return ".".join(
        str(part) for part in (127, *(1 + each % 254 for each in secrets.token_bytes(3)))
    )


def http_from(address: str | None = None) -> httpx.AsyncClient:
    """A client that follows no redirect by itself and uses no proxy."""
    transport = httpx.AsyncHTTPTransport(verify=_NO_TLS, local_address=address or somewhere())
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, trust_env=False)


def plain_http() -> httpx.Client:
    """The same for code without an event loop, from the usual address."""
    return httpx.Client(verify=_NO_TLS, timeout=TIMEOUT_SECONDS, trust_env=False)
