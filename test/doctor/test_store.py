"""From inside: where logins are kept."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis as Client

from cnpg_mcp.doctor.inside.store import plan_store, store
from test.auth.redis import PASSWORD, Redis, redis_program
from test.doctor.inside import LONG, look_inside
from test.doctor.test_configuration import MAIN
from test.doctor.test_outside import faults

NOBODY = 65534


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis with a password."""
    running = Redis(tmp_path_factory.mktemp("redis"), redis_program())
    running.start()
    yield running
    running.stop()


async def told(given: object) -> list[str]:
    """What is wrong with a store."""
    return faults(await look_inside([store], **MAIN, oauth_store=str(given)))


@pytest.fixture
def stranger() -> Iterator[None]:
    """Whoever runs the tests, and root is nobody for a while."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    yield
    if is_root:
        os.seteuid(0)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A directory with the mode that the test asks for."""
    tmp_path.chmod(getattr(request, "param", 0o700))
    return tmp_path


async def test_private_directory_is_right(folder: Path) -> None:
    assert await told(folder) == []


def test_directory_that_will_be_made_is_right_and_not_made(folder: Path) -> None:
    assert asyncio.run(told(folder / "new/store")) == []
    assert not (folder / "new").exists()


@pytest.mark.parametrize("folder", [0o750, 0o701], indirect=True)
async def test_directory_that_others_read_is_found(folder: Path) -> None:
    assert await told(folder) == ["store-open"]


async def test_file_in_its_place_is_found() -> None:
    assert await told(__file__) == ["store-not-writable"]


@pytest.mark.parametrize("folder", [0o500], indirect=True)
async def test_directory_that_may_not_be_written_is_found(folder: Path, stranger: None) -> None:
    assert await told(folder / "store") == ["store-not-writable"]


async def test_store_in_a_container_is_found(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert faults(await look_inside([store], **MAIN)) == ["store-fleeting"]


async def test_redis_is_right(redis: Redis) -> None:
    assert await told(redis.url) == []


async def test_redis_for_plans_is_looked_at_too() -> None:
    url = f"redis://:{LONG}@127.0.0.1:1/0"
    report = await look_inside([plan_store], plan_store=url)
    assert faults(report) == ["store-away"]


async def test_redis_that_is_away_is_found_and_its_password_not_told() -> None:
    report = await look_inside([store], **MAIN, oauth_store=f"redis://:{LONG}@127.0.0.1:1/0")
    assert faults(report) == ["store-away"]
    assert LONG not in str(report.findings)


async def test_wrong_password_of_redis_is_found(redis: Redis) -> None:
    assert await told(redis.url.replace(PASSWORD, "another")) == ["store-refuses"]


async def test_frozen_redis_is_found(redis: Redis) -> None:
    redis.pause()
    try:
        assert await told(redis.url) == ["store-away"]
    finally:
        redis.resume()


async def test_redis_that_forgets_is_found(redis: Redis) -> None:
    async with Client.from_url(redis.url) as client:
        await client.config_set("maxmemory", "100mb")
        await client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert await told(redis.url) == ["store-evicts"]
    finally:
        async with Client.from_url(redis.url) as client:
            await client.config_set("maxmemory", "0")
