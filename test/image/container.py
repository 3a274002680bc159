"""Runs the image as Kubernetes would run it hardened, by runc alone.

Read-only root, no capability, no new privileges, a numeric user, a network that consists of
loopback, and volumes that belong to root and to a group of the pod (its `fsGroup`).
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from test.image.archive import Archive
from test.image.builders import Unavailable

READY_SECONDS = 90
FS_GROUP = 2000
_RUN_SECONDS = 120
_ANSWER = """
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode(), end="")
"""
_MOUNTS = (
    ("/proc", "proc", ["nosuid", "noexec", "nodev"]),
    ("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),  # noqa: S108
)
_HIDDEN = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware")


@dataclass(frozen=True)
class Root:
    """The image's files, unpacked, and its configuration."""

    path: Path
    config: Mapping[str, Any]

    @classmethod
    def of(cls, archive: Archive, folder: Path) -> Self:
        """Unpacks an archive into a folder."""
        archive.unpack(folder / "root")
        return cls(folder / "root", archive.config)


@dataclass
class Container:
    """One container; it runs while its context is open."""

    root: Root
    folder: Path
    arguments: Sequence[str] = ()
    entrypoint: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    volumes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Gives it a name and its own folder, as runc wants."""
        self._name = f"cnpg-mcp-test-{uuid4().hex[:8]}"
        self._bundle = self.folder / self._name
        self._runc = [runc(), "--root", str(self.folder / "runc")]

    def __enter__(self) -> Self:
        self._bundle.mkdir()
        self.log = self._bundle / "stderr"
        (self._bundle / "config.json").write_text(json.dumps(self._specification()))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self._runc, "run", "--bundle", str(self._bundle), self._name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        delete = [*self._runc, "delete", "--force", self._name]
        subprocess.run(delete, capture_output=True, check=False)
        self.process.kill()
        self.process.communicate()
        shutil.rmtree(self._bundle)

    def output(self) -> str:
        """What it writes to standard output until it ends; an end in failure is raised."""
        text, _ = self.process.communicate(timeout=_RUN_SECONDS)
        if self.process.returncode:
            raise RuntimeError(f"status {self.process.returncode}: {self.log.read_text()}")
        return text.decode()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs one more program in it."""
        return subprocess.run(
            [*self._runc, "exec", self._name, *command],
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )

    def answer(self, port: int, path: str, holds: Callable[[str], bool] = lambda _: True) -> str:
        """Status and body that a path answers, asked from inside, once they are as awaited."""
        deadline = time.monotonic() + READY_SECONDS
        url = f"http://127.0.0.1:{port}{path}"
        while (asked := self.run("python", "-c", _ANSWER, url)).returncode or not holds(
            asked.stdout
        ):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{asked.stdout}{asked.stderr}\n{self.log.read_text()}")
        return asked.stdout

    def stop(self) -> int:
        """Asks it to end as Kubernetes does, and gives its exit status."""
        subprocess.run([*self._runc, "kill", self._name, "TERM"], check=True, capture_output=True)
        return self.process.wait(_RUN_SECONDS)

    def _specification(self) -> dict[str, Any]:
        """OCI runtime-spec, "config.json"."""
        none: list[str] = []
        names = ("bounding", "effective", "inheritable", "permitted", "ambient")
        kinds = ("pid", "network", "ipc", "uts", "mount")
        return {
            "ociVersion": "1.0.2",
            "process": {
                **self._process(),
                "terminal": False,
                "noNewPrivileges": True,
                "capabilities": dict.fromkeys(names, none),
            },
            "root": {"path": str(self.root.path), "readonly": True},
            "hostname": "cnpg-mcp",
            "mounts": [*map(_mount, *zip(*_MOUNTS, strict=True)), *map(self._volume, self.volumes)],
            "linux": {
                "namespaces": [{"type": kind} for kind in kinds],
                "maskedPaths": list(_HIDDEN),
                "cgroupsPath": f"/{self._name}",
            },
        }

    def _process(self) -> dict[str, Any]:
        config = self.root.config
        uid, gid = self.user or tuple(map(int, config["User"].split(":")))
        given = [f"{name}={value}" for name, value in self.environment.items()]
        entrypoint = config["Entrypoint"] if self.entrypoint is None else self.entrypoint
        return {
            "user": {"uid": uid, "gid": gid, "additionalGids": [FS_GROUP]},
            "args": [*entrypoint, *self.arguments],
            "env": [*config["Env"], *given],
            "cwd": config["WorkingDir"],
        }

    def _volume(self, target: str) -> dict[str, Any]:
        folder = self._bundle / target.strip("/").replace("/", "-")
        folder.mkdir()
        os.chown(folder, 0, FS_GROUP)
        folder.chmod(0o2770)
        return {**_mount(target, "bind", ["bind", "rw"]), "source": str(folder)}


def runc() -> str:
    """The program that runs containers.

    Raises:
        Unavailable: there is none, or this user may not use it.
    """
    found = shutil.which("runc", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found or os.geteuid() != 0:
        raise Unavailable("running the image takes root and runc")
    return found


def _mount(target: str, kind: str, options: list[str]) -> dict[str, Any]:
    return {"destination": target, "type": kind, "source": kind, "options": options}
