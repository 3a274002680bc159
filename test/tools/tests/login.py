"""`get-user-token.py` in tests: a folder of its own, and somebody who logs in."""

import asyncio
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from test.auth.browser import Browser
from test.auth.providers.base import (
    AUDIENCE,
    CLIENT_ID,
    CLIENT_SECRET,
    PERSON,
    listens,
    wait_until,
)
from test.controlplane.process import free_ports
from test.tools.tests.programs import ROOT, TOKEN_PROGRAM, Ran, Running, run


class TokenProgram:
    """The program with a provider and a token file."""

    def __init__(self, folder: Path, issuer: str, **environment: str | None) -> None:
        (self.port,) = free_ports(1)
        self.token_file = folder / "token.txt"
        self.refresh_file = folder / "token.txt.refresh"
        given = {
            "OIDC_ISSUER": issuer,
            "OIDC_AUDIENCE": AUDIENCE,
            "AUTH0_CLIENT_ID": CLIENT_ID,
            "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
            **environment,
        }
        self.environment = {name: value for name, value in given.items() if value is not None}

    @property
    def redirect_uri(self) -> str:
        """Where the program waits for the browser."""
        return f"http://127.0.0.1:{self.port}/callback"

    @property
    def token(self) -> str:
        """What is in the token file."""
        return self.token_file.read_text()

    def run(self, *arguments: str) -> Ran:
        """To its end."""
        return run(TOKEN_PROGRAM, *self._common(), *arguments, environment=self.environment)

    def start(self, *arguments: str) -> Running:
        """Starts it."""
        everything = [*self._common(), *arguments]
        return Running(TOKEN_PROGRAM, *everything, environment=self.environment)

    def log_in(self, *arguments: str) -> Ran:
        """Runs it, and logs in at the address it prints."""
        running = self.start("--no-browser", *arguments)
        asyncio.run(log_in(running.line_with("http"), self.redirect_uri))
        return running.end()

    def _common(self) -> list[str]:
        return ["--token-file", str(self.token_file), "--callback-port", str(self.port)]


_BROWSER = """
import asyncio, os, sys
sys.path.insert(0, {root!r})
from test.tools.tests.login import log_in
with open({visits!r}, "a") as visits:
    visits.write(sys.argv[1] + "\\n")
if not os.fork():
    asyncio.run(log_in(sys.argv[1], {redirect_uri!r}))
"""


@dataclass(frozen=True)
class BrowserProgram:
    """A browser for the variable BROWSER: it logs in at whatever address it is given."""

    folder: Path
    redirect_uri: str

    @property
    def variable(self) -> str:
        """The value of BROWSER."""
        script = self.folder / "browser.py"
        names = {"root": str(ROOT), "visits": str(self._visits), "redirect_uri": self.redirect_uri}
        script.write_text(_BROWSER.format(**names))
        return f"{sys.executable} {script} %s"

    @property
    def visits(self) -> list[str]:
        """The addresses it has been opened at."""
        return self._visits.read_text().splitlines() if self._visits.exists() else []

    @property
    def _visits(self) -> Path:
        return self.folder / "visits"


async def log_in(url: str, redirect_uri: str) -> None:
    """Logs in with a browser, and brings the answer to the program that waits."""
    port = urlsplit(redirect_uri).port or 0
    async with Browser(PERSON) as browser:
        landing = await browser.sign_in(url, redirect_uri)
        wait_until(lambda: listens(port), "the program waits for the browser")
        (await browser.http.get(landing.url)).raise_for_status()


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def secrets_in(ran: Ran, *paths: Path) -> list[str]:
    """What stands in these files, or was a secret of the login, and was printed."""
    texts = [path.read_text().strip() for path in paths if path.exists()]
    texts += [part for text in texts for part in text.split(".") if len(part) > 20]
    return [text for text in [*texts, CLIENT_SECRET, PERSON.password] if text in ran.said]
