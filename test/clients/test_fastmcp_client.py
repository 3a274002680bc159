"""FastMCP's client in both modes, with a token on the test server and a login on the main one."""

import pytest
from fastmcp import Client
from fastmcp.client.auth import BearerAuth
from fastmcp.client.transports import StreamableHttpTransport
from httpx2 import Auth

from test.auth.browser import Browser
from test.auth.mcp_login import BrowserOAuth
from test.auth.providers.base import PERSON
from test.auth.servers import Server
from test.clients.evidence import LEGACY, MODERN, TOOL, assert_all_tools, assert_answered

MODES = pytest.mark.parametrize(("mode", "protocol"), [("legacy", LEGACY), ("auto", MODERN)])


async def assert_works(url: str, auth: Auth, mode: str, protocol: str) -> None:
    """The client gets in, sees all tools, and one of them answers."""
    async with Client(StreamableHttpTransport(url, auth=auth), mode=mode) as client:
        assert client.protocol_version == protocol
        assert_all_tools(tool.name for tool in await client.list_tools())
        result = await client.call_tool_mcp(TOOL, {})
        assert_answered(result.model_dump(by_alias=True))


@MODES
async def test_a_token_opens_the_test_server(
    test_server: Server, provider_token: str, mode: str, protocol: str
) -> None:
    await assert_works(test_server.mcp, BearerAuth(provider_token), mode, protocol)


@pytest.mark.filterwarnings("ignore:Using in-memory token storage")
@MODES
async def test_a_login_opens_the_main_server(main_server: Server, mode: str, protocol: str) -> None:
    async with Browser(PERSON) as browser:
        oauth = BrowserOAuth(browser)
        await assert_works(main_server.mcp, oauth, mode, protocol)
        assert oauth.logins == 1
