"""The memory of used confirmation codes in Redis, as each replica sees it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cnpg_mcp.auth.spent_codes import SharedSpentCodes
from cnpg_mcp.auth.store import make_redis
from cnpg_mcp.domain.plans.gate import Spending
from cnpg_mcp.errors import ErrorCode, ToolFailure
from test.auth.redis import Redis, redis_program
from test.unit.test_plans import PLAN, code


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A server of the test's own."""
    server = Redis(tmp_path, redis_program())
    server.start()
    yield server
    server.stop()


async def test_code_that_one_replica_has_used_is_known_to_the_other(redis: Redis) -> None:
    one, two = (SharedSpentCodes(make_redis(redis.url)) for _ in range(2))
    async with one.opened(), two.opened():
        now = datetime.now(UTC)
        used = code(PLAN, now=now)
        assert not await two.was_spent(used)
        assert await one.spend(used, now) is Spending.SPENT
        assert await two.was_spent(used)
        assert await two.spend(used, now) is Spending.USED_BEFORE


async def test_memory_that_cannot_be_reached_is_told(redis: Redis) -> None:
    codes = SharedSpentCodes(make_redis(redis.url))
    async with codes.opened():
        redis.stop()
        with pytest.raises(ToolFailure) as refused:
            await codes.was_spent(code(PLAN))
        assert refused.value.code is ErrorCode.UNAVAILABLE
