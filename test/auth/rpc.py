"""MCP calls as single http requests, in both eras of the protocol."""

from typing import Any

import httpx

LEGACY, MODERN = "2025-11-25", "2026-07-28"
ERAS = (LEGACY, MODERN)
ACCEPT = "application/json, text/event-stream"
TOOL = "list_postgres_clusters"


def body(method: str, era: str = LEGACY, **params: Any) -> dict[str, Any]:
    """A JSON-RPC request."""
    if era == MODERN:
        about = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "a test", "version": "0"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {**params, "_meta": about}
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def call_body(tool: str = TOOL, era: str = LEGACY, **arguments: Any) -> dict[str, Any]:
    """A request that calls a tool."""
    return body("tools/call", era, name=tool, arguments=arguments)


def headers(token: str | None, era: str = LEGACY, **other: str) -> dict[str, str]:
    """The headers of a request that calls the tool; `other` adds or replaces."""
    made = {"Accept": ACCEPT, "Content-Type": "application/json", "MCP-Protocol-Version": era}
    if token is not None:
        made["Authorization"] = f"Bearer {token}"
    if era == MODERN:
        made |= {"Mcp-Method": "tools/call", "Mcp-Name": TOOL}
    return {**made, **other}


async def call(
    http: httpx.AsyncClient, url: str, token: str | None, era: str = LEGACY
) -> httpx.Response:
    """One call of a tool that only reads."""
    return await http.post(url, json=call_body(era=era), headers=headers(token, era))


def is_let_in(answer: httpx.Response) -> bool:
    """Whether the caller passed sign-in: the tool has answered that it finds no API server."""
    return answer.status_code == httpx.codes.OK and error_code(answer) == "unavailable"


def error_code(answer: httpx.Response) -> str | None:
    """The code of a tool's error."""
    result: dict[str, Any] = answer.json().get("result", {})
    code: str | None = result.get("_meta", {}).get("cnpg-mcp.io/error", {}).get("code")
    return code
