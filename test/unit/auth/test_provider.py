"""What is kept of an identity provider, and when it is asked again."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from cnpg_mcp.auth.errors import ProviderUnavailable
from cnpg_mcp.auth.provider import IdentityProvider
from test.auth.providers.keys import KeyRing

ISSUER = "https://issuer.example/"
CONFIGURATION = "/.well-known/openid-configuration"


class Desk:
    """A provider made of answers, and a clock."""

    def __init__(self) -> None:
        self.ring = KeyRing()
        self.now = 0.0
        self.away = False
        self.asked: list[str] = []
        self.configuration = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}authorize",
            "token_endpoint": f"{ISSUER}token",
            "jwks_uri": f"{ISSUER}jwks",
        }
        self.change: Callable[[httpx.Response], httpx.Response] = lambda answer: answer
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.provider = IdentityProvider(ISSUER, http, lambda: self.now)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("refused")
        document = self.configuration
        if request.url.path == "/jwks":
            document = self.ring.published()
        return self.change(httpx.Response(200, json=document))

    @property
    def kid(self) -> str:
        """The id of the key that signs now."""
        return self.ring.current.kid


async def test_endpoints_are_asked_for_once() -> None:
    desk = Desk()
    assert await desk.provider.endpoints() == await desk.provider.endpoints()
    assert desk.asked == [CONFIGURATION]


async def test_many_callers_at_once_ask_once() -> None:
    desk = Desk()
    await asyncio.gather(*(desk.provider.keys(desk.kid) for _ in range(20)))
    assert sorted(desk.asked) == [CONFIGURATION, "/jwks"]


async def test_new_key_is_found_at_the_first_token_that_names_it() -> None:
    desk = Desk()
    await desk.provider.keys(desk.kid)
    desk.ring.rotate()
    desk.now += 2.0
    assert len(await desk.provider.keys(desk.kid)) == 1


async def test_flood_of_unknown_keys_asks_once_in_two_seconds() -> None:
    desk = Desk()
    await desk.provider.keys(desk.kid)
    desk.now += 2.0
    for number in range(50):
        assert await desk.provider.keys(f"unknown-{number}") == ()
    assert desk.asked.count("/jwks") == 2


async def test_withdrawn_key_is_gone_after_ten_minutes() -> None:
    desk = Desk()
    old = desk.kid
    await desk.provider.keys(old)
    desk.ring.rotate(keep=False)
    desk.now += 600.0
    assert await desk.provider.keys(old) == ()


async def test_known_keys_are_used_while_the_provider_is_away() -> None:
    desk = Desk()
    await desk.provider.keys(desk.kid)
    desk.away = True
    desk.now += 3600.0
    assert len(await desk.provider.keys(desk.kid)) == 1


async def test_provider_that_was_never_there_is_unavailable_and_comes_back() -> None:
    desk = Desk()
    desk.away = True
    with pytest.raises(ProviderUnavailable):
        await desk.provider.keys(desk.kid)
    desk.away = False
    desk.now += 2.0
    assert len(await desk.provider.keys(desk.kid)) == 1


async def test_check_fails_when_the_provider_is_away_although_its_keys_are_known() -> None:
    desk = Desk()
    await desk.provider.check()
    desk.away = True
    desk.now += 5.0
    await desk.provider.check()  # asks in the background
    assert desk.provider._checking is not None
    await desk.provider._checking
    with pytest.raises(ProviderUnavailable):
        await desk.provider.check()


@pytest.mark.parametrize("keys", [[], [{"kty": "unknown"}], [None], [{"use": ["sig"]}]])
async def test_keys_that_are_withdrawn_without_others_are_gone(keys: list[object]) -> None:
    desk = Desk()
    await desk.provider.keys(desk.kid)
    desk.change = lambda _: httpx.Response(200, json={"keys": keys})
    desk.now += 600.0
    desk.provider._endpoints._got = desk.now
    assert await desk.provider.keys(desk.kid) == ()


async def test_whoever_waits_while_the_provider_hangs_takes_the_one_answer() -> None:
    desk, begun, hung = Desk(), asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        desk.asked.append(request.url.path)
        begun.set()
        await hung.wait()
        raise httpx.ReadTimeout("silent")

    http = httpx.AsyncClient(transport=httpx.MockTransport(hang))
    provider = IdentityProvider(ISSUER, http, lambda: desk.now)
    waiting = [asyncio.create_task(provider.endpoints()) for _ in range(8)]
    await begun.wait()
    desk.now += 5.0
    hung.set()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in ended] == [ProviderUnavailable] * 8
    assert desk.asked == [CONFIGURATION]


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "authorization_endpoint"])
async def test_endpoint_without_encryption_is_not_used(name: str) -> None:
    desk = Desk()
    desk.configuration[name] = "http://issuer.example/x"
    with pytest.raises(ProviderUnavailable, match=name):
        await desk.provider.endpoints()


@pytest.mark.parametrize("found", ["https://issuer.example", ISSUER])
async def test_issuer_is_spelt_as_the_provider_spells_it(found: str) -> None:
    desk = Desk()
    desk.configuration["issuer"] = found
    assert (await desk.provider.endpoints()).issuer == found


@pytest.mark.parametrize(
    "change",
    [
        lambda _: httpx.Response(200, text="<html>sign in</html>"),
        lambda _: httpx.Response(200, json=["a", "list"]),
        lambda _: httpx.Response(200, text="[" * 100_000),
        lambda _: httpx.Response(200, json={"issuer": "https://other.example/"}),
        lambda _: httpx.Response(200, json={"issuer": ISSUER}),
        lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        lambda _: httpx.Response(500),
        lambda _: httpx.Response(200, content=b" " * 1_000_001),
    ],
    ids=["page", "list", "deep", "other-issuer", "incomplete", "redirect", "error", "huge"],
)
async def test_what_answers_otherwise_is_no_provider(
    change: Callable[[httpx.Response], httpx.Response],
) -> None:
    desk = Desk()
    desk.change = change
    with pytest.raises(ProviderUnavailable):
        await desk.provider.endpoints()
