"""The same request again and again while something happens, and what became of each."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx

from test.auth import rpc
from test.controlplane.loop import LoopThread
from test.e2e.waiting import until

Act = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
"""Sends one request."""
MOST_SECONDS = 300
SOME, SOME_SECONDS = 20, 60


class Stream:
    """Acts from when it is entered until it is left, one request after the other.

    Args:
        http: makes the client; its connection stays open as long as the other side wants.
        act: one request; it has failed unless it is answered 200 and no tool says an error.
        pause: seconds between an answer and the next request.
    """

    def __init__(self, http: Callable[[], httpx.AsyncClient], act: Act, pause: float) -> None:
        self.count = 0
        self.failures: list[str] = []
        self._http, self._act, self._pause = http, act, pause
        self._going_on = True

    def __enter__(self) -> Self:
        self._loop = LoopThread("stream")
        self._task = self._loop.call(lambda: asyncio.create_task(self._run()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._going_on = False
        try:
            self._loop.run(self._end())
        finally:
            self._loop.close()

    def await_more(self, count: int = SOME) -> None:
        """Returns when so many requests more have been answered."""
        wanted = self.count + count
        until(lambda: self.count >= wanted, SOME_SECONDS, f"{count} more answers")

    async def _run(self) -> None:
        start = time.monotonic()
        async with self._http() as http:
            while self._going_on and time.monotonic() - start < MOST_SECONDS:
                trouble = await self._trouble(http)
                if trouble:
                    self.failures.append(f"{time.strftime('%X')}: {trouble}")
                self.count += 1
                await asyncio.sleep(self._pause)

    async def _end(self) -> None:
        await self._task

    async def _trouble(self, http: httpx.AsyncClient) -> str:
        try:
            answer = await self._act(http)
        except httpx.HTTPError as error:
            return repr(error)
        if answer.status_code != httpx.codes.OK:
            return f"{answer.status_code} {answer.text}"
        return answer.text if rpc.error_code(answer) else ""
