"""Debian's Redis server on a loopback port, with a password.

Looked for on PATH, then in the cache (see ``test.controlplane.binaries``); else its packages are
downloaded with apt-get and unpacked there, which needs no rights and starts no service.
"""

import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from test.auth.providers.base import listens, wait_until
from test.cache import cache_folder
from test.controlplane.process import Child, free_ports
from test.tiers import cannot_run

TIER = "auth"
PASSWORD = "made-up-redis-password-of-a-test"
PACKAGES = ("redis-server", "redis-tools", "libjemalloc2", "liblzf1", "libatomic1")
DOWNLOAD_SECONDS = 120


class Unavailable(RuntimeError):
    """There is no Redis here, and none can be fetched; the text says why."""


@dataclass(frozen=True)
class Program:
    """A redis-server, and the folder of the libraries that came with it."""

    path: Path
    libraries: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What it needs to find its libraries."""
        return {"LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else {}


class Redis:
    """One server; what it holds is written to its folder when it stops, and read at the start."""

    def __init__(self, folder: Path, program: Program) -> None:
        (self.port,) = free_ports(1)
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._folder = folder
        self._program = program
        self._child = Child("redis", folder)

    def start(self) -> None:
        """Starts it, at the same address as before, with what it held."""
        configuration = self._folder / "redis.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {PASSWORD}\ndir {self._folder}\n"
            "appendonly yes\nappendfsync no\nsave ''\n"
        )
        self._child.start(
            self._program.path,
            str(configuration),
            cwd=self._folder,
            environment=self._program.environment,
        )
        wait_until(lambda: listens(self.port) or self._has_ended(), "redis-server listens")

    def stop(self) -> None:
        """Stops it: connections are closed and refused."""
        self._child.stop()

    def pause(self) -> None:
        """Freezes it: connections are taken and nothing is answered."""
        self._child.pause()

    def resume(self) -> None:
        """Lets it go on."""
        self._child.resume()

    def _has_ended(self) -> bool:
        if self._child.running:
            return False
        raise RuntimeError(f"redis-server has ended:\n{self._child.tail()}")


def redis_program() -> Program:
    """Redis on this machine; skips where there is none, and fails where REQUIRE names the tier."""
    try:
        return find()
    except Unavailable as reason:
        cannot_run(TIER, f"no Redis server: {reason}")


def find() -> Program:
    """Redis from PATH, from the cache, or from Debian.

    Raises:
        Unavailable: none of them has it.
    """
    installed = shutil.which("redis-server")
    if installed:
        return Program(Path(installed))
    folder = cache_folder() / f"redis-{platform.machine()}"
    if not folder.exists():
        _unpack_to(folder)
    return Program(folder / "usr/bin/redis-server", _libraries(folder))


def _libraries(folder: Path) -> Path:
    return next(path.parent for path in folder.glob("usr/lib/*/libjemalloc.so.2"))


def _unpack_to(folder: Path) -> None:
    """Unpacks beside the target and renames, so that no half-made folder is ever found."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("install redis-server (apt-get, which fetches it, is not here either)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".redis-") as scratch:
        packages, made = Path(scratch, "packages"), Path(scratch, "made")
        packages.mkdir()
        _download(packages)
        for package in packages.glob("*.deb"):
            _run("dpkg-deb", "-x", str(package), str(made), cwd=packages)
        if not folder.exists():
            made.rename(folder)


def _download(packages: Path) -> None:
    """A machine that has just been made has no list of packages yet."""
    try:
        _run("apt-get", "download", *PACKAGES, cwd=packages)
    except Unavailable:
        _run("apt-get", "update", cwd=packages)
        _run("apt-get", "download", *PACKAGES, cwd=packages)


def _run(*command: str, cwd: Path) -> None:
    try:
        subprocess.run(
            command, cwd=cwd, check=True, capture_output=True, timeout=DOWNLOAD_SECONDS, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or ""
        raise Unavailable(f"{command[0]} failed: {said[-500:] or error}") from error
