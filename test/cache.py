"""Where programs and packages of the tests are kept between runs."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """``CNPG_MCP_CACHE``, default ``$XDG_CACHE_HOME/cnpg-mcp`` or ``~/.cache/cnpg-mcp``."""
    chosen = os.environ.get("CNPG_MCP_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cnpg-mcp"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """While another process fills the cache, this one waits."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str) -> None:
    """Tells the person who waits what takes so long."""
    print(text, file=sys.stderr, flush=True)
