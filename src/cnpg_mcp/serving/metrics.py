"""What Prometheus may know of a server: numbers by kind of thing, never the name of one."""

import platform
from collections.abc import Collection
from http import HTTPMethod

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import cnpg_mcp
from cnpg_mcp.domain.outcomes import Outcome
from cnpg_mcp.errors import ErrorCode

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
"""The label's value for what is not in its closed set."""
CALL_OUTCOMES = frozenset({*map(str, Outcome), *map(str, ErrorCode), "read", "cancelled"})
"""How a tool call ends: what came of it, or the code of its error."""
SIGN_INS = frozenset({"granted", "refreshed", "refused", "revoked", "failed"})
"""How a sign-in ends; `failed` is neither side's will, such as a provider that is away."""
_REASONS = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "no_such_path",
    405: "no_such_method",
    408: "too_slow",
    413: "too_large",
    421: "wrong_host",
    429: "rate_limited",
    431: "headers_too_large",
    500: "internal",
    503: "unavailable",
}
_FIRST_REFUSAL = 400
_METHODS = frozenset(HTTPMethod)
_STATUSES = range(100, 600)
_CALL_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""A call may wait 45 s for what it started."""
_API_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30)


class Metrics:
    """The metrics of one server, in a registry of their own.

    Every label has a closed set of values, and what is not in it counts as `other`: a caller can
    neither write into the metrics nor make their number grow.
    """

    def __init__(self, tools: Collection[str], version: str = cnpg_mcp.__version__) -> None:
        self._tools = frozenset(tools)
        registry = self._registry = CollectorRegistry()
        self._calls = Counter(
            "cnpg_mcp_calls_total", "Tool calls.", ["tool", "outcome"], registry=registry
        )
        self._call_seconds = Histogram(
            "cnpg_mcp_call_seconds",
            "Time of tool calls.",
            ["tool"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._api_calls = Counter(
            "cnpg_mcp_api_calls_total",
            "Calls to the API server; status none: no answer.",
            ["method", "status"],
            registry=registry,
        )
        self._api_seconds = Histogram(
            "cnpg_mcp_api_call_seconds",
            "Time of calls to the API server.",
            ["method"],
            buckets=_API_SECONDS,
            registry=registry,
        )
        self._sign_ins = Counter(
            "cnpg_mcp_sign_ins_total", "Sign-ins.", ["outcome"], registry=registry
        )
        self._refusals = Counter(
            "cnpg_mcp_refusals_total", "Requests refused.", ["reason"], registry=registry
        )
        self._in_flight = Gauge(
            "cnpg_mcp_requests_in_flight", "Requests at work.", registry=registry
        )
        Info("cnpg_mcp_build", "What runs here.", registry=registry).info(
            {"version": version, "python": platform.python_version()}
        )
        ProcessCollector(registry=registry)
        self._begin_at_zero()

    def call(self, tool: str, outcome: str, seconds: float) -> None:
        """Counts a tool call; `outcome` is one of `CALL_OUTCOMES`."""
        name = _one_of(self._tools, tool)
        self._calls.labels(name, _one_of(CALL_OUTCOMES, outcome)).inc()
        self._call_seconds.labels(name).observe(seconds)

    def api_call(self, method: str, status: int | None, seconds: float) -> None:
        """Counts a call to the API server; `status` is `None` when there was no answer."""
        verb = _one_of(_METHODS, method)
        self._api_calls.labels(verb, _status(status)).inc()
        self._api_seconds.labels(verb).observe(seconds)

    def sign_in(self, outcome: str) -> None:
        """Counts a sign-in; `outcome` is one of `SIGN_INS`."""
        self._sign_ins.labels(_one_of(SIGN_INS, outcome)).inc()

    def refused(self, status: int) -> None:
        """Counts a request that was answered with an error of HTTP."""
        self._refusals.labels(_REASONS.get(status, OTHER)).inc()

    def began(self) -> None:
        """One request more is at work."""
        self._in_flight.inc()

    def ended(self) -> None:
        """One request less is at work."""
        self._in_flight.dec()

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format, of the type `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def _begin_at_zero(self) -> None:
        """A rate can only be told from a counter that was there before the first event."""
        for outcome in sorted(SIGN_INS):
            self._sign_ins.labels(outcome)
        for reason in (*_REASONS.values(), OTHER):
            self._refusals.labels(reason)


class HttpMetrics:
    """Counts the requests at work, and those that are answered with 400 or more by their status.

    It refuses nothing. An app that fails before it answers counts as 500.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, and counts its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.began()
        try:
            await self._app(scope, receive, watched)
        finally:
            self._metrics.ended()
            if status >= _FIRST_REFUSAL:
                self._metrics.refused(status)


def _one_of(values: Collection[str], value: str) -> str:
    return value if value in values else OTHER


def _status(status: int | None) -> str:
    if status is None:
        return "none"
    return str(status) if status in _STATUSES else OTHER
