"""The demo's folder, and those that dead demos have left."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnpg_mcp.demo import folder
from cnpg_mcp.demo.folder import LOCK, PREFIX, own_folder


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def left(parent: Path) -> Path:
    """What a dead demo has left: a lock that nobody holds."""
    found = parent / f"{PREFIX}left"
    found.mkdir()
    (found / LOCK).touch()
    (found / "token").touch()
    return found


@pytest.fixture
def held(left: Path) -> Iterator[Path]:
    """The same, while its demo lives."""
    with (left / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield left


def test_it_is_for_its_owner_alone_and_goes_at_the_end(parent: Path) -> None:
    with own_folder() as made:
        assert made.stat().st_mode & 0o077 == 0
        assert list(parent.iterdir()) == [made]
    assert list(parent.iterdir()) == []


def test_folder_of_a_dead_demo_is_removed(left: Path) -> None:
    with own_folder():
        assert not left.exists()


def test_folder_of_a_living_demo_stays(held: Path) -> None:
    with own_folder() as one, own_folder() as other:
        assert {each.name for each in held.iterdir()} == {LOCK, "token"}
        assert one.exists()
        assert other.exists()


def test_folder_without_a_lock_stays(left: Path) -> None:
    (left / LOCK).unlink()
    with own_folder():
        assert (left / "token").exists()


def test_lock_that_leads_elsewhere_is_not_followed(left: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    (left / LOCK).unlink()
    (left / LOCK).symlink_to(tmp_path / "elsewhere")
    with own_folder():
        assert left.exists()


def test_folder_of_another_user_stays(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: left.stat().st_uid + 1)
    with own_folder():
        assert left.exists()


def test_folder_without_room_is_refused_and_removed(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "NEEDED_BYTES", 1 << 80)
    with pytest.raises(OSError, match="No space left on device"), own_folder():
        pass
    assert list(parent.iterdir()) == []
