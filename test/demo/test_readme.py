"""The README's commands as they stand: a fresh clone, an empty home, and little on the PATH."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from test.auth.providers.base import wait_until
from test.demo.running import Demo, interruptible
from test.e2e.desk import ROOT, stdio_desk
from test.tiers import cannot_run

README = (ROOT / "README.md").read_text()
PROGRAMS = ("git", "make", "touch", "sh", "cat")
"""What the commands need besides Python. `git` is for the clone, `cat` for the token."""
CLAUDE = """#!/bin/sh
printf '%s\\n' "$@" > "$HOME/claude"
"""
"""Stands for Claude Code: keeps what it is told."""
INSTALL_SECONDS = 600
SUBSET = "test/unit/test_docs.py test/contract/test_status.py -k 'simulated or docs' -q"
pytestmark = pytest.mark.timeout(3 * INSTALL_SECONDS)  # one test installs twice


@dataclass(frozen=True)
class Newcomer:
    """Somebody with a clone and nothing in their home."""

    home: Path
    path: Path

    @property
    def clone(self) -> Path:
        """Where the repository is."""
        return self.home / "cnpg-mcp"

    @property
    def environment(self) -> dict[str, str]:
        """Their environment: how to reach package indexes is this machine's affair."""
        names = ("PIP_", "SSL_CERT", "REQUESTS_CA", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
        given = {key: value for key, value in os.environ.items() if key.upper().startswith(names)}
        return {**given, "HOME": str(self.home), "PATH": str(self.path), "TMPDIR": str(self.home)}

    def shell(self, command: str, **more: str) -> str:
        """What a command says that succeeds."""
        where = self.clone if self.clone.exists() else self.home
        done = subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=where,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def demo(self, command: str) -> Demo:
        """The demo, started by a command; it has said what to paste."""
        screen = self.home / "screen"
        with screen.open("wb") as output:
            process = subprocess.Popen(
                ["/bin/sh", "-ec", command],
                cwd=self.clone,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=interruptible,  # noqa: PLW1509 - nothing else runs in the child
            )
        demo = Demo(process, screen)
        wait_until(
            lambda: "Stop: Ctrl-C" in demo.said or process.poll() is not None,
            "the demo is up",
            INSTALL_SECONDS,
        )
        assert process.poll() is None, demo.said
        return demo


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """Somebody who has cloned the repository as the README says."""
    if not (ROOT / ".git").exists():
        cannot_run("install", "this is no clone of a repository")
    home = tmp_path_factory.mktemp("home")
    path = home / "bin"
    path.mkdir()
    for name in PROGRAMS:
        (path / name).symlink_to(str(shutil.which(name)))
    (path / "python3").symlink_to(Path(sys._base_executable).resolve())
    (path / "claude").write_text(CLAUDE)
    (path / "claude").chmod(0o755)
    somebody = Newcomer(home, path)
    clone, _ = _block("git clone")
    somebody.shell(clone.replace("<this repository>", f"file://{ROOT}"))
    return somebody


def _block(start: str) -> list[str]:
    """The lines of the README's shell block that begins with these words."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(start)]
    return found.splitlines()


def _told_to_claude(newcomer: Newcomer, line: str) -> list[str]:
    """The words that a line hands to Claude Code."""
    newcomer.shell(line)
    return (newcomer.home / "claude").read_text().splitlines()


def _interrupt(demo: Demo) -> None:
    os.killpg(demo.process.pid, signal.SIGINT)
    demo.process.wait(60)


def test_demo_by_make_and_without_it_and_what_it_says_to_paste(newcomer: Newcomer) -> None:
    _, command = _block("git clone")
    _walk(newcomer, command)
    (plain,) = re.findall(r"Without make: `([^`]*cnpg-mcp-demo)`", README)
    shutil.rmtree(newcomer.clone / ".venv")
    _walk(newcomer, plain)


def _walk(newcomer: Newcomer, command: str) -> None:
    """Starts the demo, and goes all the ways that it names."""
    demo = newcomer.demo(command)
    try:
        for line in _lines_to_paste(demo.said):
            words = _told_to_claude(newcomer, line)
            assert words[:2] in (["mcp", "add"], ["mcp", "remove"])
        with demo.desk(demo.test, demo.token) as desk:
            assert desk.ask("list_postgres_clusters").data["clusters"]
        with demo.desk(demo.main, demo.sign_in("admin")) as desk:
            assert desk.ask("list_postgres_clusters").data["clusters"]
        with stdio_desk(demo.folder / "kubeconfig", newcomer.home / "stdio.log") as desk:
            assert desk.ask("list_postgres_clusters").data["clusters"]
    finally:
        _interrupt(demo)
    assert not demo.folder.exists()


def _lines_to_paste(said: str) -> list[str]:
    joined = said.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip().startswith("claude mcp")]


def test_server_at_a_desk_is_installed_and_starts(newcomer: Newcomer) -> None:
    install, add = _block("make install")
    newcomer.shell(install)
    words = _told_to_claude(newcomer, add)
    program = words[words.index("--") + 1 :]
    assert newcomer.shell(shlex.join([*program, "--version"]))


def test_tests_run(newcomer: Newcomer) -> None:
    (command,) = _block("make test")
    assert "passed" in newcomer.shell(command, PYTEST_ADDOPTS=SUBSET)
