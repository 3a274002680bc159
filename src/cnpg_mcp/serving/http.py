"""One server over http: sign-in, tools, probes and bounds, put together for uvicorn."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from starlette.types import ASGIApp

from cnpg_mcp.auth.door import Entrance
from cnpg_mcp.auth.errors import AuthError
from cnpg_mcp.auth.events import Tell
from cnpg_mcp.auth.place import Place
from cnpg_mcp.auth.spent_codes import SharedSpentCodes
from cnpg_mcp.auth.store import make_redis
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.kube.errors import KubeError
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.serving.bounds import BodyBounds
from cnpg_mcp.serving.concurrency import ConcurrencyBound
from cnpg_mcp.serving.endpoint import OneSpelling, endpoint
from cnpg_mcp.serving.limits import AddressRateLimit, RefusedTokenLimit
from cnpg_mcp.serving.metrics import HttpMetrics, Metrics
from cnpg_mcp.serving.probes import Check, Probes, Readiness
from cnpg_mcp.serving.record import door_record
from cnpg_mcp.serving.requests import RequestId
from cnpg_mcp.settings import Settings, is_redis
from cnpg_tools import REGISTRY

Enter = Callable[[Settings, Place, Tell], Entrance]
"""How callers come in: the one thing in which the two servers differ."""
_OPEN_RATES = {
    "/register": "20/minute",
    "/authorize": "60/minute",
    "/consent": "60/minute",
    "/auth/callback": "60/minute",
    "/token": "120/minute",
    "/revoke": "60/minute",
}
"""Of one address, at the paths that work for anybody."""
_CALL_BYTES, _FORM_BYTES = 262_144, 16_384
"""Bodies of calls, whose longest honest one has some kilobytes, and of the OAuth endpoints."""
_ARRIVING = 4
"""Requests whose body is still on its way, for each that may be at work."""
_CHECK_SECONDS = 1.5


def build_app(name: str, settings: Settings, place: Place, enter: Enter) -> ASGIApp:
    """The ASGI application of the server with that name; nothing is connected to yet."""
    metrics = Metrics(REGISTRY.tools)
    entrance = enter(settings, place, door_record(settings, metrics))
    codes = _shared_codes(settings)
    estate = _estate(name, settings, metrics, entrance, codes)

    @asynccontextmanager
    async def beside() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(entrance.opened())
            if codes is not None:
                await stack.enter_async_context(codes.opened())
            yield

    server = build_server(name, estate, auth=entrance.auth, observe=metrics.call, beside=beside)
    app = endpoint(server, settings, place, entrance)
    readiness = Readiness(_checks(estate, entrance), public=(_NotReady, AuthError))
    return _guarded(app, settings, metrics, readiness, place)


def _estate(
    name: str,
    settings: Settings,
    metrics: Metrics,
    entrance: Entrance,
    codes: SharedSpentCodes | None,
) -> Estate:
    estate = build_estate(settings, name, metrics.api_call)
    confirmations = estate.confirmations
    if codes is not None:
        confirmations = replace(confirmations, spent=codes)
    return replace(estate, identify=entrance.identify, confirmations=confirmations)


def _shared_codes(settings: Settings) -> SharedSpentCodes | None:
    """Where replicas remember used codes; `None`: this process does, alone."""
    for place in (settings.plan_store, settings.oauth_store):
        if place is not None and is_redis(place.get_secret_value()):
            return SharedSpentCodes(make_redis(place.get_secret_value()))
    return None


def _checks(estate: Estate, entrance: Entrance) -> dict[str, Check]:
    """What the server needs. The test server does its work without asking the provider anew."""

    async def kubernetes() -> None:
        try:
            served = await estate.kube.serves(CLUSTERS, patience=_CHECK_SECONDS)
        except KubeError as error:
            raise _NotReady(f"The API server cannot be used ({type(error).__name__}).") from error
        if not served:
            raise _NotReady("CloudNativePG is not installed: its kind Cluster is not served.")

    checks: dict[str, Check] = {"kubernetes": kubernetes}
    if entrance.store is not None:
        checks |= {"provider": entrance.provider.check, "store": entrance.store.check}
    return checks


class _NotReady(Exception):
    """What is missing, as a sentence for whoever runs the server."""


def _guarded(
    app: ASGIApp, settings: Settings, metrics: Metrics, readiness: Readiness, place: Place
) -> ASGIApp:
    """Everything in front of the endpoint, the outermost last."""
    app = ConcurrencyBound(app, limit=settings.max_concurrency)
    app = RefusedTokenLimit(app, rate=settings.rate_limit)
    app = BodyBounds(app, max_bytes=_CALL_BYTES, smaller=dict.fromkeys(_OPEN_RATES, _FORM_BYTES))
    app = AddressRateLimit(app, rates=_OPEN_RATES)
    app = ConcurrencyBound(app, limit=_ARRIVING * settings.max_concurrency)
    app = OneSpelling(app, place.path)
    app = HttpMetrics(app, metrics)
    app = Probes(app, readiness, metrics)
    return RequestId(app)
