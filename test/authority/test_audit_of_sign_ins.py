"""What happens at the door is on record: who came in, who did not, whose login has ended."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cnpg_mcp.auth.family import GRACE_SECONDS
from test.auth import rpc
from test.auth.browser import Browser, Stuck
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON
from test.auth.tokens import with_a_bit_flipped
from test.authority.house import NAMES, House

Line = dict[str, Any]
Way = Callable[["Door", Auth0], Awaitable[None]]


@pytest.fixture(scope="module")
def provider() -> Iterator[Auth0]:
    """A tenant of this module's own: its knobs are turned."""
    running = Auth0()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def doors(provider: Auth0, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """Both servers, without an API server."""
    folder = tmp_path_factory.mktemp("doors")
    main, test = (
        House(kind, provider.issuer, folder / kind, folder / "no-kubeconfig") for kind in NAMES
    )
    with main, test:
        yield {"main": main, "test": test}


@dataclass
class Door:
    """The main server with a client and a browser, and the lines since this test began."""

    house: House
    client: OAuthClient
    browser: Browser
    _before: int

    @property
    def lines(self) -> list[Line]:
        """What was written so far."""
        return self.house.audit[self._before :]

    def line(self, event: str) -> Line:
        """The one line of an event."""
        (found,) = (line for line in self.lines if line["event"] == event)
        return found

    async def login(self) -> Tokens:
        """A login, after which the record begins anew."""
        found = await self.client.login(self.browser)
        self._before = len(self.house.audit)
        return found


@pytest_asyncio.fixture
async def door(doors: dict[str, House], http: httpx.AsyncClient) -> AsyncIterator[Door]:
    """The main server's door."""
    house = doors["main"]
    client = OAuthClient(house.base, http, scope="openid cnpg:read")
    async with Browser(PERSON) as browser:
        yield Door(house, client, browser, len(house.audit))


def names_everybody(line: Line, door: Door, provider: Auth0) -> bool:
    """Whether a line says who it was, with which client."""
    person = {"issuer": provider.issuer, "subject": provider.subject}
    return (line["caller"], line["client_id"], line["client"]) == (
        person,
        door.client.client_id,
        "a test",
    )


async def test_login_is_on_record_under_the_name_of_its_request(
    door: Door, provider: Auth0
) -> None:
    landed = await door.client.land(door.browser)
    answer = await door.client.exchange(landed["code"])
    (line,) = door.lines
    assert (line["event"], line["outcome"]) == ("sign_in", "ok")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert names_everybody(line, door, provider)


async def test_login_that_fails_at_the_provider_is_on_record_with_the_reason(
    door: Door, provider: Auth0
) -> None:
    provider.tenant.encrypts = True
    try:
        with pytest.raises(Stuck):
            await door.client.land(door.browser)
    finally:
        provider.tenant.encrypts = False
    (line,) = door.lines
    assert (line["event"], line["outcome"]) == ("sign_in", "failed")
    assert "encrypted" in line["reason"]


async def test_refresh_is_on_record(door: Door, provider: Auth0) -> None:
    found = await door.login()
    answer = await door.client.refresh(found.refresh)
    (line,) = door.lines
    assert (line["event"], line["outcome"]) == ("refresh", "ok")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert names_everybody(line, door, provider)


async def test_refresh_token_that_is_used_again_later_is_on_record(
    door: Door, provider: Auth0, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await door.login()
    current = tokens(await door.client.refresh(found.refresh))
    families = door.house.entrance.auth._families
    monkeypatch.setattr(families, "_now", lambda: time.time() + GRACE_SECONDS + 1)
    answer = await door.client.refresh(found.refresh)
    line = door.lines[-1]
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (line["event"], line["outcome"]) == ("refresh", "reused")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert names_everybody(line, door, provider)
    called = await rpc.call(door.client.http, door.house.mcp, current.access)
    assert called.status_code == 401


@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_revocation_is_on_record(door: Door, kind: str) -> None:
    found = await door.login()
    answer = await door.client.revoke(getattr(found, kind))
    line = door.line("revoke")
    assert (line["outcome"], line["client_id"]) == ("ok", door.client.client_id)
    assert line["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("kind", NAMES)
async def test_token_that_is_refused_is_on_record_without_any_part_of_it(
    doors: dict[str, House], provider: Auth0, http: httpx.AsyncClient, kind: str
) -> None:
    house, token = doors[kind], with_a_bit_flipped(provider.token("cnpg:admin"))
    answer = await rpc.call(http, house.mcp, token)
    line = house.audit[-1]
    assert answer.status_code == 401
    assert (line["event"], line["outcome"]) == ("refused", "invalid_token")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["reason"] == answer.json()["error_description"]
    assert line["address"].startswith("127.")
    assert not any(part in house.audit_log.read_text() for part in token.split("."))


async def test_token_that_nobody_can_judge_is_on_record(
    http: httpx.AsyncClient, folder: Path
) -> None:
    absent = Auth0()
    with House("test", absent.issuer, folder, folder / "no-kubeconfig") as house:
        answer = await rpc.call(http, house.mcp, absent.token("cnpg:read"))
        line = house.audit[-1]
    assert answer.status_code == 503
    assert (line["event"], line["outcome"]) == ("refused", "unavailable")
    assert line["request_id"] == answer.headers["x-request-id"]


# Ways in that fail


async def declined(door: Door, provider: Auth0) -> None:
    (await door.client.register()).raise_for_status()
    url = door.client.authorization()
    await door.browser.sign_in(url, door.client.redirect_uri, press="deny")


async def refused_by_the_provider(door: Door, provider: Auth0) -> None:
    usual, provider.tenant.audience = provider.tenant.audience, "https://some-other-api.example"
    try:
        await door.client.land(door.browser)
    finally:
        provider.tenant.audience = usual


async def used_code(door: Door, provider: Auth0) -> None:
    landed = await door.client.land(door.browser)
    await door.client.exchange(landed["code"])
    await door.client.exchange(landed["code"])


async def guessed_code(door: Door, provider: Auth0) -> None:
    (await door.client.register()).raise_for_status()
    await door.client.exchange("a-guess")


async def guessed_refresh(door: Door, provider: Auth0) -> None:
    (await door.client.register()).raise_for_status()
    await door.client.refresh("a-guess")


async def ended_at_the_provider(door: Door, provider: Auth0) -> None:
    found = await door.client.login(door.browser)
    provider.tenant.end_all_logins()
    await door.client.refresh(found.refresh)


FAILING = (declined, refused_by_the_provider, ended_at_the_provider)
GUESSING = (used_code, guessed_code, guessed_refresh)


@pytest.mark.parametrize("way", FAILING, ids=lambda way: way.__name__)
async def test_way_in_that_fails_is_on_record(door: Door, provider: Auth0, way: Way) -> None:
    await way(door, provider)
    line = door.lines[-1]
    assert line["event"] in {"sign_in", "refresh"}
    assert line["outcome"] == "refused"
    assert line["reason"]


@pytest.mark.parametrize("way", GUESSING, ids=lambda way: way.__name__)
async def test_guess_at_the_token_endpoint_is_on_record(
    door: Door, provider: Auth0, way: Way
) -> None:
    await way(door, provider)
    assert door.lines[-1]["outcome"] not in {"ok", "granted"}
