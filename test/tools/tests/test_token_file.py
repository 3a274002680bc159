"""The token file: whose it may be, and what is never written through."""

import os
from pathlib import Path

import pytest

from test.tools.speech import Failure
from test.tools.tests.login import TokenProgram, mode
from test.tools.token.private_file import read_private, remove_private, write_private

TEXT = "made-up text"


def test_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    previous = os.umask(0)
    try:
        write_private(path, TEXT)
    finally:
        os.umask(previous)
    assert (path.read_text(), mode(path)) == (TEXT, 0o600)


def test_file_that_others_could_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        write_private(path, TEXT)
        assert reader.read() == "old"
    assert (path.read_text(), mode(path)) == (TEXT, 0o600)


def test_link_is_refused_and_its_target_stays(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "token"
    target.write_text("precious")
    link.symlink_to(target)
    for act in (lambda: write_private(link, TEXT), lambda: remove_private(link)):
        with pytest.raises(Failure, match="is a link"):
            act()
    assert target.read_text() == "precious"
    assert link.is_symlink()


def test_link_to_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").symlink_to(tmp_path / "absent")
    with pytest.raises(Failure, match="is a link"):
        write_private(tmp_path / "token", TEXT)
    assert not (tmp_path / "absent").exists()


def test_file_that_has_a_second_name_keeps_its_text_there(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    (tmp_path / "token").hardlink_to(other)
    write_private(tmp_path / "token", TEXT)
    assert other.read_text() == "precious"


def test_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("theirs")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(Failure, match="somebody else"):
        write_private(path, TEXT)
    assert path.read_text() == "theirs"


def test_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token")
    with pytest.raises(Failure, match="no plain file"):
        write_private(tmp_path / "token", TEXT)


def test_folder_where_all_may_replace_files_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Failure, match="Everybody"):
        write_private(tmp_path / "token", TEXT)
    tmp_path.chmod(0o1777)
    write_private(tmp_path / "token", TEXT)


def test_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no folder"):
        write_private(tmp_path / "absent" / "token", TEXT)


def test_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Failure, match="No space"):
        write_private(tmp_path / "token", TEXT)
    assert list(tmp_path.iterdir()) == []


def test_kept_text_is_read_from_an_own_closed_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept"
    write_private(path, TEXT)
    assert read_private(path) == TEXT
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(Failure, match="is a link"):
        read_private(tmp_path / "link")
    path.chmod(0o640)
    with pytest.raises(Failure, match="Others may read"):
        read_private(path)
    path.chmod(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(Failure, match="somebody else"):
        read_private(path)


@pytest.mark.parametrize("which", ["token_file", "refresh_file"])
def test_nobody_is_asked_to_log_in_for_a_file_that_cannot_be_written(
    program: TokenProgram, which: str
) -> None:
    target = program.token_file.with_name("target")
    getattr(program, which).symlink_to(target)
    ran = program.run("--no-browser")
    assert ran.status == 1
    assert "link" in ran.errors
    assert ran.out == ""
    assert not target.exists()
