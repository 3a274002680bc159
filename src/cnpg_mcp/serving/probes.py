"""Whether the server lives, and whether it can do its work, for whoever runs it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cnpg_mcp.serving.metrics import CONTENT_TYPE
from cnpg_mcp.serving.redaction import redacted

Check = Callable[[], Awaitable[None]]
"""Returns when what it asks is well, and raises when it is not."""
HEALTH, READINESS, METRICS = "/healthz", "/readyz", "/metrics"
PATHS = frozenset({HEALTH, READINESS, METRICS})
_OK = "ok"
_FAILED = "failed"
_SENTENCE_CHARS = 300
_UNCACHED = {"Cache-Control": "no-store"}
_log = logging.getLogger(__name__)


class Exposition(Protocol):
    """Where the text of `/metrics` comes from."""

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        ...


@dataclass(frozen=True)
class Report:
    """Whether the server is ready, and by check `ok` or a sentence that says what is wrong."""

    ready: bool
    checks: Mapping[str, str]


class Readiness:
    """Asks what the server needs, each check by itself and all at the same time.

    An answer is good for `cached` seconds, and a check that takes longer than `timeout` seconds
    has failed. However many ask, each check is asked once. Of an exception of a `public` type the
    message is told; of any other only that the check failed, and the log has the rest.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        cached: float = 2.0,
        timeout: float = 2.0,
        public: tuple[type[Exception], ...] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = {
            name: _Cached(name, _Asking(ask, timeout, public), cached, now)
            for name, ask in checks.items()
        }

    async def report(self) -> Report:
        """What is known, at most `cached` seconds old; takes `timeout` seconds at most."""
        told = await asyncio.gather(*(check.outcome() for check in self._checks.values()))
        checks = dict(zip(self._checks, told, strict=True))
        return Report(ready=all(sentence == _OK for sentence in told), checks=checks)


@dataclass(frozen=True)
class _Asking:
    """One check within its time, its failure as a sentence."""

    check: Check
    timeout: float
    public: tuple[type[Exception], ...]

    async def outcome(self) -> tuple[str, Exception | None]:
        try:
            async with asyncio.timeout(self.timeout):
                await self.check()
        except TimeoutError as error:
            return f"no answer within {self.timeout:g} s", error
        except self.public as error:
            return redacted(str(error), _SENTENCE_CHARS) or _FAILED, error
        except Exception as error:  # noqa: BLE001 - whatever it is, the check has failed
            return _FAILED, error
        return _OK, None


class _Cached:
    """What a check said last; asked again when that is too old, by one task for all."""

    def __init__(
        self, name: str, asking: _Asking, seconds: float, now: Callable[[], float]
    ) -> None:
        self._name = name
        self._asking = asking
        self._seconds = seconds
        self._now = now
        self._told: str | None = None
        self._until = 0.0
        self._running: asyncio.Task[str] | None = None

    async def outcome(self) -> str:
        if self._told is not None and self._now() < self._until:
            return self._told
        if self._running is None:
            self._running = asyncio.create_task(self._ask())
        # Whoever asked first may hang up: the others still wait for the same answer.
        return await asyncio.shield(self._running)

    async def _ask(self) -> str:
        try:
            told, error = await self._asking.outcome()
            self._note(told, error)
            self._told, self._until = told, self._now() + self._seconds
            return told
        finally:
            self._running = None

    def _note(self, told: str, error: Exception | None) -> None:
        """Logs a change, and only a change: probes come every few seconds."""
        if error is not None and told != self._told:
            _log.warning("%s: %s", self._name, told, exc_info=error)
        elif error is None and self._told not in {None, _OK}:
            _log.info("%s: ok again", self._name)


class Probes:
    """Answers `/healthz`, `/readyz` and `/metrics` itself, and passes everything else on.

    It belongs outside of every bound, so that a server with too much work is not taken for dead.
    `/healthz` is always 200, `/readyz` 200 or 503. It refuses other methods than GET and HEAD
    (405). Nothing here names an object or a person, and none of it is meant for the public.
    """

    def __init__(self, app: ASGIApp, readiness: Readiness, metrics: Exposition) -> None:
        self._app = app
        self._readiness = readiness
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a probe, or passes the request on."""
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._app(scope, receive, send)
            return
        answer = await self._answer(scope["method"], scope["path"])
        await answer(scope, receive, send)

    async def _answer(self, method: str, path: str) -> Response:
        if method not in {"GET", "HEAD"}:
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": "GET, HEAD"})
        if path == HEALTH:
            return PlainTextResponse(_OK, headers=_UNCACHED)
        if path == METRICS:
            headers = {**_UNCACHED, "Content-Type": CONTENT_TYPE}
            return Response(self._metrics.exposition(), headers=headers)
        report = await self._readiness.report()
        return JSONResponse(asdict(report), 200 if report.ready else 503, _UNCACHED)
