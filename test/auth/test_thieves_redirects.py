"""Where a login may lead: Claude, and programs on the person's own machine."""

import pytest

from test.auth.browser import Browser
from test.auth.oauth_client import REDIRECT_URI, OAuthClient
from test.auth.refusals import is_refused, leads_nowhere

CLAUDE = "https://claude.ai/api/mcp/auth_callback"
FOREIGN = {
    "https": "https://thief.example/callback",
    "http": "http://thief.example/callback",
    "claude-as-subdomain": "https://claude.ai.thief.example/api/mcp/auth_callback",
    "claude-as-user": "https://claude.ai@thief.example/api/mcp/auth_callback",
    "claude-without-tls": "http://claude.ai/api/mcp/auth_callback",
    "claude-other-port": "https://claude.ai:8443/api/mcp/auth_callback",
    "claude-other-path": "https://claude.ai/api/mcp/other",
    "claude-longer-path": f"{CLAUDE}/more",
    "claude-path-back": "https://claude.ai/api/mcp/auth_callback/../../open",
    "claude-with-user": "https://thief@claude.ai/api/mcp/auth_callback",
    "claude-look-alike": "https://cl\u0430ude.ai/api/mcp/auth_callback",
    "fragment": f"{REDIRECT_URI}#thief",
    "app": "cursor://thief/callback",
    "app-with-dots": "com.example.thief:/callback",
    "vscode": "vscode://thief.extension/callback",
    "intent": "intent://thief#Intent;scheme=https;end",
    "javascript": "javascript:alert(1)",
    "javascript-with-host": "javascript://localhost/%0aalert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "vbscript": "vbscript:x",
    "blob": "blob:http://localhost/x",
    "about": "about:blank",
    "file": "file:///etc/passwd",
    "ftp": "ftp://localhost/x",
    "websocket": "ws://localhost:1/x",
    "out-of-band": "urn:ietf:wg:oauth:2.0:oob",
    "loopback-as-subdomain": "http://localhost.thief.example/callback",
    "loopback-as-number": "http://127.0.0.1.thief.example/callback",
    "loopback-as-user": "http://localhost@thief.example/callback",
    "loopback-as-user-with-port": "http://localhost:33418@thief.example/callback",
    "loopback-backslash": "http://thief.example\\@localhost:33418/callback",
    "any-address": "http://0.0.0.0:33418/callback",
    "neighbour": "http://192.168.0.1:33418/callback",
    "metadata-service": "http://169.254.169.254/latest",
    "no-scheme": "//thief.example/callback",
    "path": "/callback",
    "empty": "",
}


@pytest.mark.parametrize("uri", FOREIGN.values(), ids=FOREIGN)
async def test_foreign_redirect_uri_is_not_registered(client: OAuthClient, uri: str) -> None:
    answer = await client.register(redirect_uris=[uri])
    is_refused(answer, "invalid_redirect_uri", "invalid_client_metadata")


@pytest.mark.parametrize("uri", FOREIGN.values(), ids=FOREIGN)
async def test_foreign_redirect_uri_is_not_gone_to(client: OAuthClient, uri: str) -> None:
    (await client.register()).raise_for_status()
    leads_nowhere(await client.http.get(client.authorization(redirect_uri=uri)))


async def test_one_foreign_redirect_uri_spoils_the_registration(client: OAuthClient) -> None:
    answer = await client.register(redirect_uris=[REDIRECT_URI, FOREIGN["https"]])
    is_refused(answer, "invalid_redirect_uri", "invalid_client_metadata")


@pytest.mark.parametrize("uri", [CLAUDE, "http://localhost:33418/other", "http://127.0.0.1:33418"])
async def test_allowed_redirect_uri_of_somebody_else_is_not_gone_to(
    client: OAuthClient, uri: str
) -> None:
    (await client.register()).raise_for_status()
    leads_nowhere(await client.http.get(client.authorization(redirect_uri=uri)))


async def test_port_of_a_loopback_redirect_uri_may_differ(
    client: OAuthClient, browser: Browser
) -> None:
    (await client.register()).raise_for_status()
    client.redirect_uri = "http://localhost:44529/callback"
    assert (await client.land(browser)).get("code")


@pytest.mark.parametrize("uri", [CLAUDE, CLAUDE.replace("claude.ai", "claude.com")])
async def test_claude_s_callbacks_are_registered(client: OAuthClient, uri: str) -> None:
    assert (await client.register(redirect_uris=[uri])).status_code == 201


async def test_redirect_uri_at_the_token_endpoint_has_to_be_the_one_of_the_login(
    client: OAuthClient, browser: Browser
) -> None:
    landed = await client.land(browser)
    other = "http://localhost:33418/other"
    answer = await client.exchange(landed["code"], redirect_uri=other)
    is_refused(answer, "invalid_grant", "invalid_request")
