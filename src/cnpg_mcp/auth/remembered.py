"""A document of the identity provider: kept, renewed when old, asked for by one caller for all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cnpg_mcp.auth.errors import ProviderUnavailable

_log = logging.getLogger(__name__)
_FRESH_SECONDS = 600.0
"""How long it is used without asking again: what was withdrawn is gone after that."""
_PAUSE_SECONDS = 2.0
"""Between two questions, however many ask for the answer."""
_OUTAGE_SECONDS = 30.0
"""The same while the provider is away and the answer is known: each question keeps one waiting."""
T = TypeVar("T")


class Remembered(Generic[T]):
    """What `ask` gave last. `clock` gives monotonic seconds."""

    def __init__(self, ask: Callable[[], Awaitable[T]], clock: Callable[[], float]) -> None:
        self._ask, self._clock = ask, clock
        self._value: T | None = None
        self._got = self._asked = float("-inf")
        self._questions = 0
        self._lock = asyncio.Lock()
        self.failure = ""
        """Why the last question was not answered; empty where it was."""

    @property
    def age(self) -> float:
        """Seconds since the last question."""
        return self._clock() - self._asked

    async def current(self) -> T:
        """The document as it is known, asked for again when it is old.

        Raises:
            ProviderUnavailable: it was never learned, and cannot be now.
        """
        if self._value is not None and self._is_good_enough():
            return self._value
        return await self.renewed()

    async def renewed(self) -> T:
        """The document as it is now: asked for, unless that was just done.

        Raises:
            ProviderUnavailable: it was never learned, and cannot be now.
        """
        await self.ask(self._pause())
        if self._value is None:
            raise ProviderUnavailable(self.failure or "The identity provider has not answered yet.")
        return self._value

    async def ask(self, pause: float) -> None:
        """Asks, unless the last question is less than `pause` seconds ago; never fails.

        Whoever waited for another's question takes its answer.
        """
        questions = self._questions
        async with self._lock:
            if questions == self._questions and self.age >= pause:
                await self._put_question()

    def _is_good_enough(self) -> bool:
        """Whether it is fresh, or somebody is asking already, or asking has just failed."""
        is_fresh = self._clock() - self._got < _FRESH_SECONDS
        return is_fresh or self._lock.locked() or self.age < self._pause()

    def _pause(self) -> float:
        is_outage = self._value is not None and self.failure
        return _OUTAGE_SECONDS if is_outage else _PAUSE_SECONDS

    async def _put_question(self) -> None:
        try:
            self._value = await self._ask()
            self._got, self.failure = self._clock(), ""
        except ProviderUnavailable as failure:
            self._fail(str(failure))
        except (ValueError, TypeError, AttributeError, KeyError):
            self._fail("The identity provider answers with a malformed document.")
        finally:
            self._asked = self._clock()
            self._questions += 1

    def _fail(self, reason: str) -> None:
        self.failure = reason
        _log.warning("%s", reason)
