"""Child processes that die with their parent, and the ports they listen on."""

import itertools
import os
import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

# Run before the real program: asks Linux for SIGKILL when the parent (to be exact, the thread that
# starts it) ends; PR_SET_PDEATHSIG is 1. A launcher, because code between fork and exec is unsafe
# in a process with threads.
_LAUNCHER = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "if os.getppid() != int(sys.argv[1]): sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)
STOP_SECONDS = 30
_PORTS = range(20_000, 30_000)
"""Below what systems give to outgoing connections, and Kubernetes to NodePorts."""
_ports = itertools.cycle(random.SystemRandom().sample(_PORTS, len(_PORTS)))


class Child:
    """One program, started and stopped by its own handle; its log is a file."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, program: Path, *arguments: str, cwd: Path, environment: dict[str, str] | None = None
    ) -> None:
        """Starts the program in a process group of its own (Ctrl-C must not reach it first)."""
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*launcher, str(program), *arguments],
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    @property
    def running(self) -> bool:
        """Whether the program runs (or is paused)."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ends the program; harmless when it has ended. A paused program is resumed to end."""
        if self._process is None or not self.running:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the program at once."""
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Freezes the program: connections stay open and nothing answers once this returns."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGSTOP)
            # until every thread of it stands still; its end is left for whoever waits for that
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Lets a frozen program go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def tail(self, lines: int = 15) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(line[:500] for line in text[-lines:])


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on; this process gives none of them twice in a row.

    No connection is given one of them before its server listens, and another process that draws
    its own hardly ever draws the same.
    """
    return list(itertools.islice(filter(_is_free, _ports), count))


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
