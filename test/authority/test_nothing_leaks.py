"""Nothing secret of a login or a call is told: by no log, audit line, metric, answer, or file."""

from collections.abc import Iterator

import pytest

from test.auth.providers.auth0 import Auth0
from test.auth.servers import Server
from test.auth.walk import at_once
from test.authority.day import Day, programs
from test.authority.minted import Minted
from test.authority.world import World

PLACES = ("log", "audit log", "metrics", "answers", "files")
KINDS = {
    "ID token",
    "basic",
    "confirmation code",
    "cookie",
    "hidden field",
    "in an address",
    "our access token",
    "our code",
    "our refresh token",
    "password",
    "provider's access token",
    "provider's code",
    "provider's refresh token",
    "sent to the provider",
    "setting",
    "verifier or state",
}


@pytest.fixture(scope="module", params=["text", "json"])
def day(
    request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Day]:
    """A day that has passed, with each form of the log."""
    provider = Auth0()
    folder = tmp_path_factory.mktemp("day")
    both = programs(provider, folder, world.account, request.param)
    provider.start()
    try:
        for server in both:
            server.launch()
        for server in both:
            server.wait()
        yield at_once(_passed(provider, both, world))
    finally:
        for server in both:
            server.stop()
        provider.stop()


async def _passed(provider: Auth0, programs: tuple[Server, Server], world: World) -> Day:
    async with world.another() as site:
        day = Day(provider, *programs, site, Minted())
        await day.pass_by()
        return day


def test_secrets_of_every_kind_came_into_being(day: Day) -> None:
    found = day.minted.found
    assert {kind for kind, secrets in found.items() if secrets} == KINDS
    assert len(found["our access token"]) == 2
    assert len(found["confirmation code"]) == 2
    assert len(found["password"]) > 10


@pytest.mark.parametrize("place", PLACES)
def test_something_was_told_everywhere(day: Day, place: str) -> None:
    wanted = {
        "log": "IdP token exchange failed",
        "audit log": '"event":"sign_in"',
        "metrics": 'cnpg_mcp_sign_ins_total{outcome="granted"} 1.0',
        "answers": "confirmation_stale",
        "files": "__encrypted_data__",
    }
    assert wanted[place] in day.told()[place]


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_told(day: Day, place: str) -> None:
    assert day.minted.within(day.told()[place]) == []


def test_a_secret_would_be_found(day: Day) -> None:
    for kind, secrets in day.minted.found.items():
        for secret in secrets:
            assert kind in {found for found, _ in day.minted.within(f"before{secret}behind")}
