"""Requests to an ASGI app without a server in between, and one answered by a real one."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Given = Sequence[tuple[str, str]]


@dataclass
class Answer:
    """What an app sent."""

    status: int = 0
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def http_scope(
    path: str = "/",
    *,
    method: str = "POST",
    headers: Given = (),
    client: tuple[str, int] | None = ("192.0.2.1", 1),
    **more: Any,
) -> Scope:
    """An HTTP request as a server hands it on."""
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "headers": raw,
        "client": client,
        **more,
    }


def body_of(*parts: bytes) -> Receive:
    """A body that comes in these parts; then the client hangs up."""
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]
        + [{"type": "http.disconnect"}]
    )

    async def receive() -> Message:
        return next(messages)

    return receive


async def ask(app: ASGIApp, scope: Scope | None = None, receive: Receive | None = None) -> Answer:
    """The app's answer to a request."""
    answer = Answer()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = Headers(raw=message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope or http_scope(), receive or body_of(b""), send)
    return answer


class Echo:
    """Answers 200 with the body it received, and keeps what it saw."""

    def __init__(self, status: int = 200) -> None:
        self.scopes: list[Scope] = []
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        message = await receive()
        await answer_with(send, self._status, message.get("body", b""))


async def answer_with(send: Send, status: int = 200, body: bytes = b"") -> None:
    """Sends a whole answer."""
    length = str(len(body)).encode()
    start = {"type": "http.response.start", "status": status}
    await send({**start, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


class Gate:
    """An app that answers when it is opened; `arrived` counts who waits at it."""

    def __init__(self) -> None:
        self.arrived = 0
        self._open = asyncio.Event()

    def open(self) -> None:
        """Lets everybody through."""
        self._open.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.arrived += 1
        await self._open.wait()
        message = await receive()
        await answer_with(send, 200, message.get("body", b""))


async def until(condition: Callable[[], bool]) -> None:
    """Waits until something is so, however busy the machine is."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is awaited is not ours to change
            await asyncio.sleep(0.001)


@contextmanager
def served(app: ASGIApp, **settings: Any) -> Iterator[str]:
    """An app behind uvicorn on loopback, in a thread; gives its address."""
    bound = socket.create_server(("127.0.0.1", 0))
    usual = {"log_config": None, "access_log": False, "ws": "none", "lifespan": "off"}
    config = uvicorn.Config(app, **{**usual, **settings})
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
