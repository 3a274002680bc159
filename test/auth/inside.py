"""A main server inside this process, and a second look into its store."""

import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from cnpg_mcp.auth.door import Entrance, main_entrance
from cnpg_mcp.auth.events import AuthEvent, Door, Tell
from cnpg_mcp.auth.family import Families
from cnpg_mcp.auth.login.sign_in import SignIn
from cnpg_mcp.auth.place import Place
from cnpg_mcp.auth.store import LoginStore
from cnpg_mcp.serving.http import build_app
from cnpg_mcp.settings import Settings
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from test.auth.site import SIGNING_KEY
from test.auth.threaded import Threaded
from test.controlplane.process import free_ports

PATH = "/mcp"


class Clock:
    """A server's clock, which tests set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Inside(AbstractContextManager["Inside"]):
    """One main server, listening once the context is entered.

    `clock` judges used refresh tokens; `events` is what its door has told.

    Args:
        provider: whom it trusts.
        folder: for what it writes.
        more: more settings, by their names in `Settings`.
    """

    def __init__(self, provider: Auth0, folder: Path, **more: Any) -> None:
        (self.port,) = free_ports(1)
        folder.mkdir(parents=True, exist_ok=True)
        self.provider = provider
        self.base = f"http://localhost:{self.port}"
        self.folder, self.clock = folder, Clock()
        self.events: list[AuthEvent] = []
        self._place = Place(more.pop("public_url", self.base), PATH)
        self.settings = _settings(provider, folder, more)
        app = build_app("cnpg-mcp", self.settings, self._place, self._enter)
        self._served = Threaded(app, self.port, lifespan=True)

    @property
    def mcp(self) -> str:
        """The address of its endpoint."""
        return self.base + PATH

    @property
    def store(self) -> Path:
        """The directory of its logins, where it has one."""
        return self.folder / "store"

    def has_told(self, door: Door, outcome: str) -> bool:
        """Whether something has happened at its door."""
        return any((event.door, event.outcome) == (door, outcome) for event in self.events)

    @asynccontextmanager
    async def looked_into(self) -> AsyncIterator[tuple[SignIn, LoginStore]]:
        """A sign-in with the same store, for the event loop of a test."""
        entrance = main_entrance(self.settings, self._place, lambda _: None)
        assert isinstance(entrance.auth, SignIn)
        assert entrance.store is not None
        entrance.auth.set_mcp_path(PATH)
        try:
            yield entrance.auth, entrance.store
        finally:
            await entrance.provider.close()
            await entrance.store.close()

    async def expire(self, access: str) -> None:
        """The provider's token behind one of ours is over."""
        tenant = self.provider.tenant
        async with self.looked_into() as (sign_in, _):
            family, _ = await sign_in._family(access, "access")
            stored = await sign_in._upstream_token_store.get(key=family)
            assert stored is not None
            stored.access_token = tenant.keys.current.sign(tenant.claims(exp=1000))
            await sign_in._upstream_token_store.put(family, stored, ttl=600)

    def _enter(self, settings: Settings, place: Place, tell: Tell) -> Entrance:
        def told(event: AuthEvent) -> None:
            self.events.append(event)
            tell(event)

        entrance = main_entrance(settings, place, told)
        assert isinstance(entrance.auth, SignIn)
        assert entrance.store is not None
        entrance.auth._families = Families(entrance.store.values, self.clock)
        return entrance

    def __enter__(self) -> Self:
        self._served.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._served.stop()


def _settings(provider: Auth0, folder: Path, more: dict[str, Any]) -> Settings:
    given = {
        "kubeconfig": str(folder / "absent"),
        "audit_log": folder / "audit.jsonl",
        "oidc_issuer": provider.issuer,
        "oidc_audience": AUDIENCE,
        "auth0_client_id": CLIENT_ID,
        "auth0_client_secret": SecretStr(CLIENT_SECRET),
        "oauth_signing_key": SecretStr(SIGNING_KEY),
        "oauth_store": SecretStr(str(folder / "store")),
        "rate_limit": "100000/minute",
    }
    return Settings(**{**given, **more})
