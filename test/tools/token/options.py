"""The command line and environment of `get-user-token.py`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

from test.tools.environment import read_text, setting
from test.tools.program import USAGE
from test.tools.speech import Failure, told
from test.tools.token.private_file import read_private
from test.tools.token.tokens import Kept

USER_SCOPE = "openid offline_access"
API_SCOPE = "cnpg:read cnpg:write cnpg:admin"
CALLBACK_PORT = 8765
TOKEN_FILE = Path("/tmp/user-token.txt")  # noqa: S108 - written as private_file.py says
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Flow(Enum):
    """How the token is got."""

    BROWSER = "authorization code with PKCE in a browser"
    DEVICE = "device login"
    CLIENT = "client credentials"
    REFRESH = "refresh token"


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    flow: Flow
    issuer: str
    client_id: str
    client_secret: str | None
    audience: str | None
    resource: str | None
    scope: str
    token_file: Path
    callback_port: int
    opens_browser: bool
    timeout: float
    kept: Kept | None = None

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser back to."""
        return redirect_uri(self.callback_port)

    @property
    def refresh_file(self) -> Path:
        """Where a refresh token is kept."""
        return refresh_file(self.token_file)


def redirect_uri(port: int) -> str:
    """The callback URL to register at the provider (RFC 8252, section 7.3)."""
    return f"http://127.0.0.1:{port}/callback"


def refresh_file(token_file: Path) -> Path:
    """The file beside the token file that keeps the refresh token."""
    return token_file.with_name(f"{token_file.name}.refresh")


HELP = f"""\
Gets an access token from your identity provider (Auth0 or any OpenID provider) and writes it, and
nothing else, into a file that only you can read. The token is never printed.

Before the first login register this callback URL with the application at the provider (Auth0:
Applications > your application > Allowed Callback URLs), and allow the refresh token grant:

  {redirect_uri(CALLBACK_PORT)}

Another port by --callback-port needs its own entry. --device needs the device code grant,
--client-credentials an application of its own (Auth0: Machine to Machine).
"""
EPILOG = """\
environment (each also as NAME_FILE with the path of a file that holds the value):
  OIDC_ISSUER          address of the provider, as in --issuer
  OIDC_AUDIENCE        the API's identifier, as in --audience
  AUTH0_CLIENT_ID      the application's id, as in --client-id
  AUTH0_CLIENT_SECRET  its secret, where it has one; there is no flag, since others could read it

exit status: 0 token written; 1 no token; 2 wrong usage; 3 token written, but the test server
would refuse it (the warning says why); 130 stopped

It runs with the project's libraries: `make install` once, then .venv/bin/python
test/get-user-token.py, or ./test/get-user-token.py, which finds them by itself.
"""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options of this run.

    Raises:
        Failure: something is missing or contradicts something else.
    """
    given = _parser().parse_args(arguments)
    flow = next((flow for flow in Flow if getattr(given, flow.name.lower(), False)), Flow.BROWSER)
    kept = _kept(given.token_file) if flow is Flow.REFRESH else None
    issuer = given.issuer or setting("OIDC_ISSUER") or (kept.issuer if kept else None)
    client_id = given.client_id or setting("AUTH0_CLIENT_ID") or (kept.client_id if kept else None)
    options = Options(
        flow=flow,
        issuer=_issuer(_needed(issuer, "the provider's address", "--issuer", "OIDC_ISSUER")),
        client_id=_needed(client_id, "the application", "--client-id", "AUTH0_CLIENT_ID"),
        client_secret=_secret(given.client_secret_file),
        audience=given.audience or setting("OIDC_AUDIENCE"),
        resource=given.resource,
        scope=_scope(given.scope, flow),
        token_file=given.token_file,
        callback_port=given.callback_port,
        opens_browser=not given.no_browser,
        timeout=given.timeout,
        kept=kept,
    )
    _check(options)
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=HELP, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_flows(parser)
    _add_provider(parser)
    add = parser.add_argument
    add(
        "--token-file",
        type=Path,
        default=TOKEN_FILE,
        help=f"where the token goes ({TOKEN_FILE}); a refresh token goes beside it, with .refresh",
    )
    add("--no-browser", action="store_true", help="print the address to open; open nothing")
    add(
        "--callback-port",
        type=_port,
        default=CALLBACK_PORT,
        help=f"loopback port that the browser is sent back to ({CALLBACK_PORT})",
    )
    add("--timeout", type=_seconds, default=300.0, help="seconds to wait for the login (300)")
    return parser


def _add_flows(parser: argparse.ArgumentParser) -> None:
    add = parser.add_mutually_exclusive_group().add_argument
    add("--device", action="store_true", help="log in on another device: for machines without one")
    add(
        "--client-credentials",
        action="store_true",
        dest="client",
        help="the application's own token, without a person: for CI; needs AUTH0_CLIENT_SECRET",
    )
    add(
        "--refresh",
        action="store_true",
        help="renew the token with the refresh token of the last login, without a login",
    )


def _add_provider(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--issuer", metavar="URL", help="address of the provider (OIDC_ISSUER)")
    add("--audience", help="identifier of the API that the token is for (OIDC_AUDIENCE)")
    add("--client-id", metavar="ID", help="the application at the provider (AUTH0_CLIENT_ID)")
    add("--client-secret-file", metavar="PATH", help="file with its secret (AUTH0_CLIENT_SECRET)")
    add("--resource", metavar="URL", help="resource indicator, for providers that go by RFC 8707")
    add(
        "--scope",
        help=f"scopes to ask for, in one argument ('{USER_SCOPE} {API_SCOPE}'; for "
        f"--client-credentials '{API_SCOPE}'; '' asks for none)",
    )


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port <= 65535:
        raise ValueError
    return port


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86400:
        raise ValueError
    return seconds


def _needed(value: str | None, what: str, flag: str, variable: str) -> str:
    if not value:
        raise Failure(f"{what} is missing.", f"give {flag} or set {variable}.", USAGE)
    return value


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        sentence = f"The issuer {told(url)} is no address."
        raise Failure(sentence, "give it like https://tenant.example.auth0.com/", USAGE)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        sentence = f"The issuer {told(url)} would be sent secrets unencrypted."
        raise Failure(sentence, "give its https:// address.", USAGE)
    return url


def _secret(path: str | None) -> str | None:
    found = setting("AUTH0_CLIENT_SECRET")
    return read_text(path, "--client-secret-file") if path else found


def _scope(given: str | None, flow: Flow) -> str:
    if given is not None:
        return " ".join(given.split())
    return API_SCOPE if flow is Flow.CLIENT else f"{USER_SCOPE} {API_SCOPE}"


def _kept(token_file: Path) -> Kept:
    return Kept.parse(read_private(refresh_file(token_file)))


def _check(options: Options) -> None:
    """Refuses what cannot work, or would send a secret to whom it does not belong."""
    if options.flow is Flow.CLIENT and not options.client_secret:
        raise Failure(
            "--client-credentials needs the application's secret.",
            "set AUTH0_CLIENT_SECRET, or AUTH0_CLIENT_SECRET_FILE to the path of a file with it.",
            USAGE,
        )
    kept = options.kept
    if kept and (kept.issuer.rstrip("/"), kept.client_id) != (
        options.issuer.rstrip("/"),
        options.client_id,
    ):
        raise Failure(
            f"The refresh token was given by {told(kept.issuer)} to the application "
            f"{told(kept.client_id)}, not by the ones named now.",
            "log in anew without --refresh, or leave issuer and client id out.",
            USAGE,
        )
