"""The store of logins: a directory of the server's own, or Redis."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from cnpg_mcp.doctor.findings import Finding, passed
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.doctor.inside.place import Place, may_use

if TYPE_CHECKING:
    from redis.asyncio import Redis

_REDIS = {"redis", "rediss"}
_SECONDS = 5.0
_USUAL = Path("~/.local/state/cnpg-mcp/oauth")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


async def store(place: Place) -> AsyncIterator[Finding]:
    """Logins can be kept, where nobody else reads them. Nothing is written."""
    if not place.is_main:
        return
    given = _value(place.settings.oauth_store)
    found = await _redis_faults(given) if _is_redis(given) else list(_directory_faults(given))
    for finding in found or [passed("store", f"{_place_of(given)} can be used.")]:
        yield finding


async def plan_store(place: Place) -> AsyncIterator[Finding]:
    """Used confirmation codes can be remembered, where a place of their own is set."""
    given = _value(place.settings.plan_store)
    if not _is_redis(given):
        return
    for finding in await _redis_faults(given) or [
        passed("plan-store", f"{_place_of(given)} can be used.")
    ]:
        yield finding


def _directory_faults(given: str) -> Iterator[Finding]:
    path = Path(given or _USUAL).expanduser()
    if not given and os.environ.get("KUBERNETES_SERVICE_HOST"):
        yield kinds.STORE_FLEETING.found(f"OAUTH_STORE is not set: logins go to {path}.")
    nearest = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if not nearest.is_dir():
        yield kinds.STORE_NOT_WRITABLE.found(f"{nearest} is no directory.")
    elif not may_use(nearest, os.R_OK | os.W_OK | os.X_OK):
        yield kinds.STORE_NOT_WRITABLE.found(f"{nearest} may not be written.")
    elif nearest == path and path.stat().st_mode & _OTHERS:
        mode = stat.S_IMODE(path.stat().st_mode)
        yield kinds.STORE_OPEN.found(f"{path} has mode {mode:04o}.")


async def _redis_faults(url: str) -> list[Finding]:
    """What is wrong with a Redis; its URL, which holds a password, is told in no case."""
    from redis.asyncio import Redis  # noqa: PLC0415 - only where it is used
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError  # noqa: PLC0415

    where = _place_of(url)
    try:
        async with asyncio.timeout(_SECONDS), Redis.from_url(url, socket_timeout=2) as client:
            await client.ping()
            policy = await _policy(client)
    except (AuthenticationError, NoPermissionError) as error:
        return [kinds.STORE_REFUSES.found(f"{where}: {type(error).__name__}.")]
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        return [kinds.STORE_AWAY.found(f"{where}: {type(error).__name__}.")]
    if policy not in {"", "noeviction"}:
        return [kinds.STORE_EVICTS.found(f"{where}: maxmemory-policy is {policy}.")]
    return []


async def _policy(client: "Redis") -> str:
    """What Redis does when its memory is full; empty where it has no bound, or does not tell."""
    from redis.exceptions import NoPermissionError  # noqa: PLC0415 - see _redis_faults

    try:
        memory = await client.info("memory")
    except NoPermissionError:
        return ""
    return str(memory.get("maxmemory_policy", "")) if memory.get("maxmemory") else ""


def _place_of(given: str) -> str:
    """Where it is, without user and password."""
    if not _is_redis(given):
        return str(Path(given or _USUAL).expanduser())
    parts = urlsplit(given)
    return f"Redis at {parts.hostname}:{parts.port or 6379}"


def _is_redis(given: str) -> bool:
    return urlsplit(given).scheme in _REDIS


def _value(given: SecretStr | None) -> str:
    return given.get_secret_value() if given else ""
