"""Events are forgotten after an hour, as real API servers do by themselves."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.notation import parsed_time

KEPT = timedelta(hours=1)
EVERY_SECONDS = 60.0


class Expiry:
    """Looks once a minute for events that are too old."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = 0.0

    async def expire(self, world: World) -> None:
        """Deletes the old ones, if it is time to look."""
        if self._clock() < self._due:
            return
        self._due = self._clock() + EVERY_SECONDS
        for event in await world.api.list("events"):
            namespace = event["metadata"]["namespace"]
            if _is_old(event) and not world.store.ignores(namespace):
                await world.api.delete("events", namespace, event["metadata"]["name"])


def _is_old(event: KubeObject) -> bool:
    """Whether it is time; a date before the year 1 was long ago."""
    written = event.get("lastTimestamp") or event["metadata"]["creationTimestamp"]
    last = parsed_time(written)
    return last is None or last < datetime.now(UTC) - KEPT
