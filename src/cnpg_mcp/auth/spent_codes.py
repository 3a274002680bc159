"""Used confirmation codes of all replicas, in Redis: none acts twice, whoever is asked."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

from cnpg_mcp.domain.plans.code import LIFETIME, issued_at
from cnpg_mcp.domain.plans.gate import Spending, SpentCodes
from cnpg_mcp.errors import ErrorCode, ToolFailure

_SINCE = "cnpg-mcp:codes-since"
_KEY = "cnpg-mcp:code:"


@dataclass(frozen=True)
class SharedSpentCodes(SpentCodes):
    """See `gate.SpentCodes`. A Redis that lost its data is known by the mark that is gone, too."""

    redis: Redis

    async def spend(self, code: str, now: datetime) -> Spending:
        """See `gate.SpentCodes`."""
        with _reached():
            return await self._spend(code, now)

    async def was_spent(self, code: str) -> bool:
        """See `gate.SpentCodes`."""
        with _reached():
            return await self.redis.get(_KEY + code) is not None

    async def _spend(self, code: str, now: datetime) -> Spending:
        if issued_at(code) < await self._since(now):
            return Spending.NOT_REMEMBERED
        is_first = await self.redis.set(_KEY + code, 1, nx=True, ex=LIFETIME)
        return Spending.SPENT if is_first else Spending.USED_BEFORE

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The time during which the server runs; the memory begins with the first of them."""
        with suppress(RedisError, OSError, TimeoutError):  # the first use tries again
            await self._since(datetime.now(UTC))
        try:
            yield
        finally:
            await self.redis.aclose()

    async def _since(self, now: datetime) -> int:
        await self.redis.set(_SINCE, int(now.timestamp()), nx=True)
        return int(await self.redis.get(_SINCE) or now.timestamp())


@contextmanager
def _reached() -> Iterator[None]:
    """Turns the failures of Redis into one that callers understand."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise ToolFailure(
            ErrorCode.UNAVAILABLE,
            "The store of used confirmation codes cannot be reached, so nothing was changed.",
            "Try again, with the same code if any; if it persists, check the Redis of this server.",
        ) from error
