"""From inside: the identity provider, its faults, and what it is sent."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from cnpg_mcp.doctor.findings import Report
from cnpg_mcp.doctor.inside.provider import (
    provider,
    provider_client,
    provider_keys,
    provider_login,
)
from test.auth.providers.base import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from test.auth.site import make_auth0
from test.doctor.idp import CLIENT, DISCOVERY, PUBLIC_URL, SECRET, Provider
from test.doctor.inside import look_inside
from test.doctor.planted import redirect
from test.doctor.served import Served
from test.doctor.test_outside import faults, notes

CHECKS = (provider, provider_keys, provider_client, provider_login)
Fault = Callable[[Provider], Any]


@pytest.fixture
def idp() -> Iterator[Provider]:
    """A provider in good order."""
    running = Provider()
    with Served(running) as served:
        running.at(f"http://127.0.0.1:{served.port}")
        yield running


async def examined(idp: Provider, **settings: Any) -> Report:
    """What is found with the settings of a main server."""
    usual = {
        "oidc_issuer": idp.issuer,
        "oidc_audience": "made-up-audience",
        "auth0_client_id": CLIENT,
        "auth0_client_secret": SECRET,
        "public_url": PUBLIC_URL,
    }
    return await look_inside(CHECKS, **{**usual, **settings})


async def test_provider_in_order_has_no_fault(idp: Provider) -> None:
    report = await examined(idp)
    assert faults(report) == notes(report) == []
    assert len(report.findings) == len(CHECKS)


FAULTS: dict[str, tuple[Fault, str]] = {
    "another issuer": (
        lambda it: it.document.update(issuer="https://other.example/"),
        "provider-issuer-differs",
    ),
    "issuer without its slash": (
        lambda it: it.document.update(issuer=it.issuer.rstrip("/")),
        "issuer-slash",
    ),
    "not found": (
        lambda it: it.instead.update({DISCOVERY: lambda _: HTMLResponse("", 404)}),
        "provider-away",
    ),
    "redirect": (
        lambda it: it.instead.update({DISCOVERY: lambda _: redirect("https://www.example/")}),
        "provider-away",
    ),
    "page": (
        lambda it: it.instead.update({DISCOVERY: lambda _: HTMLResponse("<p>Welcome")}),
        "provider-not-openid",
    ),
    "no keys": (lambda it: it.keys.update(keys=[]), "provider-keys-unusable"),
    "symmetric key": (
        lambda it: it.keys.update(keys=[{"kty": "oct", "alg": "HS256"}]),
        "provider-keys-unusable",
    ),
    "key for encryption": (
        lambda it: it.keys.update(keys=[{"kty": "RSA", "use": "enc"}]),
        "provider-keys-unusable",
    ),
    "clock": (lambda it: setattr(it, "skew", -300.0), "provider-clock-differs"),
    "client is unknown": (
        lambda it: setattr(it, "client", "another"),
        "provider-refuses-client",
    ),
    "secret is refused as Auth0 does": (
        lambda it: it.instead.update(
            {"/token": lambda _: JSONResponse({"error": "access_denied"}, 401)}
        ),
        "provider-refuses-client",
    ),
    "callback is unknown": (
        lambda it: setattr(it, "callback", "https://old.example/auth/callback"),
        "provider-refuses-login",
    ),
    "audience is unknown": (
        lambda it: it.instead.update(
            {"/authorize": lambda _: redirect(f"{it.callback}?error=access_denied")}
        ),
        "provider-refuses-login",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_found_alone(idp: Provider, name: str) -> None:
    fault, code = FAULTS[name]
    fault(idp)
    assert faults(await examined(idp)) == [code]


@pytest.mark.parametrize("endpoint", ["token_endpoint", "authorization_endpoint", "jwks_uri"])
async def test_endpoint_without_tls_is_found_and_sent_nothing(idp: Provider, endpoint: str) -> None:
    idp.document[endpoint] = "http://idp.example/endpoint"
    assert faults(await examined(idp)) == ["provider-incomplete"]


async def test_provider_that_is_away_is_found_alone(idp: Provider) -> None:
    report = await examined(idp, oidc_issuer="http://127.0.0.1:1/")
    assert faults(report) == ["provider-away"]


async def test_missing_offline_access_is_noted(idp: Provider) -> None:
    idp.document["scopes_supported"] = ["openid"]
    report = await examined(idp)
    assert faults(report) == []
    assert notes(report) == ["provider-without-offline-access"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_secret_is_sent_as_the_provider_wants_and_never_told(
    idp: Provider, method: str
) -> None:
    idp.document["token_endpoint_auth_methods_supported"] = [method]
    report = await examined(idp)
    sent = base64.b64decode(idp.authorization.removeprefix("Basic ")).decode()
    assert SECRET in (sent if method == "client_secret_basic" else idp.posted["client_secret"])
    assert SECRET not in str(report.findings)


async def test_habits_of_auth0_are_no_faults(tmp_path) -> None:
    tenant = make_auth0(tmp_path, f"{PUBLIC_URL}/auth/callback")
    tenant.start()
    try:
        report = await look_inside(
            CHECKS,
            oidc_issuer=tenant.issuer,
            oidc_audience=AUDIENCE,
            auth0_client_id=CLIENT_ID,
            auth0_client_secret=CLIENT_SECRET,
            public_url=PUBLIC_URL,
        )
    finally:
        tenant.stop()
    assert faults(report) == notes(report) == []
