"""The programs as a person runs them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOKEN_PROGRAM = ROOT / "test/get-user-token.py"
CHECK_PROGRAM = ROOT / "test/test-mcp.py"
SECONDS = 120
_OURS = ("OIDC_", "AUTH0_", "MCP_", "FASTMCP_", "KUBECONFIG", "BROWSER", "DISPLAY")


@dataclass(frozen=True)
class Ran:
    """How a program ended."""

    status: int
    out: str
    errors: str

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.out + self.errors


class Running:
    """A program that has been started; its output is read while it runs."""

    def __init__(self, program: Path, *arguments: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            env={**_clean(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._read: list[str] = []
        self._errors: list[str] = []
        self._reader = threading.Thread(target=self._take_errors, daemon=True)
        self._reader.start()

    def line_with(self, word: str) -> str:
        """The next line that holds this word.

        Raises:
            AssertionError: the program has ended without one.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._read.append(line)
            if word in line:
                return line.strip()
        raise AssertionError(f"no {word!r}: {''.join(self._read)}{self.end().errors}")

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> Ran:
        """Waits until it ends."""
        assert self._process.stdout is not None
        try:
            self._read.append(self._process.stdout.read())
            status = self._process.wait(SECONDS)
        except BaseException:
            self._process.kill()
            raise
        self._reader.join(SECONDS)
        return Ran(status, "".join(self._read), "".join(self._errors))

    def _take_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors.extend(self._process.stderr)


def run(program: Path, *arguments: str, environment: Mapping[str, str]) -> Ran:
    """Runs a program to its end; no end of it shows a trace."""
    ran = Running(program, *arguments, environment=environment).end()
    assert "Traceback" not in ran.said
    return ran


def _clean() -> dict[str, str]:
    """The environment without settings of the programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
