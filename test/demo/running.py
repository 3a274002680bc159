"""The demo as a process, as somebody starts it, and who talks to it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastmcp.client.transports import StreamableHttpTransport

from test.auth.addresses import http_from
from test.auth.browser import Browser, Person
from test.auth.oauth_client import OAuthClient
from test.auth.providers.base import wait_until
from test.controlplane.process import free_ports
from test.e2e.desk import ROOT, Desk

PASSWORD = "demo"
UP_SECONDS = 120
END_SECONDS = 60
"""More than it takes to end both servers by force."""
ALL_SCOPES = "cnpg:read cnpg:write cnpg:admin"


@dataclass
class Demo:
    """A running demo and all it has said; nothing of it but its words is known here."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        """What is on the screen."""
        return self.output.read_text()

    def found(self, pattern: str) -> str:
        """What the first group of a pattern has found on the screen."""
        match = re.search(pattern, self.said)
        assert match, f"{pattern} is not in {self.said}"
        return match[1]

    @property
    def main(self) -> str:
        """The main server's address."""
        return self.found(r"(http://localhost:\d+/mcp)")

    @property
    def test(self) -> str:
        """The test server's address."""
        return self.found(r"(http://localhost:\d+/test)")

    @property
    def token(self) -> str:
        """The token of the file that is named."""
        return Path(self.found(r"cat (\S+/token)")).read_text()

    @property
    def folder(self) -> Path:
        """Where it keeps everything."""
        return Path(self.found(r"cat (\S+)/token"))

    def desk(self, address: str, token: str) -> Desk:
        """An MCP client at one of the addresses."""
        headers = {"Authorization": f"Bearer {token}"}
        return Desk(StreamableHttpTransport(address, headers=headers), lambda: "")

    def sign_in(self, user: str) -> str:
        """The access token that a browser's login at the main server gives."""
        return asyncio.run(self._sign_in(user))

    async def _sign_in(self, user: str) -> str:
        base = self.main.removesuffix("/mcp")
        async with http_from() as http, Browser(Person(user, PASSWORD)) as browser:
            client = OAuthClient(base, http, scope=ALL_SCOPES)
            return (await client.login(browser)).access

    def children(self) -> list[int]:
        """The ids of its processes, itself among them, that are there now."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        )
        pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
        own = self.process.pid
        return [pid for pid, parent in pairs if own in (pid, parent)]

    def wait_until_up(self) -> None:
        """Returns when it has said what to do with it, or has ended."""
        wait_until(
            lambda: "Stop: Ctrl-C" in self.said or self.process.poll() is not None,
            "the demo is up",
            UP_SECONDS,
        )

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(END_SECONDS)


def start(output: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Demo:
    """Starts the demo; returns when it has said what to do with it, or has ended."""
    demo = begin(output, *arguments, environment=environment)
    demo.wait_until_up()
    return demo


def start_apart(
    output: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Demo:
    """The same, at ports that no other demo takes."""
    return start(output, *own_ports(), *arguments, environment=environment)


def own_ports() -> tuple[str, ...]:
    """Arguments with two free ports."""
    main, test = free_ports(2)
    return ("--port", str(main), "--test-port", str(test))


def begin(
    output: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    stdout: IO[bytes] | None = None,
    shell: str = "",
) -> Demo:
    """Starts the demo, and does not wait for it.

    `stdout` is another place for its standard output than the screen, which is `output`; `shell`
    are redirections as a shell has them.
    """
    command = [sys.executable, "-m", "cnpg_mcp.demo.main", *arguments]
    with output.open("wb") as screen:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", *command] if shell else command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=stdout or screen,
            stderr=screen,
            preexec_fn=interruptible,  # noqa: PLW1509 - nothing runs in other threads of the child
        )
    return Demo(process, output)


def interruptible() -> None:
    """A shell's background jobs ignore Ctrl-C, and hand that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
