"""Files that only their owner reads: made at once, never through a link, never somebody else's."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from test.tools.speech import refuse, told

MODE = 0o600
_ELSEWHERE = "choose another path with --token-file."
_LOG_IN = "log in without --refresh first."


def require_ours(path: Path) -> None:
    """Refuses a path that could not be written safely.

    Raises:
        Failure: it is a link, no plain file, somebody else's, or in a folder that is open to all.
    """
    folder = _look(path.parent)
    if folder is None or not stat.S_ISDIR(folder.st_mode):
        refuse(f"There is no folder {told(path.parent)}.", _ELSEWHERE)
    if folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX:
        refuse(f"Everybody may replace files in {told(path.parent)}.", _ELSEWHERE)
    found = _look(path, follow=False)
    if found is not None:
        _require_own_file(path, found)


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step: whoever reads it finds the old text or the new one.

    Raises:
        Failure: as `require_ours`, or the file cannot be written.
    """
    require_ours(path)
    try:
        _replace(path, text)
    except OSError as error:
        refuse(f"Cannot write {told(path)}: {error.strerror}.", _ELSEWHERE)


def read_private(path: Path) -> str:
    """The text of a file that nobody else can read or has put there.

    Raises:
        Failure: it is missing, a link, somebody else's, or open to others.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        refuse(f"No refresh token is kept: {told(path)} does not exist.", _LOG_IN)
    except OSError:
        refuse(f"{told(path)} is a link, or cannot be read.", _LOG_IN)
    with open(handle) as file:  # noqa: PTH123 - a descriptor
        found = os.fstat(handle)
        _require_own_file(path, found)
        if stat.S_IMODE(found.st_mode) & 0o077:
            refuse(f"Others may read {told(path)}.", f"chmod 600 {told(path)}")
        return file.read()


def remove_private(path: Path) -> None:
    """Removes the file if it is there and ours."""
    if _look(path, follow=False) is not None:
        require_ours(path)
        path.unlink(missing_ok=True)


def _look(path: Path, *, follow: bool = True) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - Path has it in two methods
    except OSError:
        return None


def _require_own_file(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        refuse(f"{told(path)} is a link; a token is never written through one.", _ELSEWHERE)
    if not stat.S_ISREG(found.st_mode):
        refuse(f"{told(path)} is no plain file.", _ELSEWHERE)
    if found.st_uid != os.geteuid():
        refuse(f"{told(path)} belongs to somebody else.", _ELSEWHERE)


def _replace(path: Path, text: str) -> None:
    """`mkstemp` makes a new file with mode 0600; the rename replaces a name, never its target."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
            file.flush()
            os.fsync(handle)
        os.replace(name, path)  # noqa: PTH105 - a name, not a Path
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - a name, not a Path
        raise
