"""A loop that gives each part its turn whenever something changed, or is due by time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import aiohttp

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import BY_PLURAL
from cnpg_mcp.demo.world.store import TRANSIENT
from cnpg_mcp.demo.world.world import World

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
RETRY_SECONDS = 0.2
SHORTEST_SECONDS = 0.01
SETTLE_SECONDS = 0.01
STARTING = 503
"""What an API server answers that has not served all its paths yet."""

W = TypeVar("W", bound=World)
Part = Callable[[W], Awaitable[None]]


async def served(api: ApiClient, plurals: Sequence[str]) -> tuple[str, ...]:
    """These kinds without those that the API server does not know."""
    known: set[str] = set()
    for group in {BY_PLURAL[plural].api_version for plural in plurals}:
        root = "/apis/" if "/" in group else "/api/"
        listed = await api.request("GET", root + group)
        known |= {each["name"] for each in listed["resources"]}
    return tuple(plural for plural in plurals if plural in known)


class Acting(Generic[W]):
    """Keeps a world current and lets the parts act on it, one after the other."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._tasks: list[asyncio.Task[None]] = []
        self.errors: list[str] = []
        """What went wrong inside while the API server answered; empty is healthy."""

    def start(self, world: W, parts: Sequence[Part[W]]) -> None:
        """Starts to watch and to act."""
        plurals = world.store.plurals
        self._tasks = [asyncio.create_task(self._follow(world, each)) for each in plurals]
        self._tasks.append(asyncio.create_task(self._act(world, parts)))

    async def stop(self) -> None:
        """Stops acting; objects stay as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _follow(self, world: W, plural: str) -> None:
        """Keeps a kind current for ever. A mistake is recorded, and it starts over."""
        while True:
            try:
                await world.store.follow(plural)
            except TRANSIENT:
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - as in a turn
                self._note(repr(error), error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _act(self, world: W, parts: Sequence[Part[W]]) -> None:
        await world.store.listed()
        while True:
            for part in parts:
                await self.guarded(part(world))
            await self.guarded(_forget(world))
            await _wait(world)

    async def guarded(self, turn: Awaitable[None]) -> None:
        """One turn. An absent API server is part of the play; anything else is recorded."""
        try:
            await turn
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(TICK_SECONDS)
        except ApiError as error:
            if error.status != STARTING and not error.is_ending_namespace:
                self._note(str(error), error)
        except Exception as error:  # noqa: BLE001 - one mistake must not end everything
            self._note(repr(error), error)

    def _note(self, text: str, error: Exception) -> None:
        if text not in self.errors:
            log.warning("%s: %s", self._who, text, exc_info=error)
            self.errors.append(text)


async def _forget(world: World) -> None:
    world.forget()


async def _wait(world: World) -> None:
    """Until something changed, or something is due by time."""
    due = max(SHORTEST_SECONDS, min(TICK_SECONDS, world.timers.next_due()))
    try:
        async with asyncio.timeout(due):
            await world.store.changed.wait()
        await asyncio.sleep(SETTLE_SECONDS)
    except TimeoutError:
        pass
    world.store.changed.clear()
