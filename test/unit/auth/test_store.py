"""The store of logins: what it takes for an entry, what it forgets, and who may read it."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from key_value.aio.stores.filetree import FileTreeStore

from cnpg_mcp.auth.errors import StoreUnavailable
from cnpg_mcp.auth.store import DirectoryLogins, digest
from test.unit.serving.asgi import until

KEY = Fernet.generate_key()
ROOM = "room"
VALUE = {"text": "made-up"}


def _store(path: Path, key: bytes = KEY) -> DirectoryLogins:
    return DirectoryLogins(path, key, every=0.01)


def _file(path: Path, key: str) -> Path:
    (found,) = path.glob(f"*/{digest(key)}.json")
    return found


def _names(path: Path, pattern: str = "**/*") -> list[str]:
    return [str(found) for found in path.glob(pattern)]


async def _put(path: Path, key: str, value: Mapping[str, Any] = VALUE, ttl: float = 60) -> None:
    await _store(path).values.put(key, value, collection=ROOM, ttl=ttl)


async def _get(path: Path, key: str, secret: bytes = KEY) -> dict[str, Any] | None:
    return await _store(path, secret).values.get(key, collection=ROOM)


async def test_entry_outlives_the_process(tmp_path: Path) -> None:
    await _put(tmp_path, "a")
    assert await _get(tmp_path, "a") == VALUE


async def test_entry_is_written_under_a_digest_and_encrypted(tmp_path: Path) -> None:
    await _put(tmp_path, "made-up-state")
    text = _file(tmp_path, "made-up-state").read_text()
    assert VALUE["text"] not in text
    assert [name for name in _names(tmp_path) if "made-up-state" in name] == []


async def test_entry_under_another_key_is_not_there(tmp_path: Path) -> None:
    await _put(tmp_path, "a")
    assert await _get(tmp_path, "a", Fernet.generate_key()) is None


async def test_entry_that_is_not_encrypted_is_not_there(tmp_path: Path) -> None:
    await _put(tmp_path, "a")
    path = _file(tmp_path, "a")
    path.write_text(json.dumps({**json.loads(path.read_text()), "value": VALUE}))
    assert await _get(tmp_path, "a") is None


async def test_entry_that_another_program_wrote_is_not_there(tmp_path: Path) -> None:
    """Without the key, in the very form in which the library keeps things."""
    await _put(tmp_path, "mark")
    other = FileTreeStore(data_directory=tmp_path / "other")
    await other.put(digest("a"), VALUE, collection=ROOM)
    (written,) = (tmp_path / "other").glob(f"*/{digest('a')}.json")
    room = _file(tmp_path, "mark").parent
    shutil.copy(written, room)
    assert _file(tmp_path, "a").exists()
    assert await _get(tmp_path, "a") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"value": 1}', b"\xff\xfe"])
async def test_entry_that_is_damaged_is_not_there(tmp_path: Path, content: bytes) -> None:
    await _put(tmp_path, "a")
    _file(tmp_path, "a").write_bytes(content)
    assert await _get(tmp_path, "a") is None


@pytest.mark.parametrize("key", ["", "../../a", "/etc/passwd", "x" * 5_000, "a\x00b", "*", "ж"])
async def test_key_of_any_form_stays_in_the_directory(tmp_path: Path, key: str) -> None:
    inside = tmp_path / "store"
    await _put(inside, key)
    assert await _get(inside, key) == VALUE
    assert _names(tmp_path, "*") == [str(inside)]
    assert await _store(inside).values.delete(key, collection=ROOM)
    assert await _get(inside, key) is None


# Forgetting


@asynccontextmanager
async def _swept(store: DirectoryLogins) -> AsyncIterator[None]:
    sweeping = asyncio.create_task(store.sweep())
    try:
        yield
        assert not sweeping.done()
    finally:
        sweeping.cancel()
        await asyncio.gather(sweeping, return_exceptions=True)


async def test_expired_entry_is_removed_and_the_others_stay(tmp_path: Path) -> None:
    await _put(tmp_path, "kept")
    await _put(tmp_path, "short", ttl=0.05)
    path = _file(tmp_path, "short")
    async with _swept(_store(tmp_path)):  # another process wrote it
        await until(lambda: not path.exists())
    assert await _get(tmp_path, "kept") == VALUE


async def test_sweeping_goes_on_after_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    await _put(tmp_path, "odd")
    _file(tmp_path, "odd").write_text("{")
    await _put(tmp_path, "first", ttl=0.02)
    first = _file(tmp_path, "first")
    async with _swept(_store(tmp_path)):
        await until(lambda: not first.exists())
        await _put(tmp_path, "second", ttl=0.02)
        second = first.with_name(f"{digest('second')}.json")  # which may be gone by now
        await until(lambda: not second.exists())


async def test_sweeping_goes_on_after_the_directory_was_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inside, aside = tmp_path / "store", tmp_path / "aside"
    store = _store(inside)
    await _put(inside, "short", ttl=0.02)
    async with _swept(store):
        inside.rename(aside)
        await until(lambda: "could not be removed" in caplog.text)
        aside.rename(inside)
        await until(lambda: not list(inside.glob(f"*/{digest('short')}.json")))


# Who may read it


async def test_directory_is_made_for_this_user_alone(tmp_path: Path) -> None:
    _store(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


async def test_directory_that_others_may_read_is_closed(tmp_path: Path) -> None:
    inside = tmp_path / "store"
    inside.mkdir(mode=0o755)
    inside.chmod(0o755)
    _store(inside)
    assert inside.stat().st_mode & 0o777 == 0o700


# Away, and turns


async def test_directory_that_is_gone_is_a_store_that_is_away(tmp_path: Path) -> None:
    store = _store(tmp_path / "store")
    await store.check()
    (tmp_path / "store").rmdir()
    with pytest.raises(StoreUnavailable):
        await store.check()


async def test_turns_of_one_name_come_one_after_the_other(tmp_path: Path) -> None:
    store, told = _store(tmp_path), []

    async def work(name: str) -> None:
        async with store.turn("login-a"):
            told.append(f"{name} begins")
            await asyncio.sleep(0)
            told.append(f"{name} ends")

    await asyncio.gather(*map(work, "abc"))
    assert [line.split()[1] for line in told] == ["begins", "ends"] * 3


async def test_turn_is_given_back_by_whoever_fails(tmp_path: Path) -> None:
    store = _store(tmp_path)
    with pytest.raises(KeyError):
        async with store.turn("login-a"):
            raise KeyError
    async with asyncio.timeout(20), store.turn("login-a"):
        pass


async def test_turn_that_does_not_come_is_a_store_that_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnpg_mcp.auth.store._WAIT_SECONDS", 0.05)
    store = _store(tmp_path)
    async with store.turn("login-a"), store.turn("login-b"):
        with pytest.raises(StoreUnavailable, match="busy"):
            async with store.turn("login-a"):
                pass
