"""From inside: settings that lack something, or work against each other."""

from pathlib import Path
from typing import Any

import pytest

from cnpg_mcp.doctor.inside.configuration import configuration
from test.doctor.inside import LONG, look_inside
from test.doctor.test_outside import faults, notes

TEST_SERVER = {"oidc_issuer": "https://idp.example/", "oidc_audience": "made-up-audience"}
MAIN = {**TEST_SERVER, "auth0_client_id": "made-up", "auth0_client_secret": "made-up-secret"}
PUBLIC = {
    **MAIN,
    "host": "0.0.0.0",
    "public_url": "https://mcp.example",
    "oauth_signing_key": LONG,
    "trusted_proxies": "10.0.0.0/8",
}
GOOD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "main on loopback": (MAIN, []),
    "main in public": (PUBLIC, []),
    "test server": (TEST_SERVER, ["no-login-settings"]),
    "stdio": ({}, ["no-provider-settings"]),
    "redirects of one owner": (
        {**MAIN, "allowed_redirect_uris": "https://*.corp.example/cb cursor://x/cb"},
        [],
    ),
}
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no secret": ({**MAIN, "auth0_client_secret": None}, "settings-refused"),
    "no address in public": ({**PUBLIC, "public_url": None}, "settings-refused"),
    "no audience": ({"oidc_issuer": "https://idp.example/"}, "settings-refused"),
    "one key for two": ({**PUBLIC, "plan_key": LONG}, "keys-shared"),
    "everybody is admin": ({**MAIN, "default_scopes": "cnpg:admin"}, "default-scopes-wide"),
    "redirects of a whole domain": (
        {**MAIN, "allowed_redirect_uris": "https://*.example/cb"},
        "redirects-wide",
    ),
    "redirects open at the end": (
        {**MAIN, "allowed_redirect_uris": "https://claude.ai*/cb"},
        "redirects-wide",
    ),
    "proxy is unknown": ({**PUBLIC, "trusted_proxies": ()}, "proxies-not-trusted"),
    "audit log in no folder": (
        {**MAIN, "audit_log": Path("/nonexistent/audit.jsonl")},
        "audit-log-not-writable",
    ),
}


@pytest.mark.parametrize("name", GOOD)
async def test_settings_in_order_have_no_fault(name: str) -> None:
    settings, noted = GOOD[name]
    report = await look_inside([configuration], **settings)
    assert (faults(report), notes(report)) == ([], noted)


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_found_alone_and_no_secret_told(name: str) -> None:
    settings, code = FAULTS[name]
    report = await look_inside([configuration], **settings)
    assert faults(report) == [code]
    assert LONG not in str(report.findings)


async def test_other_address_than_clients_use_is_found() -> None:
    report = await look_inside([configuration], "https://other.example", **PUBLIC)
    assert faults(report) == ["public-url-differs"]
