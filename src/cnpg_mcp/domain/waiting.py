"""Waiting for what a write was meant to bring about: look, report, and stop in time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.errors import ToolFailure
from cnpg_mcp.kube.errors import KubeError

T = TypeVar("T")


@dataclass(frozen=True)
class Sight(Generic[T]):
    """What one look has shown: whether it settles the matter, and how it reads meanwhile."""

    value: T
    settled: bool
    message: str


Look = Callable[[], Awaitable[Sight[T]]]


@dataclass
class Watch(Generic[T]):
    """Looks every `pace` seconds until a look settles it or `seconds` are up, and never longer.

    Iterating gives progress after each look that settles nothing; `latest` is what the last one
    has shown. A look that fails ends nothing: what is waited for has been asked for by then. With
    no seconds it does not look at all.
    """

    look: Look[T]
    seconds: float
    latest: T
    pace: float = 1.0

    async def __aiter__(self) -> AsyncIterator[Progress]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while (left := self.seconds - (loop.time() - start)) > 0:
            await asyncio.sleep(min(self.pace, left))
            seen = await _within(self.look, left)
            message = "no answer from the API server"
            if seen is not None:
                self.latest, message = seen.value, seen.message
                if seen.settled:
                    return
            yield Progress(round(loop.time() - start, 1), self.seconds, message)


async def _within(look: Look[T], seconds: float) -> Sight[T] | None:
    with contextlib.suppress(TimeoutError, KubeError, ToolFailure):
        async with asyncio.timeout(seconds):
            return await look()
    return None
