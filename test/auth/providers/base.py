"""What the tests ask of an identity provider."""

import socket
import time
from collections.abc import Callable
from typing import Protocol

from test.auth.browser import Person

AUDIENCE = "https://cnpg-mcp.test/api"
CLIENT_ID = "cnpg-mcp-test-client"
CLIENT_SECRET = "made-up-client-secret-of-a-test"
PERSON = Person("someone", "made-up-password-of-a-test")
SCOPES = ("cnpg:read", "cnpg:write", "cnpg:admin")
START_SECONDS = 60
STOP_SECONDS = 30


class Provider(Protocol):
    """A provider with one person, one application and one API (audience)."""

    issuer: str
    subject: str
    """The claim `sub` of the person."""

    def start(self) -> None:
        """Starts it, at the same address as before and with the same keys."""

    def stop(self) -> None:
        """Stops it: nothing listens any more."""

    def token(self, *scopes: str) -> str:
        """An access token for the audience, with these scopes, that no login was needed for."""

    def rotate_keys(self) -> None:
        """Signs with a new key from now on."""


def settings(provider: Provider) -> dict[str, str]:
    """The environment of a server that trusts this provider."""
    return {
        "OIDC_ISSUER": provider.issuer,
        "OIDC_AUDIENCE": AUDIENCE,
        "AUTH0_CLIENT_ID": CLIENT_ID,
        "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
    }


def wait_until(true: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Waits for a condition of another process, which nothing announces.

    Raises:
        TimeoutError: it did not come true.
    """
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
