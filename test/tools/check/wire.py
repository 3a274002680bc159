"""Reaching the server: a client for each protocol era, and what went wrong on the way."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import Enum
from typing import Any, TextIO

import httpx2
from fastmcp import Client
from fastmcp.client.transports import ClientTransport, StdioTransport, StreamableHttpTransport

from test.tools.check.options import Options
from test.tools.program import USAGE
from test.tools.speech import Failure, told

_CONNECT_SECONDS = 30.0
_REQUEST_SECONDS = 120.0
_TAIL_BYTES = 4000
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_GET_TOKEN = (
    "get a new one with ./test/get-user-token.py for the test server, or use --login for the "
    "main server."
)


class Era(Enum):
    """An era of the protocol: how a client asks for it, and the version it then speaks."""

    MODERN = ("auto", "2026-07-28")
    LEGACY = ("legacy", "2025-11-25")

    @property
    def mode(self) -> str:
        """FastMCP's name for it."""
        return self.value[0]

    @property
    def version(self) -> str:
        """The version of the protocol."""
        return self.value[1]


@dataclass
class Wire:
    """The way to the server.

    `server_log` takes what a program on stdio says; it is opened to append. `refusal` is the last
    answer of http that was an error: the MCP library tells neither its status nor its reason.
    """

    options: Options
    server_log: TextIO
    clean: Callable[[str], str] = str
    """Takes secrets out of a text."""
    auth: httpx2.Auth | None = None
    connect_seconds: float = _CONNECT_SECONDS
    refusal: httpx2.Response | None = None

    def client(self, era: Era) -> Client[Any]:
        """A client that is not connected yet."""
        return Client(
            self._transport(),
            mode=era.mode,
            init_timeout=self.connect_seconds,
            timeout=_REQUEST_SECONDS,
        )

    async def opened(self, era: Era, stack: AsyncExitStack) -> "Client[Any] | Failure":
        """A connected client, or why there is none."""
        self.refusal = None
        try:
            return await stack.enter_async_context(self.client(era))
        except Exception as error:  # noqa: BLE001 - what the libraries raise is not documented
            return self.explained(error)

    def explained(self, error: BaseException) -> Failure:
        """Why the server could not be reached."""
        if self.refusal is not None and not self.options.login:
            return _refused(self.options, self.refusal)
        for cause in _causes(error):
            if isinstance(cause, httpx2.TransportError):
                return _unreachable(self.options.url, cause)
            if isinstance(cause, OSError) and not self.options.is_http:
                sentence = f"{told(self.options.command[0])} cannot be started: {cause.strerror}."
                return Failure(sentence, "check --command.", USAGE)
        if not self.options.is_http:
            sentence = f"The server has ended or does not speak MCP: {self._last_words()}."
            return Failure(sentence, "start it by hand and see what it says.", USAGE)
        if self.options.login:
            return _not_logged_in(error, self.refusal)
        sentence = f"No MCP server answers at {told(self.options.url)}: {told(error)}."
        return Failure(sentence, "check --url.", USAGE)

    def _transport(self) -> ClientTransport:
        if self.options.is_http:
            return StreamableHttpTransport(
                self.options.url, auth=self.auth, httpx_client_factory=self.http
            )
        command, *arguments = self.options.command
        return StdioTransport(
            command, arguments, env=dict(os.environ), keep_alive=False, log_file=self.server_log
        )

    def http(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
        **_: object,
    ) -> httpx2.AsyncClient:
        """A client of plain http that notes refusals; the MCP library follows redirects itself."""
        return httpx2.AsyncClient(
            headers=headers,
            auth=auth,
            timeout=timeout or httpx2.Timeout(_CONNECT_SECONDS, read=_REQUEST_SECONDS),
            event_hooks={"response": [self._note]},
        )

    async def _note(self, response: httpx2.Response) -> None:
        if response.is_error and response.request.method == "POST":
            self.refusal = response

    def _last_words(self) -> str:
        self.server_log.flush()
        size = os.fstat(self.server_log.fileno()).st_size
        text = os.pread(self.server_log.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES))
        lines = [line for line in text.decode(errors="replace").splitlines() if line.strip()]
        return told(lines[-1]).rstrip(".") if lines else "it says nothing"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and what was in its groups."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [next_ for next_ in (each.__cause__, each.__context__) if next_]
        waiting += getattr(each, "exceptions", ())


def _unreachable(url: str, error: httpx2.TransportError) -> Failure:
    reason = told(error) or type(error).__name__
    if "CERTIFICATE" in reason.upper():
        next_step = "point SSL_CERT_FILE to the certificate authority of your organisation."
    else:
        next_step = "check --url, and that the server runs."
    return Failure(f"Nothing answers at {told(url)}: {reason}.", next_step, USAGE)


def _refused(options: Options, response: httpx2.Response) -> Failure:
    status, where = response.status_code, told(options.url)
    if status == httpx2.codes.UNAUTHORIZED and not (options.token or options.login):
        return Failure("The server wants a sign-in (401).", "give --token-file, or --login.", USAGE)
    reasons = {
        401: (f"The server refuses the token (401{_said(response)})", _GET_TOKEN),
        403: (f"The server refuses the request (403{_said(response)})", _GET_TOKEN),
        404: (
            f"There is no MCP server at {where} (404)",
            "the main server is at /mcp, the test server at /test.",
        ),
        421: (
            "The server does not serve that host name (421)",
            "use the address in its PUBLIC_URL, or add the name to its ALLOWED_HOSTS.",
        ),
        429: ("The server has had too many requests (429)", "wait a minute and try again."),
        503: ("The server is not ready (503)", "look at its /readyz and its log."),
    }
    sentence, next_step = reasons.get(
        status, (f"{where} answers {status}", "check --url, and look at the server's log.")
    )
    return Failure(f"{sentence}.", next_step, USAGE)


def _not_logged_in(error: BaseException, refusal: httpx2.Response | None) -> Failure:
    where = f" ({refusal.url.path} answers {refusal.status_code})" if refusal else ""
    reason = told(error).rstrip(".") or type(error).__name__
    return Failure(
        f"The login has failed{where}: {reason}.",
        "give the test server --token-file; for the main server run cnpg-mcp-doctor --url with the "
        "same address, which tells what a login needs.",
        USAGE,
    )


def in_words(response: httpx2.Response) -> tuple[str, str]:
    """A code and a sentence for an answer of http that is an error."""
    status = response.status_code
    code = _challenge(response).get("error") or f"http_{status}"
    scope = _challenge(response).get("scope")
    asked = f"; it asks for the scopes {scope}" if scope else ""
    return code, told(f"{status}{_said(response)} ({code}{asked})")


def _said(response: httpx2.Response) -> str:
    words = _challenge(response).get("error_description")
    return f": {told(words).rstrip('.')}" if words else ""


def _challenge(response: httpx2.Response) -> dict[str, str]:
    """The parameters of a challenge (RFC 6750, section 3)."""
    return dict(_PARAMETER.findall(response.headers.get("www-authenticate", "")))
