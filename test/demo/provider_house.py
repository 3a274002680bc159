"""The demo's provider with both servers in front of a stand-in for an API server."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from anyio.from_thread import start_blocking_portal

from cnpg_mcp.demo.provider.provider import Provider
from test.auth.browser import Browser, Person
from test.auth.kube_stand_in import KubeStandIn
from test.auth.oauth_client import OAuthClient
from test.auth.servers import Server
from test.controlplane.process import free_ports

READ, WRITE, ADMIN = SCOPES = ("cnpg:read", "cnpg:write", "cnpg:admin")
GRANTED = {"reader": [READ], "writer": [READ, WRITE], "admin": list(SCOPES)}
ASKED = " ".join(("openid", "offline_access", *SCOPES))
PASSWORD = "demo"
CALLBACK = "http://localhost:33419/auth/callback"
"""A redirect URI for tests that are the application themselves; nothing listens there."""


def person(name: str) -> Person:
    """A user at the login page."""
    return Person(name, PASSWORD)


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    """The provider, listening, in an event loop of its own."""
    with start_blocking_portal() as portal:
        portal.call(provider.start)
        try:
            yield provider
        finally:
            portal.call(provider.stop)


@dataclass(frozen=True)
class House:
    """All of it, running."""

    provider: Provider
    main: Server
    test: Server


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Both servers as processes, with the provider that the demo gives them."""
    main, test, port = free_ports(3)
    callback = f"http://localhost:{main}/auth/callback"
    with ExitStack() as stack:
        provider = stack.enter_context(running(Provider(port, [callback, CALLBACK])))
        kube = KubeStandIn(folder)
        settings = {
            "OIDC_ISSUER": provider.issuer,
            "OIDC_AUDIENCE": provider.audience,
            "AUTH0_CLIENT_ID": provider.client_id,
            "AUTH0_CLIENT_SECRET": provider.client_secret,
            "KUBECONFIG": str(kube.kubeconfig),
        }
        found = House(
            provider,
            Server("main", folder / "main", settings, main),
            Server("test", folder / "test", settings, test),
        )
        for started in (kube, found.main, found.test):
            stack.callback(started.stop)
            started.start()
        yield found


class Application(OAuthClient):
    """The provider's confidential client, as a test plays it."""

    def __init__(self, provider: Provider, http: httpx.AsyncClient, scope: str = ASKED) -> None:
        super().__init__(provider.issuer, http, CALLBACK, scope=scope, client_id=provider.client_id)
        self.secret = provider.client_secret

    async def code(self, name: str, **other: str | None) -> str:
        """A code of a user who signs in."""
        async with Browser(person(name)) as browser:
            return (await self.land(browser, **other))["code"]

    async def exchange(self, code: str, **other: str | None) -> httpx.Response:
        """A code for tokens, with the application's secret."""
        return await super().exchange(code, **{"client_secret": self.secret, **other})

    async def refresh(self, token: str, **other: str | None) -> httpx.Response:
        """A refresh token for tokens, with the application's secret."""
        return await super().refresh(token, **{"client_secret": self.secret, **other})
