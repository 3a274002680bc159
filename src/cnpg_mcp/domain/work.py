"""Changes in several steps: once begun they are finished, whether or not anyone still waits."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Work:
    """The changes that are under way in this process."""

    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def finish(self, change: Coroutine[Any, Any, T]) -> T:
        """Runs a change to its end, even when the call that waits for it is cancelled.

        Its own deadline is that of its API calls.
        """
        task = asyncio.ensure_future(change)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Waits until no change is under way: before the connections are closed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # the waiter may be gone: it counts as seen
