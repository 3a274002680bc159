"""The conformance suite's scenarios for authorization servers, on the main server."""

from pathlib import Path

import httpx

from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient
from test.auth.providers.base import PERSON
from test.auth.servers import Server
from test.clients.suite import SUITE, outcome
from test.clients.walking import Waiting, go_back
from test.controlplane.process import free_ports
from test.node.modules import Installed

SCENARIOS = ("authorization-server-metadata-endpoint", "authorization-code-grant")


async def test_the_main_server_conforms_as_an_authorization_server(
    node: Installed, main_server: Server, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    redirect_uri = f"http://127.0.0.1:{port}/callback"
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        client = OAuthClient(main_server.base, http, redirect_uri)
        (await client.register()).raise_for_status()
        command = node.program(
            SUITE, "authorization", "--url", await _issuer(http, main_server), "--resource",
            main_server.mcp, "--client-id", client.client_id, "-p", str(port), "-o", str(tmp_path),
        )  # fmt: skip
        async with Waiting(command, NO_COLOR="1") as suite, Browser(PERSON) as browser:
            landed = await browser.sign_in(await suite.address(), redirect_uri)
            await go_back(http, landed.url)
            status, report = await suite.end()
    seen = outcome(status, report, tmp_path)
    assert (seen.status, seen.passed) == (0, len(SCENARIOS)), seen.report + seen.troubles
    assert all(f"✓ {scenario}: 1 passed, 0 failed" in report for scenario in SCENARIOS), report


async def _issuer(http: httpx.AsyncClient, server: Server) -> str:
    """Where the protected resource's metadata send a client."""
    answer = await http.get(f"{server.base}/.well-known/oauth-protected-resource/mcp")
    issuer: str = answer.json()["authorization_servers"][0]
    return issuer
