"""When an instance manager looks at an object again: at a change, or when a retry is due."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject


@dataclass
class _Last:
    seen: tuple[str, object]
    due: float


class Attempts:
    """Remembers for each object what was seen at the last attempt and when to try again."""

    def __init__(self) -> None:
        self._last: dict[str, _Last] = {}

    def due(self, obj: KubeObject, context: object = None) -> bool:
        """Whether the object or its context changed since the last attempt, or time is up."""
        last = self._last.get(obj["metadata"]["uid"])
        return not last or last.seen != _seen(obj, context) or time.monotonic() >= last.due

    def done(self, obj: KubeObject, context: object, retry: float | None) -> None:
        """Notes an attempt; without ``retry`` only a change brings the next one."""
        due = float("inf") if retry is None else time.monotonic() + retry
        self._last[obj["metadata"]["uid"]] = _Last(_seen(obj, context), due)

    def keep(self, objects: Iterable[KubeObject]) -> None:
        """Forgets all other objects."""
        live = {each["metadata"]["uid"] for each in objects}
        for uid in self._last.keys() - live:
            del self._last[uid]


def _seen(obj: KubeObject, context: object) -> tuple[str, object]:
    return obj["metadata"]["resourceVersion"], context
