"""A provider with both servers that trust it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import Provider, settings
from test.auth.providers.nanoidp import NanoIdp
from test.auth.providers.oidc_provider import OidcProvider
from test.auth.servers import Server
from test.controlplane.process import free_ports
from test.node.modules import Installed

SIGNING_KEY = "made-up-signing-key-of-a-test-" * 2
P = TypeVar("P", bound=Provider)
Make = Callable[[Path, str], P]
"""Makes a provider, given a folder and the redirect URI of the main server."""


class Site(Generic[P]):
    """A provider, the main server and the test server, all running.

    Args:
        folder: for everything they write.
        make: the provider.
        extra: more settings of both servers.
    """

    def __init__(self, folder: Path, make: Make[P], extra: Mapping[str, str] | None = None) -> None:
        main, test = free_ports(2)
        self.provider = make(folder / "provider", f"http://localhost:{main}/auth/callback")
        common = {**settings(self.provider), "OAUTH_SIGNING_KEY": SIGNING_KEY, **(extra or {})}
        self.main = Server("main", folder / "main", common, main)
        self.test = Server("test", folder / "test", common, test)

    def __enter__(self) -> Self:
        self.provider.start()
        try:
            self.main.launch()
            self.test.launch()
            self.main.wait()
            self.test.wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self.main.stop()
        self.test.stop()
        self.provider.stop()


def make_auth0(folder: Path, callback: str) -> Auth0:
    """The stand-in for Auth0."""
    return Auth0(callback)


def make_nanoidp(folder: Path, callback: str) -> NanoIdp:
    """nanoidp; it takes any redirect URI."""
    return NanoIdp(folder)


def make_oidc_provider(node: Installed) -> Make[OidcProvider]:
    """oidc-provider from these packages."""

    def make(folder: Path, callback: str) -> OidcProvider:
        folder.mkdir()
        return OidcProvider(folder, node, callback)

    return make
