"""Where logins are kept, encrypted, so that they outlive the process: a directory, or Redis."""

import asyncio
import hashlib
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, SupportsFloat
from weakref import WeakValueDictionary

from cryptography.fernet import Fernet
from key_value.aio.errors import (
    DeserializationError,
    InvalidKeyError,
    KeyValueOperationError,
    KeyValueStoreError,
)
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores.filetree import (
    FileTreeStore,
    FileTreeV1CollectionSanitizationStrategy,
    FileTreeV1KeySanitizationStrategy,
)
from key_value.aio.wrappers.base import BaseWrapper
from key_value.aio.wrappers.encryption import FernetEncryptionWrapper
from redis.asyncio import Redis
from redis.exceptions import RedisError

from cnpg_mcp.auth.errors import StoreUnavailable

_log = logging.getLogger(__name__)
_TURN_SECONDS = 30.0
"""How long one may keep the others waiting: longer than the provider is given to answer."""
_WAIT_SECONDS = 10.0
_REDIS_SECONDS = 2.0
_SWEEP_SECONDS = 600.0
_PRIVATE = 0o700
_PROBE = "probe"
_PLACE = "cnpg-mcp-place"


class LoginStore(ABC):
    """Logins by collection and key, and turns: what only one may do at a time.

    `values` encrypts; whatever it raises while the store is away is `StoreUnavailable`.
    """

    values: AsyncKeyValue

    @abstractmethod
    def turn(self, name: str) -> AbstractAsyncContextManager[None]:
        """One's turn at something, among everybody who uses the store.

        Raises:
            StoreUnavailable: the store is away, or the turn did not come within 10 seconds.
        """

    @abstractmethod
    async def check(self) -> None:
        """Tries the store.

        Raises:
            StoreUnavailable: it does not answer.
        """

    @abstractmethod
    async def sweep(self) -> None:
        """Removes what has expired; until the task is cancelled."""

    @abstractmethod
    async def close(self) -> None:
        """Closes the connections to it."""


class RedisLogins(LoginStore):
    """In Redis, which forgets by itself what has expired: for any number of processes."""

    def __init__(self, url: str, key: bytes) -> None:
        from key_value.aio.stores.redis import RedisStore  # noqa: PLC0415 - only where it is used

        self._redis: Redis = make_redis(url)
        self.values = _Guarded(_Sealed(RedisStore(client=self._redis), key))

    def turn(self, name: str) -> "_Turn":
        """See `LoginStore`; a process that dies in its turn loses it after 30 seconds."""
        lock = self._redis.lock(
            f"cnpg-mcp:turn:{name}",
            timeout=_TURN_SECONDS,
            sleep=0.02,
            blocking_timeout=_WAIT_SECONDS,
            raise_on_release_error=False,
        )
        return _Turn(lock.acquire, lock.release)

    async def check(self) -> None:
        """See `LoginStore`."""
        with _guard():
            await self._redis.ping()

    async def sweep(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """See `LoginStore`."""
        await self._redis.aclose()


class DirectoryLogins(LoginStore):
    """In files of one directory that only this user may read: for one process."""

    def __init__(self, path: Path, key: bytes, *, every: float = _SWEEP_SECONDS) -> None:
        self._path, self._every = path, every
        _make_private(path)
        self._files = FileTreeStore(
            data_directory=path,
            key_sanitization_strategy=FileTreeV1KeySanitizationStrategy(path),
            collection_sanitization_strategy=FileTreeV1CollectionSanitizationStrategy(path),
        )
        self.values = _Guarded(_Sealed(self._files, key))
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, name: str) -> "_Turn":
        """See `LoginStore`."""
        lock = self._turns.setdefault(name, asyncio.Lock())

        async def release() -> None:
            lock.release()

        return _Turn(lock.acquire, release)

    async def check(self) -> None:
        """See `LoginStore`."""
        with _guard():
            await asyncio.to_thread(_try_writing, self._path)

    async def sweep(self) -> None:
        """See `LoginStore`."""
        while True:
            try:
                await self._files.cull()
            except (OSError, KeyValueOperationError):
                _log.exception("expired logins could not be removed")
            await asyncio.sleep(self._every)

    async def close(self) -> None:
        """Nothing to close."""


def digest(secret: str) -> str:
    """A name for a secret that does not give it away."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_redis(url: str) -> Redis:
    """A client of a Redis that answers within two seconds or counts as away."""
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
    )


class _Turn:
    """A lock that is waited for so long and no longer.

    No generator: `contextlib` cannot pass on the exceptions of the MCP SDK, which are frozen.
    """

    def __init__(
        self, acquire: Callable[[], Awaitable[bool]], release: Callable[[], Awaitable[None]]
    ) -> None:
        self._acquire, self._release = acquire, release

    async def __aenter__(self) -> None:
        with _guard():
            try:
                async with asyncio.timeout(_WAIT_SECONDS):
                    is_mine = await self._acquire()
            except TimeoutError:
                is_mine = False
        if not is_mine:
            raise StoreUnavailable("The store of logins is busy.")

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._release()
        except (RedisError, OSError):
            _log.warning("a turn at the store could not be given back; it ends by itself")


class _Sealed(FernetEncryptionWrapper):
    """Encrypts everything; what is not encrypted, or under another key, is not there.

    Whoever may write to the store can still put back what it once held.
    """

    def __init__(self, key_value: AsyncKeyValue, key: bytes) -> None:
        super().__init__(key_value, fernet=Fernet(key), raise_on_decryption_error=False)

    def _decrypt_value(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        """py-key-value 0.4 takes a value that is not encrypted for good."""
        return super()._decrypt_value(value) if value and "__encrypted_data__" in value else None


class _Guarded(BaseWrapper):
    """Tells a store that is away from everything else that can fail, and keeps keys to itself.

    Some keys are secrets: a code, the state of a login. The store sees their digests. A value says
    inside its encryption where it belongs: moved elsewhere, it is not there.
    """

    def __init__(self, key_value: AsyncKeyValue) -> None:
        self.key_value = key_value
        super().__init__()

    async def get(self, key: str, *, collection: str | None = None) -> dict[str, Any] | None:
        return (await self.ttl(key, collection=collection))[0]

    async def ttl(
        self, key: str, *, collection: str | None = None
    ) -> tuple[dict[str, Any] | None, float | None]:
        name = digest(key)
        with _guard(), suppress(InvalidKeyError, DeserializationError, ValueError):
            value, seconds = await self.key_value.ttl(key=name, collection=collection)
            if value is not None and value.pop(_PLACE, None) == f"{collection}/{name}":
                return value, seconds
        return None, None

    async def put(
        self,
        key: str,
        value: Mapping[str, Any],
        *,
        collection: str | None = None,
        ttl: SupportsFloat | None = None,
    ) -> None:
        name = digest(key)
        placed = {**value, _PLACE: f"{collection}/{name}"}
        with _guard():
            await self.key_value.put(key=name, value=placed, collection=collection, ttl=ttl)

    async def delete(self, key: str, *, collection: str | None = None) -> bool:
        with _guard():
            return await self.key_value.delete(key=digest(key), collection=collection)


@contextmanager
def _guard() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError, KeyValueStoreError) as error:
        raise StoreUnavailable("The store of logins cannot be reached.") from error


def _make_private(path: Path) -> None:
    """The directory, for this user alone; one that others may read is closed."""
    path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    if path.stat().st_uid == os.getuid():
        path.chmod(_PRIVATE)


def _try_writing(path: Path) -> None:
    probe = path / _PROBE
    probe.write_text("")
    probe.unlink()
