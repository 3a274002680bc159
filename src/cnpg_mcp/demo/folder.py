"""The demo's folder. It goes with the demo; that of a demo that was killed, with the next start."""

import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl

PREFIX = "cnpg-mcp-demo-"
NEEDED_BYTES = 1_000_000
"""Room for the logs of a start, below which the servers could not even say that they listen."""
LOCK = "lock"
"""A file of the folder. Its demo holds a lock on it, which the system gives up with the process."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder for this user alone; it is removed at the end.

    Raises:
        OSError: it cannot be made, or has no room.
    """
    _remove_those_of_the_dead(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as made:
        folder = Path(made)
        if shutil.disk_usage(folder).free < NEEDED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), made)
        with (folder / "new-lock").open("wb") as held:
            if _locked(held):
                # Only now, so that nobody sees it without the lock.
                (folder / "new-lock").rename(folder / LOCK)
            yield folder


def _locked(file: IO[bytes]) -> bool:
    """Whether this process has got the lock: nobody else had it, and there are locks here."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_those_of_the_dead(parent: Path) -> None:
    """Removes folders of this user whose demo is known to be dead; all others stay."""
    if sys.platform == "win32":  # there are no such locks
        return
    for folder in parent.glob(f"{PREFIX}*"):
        try:
            _remove_if_dead(folder)
        except OSError:
            continue


def _remove_if_dead(folder: Path) -> None:
    """Removes the folder if its lock can be taken.

    Raises:
        OSError: it is gone, or has no lock: nothing is known of it.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        return
    with os.fdopen(os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW), "r+b") as lock:
        if _locked(lock):
            shutil.rmtree(folder, ignore_errors=True)
