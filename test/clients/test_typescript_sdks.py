"""Both TypeScript SDKs, with a token on the test server and a login on the main one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from test.auth.browser import Browser
from test.auth.oauth_client import REDIRECT_URI
from test.auth.providers.base import PERSON
from test.auth.servers import Server
from test.clients.evidence import LEGACY, MODERN, assert_all_tools, assert_answered
from test.clients.walking import Waiting
from test.node.modules import Installed

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sdk:
    """One SDK: the script that uses it, how it is asked to negotiate, and what comes of that."""

    script: str
    mode: str
    protocol: str

    async def with_token(self, node: Installed, url: str, token: str) -> dict[str, Any]:
        """What it finds with a token."""
        async with self._started(node, url, token) as script:
            return _told(*await script.end())

    async def with_login(self, node: Installed, url: str) -> dict[str, Any]:
        """What it finds after a person has signed in for it."""
        async with self._started(node, url, token="") as script, Browser(PERSON) as browser:
            landed = await browser.sign_in(await script.address(), REDIRECT_URI)
            return _told(*await script.end(f"{landed.url}\n"))

    def _started(self, node: Installed, url: str, token: str) -> Waiting:
        return Waiting(node.script(HERE / self.script, url, self.mode), TOKEN=token)


def _told(status: int, report: str) -> dict[str, Any]:
    assert status == 0, report
    told: dict[str, Any] = json.loads(report.splitlines()[-1])
    return told


SDKS = pytest.mark.parametrize(
    "sdk",
    [
        pytest.param(Sdk("sdk_v1.mjs", "", LEGACY), id="v1"),
        pytest.param(Sdk("sdk_v2.mjs", "", LEGACY), id="v2"),
        pytest.param(Sdk("sdk_v2.mjs", "auto", MODERN), id="v2-auto"),
    ],
)


@SDKS
async def test_a_token_opens_the_test_server(
    node: Installed, test_server: Server, provider_token: str, sdk: Sdk
) -> None:
    found = await sdk.with_token(node, test_server.mcp, provider_token)
    assert found["protocol"] == sdk.protocol
    assert_all_tools(found["tools"])
    assert_answered(found["answer"])


@SDKS
async def test_a_login_opens_the_main_server(
    node: Installed, main_server: Server, sdk: Sdk
) -> None:
    found = await sdk.with_login(node, main_server.mcp)
    assert (found["protocol"], found["refreshable"]) == (sdk.protocol, True)
    assert_all_tools(found["tools"])
    assert_answered(found["answer"])
