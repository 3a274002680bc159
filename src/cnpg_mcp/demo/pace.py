"""How long things take in the demo: as long as seen on a real cluster, divided by a speed."""

import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Key = tuple[str, ...]


@dataclass(eq=False)
class Pace:
    """Turns durations of a real cluster into those of this one; `speed` 2 takes half as long."""

    speed: float = 1.0

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise ValueError("a speed is above zero")

    def seconds(self, real: float) -> float:
        """How long what takes `real` seconds on a real cluster takes here."""
        return real / self.speed

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Inside, nothing takes time; what is under way is over at once, too."""
        speed, self.speed = self.speed, float("inf")
        try:
            yield
        finally:
            self.speed = speed


AT_ONCE = Pace(float("inf"))
"""Nothing takes time."""


@dataclass
class Timers:
    """What is due later is remembered here instead of being slept for.

    A key begins with the uid of the object that it is about, so that it is forgotten with it.
    """

    pace: Pace
    clock: Callable[[], float] = time.monotonic
    _due: dict[Key, float] = field(default_factory=dict)

    def passed(self, real: float, *key: str) -> bool:
        """Whether `real` seconds, at this pace, have passed since this was first asked."""
        now, takes = self.clock(), self.pace.seconds(real)
        due = self._due.setdefault(key, now + takes)
        return not takes or now >= due

    def clear(self, *key: str) -> None:
        """Forgets a key: when it is asked next its time starts anew."""
        self._due.pop(key, None)

    def keep(self, uids: Container[str]) -> None:
        """Forgets all that is about other objects than these."""
        for key in [key for key in self._due if key[0] not in uids]:
            del self._due[key]

    def next_due(self) -> float:
        """Seconds until the next time is up; infinite when nothing is waited for."""
        now = self.clock()
        waiting = (due - now for due in self._due.values() if due > now)
        return min(waiting, default=float("inf"))
