"""How often somebody may come: by person where there is one, by address where there is none."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from test.auth import rpc
from test.auth.addresses import http_from
from test.auth.forgeries import Thief
from test.auth.oauth_client import OAuthClient
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import settings
from test.auth.servers import Server
from test.auth.site import Site

ALLOWED = 5


@pytest.fixture(scope="module")
def strict(auth0_site: Site[Auth0], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A test server that lets each caller come five times a minute."""
    environment = {**settings(auth0_site.provider), "RATE_LIMIT": f"{ALLOWED}/minute"}
    server = Server("test", tmp_path_factory.mktemp("strict"), environment)
    server.start()
    yield server
    server.stop()


async def _statuses(http: httpx.AsyncClient, url: str, tokens: list[str | None]) -> list[int]:
    return [(await rpc.call(http, url, token)).status_code for token in tokens]


async def test_person_is_limited_from_wherever_they_come(
    strict: Server, auth0_site: Site[Auth0]
) -> None:
    token = auth0_site.provider.token("cnpg:read")
    statuses = []
    for _ in range(ALLOWED + 2):
        async with http_from() as http:
            statuses += await _statuses(http, strict.mcp, [token])
    assert statuses == [200] * ALLOWED + [429] * 2


async def test_other_person_at_the_same_address_is_not_limited_with_them(
    strict: Server, auth0_site: Site[Auth0], http: httpx.AsyncClient
) -> None:
    tenant = auth0_site.provider.tenant
    one, other = (
        tenant.keys.current.sign(tenant.claims(("cnpg:read",), sub=name))
        for name in ("intruder", "another")
    )
    assert (await _statuses(http, strict.mcp, [one] * (ALLOWED + 1)))[-1] == 429
    assert await _statuses(http, strict.mcp, [other]) == [200]


@pytest.mark.parametrize("kind", ["none", "garbage", "forged", "opaque"])
async def test_whoever_has_no_good_token_is_limited_by_address(
    strict: Server, auth0_site: Site[Auth0], http: httpx.AsyncClient, kind: str
) -> None:
    forged = Thief(auth0_site.provider.tenant).own() if kind == "forged" else ""
    token = {"none": None, "garbage": "x", "forged": forged, "opaque": "a.b.c.d.e"}[kind]
    statuses = await _statuses(http, strict.mcp, [token] * (ALLOWED + 2))
    assert statuses == [401] * ALLOWED + [429] * 2


async def test_registrations_of_one_address_are_limited(client: OAuthClient) -> None:
    async with http_from() as http:
        flood = OAuthClient(client.base, http)
        statuses = [(await flood.register()).status_code for _ in range(40)]
    assert statuses[-1] == 429
    assert (await client.register()).status_code == 201


async def test_address_in_a_header_of_a_stranger_is_not_believed(client: OAuthClient) -> None:
    async with http_from() as http:
        flood = OAuthClient(client.base, http)
        statuses = []
        for number in range(40):
            http.headers["X-Forwarded-For"] = f"10.0.0.{number}"
            statuses.append((await flood.register()).status_code)
    assert statuses[-1] == 429


async def test_limit_is_told_with_the_time_to_wait(client: OAuthClient) -> None:
    async with http_from() as http:
        flood = OAuthClient(client.base, http)
        answer = await flood.register()
        for _ in range(40):
            answer = await flood.register()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60


async def test_store_does_not_grow_with_what_is_refused(
    auth0_site: Site[Auth0], client: OAuthClient
) -> None:
    """Every file in the store is of something that was let through."""
    (await client.register()).raise_for_status()
    assert (await client.register(client_name="x" * 100_000)).is_client_error
    assert _largest_in(Path(auth0_site.main.settings["OAUTH_STORE"])) < 64_000


def _largest_in(store: Path) -> int:
    return max(path.stat().st_size for path in store.rglob("*") if path.is_file())
