"""Probes tell the truth in time, cost little, and are answered whatever else goes on."""

import asyncio
import logging
from typing import Any

import pytest

from cnpg_mcp.serving.concurrency import ConcurrencyBound
from cnpg_mcp.serving.metrics import Metrics
from cnpg_mcp.serving.probes import Probes, Readiness
from test.unit.serving.asgi import Answer, Echo, Gate, ask, http_scope, until


class _Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class _Check:
    """Is well until it is given something to raise; counts how often it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0

    async def __call__(self) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error


class _Public(Exception):
    """Its message may be told."""


async def _never() -> None:
    await asyncio.Event().wait()


async def test_ready_when_every_check_is_well() -> None:
    report = await Readiness({"kubernetes": _Check(), "provider": _Check()}).report()
    assert report.ready
    assert report.checks == {"kubernetes": "ok", "provider": "ok"}


async def test_not_ready_when_one_check_fails() -> None:
    report = await Readiness({"a": _Check(), "b": _Check(_Public())}).report()
    assert not report.ready
    assert report.checks == {"a": "ok", "b": "failed"}


async def test_message_of_a_public_failure_is_told() -> None:
    check = _Check(_Public("The provider does not answer."))
    report = await Readiness({"provider": check}, public=(_Public,)).report()
    assert report.checks["provider"] == "The provider does not answer."


async def test_message_of_any_other_failure_is_not_told() -> None:
    check = _Check(ValueError("redis://:hunter2@store"))
    report = await Readiness({"store": check}, public=(_Public,)).report()
    assert report.checks["store"] == "failed"


async def test_secret_in_a_public_message_is_not_told() -> None:
    check = _Check(_Public("cannot reach redis://:hunter2@store"))
    report = await Readiness({"store": check}, public=(_Public,)).report()
    assert report.checks["store"] == "cannot reach redis://***@store"


async def test_check_without_an_answer_fails_in_time() -> None:
    report = await Readiness({"a": _never, "b": _Check()}, timeout=3).report()
    assert report.checks == {"a": "no answer within 3 s", "b": "ok"}


async def test_checks_run_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def meets_the_other() -> None:
        await both.wait()

    report = await Readiness({"a": meets_the_other, "b": meets_the_other}).report()
    assert report.ready


async def test_answer_is_kept_for_its_time() -> None:
    clock, check = _Clock(), _Check()
    readiness = Readiness({"a": check}, cached=2, now=clock)
    await readiness.report()
    clock.seconds += 1.9
    await readiness.report()
    assert check.asked == 1
    clock.seconds += 0.1
    await readiness.report()
    assert check.asked == 2


async def test_failure_shows_after_the_time_and_goes_by_itself() -> None:
    clock, check = _Clock(), _Check()
    readiness = Readiness({"a": check}, cached=2, now=clock)
    seen = []
    for error in (None, _Public(), None):
        check.error = error
        clock.seconds += 2
        seen.append((await readiness.report()).ready)
    assert seen == [True, False, True]


async def test_flood_of_probes_asks_once() -> None:
    check = _Check()
    readiness = Readiness({"a": check})
    reports = await asyncio.gather(*(readiness.report() for _ in range(100)))
    assert check.asked == 1
    assert all(report.ready for report in reports)


async def test_probe_that_hangs_up_takes_no_answer_from_others() -> None:
    gate = asyncio.Event()

    async def check() -> None:
        await gate.wait()

    readiness = Readiness({"a": check})
    first = asyncio.create_task(readiness.report())
    second = asyncio.create_task(readiness.report())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await until(first.done)
    gate.set()
    assert (await second).ready


async def test_only_changes_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock, check = _Clock(), _Check()
    readiness = Readiness({"store": check}, now=clock)
    caplog.set_level(logging.INFO)
    for error in (None, _Public(), _Public(), None, None):
        check.error = error
        clock.seconds += 10
        await readiness.report()
    assert [record.getMessage() for record in caplog.records] == [
        "store: failed",
        "store: ok again",
    ]


def _probes(readiness: Readiness | None = None, app: Any = None) -> Probes:
    return Probes(app or Echo(), readiness or Readiness({}), Metrics(()))


async def _get(app: Any, path: str, method: str = "GET") -> Answer:
    return await ask(app, http_scope(path, method=method))


async def test_alive_although_not_ready() -> None:
    assert (await _get(_probes(Readiness({"a": _Check(_Public())})), "/healthz")).status == 200


async def test_ready_as_http_has_it() -> None:
    answer = await _get(_probes(Readiness({"a": _Check()})), "/readyz")
    assert (answer.status, answer.json) == (200, {"ready": True, "checks": {"a": "ok"}})
    assert answer.headers["cache-control"] == "no-store"


async def test_not_ready_as_http_has_it() -> None:
    answer = await _get(_probes(Readiness({"a": _Check(_Public())})), "/readyz")
    assert (answer.status, answer.json) == (503, {"ready": False, "checks": {"a": "failed"}})


async def test_metrics_are_told() -> None:
    answer = await _get(_probes(), "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"cnpg_mcp_build_info" in answer.body


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_head_has_the_status_and_no_other_method_is_served(path: str) -> None:
    app = Echo()
    probes = _probes(app=app)
    assert (await _get(probes, path, "HEAD")).status == 200
    refused = await _get(probes, path, "POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert not app.scopes


@pytest.mark.parametrize("path", ["/", "/mcp", "/healthz/", "/readyz/x", "/metricsx"])
async def test_everything_else_goes_to_the_app(path: str) -> None:
    app = Echo()
    await _get(_probes(app=app), path)
    assert [scope["path"] for scope in app.scopes] == [path]


async def test_lifespan_goes_to_the_app() -> None:
    seen = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        seen.append(scope["type"])

    await ask(_probes(app=app), {"type": "lifespan"})
    assert seen == ["lifespan"]


async def test_probes_are_answered_while_the_app_is_saturated() -> None:
    gate = Gate()
    app = _probes(app=ConcurrencyBound(gate, limit=1))
    waiting = asyncio.create_task(_get(app, "/mcp"))
    await until(lambda: gate.arrived == 1)
    assert (await _get(app, "/mcp")).status == 503
    assert [(await _get(app, path)).status for path in ("/healthz", "/readyz")] == [200, 200]
    gate.open()
    await waiting
