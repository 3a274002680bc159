"""The two servers share their tools."""

from test.auth.servers import Server
from test.serving import tool_definitions


async def test_both_servers_have_the_same_tools(
    main_server: Server, test_server: Server, main_token: str, provider_token: str
) -> None:
    main = await tool_definitions(main_server.mcp, main_token)
    assert len(main) == 12
    assert main == await tool_definitions(test_server.mcp, provider_token)
