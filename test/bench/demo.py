"""From nothing to a demo that answers: seconds, with and without what pip has kept.

    python -m test.bench.demo

The floor is one server of the pair alone, started as a process until it is ready to answer.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from test.auth.servers import Server
from test.controlplane.process import free_ports
from test.demo.running import start
from test.e2e.desk import ROOT

STARTS = 5
LOCK = "requirements-dev.lock"


def _seconds(act) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _demo(folder: Path, number: int) -> float:
    main, test = free_ports(2)
    arguments = ("--port", str(main), "--test-port", str(test))
    began = time.monotonic()
    running = start(folder / f"screen-{number}", *arguments)
    taken = time.monotonic() - began
    assert running.interrupt() == 0, running.said
    return taken


def _server(folder: Path, number: int) -> float:
    settings = {"OIDC_ISSUER": "http://127.0.0.1:1", "OIDC_AUDIENCE": "bench"}
    server = Server("test", folder / f"alone-{number}", settings)
    try:
        return _seconds(server.start)
    finally:
        server.stop()


def _install(folder: Path, *options: str) -> float:
    environment = folder / "venv"
    pip = [str(environment / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]

    def act() -> None:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        locked = ["--require-hashes", "--no-deps", "-r", str(ROOT / LOCK)]
        subprocess.run([*pip, *options, *locked], check=True)

    try:
        return _seconds(act)
    finally:
        shutil.rmtree(environment)


def main() -> None:
    """Prints the times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starts = sorted(_demo(folder, number) for number in range(STARTS))
        alone = sorted(_server(folder, number) for number in range(STARTS))
        print(f"demo, from command to its last line: {starts[STARTS // 2]:.1f} s (of {STARTS})")
        print(f"floor, the test server alone:        {alone[STARTS // 2]:.1f} s (of {STARTS})")
        _install(folder)  # fills the cache
        print(f"make install, packages kept by pip:  {_install(folder):.0f} s")
        print(f"make install, none kept:             {_install(folder, '--no-cache-dir'):.0f} s")


if __name__ == "__main__":
    main()
