"""Checks of the protocol, and of the door."""

from typing import Any

from fastmcp import Client

from test.tools.check.registry import CheckFailed, CheckSkipped, Registry, require
from test.tools.check.visit import Visit
from test.tools.check.wire import Era
from test.tools.speech import Failure, told

CHECKS = Registry()
_STATUS = 401
_WRONG_TOKEN = "made-up.token.of-a-check"
_METADATA = 'resource_metadata="'


@CHECKS.check("protocol.modern", "speaks MCP 2026-07-28 (server/discover)")
async def modern(visit: Visit) -> None:
    """The era of single requests."""
    _speaks(visit, Era.MODERN)


@CHECKS.check("protocol.legacy", "speaks MCP 2025-11-25 (initialize)")
async def legacy(visit: Visit) -> None:
    """The era of sessions."""
    _speaks(visit, Era.LEGACY)


@CHECKS.check("protocol.identity", "says its name, version and what it is for")
async def identity(visit: Visit) -> None:
    """What clients show of a server."""
    info = visit.client.server_info
    require(info and info.name and info.version, "it says no name or no version")
    require(visit.client.instructions, "it gives no instructions for models")


@CHECKS.check(
    "protocol.same-tools",
    "lists the same tools in both eras",
    needs=["protocol.modern", "protocol.legacy"],
)
async def same_tools(visit: Visit) -> None:
    """A client must not see another server because it is older."""
    lists = [await _listed(client) for client in visit.eras.values() if isinstance(client, Client)]
    differing = [mine["name"] for mine in lists[0] if mine not in lists[1]]
    require(lists[0] == lists[1], f"the lists differ: {told(differing) if differing else 'order'}")


@CHECKS.check("sign-in.none", "refuses a request without a token, and says where to sign in")
async def no_token(visit: Visit) -> None:
    """Over http nobody is let in without sign-in."""
    challenge = await _challenged(visit, {})
    require(_METADATA in challenge, "the refusal does not name the resource metadata (RFC 9728)")


@CHECKS.check("sign-in.wrong", "refuses a made-up token")
async def wrong_token(visit: Visit) -> None:
    """A token is looked at."""
    challenge = await _challenged(visit, {"Authorization": f"Bearer {_WRONG_TOKEN}"})
    require('error="invalid_token"' in challenge, "the refusal does not say invalid_token")


def _speaks(visit: Visit, era: Era) -> None:
    opened = visit.eras[era]
    if isinstance(opened, Failure):
        raise CheckFailed(opened.message)
    version = opened.protocol_version
    require(version == era.version, f"speaks {version} instead of {era.version}")


async def _listed(client: Client[Any]) -> list[dict[str, Any]]:
    return [tool.model_dump(mode="json", by_alias=True) for tool in await client.list_tools()]


async def _challenged(visit: Visit, headers: dict[str, str]) -> str:
    """The challenge that a request with these headers is answered with."""
    if not visit.options.is_http:
        raise CheckSkipped("stdio has no sign-in: the server acts with the kubeconfig's rights")
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"Accept": "application/json, text/event-stream", **headers}
    async with visit.wire.http(headers=accept) as http:
        response = await http.post(visit.options.url, json=body)
    require(response.status_code == _STATUS, f"answers {response.status_code} instead of 401")
    return str(response.headers.get("www-authenticate", ""))
