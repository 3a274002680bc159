"""Over the bound a request is refused at once, and nothing of the others is lost."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from cnpg_mcp.serving.bounds import BodyBounds
from cnpg_mcp.serving.concurrency import ConcurrencyBound
from cnpg_mcp.serving.metrics import HttpMetrics, Metrics
from cnpg_mcp.serving.probes import Probes, Readiness
from cnpg_mcp.serving.requests import RequestId
from test.unit.serving.asgi import Echo, Gate, answer_with, ask, http_scope, served, until


async def test_request_over_the_bound_is_refused_at_once() -> None:
    gate = Gate()
    app = ConcurrencyBound(gate, limit=2)
    waiting = [asyncio.create_task(ask(app)) for _ in range(2)]
    await until(lambda: gate.arrived == 2)
    refused = await ask(app)
    gate.open()
    assert refused.status == 503
    assert refused.json["error"] == "overloaded"
    assert int(refused.headers["retry-after"]) >= 1
    assert [answer.status for answer in await asyncio.gather(*waiting)] == [200, 200]


async def test_place_is_free_again_after_an_answer() -> None:
    app = ConcurrencyBound(Echo(), limit=1)
    assert [(await ask(app)).status for _ in range(3)] == [200, 200, 200]
    assert app.at_work == 0


async def test_place_is_free_again_after_a_failure() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError

    app = ConcurrencyBound(broken, limit=1)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await ask(app)
    assert app.at_work == 0


async def test_places_are_free_again_after_cancellations() -> None:
    gate = Gate()
    app = ConcurrencyBound(gate, limit=50)
    waiting = [asyncio.create_task(ask(app)) for _ in range(50)]
    await until(lambda: gate.arrived == 50)
    for task in waiting[:30]:
        task.cancel()
    await asyncio.gather(*waiting[:30], return_exceptions=True)
    assert app.at_work == 20
    gate.open()
    await asyncio.gather(*waiting[30:])
    assert app.at_work == 0


async def test_refusals_take_no_place() -> None:
    gate = Gate()
    app = ConcurrencyBound(gate, limit=1)
    waiting = asyncio.create_task(ask(app))
    await until(lambda: gate.arrived == 1)
    await asyncio.gather(*(ask(app) for _ in range(10)))
    assert app.at_work == 1
    gate.open()
    await waiting


async def test_other_scopes_pass() -> None:
    seen = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        seen.append(scope["type"])

    await ask(ConcurrencyBound(app, limit=0), {"type": "lifespan"})
    assert seen == ["lifespan"]


async def test_bodies_that_do_not_come_take_no_place_inside_of_their_bound() -> None:
    never = asyncio.Event()

    async def dribbled() -> Any:
        await never.wait()

    app = BodyBounds(ConcurrencyBound(Echo(), limit=2))
    slow = [asyncio.create_task(ask(app, http_scope(), dribbled)) for _ in range(5)]
    await asyncio.sleep(0)
    assert (await ask(app)).status == 200
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


class _Held:
    """Answers with the body, but only when `freed` says so; counts who waits."""

    def __init__(self) -> None:
        self.waiting = 0
        self.freed = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.waiting += 1
        await until(lambda: self.freed)
        await answer_with(send, 200, message["body"])


async def test_parallel_calls_over_the_bound_lose_no_answer() -> None:
    held, metrics, limit, number = _Held(), Metrics(()), 8, 200
    bound = ConcurrencyBound(BodyBounds(held), limit=limit)
    app = RequestId(Probes(HttpMetrics(bound, metrics), Readiness({}), metrics))
    pool = httpx.Limits(max_connections=number + 1)
    with served(app) as url:
        async with httpx.AsyncClient(limits=pool, timeout=60) as client:

            async def call(item: int) -> httpx.Response:
                return await client.post(f"{url}/mcp", content=b"%d" % item * 2000)

            calls = [asyncio.create_task(call(item)) for item in range(number)]
            await until(lambda: sum(each.done() for each in calls) == number - limit)
            probe = await client.get(f"{url}/readyz")
            held.freed = True
            answers = await asyncio.gather(*calls)
            after = await call(1)
    assert probe.status_code == after.status_code == 200
    assert Counter(answer.status_code for answer in answers) == {200: limit, 503: number - limit}
    for item, answer in enumerate(answers):
        if answer.status_code == 200:
            assert answer.content == b"%d" % item * 2000
        else:
            assert answer.json()["error"] == "overloaded"
            assert answer.headers["retry-after"] == "1"
    assert len({answer.headers["x-request-id"] for answer in answers}) == number
    assert bound.at_work == 0
    assert b'refusals_total{reason="unavailable"} 192.0' in metrics.exposition()
