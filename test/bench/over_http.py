"""Both servers over http, with sign-in and every layer, for the benchmark."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient
from test.auth.providers.base import PERSON, listens, wait_until
from test.auth.servers import ROOT
from test.auth.site import Site, make_auth0
from test.controlplane.process import Child, free_ports

VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class HttpWire:
    """MCP over http without a client library: what is timed is the server alone."""

    def __init__(self, http: httpx.AsyncClient, url: str, token: str = "") -> None:
        self._http, self._url = http, url
        self._headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": VERSION,
            "Mcp-Method": "tools/call",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> bytes:
        """The answer to a tool call that must not fail, unparsed."""
        params = {"name": name, "arguments": arguments, "_meta": META}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {**self._headers, "Mcp-Name": name}
        answer = await self._http.post(self._url, json=call, headers=headers)
        assert answer.status_code == 200, answer.text
        assert b'"isError":true' not in answer.content, answer.text
        return answer.content


@asynccontextmanager
async def wires(kubeconfig: Path) -> AsyncIterator[dict[str, HttpWire]]:
    """Our two servers, each with somebody signed in, and the bare one, open to everybody."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        settings = {
            "KUBECONFIG": str(kubeconfig),
            "LOG_LEVEL": "WARNING",
            "AUDIT_LOG": os.devnull,
        }
        site = stack.enter_context(Site(folder, make_auth0, settings))
        (port,) = free_ports(1)
        bare = Child("bare", folder)
        stack.callback(bare.stop)
        module = ["-m", "test.bench.bare_server", str(kubeconfig), str(port)]
        bare.start(Path(sys.executable), *module, cwd=ROOT)
        wait_until(lambda: listens(port), "the bare server listens")
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        browser = await stack.enter_async_context(Browser(PERSON))
        login = await OAuthClient(site.main.base, http).login(browser)
        yield {
            "bare": HttpWire(http, f"http://127.0.0.1:{port}/mcp"),
            "/mcp": HttpWire(http, site.main.mcp, login.access),
            "/test": HttpWire(http, site.test.mcp, site.provider.token("cnpg:read")),
        }
