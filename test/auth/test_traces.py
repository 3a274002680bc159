"""What a login leaves behind: lines about who did what, and no secret anywhere."""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from test.auth import rpc
from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import CLIENT_SECRET, PERSON
from test.auth.site import SIGNING_KEY, Site, make_auth0

MIN_CHARS, MIN_PART = 12, 40
GUESSED = "made-up-code-of-a-thief"
HARMLESS = {"client_id", "redirect_uri", "resource", "scope", "response_type", "audience"}


async def _all_of_a_login(site: Site[Auth0], browser: Browser, http: httpx.AsyncClient) -> set[str]:
    """A login, its use, and what a thief tries with it; the secrets that went over the wire."""
    client = OAuthClient(site.main.base, http)
    found = await client.login(browser)
    await client.refresh(found.refresh, client_id="unknown")
    following = tokens(await client.refresh(found.refresh))
    await client.exchange(GUESSED)
    await client.exchange(GUESSED, client_id="unknown")
    provided = site.provider.token("cnpg:read")
    for server in (site.main, site.test):
        for token in (found.access, following.access, provided, f"{provided}x"):
            await rpc.call(http, server.mcp, token)
        await http.get(server.url(f"/nothing/{found.access}?access_token={found.access}"))
    await client.revoke(following.refresh)
    return {
        found.access, found.refresh, following.access, following.refresh, provided, GUESSED,
        client.verifier, CLIENT_SECRET, SIGNING_KEY, PERSON.password, *_seen(browser),
        *site.provider.tenant.secrets(),
    }  # fmt: skip


def _is_clean(site: Site[Auth0], secrets: set[str], metrics: str) -> None:
    """Neither a secret nor a part of one is in what the servers have written."""
    kept = [site.main.log, site.test.log, *map(str, site.main.audit + site.test.audit), metrics]
    parts = {part for secret in secrets for part in secret.split(".") if len(part) > MIN_PART}
    assert len(secrets) > 12
    assert not [secret for secret in secrets | parts for text in kept if secret in text]


async def test_no_secret_of_a_login_is_kept(
    auth0_site: Site[Auth0], browser: Browser, http: httpx.AsyncClient
) -> None:
    secrets = await _all_of_a_login(auth0_site, browser, http)
    _is_clean(auth0_site, secrets, (await http.get(auth0_site.main.url("/metrics"))).text)


async def test_no_secret_of_a_login_is_kept_where_logs_are_json(
    tmp_path: Path, browser: Browser, http: httpx.AsyncClient
) -> None:
    with Site(tmp_path, make_auth0, {"LOG_FORMAT": "json"}) as site:
        secrets = await _all_of_a_login(site, browser, http)
        _is_clean(site, secrets, (await http.get(site.main.url("/metrics"))).text)
    assert all(json.loads(line) for line in site.main.log.splitlines())


async def test_no_line_of_the_logs_can_be_forged(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, client: OAuthClient
) -> None:
    forged = "x\n2026-01-01T00:00:00Z INFO FORGED: all is well\r\nFORGED"
    sent = dict.fromkeys(("error", "error_description", "state", "code", "scope"), forged)
    await http.get(f"{client.base}/auth/callback", params=sent)
    await client.register(client_name=forged)
    await http.get(client.authorization(scope=forged, state=forged))
    await client.refresh(forged)
    await http.get(f"{client.base}/x%0aFORGED")
    for server in (auth0_site.main, auth0_site.test):
        body = rpc.call_body(forged, namespace=forged)
        await http.post(server.mcp, json=body, headers=rpc.headers(None, Authorization="Bearer x"))
        lines = server.log.splitlines()
        assert not [line for line in lines if line.startswith(("FORGED", "2026-01-01"))]
        assert all("event" in line or "tool" in line for line in server.audit)


def _seen(browser: Browser) -> set[str]:
    """Codes, states and transactions in the addresses where the browser has been."""
    pairs = [pair for _, url, _ in browser.visit.steps for pair in parse_qsl(urlsplit(url).query)]
    cookies = {cookie.value or "" for cookie in browser.http.cookies.jar}
    values = {value for name, value in pairs if name not in HARMLESS} | cookies
    return {value for value in values if len(value) >= MIN_CHARS and "://" not in value}


async def test_every_step_of_a_login_is_on_record(
    auth0_site: Site[Auth0], client: OAuthClient, browser: Browser
) -> None:
    before = len(auth0_site.main.audit)
    found = await client.login(browser)
    following = tokens(await client.refresh(found.refresh))
    await rpc.call(client.http, auth0_site.main.mcp, following.access)
    await client.revoke(following.refresh)
    await rpc.call(client.http, auth0_site.main.mcp, following.access)
    lines = auth0_site.main.audit[before:]
    said = [line.get("tool") or line["event"] for line in lines]
    assert said == ["sign_in", "refresh", rpc.TOOL, "revoke", "refused"]
    for line in lines[:3]:
        assert line["caller"]["subject"] == auth0_site.provider.subject
    for line in lines[:2]:
        assert line["client_id"] == client.client_id
