"""Bounded HTTP: a few seconds, a few kilobytes, no redirect followed, no secret sent."""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

import cnpg_mcp

PATIENCE = 10.0
"""Seconds that one answer may take in all."""
MAX_BODY = 256 * 1024
"""Bytes of an answer that are read; no document that is asked for comes near it."""

_UNAVAILABLE = {502, 503, 504}
_THROTTLED = 429
_FAILED = 500

MakeTransport = Callable[[ssl.SSLContext], httpx.AsyncBaseTransport]
"""Makes what requests go through; tests put a way to their own server here."""


class Unanswered(Exception):
    """There is no answer: no connection, it was cut, or time was up.

    `tls`: what TLS complains about, where that is the reason.
    """

    def __init__(self, message: str, tls: ssl.SSLError | None = None) -> None:
        super().__init__(message)
        self.tls = tls


class Throttled(Exception):
    """The answer is 429: a rate limit."""


class Failed(Exception):
    """The answer is a 5xx.

    `is_away`: of a proxy that has nobody to ask, or of a server that says so itself.
    """

    def __init__(self, message: str, *, is_away: bool) -> None:
        super().__init__(message)
        self.is_away = is_away


@dataclass(frozen=True)
class Lifetime:
    """From when to when a certificate is valid."""

    start: datetime
    end: datetime

    def is_ending(self, now: datetime) -> bool:
        """Whether a renewal is overdue: two weeks before the end, less for short lives."""
        return self.end - now < min(timedelta(days=14), (self.end - self.start) / 3)


@dataclass(frozen=True)
class Answer:
    """One answer of HTTP. `asked` says to what, for people."""

    asked: str
    status: int
    headers: httpx.Headers
    body: bytes
    certificate: Lifetime | None = None

    def json(self) -> dict[str, Any] | None:
        """The body where it is a JSON object."""
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people."""
        return str(self.headers.get("content-type", "")).startswith("text/html")

    @property
    def location(self) -> str:
        """Where it redirects to; empty when it does not."""
        return str(self.headers.get("location", "")) if 300 <= self.status < 400 else ""  # noqa: PLR2004

    @property
    def date(self) -> datetime | None:
        """What the server takes for the present moment."""
        try:
            found = parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass
class Probe:
    """Asks addresses. An async context manager; `made` overrides what requests go through."""

    made: MakeTransport | None = None
    patience: float = PATIENCE
    _client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self._client = self._open(httpx.create_ssl_context())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def accept_any_certificate(self) -> None:
        """Goes on without believing anything: to find out what else is wrong."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        await self._client.aclose()
        self._client = self._open(context)

    async def ask(self, method: str, url: str, **request: Any) -> Answer:  # noqa: ANN401 - httpx's
        """An answer that is no sign of an outage.

        Raises:
            Unanswered: there is none.
            Throttled: it is a 429.
            Failed: it is a 5xx.
        """
        answer = await self.see(method, url, **request)
        if answer.status == _THROTTLED:
            raise Throttled(f"{answer.asked} was answered 429.")
        if answer.status >= _FAILED:
            raise Failed(
                f"{answer.asked} was answered {answer.status}.",
                is_away=answer.status in _UNAVAILABLE,
            )
        return answer

    async def see(self, method: str, url: str, **request: Any) -> Answer:  # noqa: ANN401 - httpx's
        """Whatever is answered.

        Raises:
            Unanswered: nothing is.
        """
        asked = f"{method} {httpx.URL(url).copy_with(query=None)}"
        try:
            async with asyncio.timeout(self.patience):
                return await self._stream(asked, method, url, request)
        except TimeoutError as error:
            raise Unanswered(f"{asked} was not answered in {self.patience:g} s.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            told = str(error) or type(error).__name__
            raise Unanswered(f"{asked} was not answered: {told}", _tls_error(error)) from error

    async def _stream(
        self, asked: str, method: str, url: str, request: Mapping[str, Any]
    ) -> Answer:
        async with self._client.stream(method, url, **request) as response:
            certificate = _lifetime(response)
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BODY:
                    break
            return Answer(
                asked, response.status_code, response.headers, bytes(body[:MAX_BODY]), certificate
            )

    def _open(self, context: ssl.SSLContext) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=context,
            transport=self.made(context) if self.made else None,
            timeout=self.patience,
            headers={
                "User-Agent": f"cnpg-mcp-doctor/{cnpg_mcp.__version__}",
                "Accept-Encoding": "identity",
            },
        )


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """What TLS complains about, from wherever in the chain of causes."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _lifetime(response: httpx.Response) -> Lifetime | None:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream else None
    certificate = connection.getpeercert() if connection else None
    if not certificate:
        return None
    return Lifetime(_moment(certificate["notBefore"]), _moment(certificate["notAfter"]))


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
