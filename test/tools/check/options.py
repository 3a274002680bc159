"""The command line of `test-mcp.py`."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from test.tools.environment import read_text
from test.tools.program import USAGE
from test.tools.speech import Failure, told

ROOT = Path(__file__).parents[3]
SERVER = ROOT / "src/cnpg_mcp_server.py"
_HELP = "--help has examples."


@dataclass(frozen=True)
class Options:
    """What was asked for; `url` is empty for stdio."""

    url: str
    command: tuple[str, ...]
    token: str | None = None
    login: bool = False
    opens_browser: bool = True
    callback_port: int | None = None
    namespace: str | None = None
    writes: bool = False
    only: tuple[str, ...] = ()
    lists: bool = False
    timeout: float = 180.0
    as_json: bool = False

    @property
    def is_http(self) -> bool:
        """Whether the server is reached over http."""
        return bool(self.url)


HELP = """\
Checks a running server as an MCP client sees it: both protocol eras, the twelve tools, calls that
only look; with --write also the whole life of a cluster of its own, which it removes again.
"""
EPILOG = """\
examples:
  ./test/test-mcp.py                                      the program of this folder, over stdio
  ./test/test-mcp.py --url http://localhost:3000 --login  the main server, with its login
  ./test/test-mcp.py --transport http --url http://localhost:3001/test \\
      --token-file /tmp/user-token.txt                    the test server (get-user-token.py first)
  ./test/test-mcp.py --write --namespace playground       changes things, in that namespace alone

exit status: 0 all that ran passed (skipped ones are counted, and are no failure); 1 something
failed, or something was left behind; 2 wrong usage, or no server to check; 130 stopped

It runs with the project's libraries: `make install` once, then .venv/bin/python
test/test-mcp.py, or ./test/test-mcp.py, which finds them by itself.
"""


def parse(arguments: Sequence[str] | None = None, *, is_attended: bool = False) -> Options:
    """The options of this run; where somebody sits at the terminal, http without a token logs in.

    Raises:
        Failure: something is missing or contradicts something else.
    """
    given = _parser().parse_args(arguments)
    transport = given.transport or ("http" if given.url else "stdio")
    _check(given, transport)
    token = _token(given)
    return Options(
        url=_endpoint(given.url) if transport == "http" else "",
        command=_command(given.command),
        token=token,
        login=given.login or (transport == "http" and token is None and is_attended),
        opens_browser=not given.no_browser,
        callback_port=given.callback_port,
        namespace=given.namespace,
        writes=given.write,
        only=tuple(given.only),
        lists=given.list,
        timeout=given.timeout,
        as_json=given.json,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=HELP, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_server(parser)
    add = parser.add_argument
    add("--namespace", help="namespace to look into; needed to write")
    add("--write", action="store_true", help="also change things, in --namespace alone")
    add("--list", action="store_true", help="list the checks and end")
    add(
        "--only",
        metavar="PATTERN",
        action="append",
        default=[],
        help="only checks whose name fits (read, 'tools.*'), and what they need; may be repeated",
    )
    add("--timeout", type=_seconds, default=180.0, help="seconds for each check (180)")
    add("--json", action="store_true", help="the result as JSON on standard output")
    return parser


def _add_server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--transport", choices=["stdio", "http"], help="http where --url is given, else stdio")
    add("--url", help="the server's address; without a path it means /mcp")
    add("--command", help="the program for stdio (this project's main server)")
    sign_in = parser.add_mutually_exclusive_group().add_argument
    sign_in("--token-file", metavar="PATH", help="file that holds the access token alone")
    sign_in("--token", help="the access token; others on this machine can see it: prefer a file")
    sign_in(
        "--login",
        action="store_true",
        help="log in at the main server, in a browser (on a terminal this is the default)",
    )
    add("--no-browser", action="store_true", help="print the login's address; open nothing")
    add("--callback-port", type=int, help="loopback port for the login (a free one)")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86400:
        raise ValueError
    return seconds


def _check(given: argparse.Namespace, transport: str) -> None:
    for_http = given.url or given.token_file or given.token or given.login
    if given.write and not given.namespace:
        raise Failure(
            "--write needs --namespace.", "name a namespace where things may be made.", USAGE
        )
    if transport == "stdio" and for_http:
        raise Failure("--url and sign-in are for http.", "give --transport http.", USAGE)
    if transport == "http" and not given.url and not given.list:
        raise Failure("http needs --url.", _HELP, USAGE)
    if transport == "http" and given.command:
        raise Failure("--command is for stdio.", "leave it out.", USAGE)


def _endpoint(url: str | None) -> str:
    try:
        parts = urlsplit(url or "http://unused")
        is_url = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise Failure(f"{told(url)} is no address.", "give it like http://localhost:3000", USAGE)
    return parts._replace(path="/mcp" if parts.path in {"", "/"} else parts.path).geturl()


def _command(text: str | None) -> tuple[str, ...]:
    try:
        words = shlex.split(text or "")
    except ValueError as error:
        raise Failure(f"--command: {told(error)}.", "check its quotes.", USAGE) from None
    return tuple(words) or (sys.executable, str(SERVER))


def _token(given: argparse.Namespace) -> str | None:
    found = read_text(given.token_file, "--token-file") if given.token_file else given.token
    if found is not None and (not found.isascii() or not found.isprintable() or " " in found):
        sentence = "The token is no single word of ASCII characters."
        raise Failure(sentence, "get one with ./test/get-user-token.py", USAGE)
    return found or None


def is_exposed(url: str) -> bool:
    """Whether what is sent there goes unencrypted over a network."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}
