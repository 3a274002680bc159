"""One call to the API server: deadline, safe retries, typed failures, rotated credentials."""

import asyncio
import logging
import math
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPMethod
from typing import TYPE_CHECKING, Any, Protocol

from cnpg_mcp.kube.answers import Decode, one_object
from cnpg_mcp.kube.connection import Connection
from cnpg_mcp.kube.errors import (
    ConfigurationError,
    DeadlineExceeded,
    KubeError,
    NotKubernetes,
    ServerError,
    StatusError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    WebhookFailed,
    status_error,
)
from cnpg_mcp.kube.objects import JSON

if TYPE_CHECKING:
    from kubernetes.aio.client import ApiClient
    from multidict import CIMultiDictProxy

_log = logging.getLogger(__name__)
_ATTEMPTS = 4
_BACKOFF_SECONDS = (0.1, 0.3, 0.9)
_RETRIED_READS = frozenset({429, 502, 503, 504})
_OK_BELOW = 300


@dataclass(frozen=True)
class Call:
    """One HTTP request to the API server.

    `patience`: seconds for a call that is tried once, in place of the transport's deadline.
    `decode` makes JSON of the body; `None` says that it is none. `dry_run`: nothing is stored.
    """

    method: HTTPMethod
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: object = None
    content_type: str = JSON
    accept: str = JSON
    patience: float | None = None
    decode: Decode = one_object
    dry_run: bool = False
    headers: Sequence[tuple[str, str]] = ()

    @property
    def is_read(self) -> bool:
        """Whether repeating the call is harmless."""
        return self.method == HTTPMethod.GET

    @property
    def changes(self) -> bool:
        """Whether something may be stored by it."""
        return not (self.is_read or self.dry_run)


@dataclass(frozen=True)
class Reply:
    """A successful answer: parsed JSON and the API server's warnings (`Warning: 299`)."""

    body: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Observer(Protocol):
    """Counts requests."""

    def __call__(self, method: str, status: int | None, seconds: float) -> None:
        """A request was answered with a status, or with none."""


def observe_nothing(method: str, status: int | None, seconds: float) -> None:
    """For transports that nobody watches."""


@dataclass
class Transport:
    """Sends calls to one API server over one pooled client.

    The client is made at the first call; a failure to make it is not remembered. Reads are
    repeated on 429, 502, 503, 504 and a lost connection, writes only on 429 (refused before they
    ran). `deadline` bounds a call with all its retries, in seconds. `observe` is
    told of every request.
    """

    connector: Callable[[], Awaitable[Connection]]
    deadline: float = 15.0
    observe: Observer = observe_nothing
    jitter: Callable[[], float] = random.random
    _connection: Connection | None = None
    _in_flight: Counter[Connection] = field(default_factory=Counter)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def connection(self) -> Connection:
        """The connection of this process, made when it is first needed.

        Raises:
            ConfigurationError: no usable credentials at this moment.
        """
        try:
            async with asyncio.timeout(self.deadline):
                return await self._connected()
        except TimeoutError as error:
            raise _no_credentials(self.deadline) from error

    async def close(self) -> None:
        """Closes the pooled connections; a later call opens new ones."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.close()

    async def send(self, call: Call) -> Reply:
        """Sends a call and waits for its answer.

        Raises:
            KubeError: see `cnpg_mcp.kube.errors`.
        """
        sent = _Sent()
        deadline = call.patience or self.deadline
        try:
            async with asyncio.timeout(deadline) as limit:
                return await self._with_retries(call, sent, limit)
        except TimeoutError as error:
            if self._connection is None and not sent.is_open:
                raise _no_credentials(deadline) from error
            raise DeadlineExceeded(
                f"The API server did not answer within {deadline:g} s.",
                maybe_applied=sent.is_open and call.changes,
            ) from error

    async def _connected(self) -> Connection:
        if self._connection is None:
            async with self._lock:
                if self._connection is None:
                    self._connection = await self.connector()
        return self._connection

    async def _with_retries(self, call: Call, sent: "_Sent", limit: asyncio.Timeout) -> Reply:
        for attempt in range(_ATTEMPTS):
            try:
                return await self._with_fresh_credentials(call, sent)
            except KubeError as error:
                pause = self._pause(call, error, attempt)
                if pause is None or pause > _seconds_left(limit):
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, call: Call, error: KubeError, attempt: int) -> float | None:
        """Seconds until the next try; `None` when there must be none."""
        if attempt >= len(_BACKOFF_SECONDS) or not _is_retryable(call, error):
            return None
        backoff = _BACKOFF_SECONDS[attempt] * (0.5 + self.jitter())
        asked = error.retry_after if isinstance(error, StatusError) else None
        return max(backoff, asked or 0.0)

    async def _with_fresh_credentials(self, call: Call, sent: "_Sent") -> Reply:
        """A 401 may mean a rotated token or certificate: reads them anew once."""
        connection = await self._connected()
        try:
            return await self._on(connection, call, sent)
        except Unauthorized:
            if self._connection is connection:
                self._connection = None
            await self._close_if_replaced(connection)
            return await self._on(await self._connected(), call, sent)

    async def _on(self, connection: Connection, call: Call, sent: "_Sent") -> Reply:
        """Sends on one connection; the last call on a replaced one closes it."""
        self._in_flight[connection] += 1
        sent.status, start = None, time.perf_counter()
        try:
            return await self._once(connection, call, sent)
        finally:
            seconds = time.perf_counter() - start
            self.observe(call.method, sent.status, seconds)
            _log.debug("%s %s: %s in %.0f ms", call.method, call.path, sent.status, seconds * 1000)
            self._in_flight[connection] -= 1
            await self._close_if_replaced(connection)

    async def _close_if_replaced(self, connection: Connection) -> None:
        """Closes a connection that nobody will use again, once nobody uses it any more."""
        if not self._in_flight[connection]:
            del self._in_flight[connection]
            if connection is not self._connection:
                await connection.client.close()

    async def _once(self, connection: Connection, call: Call, sent: "_Sent") -> Reply:
        import aiohttp  # noqa: PLC0415 - comes with the Kubernetes client, which is imported late

        client = connection.client
        request = await _serialized(client, call)
        sent.is_open = True
        try:
            response = await client.call_api(*request, _request_timeout=self.deadline)
            data = await response.read()
        except aiohttp.ClientConnectorCertificateError as error:
            sent.is_open = False
            raise ConfigurationError(
                f"What answers at {error.host}:{error.port} has a certificate that the CA of the "
                "kubeconfig did not sign: the kubeconfig is stale, another cluster has that "
                "address, or a proxy is in between."
            ) from error
        except Unreachable as error:  # of a middleware, which knows no dry run
            sent.is_open = False
            error.maybe_applied = error.maybe_applied and call.changes
            raise
        except aiohttp.ClientConnectorError as error:
            sent.is_open = False
            raise Unreachable(f"The API server cannot be reached: {error}") from error
        except aiohttp.ClientError as error:
            raise Unreachable(
                f"The connection to the API server was cut: {error}",
                maybe_applied=call.changes,
            ) from error
        sent.is_open, sent.status = False, response.status
        return _reply(call, response.status, response.headers, data)


@dataclass
class _Sent:
    """Whether a request is on the wire without an answer yet, and how the last one was answered."""

    is_open: bool = False
    status: int | None = None


async def _serialized(client: "ApiClient", call: Call) -> tuple[str, str, Mapping[str, str], Any]:
    """Method, URL, headers and body; a pod's token is read anew here, once a minute."""
    from kubernetes.aio.config import ConfigException  # noqa: PLC0415 - is imported late

    try:
        method, url, headers, body, _ = await client.param_serialize(
            call.method,
            call.path,
            query_params=list(call.query),
            header_params={"Accept": call.accept, "Content-Type": call.content_type},
            body=call.body,
            auth_settings=["BearerToken"],
        )
    except (ConfigException, OSError) as error:
        raise ConfigurationError(f"No usable Kubernetes credentials: {error}") from error
    return method, url, _with(headers, call.headers), body


def _with(headers: dict[str, str], more: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Headers, of which some may come several times: one for each group of a user."""
    if not more:
        return headers
    from multidict import CIMultiDict  # noqa: PLC0415 - comes with aiohttp, which is imported late

    return CIMultiDict([*headers.items(), *more])


def _no_credentials(deadline: float) -> ConfigurationError:
    return ConfigurationError(
        f"No Kubernetes credentials were obtained within {deadline:g} s: perhaps a credential "
        "plugin of the kubeconfig waits for someone to sign in."
    )


def _seconds_left(limit: asyncio.Timeout) -> float:
    end = limit.when()
    return math.inf if end is None else end - asyncio.get_running_loop().time()


def _is_retryable(call: Call, error: KubeError) -> bool:
    if call.patience is not None:
        return False
    if isinstance(error, TooManyRequests):
        return True
    if not call.is_read or isinstance(error, ConfigurationError | NotKubernetes):
        return False
    if isinstance(error, StatusError):
        return error.status in _RETRIED_READS
    return isinstance(error, Unreachable)


def _reply(call: Call, status: int, headers: "CIMultiDictProxy[str]", data: bytes) -> Reply:
    warnings = tuple(_warning_text(value) for value in headers.getall("Warning", ()))
    body = (call.decode if status < _OK_BELOW else one_object)(data)
    if status < _OK_BELOW:
        if body is None:
            raise NotKubernetes(maybe_applied=call.changes)
        return Reply(body, warnings)
    error = status_error(
        status,
        {"message": data[:300].decode(errors="replace")} if body is None else body,
        retry_after=_seconds(headers.get("Retry-After")),
        warnings=warnings,
    )
    error.maybe_applied = call.changes and _leaves_it_open(error)
    raise error


def _leaves_it_open(error: StatusError) -> bool:
    """Whether a refused write may be stored all the same: the API server itself has failed.

    A timeout of etcd is a 500 or a 504 after which the object may be there; a webhook comes before.
    """
    return isinstance(error, ServerError) and not isinstance(error, WebhookFailed)


def _warning_text(header: str) -> str:
    """The text of `299 - "text"` (RFC 9111, section 5.5), unquoted."""
    text = header.split(" ", 2)[-1].strip()
    return text.removeprefix('"').removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")


def _seconds(retry_after: str | None) -> float | None:
    """The API server sends Retry-After in seconds, never as a date."""
    return float(retry_after) if retry_after and retry_after.isdigit() else None
