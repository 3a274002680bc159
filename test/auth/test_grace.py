"""What a refresh token is worth when it is used once more: now, within the grace, and after it."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cnpg_mcp.auth.door import Entrance, main_entrance
from cnpg_mcp.auth.events import Tell
from cnpg_mcp.auth.family import GRACE_SECONDS, Families
from cnpg_mcp.auth.place import Place
from cnpg_mcp.serving.http import build_app
from cnpg_mcp.settings import Settings
from test.auth import rpc
from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from test.auth.site import SIGNING_KEY
from test.auth.threaded import Threaded
from test.controlplane.process import free_ports


class Clock:
    """The server's clock, which tests set forward, and may stop."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._stopped: float | None = None

    def stop(self) -> None:
        """It goes on only where it is set forward, however long a test takes."""
        self._stopped = time.time()

    def set_right(self) -> None:
        """It goes as clocks do."""
        self.ahead, self._stopped = 0.0, None

    def __call__(self) -> float:
        now = time.time() if self._stopped is None else self._stopped
        return now + self.ahead


@pytest.fixture(scope="module")
def provider() -> Iterator[Auth0]:
    """The stand-in for Auth0."""
    made = Auth0()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def served_clock(
    provider: Auth0, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Clock]]:
    """The main server in this process: its address, and its clock."""
    clock, (port,) = Clock(), free_ports(1)
    folder = tmp_path_factory.mktemp("grace")
    place = Place(f"http://localhost:{port}", "/mcp")

    def enter(settings: Settings, place: Place, tell: Tell) -> Entrance:
        entrance = main_entrance(settings, place, tell)
        assert entrance.store is not None
        entrance.auth._families = Families(entrance.store.values, clock)
        return entrance

    app = build_app("cnpg-mcp", _settings(provider, folder), place, enter)
    with Threaded(app, port, lifespan=True):
        yield place.public_url, clock


def _settings(provider: Auth0, folder: Path) -> Settings:
    return Settings(
        kubeconfig=str(folder / "absent"),
        audit_log=folder / "audit.jsonl",
        oidc_issuer=provider.issuer,
        oidc_audience=AUDIENCE,
        auth0_client_id=CLIENT_ID,
        auth0_client_secret=SecretStr(CLIENT_SECRET),
        oauth_signing_key=SecretStr(SIGNING_KEY),
        oauth_store=SecretStr(str(folder / "store")),
    )


@pytest.fixture
def clock(served_clock: tuple[str, Clock]) -> Iterator[Clock]:
    """The server's clock; it is set right afterwards."""
    found = served_clock[1]
    yield found
    found.set_right()


@pytest.fixture
def client(served_clock: tuple[str, Clock], http: httpx.AsyncClient) -> OAuthClient:
    """A client of that server."""
    return OAuthClient(served_clock[0], http)


async def _is_let_in(client: OAuthClient, found: Tokens) -> bool:
    return rpc.is_let_in(await rpc.call(client.http, f"{client.base}/mcp", found.access))


def _is_over(answer: httpx.Response) -> bool:
    return answer.status_code == 400 and answer.json()["error"] == "invalid_grant"


async def test_second_use_within_the_grace_brings_the_same_tokens(
    client: OAuthClient, browser: Browser, clock: Clock
) -> None:
    first = await client.login(browser)
    clock.stop()
    second = tokens(await client.refresh(first.refresh))
    clock.ahead = GRACE_SECONDS - 2
    again = tokens(await client.refresh(first.refresh))
    assert (again.access, again.refresh) == (second.access, second.refresh)
    assert await _is_let_in(client, again)


async def test_use_after_the_grace_ends_the_login(
    client: OAuthClient, browser: Browser, clock: Clock, provider: Auth0
) -> None:
    first = await client.login(browser)
    second = tokens(await client.refresh(first.refresh))
    revoked = len(provider.tenant.asked("/oauth/revoke"))
    clock.ahead = GRACE_SECONDS + 2
    assert _is_over(await client.refresh(first.refresh))
    assert not await _is_let_in(client, second)
    assert _is_over(await client.refresh(second.refresh))
    assert len(provider.tenant.asked("/oauth/revoke")) == revoked + 1


async def test_thief_who_was_first_loses_the_login_as_well(
    client: OAuthClient, browser: Browser, clock: Clock
) -> None:
    """Whoever comes second after the grace: both are out, and the person signs in again."""
    stolen = await client.login(browser)
    of_thief = tokens(await client.refresh(stolen.refresh))
    clock.ahead = GRACE_SECONDS + 2
    of_thief = tokens(await client.refresh(of_thief.refresh))
    assert _is_over(await client.refresh(stolen.refresh))
    assert not await _is_let_in(client, of_thief)
    assert _is_over(await client.refresh(of_thief.refresh))


async def test_other_logins_of_the_person_go_on(
    client: OAuthClient, browser: Browser, clock: Clock
) -> None:
    ended, other = await client.login(browser), await client.login(browser)
    tokens(await client.refresh(ended.refresh))
    clock.ahead = GRACE_SECONDS + 2
    assert _is_over(await client.refresh(ended.refresh))
    assert await _is_let_in(client, other)
    tokens(await client.refresh(other.refresh))


async def test_signing_in_anew_works_after_a_login_was_ended(
    client: OAuthClient, browser: Browser, clock: Clock
) -> None:
    first = await client.login(browser)
    tokens(await client.refresh(first.refresh))
    clock.ahead = GRACE_SECONDS + 2
    await client.refresh(first.refresh)
    assert await _is_let_in(client, await client.login(browser))
