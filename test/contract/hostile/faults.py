"""What can befall one request to the API server, and a proxy that makes it happen.

The proxy stands between the server and the real API server. It passes everything on as the
server's user, writes down what it has seen, and breaks the one request that it is told to break.
"""

import asyncio
import contextlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from aiohttp import ClientResponse, web
from aiohttp.typedefs import Handler

from test.controlplane.api import KubeClient

_FIRST_NEWS, _MOMENT = 1, 0.1
"""Seconds of a watch: until it tells something, and after it has told the last."""
_NAMESPACE = re.compile(r"/namespaces/[^/]+")
_RANDOM = re.compile(r"(-[0-9a-f]{10})-[0-9a-f]{8}$")
_PASSED_ON = ("Accept", "Content-Type")
_PASSED_BACK = ("Content-Type", "Warning", "Retry-After")
_REASONS = {403: "Forbidden", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError"}


class Fault(StrEnum):
    """What befalls one request."""

    FORBIDDEN = "403"
    CONFLICT = "409"
    INVALID = "422"
    TOO_MANY = "429"
    BROKEN = "500"
    LATE = "504, though it was done"
    SILENT = "no answer, and not done"
    SILENT_AFTER = "no answer, though it was done"
    CUT = "cut, and not done"
    CUT_AFTER = "cut, though it was done"
    CANCELLED = "call cancelled before it was done"
    CANCELLED_AFTER = "call cancelled after it was done"

    @property
    def cancels(self) -> bool:
        """Whether the caller gives up while the request is held."""
        return self in {Fault.CANCELLED, Fault.CANCELLED_AFTER}

    @property
    def is_done_first(self) -> bool:
        """Whether the API server does what is asked before anything breaks."""
        late = {Fault.LATE, Fault.SILENT_AFTER, Fault.CUT_AFTER, Fault.CANCELLED_AFTER}
        return self in late


@dataclass(frozen=True)
class Strike:
    """A fault, and what befalls every request after it: nothing, unless the API server is gone."""

    fault: Fault
    after: Fault | None = None

    @property
    def needs_impatience(self) -> bool:
        """Whether the server would wait, or try again and again."""
        silent = self.fault in {Fault.SILENT, Fault.SILENT_AFTER}
        return silent or self.after is not None

    def __str__(self) -> str:
        return f"{self.fault}; then always {self.after}" if self.after else str(self.fault)


_EVERYWHERE = [
    *map(Strike, (Fault.FORBIDDEN, Fault.TOO_MANY, Fault.BROKEN, Fault.SILENT, Fault.CUT)),
    Strike(Fault.CANCELLED),
    Strike(Fault.BROKEN, Fault.BROKEN),
]
_WRITES = [*map(Strike, (Fault.CONFLICT, Fault.INVALID))]
_CHANGES = [
    *map(Strike, (Fault.LATE, Fault.SILENT_AFTER, Fault.CUT_AFTER, Fault.CANCELLED_AFTER)),
    Strike(Fault.LATE, Fault.BROKEN),
    Strike(Fault.CUT, Fault.CUT),
    Strike(Fault.CUT_AFTER, Fault.CUT),
]


@dataclass(frozen=True)
class Step:
    """One request of a call as it comes every time: what is asked, and for the how manieth time."""

    method: str
    path: str
    dry_run: bool
    number: int = 1

    @property
    def changes(self) -> bool:
        """Whether it asks for a change that is meant."""
        return self.method != "GET" and not self.dry_run

    def strikes(self) -> list[Strike]:
        """What can befall it; a read or a dry run is the same whether or not it was done."""
        writes = _WRITES if self.method != "GET" else []
        if self.method == "DELETE" and "/secrets/" in self.path:
            writes = writes[1:]  # a conflict would say that by now it is a Secret of someone else
        return [*_EVERYWHERE, *writes, *(_CHANGES if self.changes else [])]

    def __str__(self) -> str:
        dry = " (dry run)" if self.dry_run else ""
        return f"{self.method} {self.path}{dry} #{self.number}"


@dataclass
class Proxy:
    """Passes requests on to the API server and breaks one of them.

    `hidden` is a kind that this API server seems not to have; `stand_ins` are answers to reads of
    what it does not have, by the end of the path. `operator` is told what the API server has done.
    """

    upstream: KubeClient
    hidden: str | None = None
    stand_ins: dict[str, dict[str, object]] = field(default_factory=dict)
    operator: Callable[[Step], Awaitable[None]] | None = None
    url: str = ""
    steps: list[Step] = field(default_factory=list)
    _target: Step | None = None
    _strike: Strike | None = None
    _counted: Counter[Step] = field(default_factory=Counter)
    _held: asyncio.Event = field(default_factory=asyncio.Event)
    _release: asyncio.Event = field(default_factory=asyncio.Event)
    _calm: asyncio.Event = field(default_factory=asyncio.Event)
    _in_flight: int = 0
    struck: bool = False

    def __post_init__(self) -> None:
        self._calm.set()

    def arm(self, target: Step | None = None, strike: Strike | None = None) -> None:
        """Forgets what it has seen; breaks that step the next time, or nothing."""
        self._target, self._strike, self.struck = target, strike, False
        self.steps, self._counted = [], Counter()
        self._held, self._release = asyncio.Event(), asyncio.Event()

    @property
    def held(self) -> asyncio.Event:
        """Set when the request in question is there, while the caller still waits for it."""
        return self._held

    async def calm(self) -> None:
        """Lets go what is held, and waits until no request is under way."""
        self._release.set()
        await self._calm.wait()

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keeps count of what is under way."""
        self._in_flight += 1
        self._calm.clear()
        try:
            return await handler(request)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._calm.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one request."""
        body = await request.read()
        step = self._seen(request, body)
        fault = self._due(step)
        if fault is None:
            return await self._done(step, request, body)
        if fault.is_done_first:
            answer = await self._done(step, request, body)
        self._held.set()
        if fault.cancels:
            await self._release.wait()
            return answer if fault.is_done_first else await self._done(step, request, body)
        return await self._broken(fault, request)

    async def _done(self, step: Step, request: web.Request, body: bytes) -> web.Response:
        answer = await self._passed_on(request, body)
        if self.operator and step.changes and answer.status < 300:
            await self.operator(step)
        return answer

    def _seen(self, request: web.Request, body: bytes) -> Step:
        path = _RANDOM.sub(r"\1", _NAMESPACE.sub("", request.path))
        options = json.loads(body) if request.method == "DELETE" and body else {}
        dry_run = "dryRun" in request.query or "dryRun" in options
        kind = Step(request.method, path, dry_run)
        self._counted[kind] += 1
        step = Step(request.method, path, dry_run, self._counted[kind])
        self.steps.append(step)
        return step

    def _due(self, step: Step) -> Fault | None:
        if self._strike is None:
            return None
        if self.struck:
            return self._strike.after
        if step != self._target:
            return None
        self.struck = True
        return self._strike.fault

    async def _broken(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        if fault is Fault.LATE:
            return _failed(504, "Timeout")
        if fault in {Fault.CUT, Fault.CUT_AFTER}:
            return _cut(request)
        if fault in {Fault.SILENT, Fault.SILENT_AFTER}:
            await self._release.wait()
            return _cut(request)
        if fault is Fault.CONFLICT:
            made = request.method == "POST"
            return _failed(409, "AlreadyExists" if made else "Conflict")
        return _failed(int(fault), _REASONS[int(fault)])

    async def _passed_on(self, request: web.Request, body: bytes) -> web.Response:
        parts = request.path.split("/")
        if self.hidden in parts:
            return web.Response(status=404, text="404 page not found\n")
        for path, answer in self.stand_ins.items():
            if request.path.endswith(path):
                return web.json_response(answer)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        asked = self.upstream.session.request(
            request.method, request.path_qs, data=body, headers=headers
        )
        async with asked as answer:
            data = await (_events(answer) if "watch" in request.query else answer.read())
            back = [(n, value) for n in _PASSED_BACK for value in answer.headers.getall(n, ())]
            return web.Response(status=answer.status, body=data, headers=back)


@asynccontextmanager
async def proxy(upstream: KubeClient, **options: object) -> AsyncIterator[Proxy]:
    """A proxy that listens on a port of its own."""
    made = Proxy(upstream, **options)
    app = web.Application(middlewares=[made.count])
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await made.calm()
        await runner.cleanup()


async def _events(answer: ClientResponse) -> bytes:
    """What a watch tells in its first moments; a watch may end at any time."""
    data = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_NEWS) as limit:
            async for chunk in answer.content.iter_any():
                data += chunk
                limit.reschedule(asyncio.get_running_loop().time() + _MOMENT)
    return data[: data.rfind(b"\n") + 1]


def _failed(status: int, reason: str) -> web.Response:
    """A `Status` as the API server words it."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": f"made up: {HTTPStatus(status).phrase}",
        "details": {"name": "it"},
        "code": status,
    }
    headers = {"Retry-After": "60"} if status == 429 else {}
    return web.json_response(body, status=status, headers=headers)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()
