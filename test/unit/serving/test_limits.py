"""Who asks too often is told when to come back, and a flood of addresses takes bounded memory."""

import tracemalloc
from typing import Any

import pytest
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import UnauthenticatedUser

from cnpg_mcp.serving.limits import (
    AddressRateLimit,
    BoundedMemory,
    CallerRateLimit,
    RefusedTokenLimit,
    address_of,
)
from test.unit.serving.asgi import Answer, Echo, ask, http_scope


class _Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def _user(subject: object = "ann", issuer: object = "https://id.example/") -> AuthenticatedUser:
    claims = {"iss": issuer, "sub": subject}
    return AuthenticatedUser(AccessToken(token="t", client_id="c", scopes=[], claims=claims))


async def _status(app: Any, path: str = "/register", host: str = "192.0.2.1", **more: Any) -> int:
    return (await _answer(app, path, host, **more)).status


async def _answer(app: Any, path: str, host: str = "192.0.2.1", **more: Any) -> Answer:
    return await ask(app, http_scope(path, client=(host, 1), **more))


async def test_address_over_its_rate_is_refused() -> None:
    seen = Echo()
    app = AddressRateLimit(seen, rates={"/register": "2/minute"}, now=_Clock())
    assert [await _status(app) for _ in range(4)] == [200, 200, 429, 429]
    assert len(seen.scopes) == 2


async def test_refusal_says_when_to_come_back() -> None:
    clock = _Clock()
    app = AddressRateLimit(Echo(), rates={"/register": "1/minute"}, now=clock)
    await _status(app)
    clock.seconds += 18.5
    refused = await _answer(app, "/register")
    assert refused.headers["retry-after"] == "42"
    assert refused.json["error"] == "rate_limited"
    assert "42 seconds" in refused.json["error_description"]


async def test_address_is_served_again_in_the_next_window() -> None:
    clock = _Clock()
    app = AddressRateLimit(Echo(), rates={"/register": "1/minute"}, now=clock)
    assert [await _status(app), await _status(app)] == [200, 429]
    clock.seconds += 60
    assert [await _status(app), await _status(app)] == [200, 429]


async def test_refused_requests_do_not_prolong_the_window() -> None:
    clock = _Clock()
    app = AddressRateLimit(Echo(), rates={"/register": "1/minute"}, now=clock)
    for _ in range(12):
        await _status(app)
        clock.seconds += 5
    assert await _status(app) == 200


async def test_other_addresses_and_paths_have_their_own_budget() -> None:
    rates = {"/register": "1/minute", "/token": "1/minute"}
    app = AddressRateLimit(Echo(), rates=rates, now=_Clock())
    assert await _status(app, "/register") == 200
    assert await _status(app, "/token") == 200
    assert await _status(app, "/register", "192.0.2.2") == 200
    assert await _status(app, "/register") == 429


async def test_path_without_a_rate_is_not_counted() -> None:
    app = AddressRateLimit(Echo(), rates={"/register": "1/minute"}, now=_Clock())
    assert {await _status(app, "/mcp") for _ in range(5)} == {200}


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_address_is_told_as_one_site(host: str, site: str) -> None:
    assert address_of(http_scope(client=(host, 1))) == site


def test_client_without_address_is_one_site() -> None:
    assert address_of(http_scope(client=None)) == address_of({"type": "http"}) == "unknown"


async def test_neighbours_of_one_ipv6_network_share_a_budget() -> None:
    app = AddressRateLimit(Echo(), rates={"/register": "1/minute"}, now=_Clock())
    assert await _status(app, host="2001:db8::1") == 200
    assert await _status(app, host="2001:db8::2") == 429


async def test_caller_is_counted_over_all_addresses_and_paths() -> None:
    app = CallerRateLimit(Echo(), rate="2/minute", now=_Clock())
    assert await _status(app, "/mcp", "192.0.2.1", user=_user()) == 200
    assert await _status(app, "/mcp", "192.0.2.2", user=_user()) == 200
    assert await _status(app, "/x", "192.0.2.3", user=_user()) == 429


async def test_callers_behind_one_address_have_their_own_budgets() -> None:
    app = CallerRateLimit(Echo(), rate="1/minute", now=_Clock())
    assert await _status(app, user=_user("ann")) == 200
    assert await _status(app, user=_user("another")) == 200
    assert await _status(app, user=_user("ann", "https://other.example/")) == 200
    assert await _status(app, user=_user("ann")) == 429


async def test_issuer_and_subject_cannot_be_shifted_into_each_other() -> None:
    app = CallerRateLimit(Echo(), rate="1/minute", now=_Clock())
    assert await _status(app, user=_user(issuer="https://a", subject="b/c")) == 200
    assert await _status(app, user=_user(issuer="https://a/b", subject="c")) == 200


@pytest.mark.parametrize("user", [None, UnauthenticatedUser(), _user(subject=""), _user(None)])
async def test_nobody_is_counted_by_address(user: Any) -> None:
    app = CallerRateLimit(Echo(), rate="1/minute", now=_Clock())
    assert await _status(app, user=user) == 200
    assert await _status(app, user=user) == 429
    assert await _status(app, host="192.0.2.2", user=user) == 200


async def test_subject_that_is_an_address_shares_no_budget_with_it() -> None:
    app = CallerRateLimit(Echo(), rate="1/minute", now=_Clock())
    assert await _status(app, user=_user("192.0.2.1", None)) == 200
    assert await _status(app) == 200


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_other_scopes_pass(kind: str) -> None:
    seen = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        seen.append(scope["type"])

    await ask(AddressRateLimit(app, rates={}), {"type": kind})
    by_caller = CallerRateLimit(app, rate="1/day")
    await ask(by_caller, {"type": kind})
    await ask(by_caller, {"type": kind})
    assert seen == [kind] * 3


def test_wrong_rate_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="often"):
        CallerRateLimit(Echo(), rate="often")


async def test_flood_of_addresses_takes_bounded_memory() -> None:
    app = AddressRateLimit(_nothing, rates={"/register": "1/minute"}, size=1000)
    await _flood(app, 0, 1000)
    tracemalloc.start()
    full = tracemalloc.get_traced_memory()[0]
    await _flood(app, 1000, 6000)
    grown = tracemalloc.get_traced_memory()[0] - full
    tracemalloc.stop()
    assert grown < 400_000  # five thousand counters without a bound take two million bytes


async def _flood(app: Any, begin: int, end: int) -> None:
    for number in range(begin, end):
        client = (f"2001:db8:{number >> 8:x}:{number & 255:x}::1", 1)
        scope = {"type": "http", "path": "/register", "client": client}
        await app(scope, None, None)


async def _nothing(*_: Any) -> None:
    pass


async def test_flood_does_not_free_who_goes_on_asking() -> None:
    app = AddressRateLimit(Echo(), rates={"/register": "1/hour"}, size=10)
    await _status(app)
    for number in range(100):
        await _status(app, host=f"198.51.100.{number}")
        if number % 5 == 0:
            assert await _status(app) == 429


def test_storage_remembers_so_many_keys_and_no_more() -> None:
    storage = BoundedMemory(size=3, now=_Clock())
    for key in "abcad":
        storage.incr(key, 60)
    assert len(storage) == 3
    assert [storage.get(key) for key in "abcd"] == [2, 0, 1, 1]


def test_storage_forgets_on_demand() -> None:
    storage = BoundedMemory(now=_Clock())
    storage.incr("a", 60)
    storage.incr("b", 60)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b")) == (0, 1)
    assert storage.reset() == 1
    assert len(storage) == 0
    assert storage.check()


def test_window_of_a_key_that_was_never_counted_is_over() -> None:
    clock = _Clock()
    assert BoundedMemory(now=clock).get_expiry("a") == clock()


# Tokens that are refused


TOKEN = (("authorization", "Bearer made-up"),)


async def test_address_whose_tokens_are_refused_too_often_is_not_heard() -> None:
    seen = Echo(401)
    app = RefusedTokenLimit(seen, rate="2/minute", now=_Clock())
    statuses = [await _status(app, "/mcp", headers=TOKEN) for _ in range(4)]
    assert statuses == [401, 401, 429, 429]
    assert len(seen.scopes) == 2


async def test_refusal_of_tokens_says_when_to_come_back() -> None:
    clock = _Clock()
    app = RefusedTokenLimit(Echo(401), rate="1/minute", now=clock)
    await _status(app, headers=TOKEN)
    clock.seconds += 18.5
    assert (await _answer(app, "/mcp", headers=TOKEN)).headers["retry-after"] == "42"
    clock.seconds += 42
    assert await _status(app, headers=TOKEN) == 401


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 503])
async def test_other_answers_to_a_token_do_not_count(status: int) -> None:
    app = RefusedTokenLimit(Echo(status), rate="1/minute", now=_Clock())
    assert {await _status(app, headers=TOKEN) for _ in range(5)} == {status}


async def test_requests_without_a_token_neither_count_nor_are_refused() -> None:
    app = RefusedTokenLimit(Echo(401), rate="1/minute", now=_Clock())
    assert {await _status(app) for _ in range(5)} == {401}
    assert await _status(app, headers=TOKEN) == 401
    assert await _status(app, headers=TOKEN) == 429
    assert await _status(app) == 401


async def test_refused_tokens_are_counted_by_address_over_all_paths() -> None:
    app = RefusedTokenLimit(Echo(401), rate="1/minute", now=_Clock())
    assert await _status(app, "/mcp", headers=TOKEN) == 401
    assert await _status(app, "/other", headers=TOKEN) == 429
    assert await _status(app, "/mcp", "192.0.2.2", headers=TOKEN) == 401


async def test_neighbours_of_one_ipv6_network_share_their_refused_tokens() -> None:
    app = RefusedTokenLimit(Echo(401), rate="1/minute", now=_Clock())
    assert await _status(app, host="2001:db8::1", headers=TOKEN) == 401
    assert await _status(app, host="2001:db8::2", headers=TOKEN) == 429


async def test_lifespan_passes_the_limit_of_refused_tokens() -> None:
    seen = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        seen.append(scope["type"])

    await ask(RefusedTokenLimit(app, rate="1/minute"), {"type": "lifespan"})
    assert seen == ["lifespan"]
