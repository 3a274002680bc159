"""An API server that answers as it is told: the faults that a real one cannot be asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from cnpg_mcp.kube.connection import Connection
from cnpg_mcp.kube.transport import Transport

Answer = web.StreamResponse | str


@dataclass
class FaultyServer:
    """Answers each request with the next of `answers` (the last one again and again)."""

    answers: list[Callable[[], Answer]] = field(default_factory=list)
    seen: list[web.Request] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    url: str = ""
    connections: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        self.bodies.append(await request.text())
        make = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer = make()
        if answer == "cut":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if answer == "hang":
            await self.closing.wait()
            return web.Response()
        assert isinstance(answer, web.StreamResponse)
        return answer

    async def connect(self) -> Connection:
        self.connections += 1
        configuration = Configuration(host=self.url)
        configuration.api_key["BearerToken"] = f"Bearer test-{self.connections}"
        return Connection(ApiClient(configuration), "default", "test")

    def transport(self, deadline: float = 5.0) -> Transport:
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
        await runner.cleanup()


def ok(body: dict[str, object] | None = None, **headers: str) -> Callable[[], Answer]:
    return lambda: web.json_response(body or {"kind": "Cluster"}, headers=headers)


def failed(status: int, reason: str = "", **headers: str) -> Callable[[], Answer]:
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": reason}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(body, status=status, headers=named)


def cut() -> Answer:
    return "cut"


def hang() -> Answer:
    return "hang"
