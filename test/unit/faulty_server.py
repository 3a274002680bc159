"""An API server that answers as it is told: the faults that a real one cannot be asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from kubernetes.aio.client import Configuration

from cnpg_mcp.kube.connection import Connection, make_client
from cnpg_mcp.kube.transport import Transport

Answer = web.StreamResponse | str
DEADLINE = 30.0
"""Seconds of a call that is not to end by its deadline, however busy the machine is."""


@dataclass
class FaultyServer:
    """Answers each request with the next of `answers` (the last one again and again)."""

    answers: list[Callable[[], Answer]] = field(default_factory=list)
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    url: str = ""
    connections: list[Connection] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        make = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = make()
        async with self.arrived:
            self.seen.append(request)
            self.arrived.notify_all()
        self.bodies.append(await request.text())
        if answer == "cut":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if answer == "held":
            await self.release.wait()
            answer = ok()()
        if answer == "hang":
            await self.closing.wait()
            return web.Response()
        assert isinstance(answer, web.StreamResponse)
        return answer

    async def connect(self) -> Connection:
        configuration = Configuration(host=self.url)
        configuration.api_key["BearerToken"] = f"Bearer test-{len(self.connections) + 1}"
        self.connections.append(Connection(make_client(configuration), "default"))
        return self.connections[-1]

    @property
    def open_sessions(self) -> int:
        """How many of the connections made still hold sockets."""
        pools = (made.client.rest_client.pool_manager for made in self.connections)
        return sum(pool is not None and not pool.closed for pool in pools)

    async def has_seen(self, count: int) -> None:
        """Returns when that many requests have come in, each with its answer."""
        async with asyncio.timeout(30), self.arrived:
            await self.arrived.wait_for(lambda: len(self.seen) >= count)

    def transport(self, deadline: float = DEADLINE) -> Transport:
        return Transport(self.connect, deadline=deadline, jitter=lambda: 0.0)


@asynccontextmanager
async def faulty_server(*answers: Callable[[], Answer]) -> AsyncIterator[FaultyServer]:
    server = FaultyServer(list(answers))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.closing.set()
        server.release.set()
        await runner.cleanup()


def ok(body: dict[str, object] | None = None, **headers: str) -> Callable[[], Answer]:
    return lambda: web.json_response(body or {"kind": "Cluster"}, headers=headers)


def failed(status: int, reason: str = "", **headers: str) -> Callable[[], Answer]:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": reason}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(body, status=status, headers=named)


def page() -> Answer:
    """What an authenticating proxy answers to whoever is not signed in to it."""
    return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")


def redirected() -> Answer:
    return web.Response(status=302, headers={"Location": "/login"})


def cut() -> Answer:
    return "cut"


def held() -> Answer:
    """Answers well, but not before the server is told to."""
    return "held"


def hang() -> Answer:
    return "hang"
