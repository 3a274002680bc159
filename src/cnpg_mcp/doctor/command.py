"""The command line: what is asked for."""

import argparse
from dataclasses import dataclass
from urllib.parse import urlsplit

import cnpg_mcp

_DESCRIPTION = (
    "Finds out why a client such as Claude cannot connect, and what the server lacks. --outside "
    "asks the public address what clients ask; --inside uses the settings and credentials of this "
    "process: run it where the server runs. Without either, --url means --outside, else --inside. "
    "Changes nothing, except that it registers a few OAuth clients and begins a login, from "
    "outside."
)
_EPILOG = "Exit status: 0 without errors, 1 with errors, 2 when it was called wrongly."


@dataclass(frozen=True)
class Command:
    """What to look at, and how to tell it. `url` has no slash at its end."""

    url: str | None
    outside: bool
    inside: bool
    as_json: bool


def parse(arguments: list[str] | None, public_url: str | None) -> Command:
    """The command of a command line; `public_url` is what the settings say.

    Raises:
        SystemExit: with status 2, when it cannot be understood.
    """
    parser = _parser()
    given = parser.parse_args(arguments)
    outside = given.outside or (given.url is not None and not given.inside)
    inside = given.inside or not outside
    url = given.url or public_url
    if outside and url is None:
        parser.error("--outside needs --url https://host (or the setting PUBLIC_URL)")
    return Command(url, outside, inside, given.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cnpg-mcp-doctor", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=cnpg_mcp.__version__)
    parser.add_argument("--url", type=_root, help="public address of the server, https://host")
    parser.add_argument("--outside", action="store_true", help="look at the public address")
    parser.add_argument("--inside", action="store_true", help="look at what the server needs")
    parser.add_argument("--json", action="store_true", help="write JSON, complete, for programs")
    return parser


def _root(text: str) -> str:
    """Scheme and host; the connector's own address (with /mcp) is understood."""
    parts = urlsplit(text)
    path = parts.path.rstrip("/").removesuffix("/mcp")
    if parts.scheme not in {"http", "https"} or not parts.hostname or path:
        raise argparse.ArgumentTypeError("must look like https://host")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise argparse.ArgumentTypeError("must be scheme and host alone")
    return f"{parts.scheme}://{parts.netloc.lower()}"
