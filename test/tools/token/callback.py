"""Where the browser comes back to: one address on loopback, for one login."""

import secrets
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from test.tools.speech import Failure

HOST = "127.0.0.1"
PATH = "/callback"
_PAGE = (
    '<!doctype html><meta charset="utf-8"><title>Sign-in</title>'
    '<body style="font-family: sans-serif; margin: 4em"><p>{}</p>'
)
_BACK = "You can close this window: the terminal says how it went on."
_FOREIGN = "This does not belong to the login that is under way; the terminal still waits for it."
_NOTHING = "There is nothing here."


class Callback:
    """Waits for the one answer that carries the right state; all others change nothing."""

    def __init__(self, port: int, state: str) -> None:
        self._state = state
        self._answers: Queue[Mapping[str, str]] = Queue(maxsize=1)
        self._server = self._bound(port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str]:
        """The parameters that the provider has sent the browser back with.

        Raises:
            Failure: nobody came back in time.
        """
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            raise Failure(
                f"No login came back within {seconds:.0f} seconds.",
                "try again; where the provider complained about the callback URL, register it "
                "(--help names it); on a machine without a browser use --device.",
            ) from None

    def take(self, target: str) -> tuple[int, str]:
        """Status and page for a request; keeps the answer if it is the awaited one."""
        url = urlsplit(target)
        if url.path != PATH:
            return 404, _NOTHING
        pairs = parse_qsl(url.query, keep_blank_values=True)
        answer = dict(pairs)
        given = answer.get("state", "").encode()
        if len(answer) != len(pairs) or not secrets.compare_digest(given, self._state.encode()):
            return 400, _FOREIGN
        if self._answers.empty():
            self._answers.put(answer)
        return 200, _BACK

    def _bound(self, port: int) -> ThreadingHTTPServer:
        try:
            return ThreadingHTTPServer((HOST, port), _handler(self))
        except OSError as error:
            raise Failure(
                f"Cannot listen on {HOST}:{port}: {error.strerror}.",
                "choose another --callback-port, and register its URL at the provider.",
            ) from None


def _handler(callback: Callback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # browsers open connections that they never use

        def do_GET(self) -> None:
            status, text = callback.take(self.path)
            body = _PAGE.format(text).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the address holds the code."""

    return Handler
