"""The MCP Inspector's command line: a token on the test server, a login on the main one."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from test.auth.browser import Browser
from test.auth.providers.base import PERSON
from test.auth.servers import Server
from test.clients.evidence import TOOL, assert_all_tools, assert_answered
from test.clients.walking import Waiting, go_back
from test.controlplane.process import free_ports
from test.node.modules import Installed

INSPECTOR = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
SECONDS = 240
TOOL_IS_ERROR = 5
"""Its exit status after a tool's answer that is an error."""
ERAS = pytest.mark.parametrize("era", ["legacy", "modern"])


class Inspector:
    """The Inspector on one server, with a home of its own for what it keeps."""

    def __init__(self, node: Installed, home: Path, url: str, *options: str) -> None:
        where = ("--cli", url, "--transport", "http", "--format", "json", "--quiet")
        self._command = node.program(INSPECTOR, *where, *options)
        self._environment = {
            "HOME": str(home),
            "MCP_INSPECTOR_SECRET_STORE": "memory",
            "MCP_AUTO_OPEN_ENABLED": "false",
        }

    def ask(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        """The result of one method."""
        done = subprocess.run(
            [*self._command, *arguments],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return _result(done.stdout)

    async def ask_after_login(
        self, browser: Browser, redirect_uri: str, *arguments: str
    ) -> dict[str, Any]:
        """The result of one method; a person signs in for it. It asks people at terminals only."""
        with _terminal() as stdin:
            command = [*self._command, "--callback-url", redirect_uri, *arguments]
            async with Waiting(command, stdin=stdin, **self._environment) as running:
                landed = await browser.sign_in(await running.address(), redirect_uri)
                await go_back(browser.http, landed.url)
                status, report = await running.end()
        assert status == 0, report
        return _result(report.splitlines()[-1])


@contextmanager
def _terminal() -> Iterator[int]:
    keyboard, terminal = os.openpty()
    try:
        yield terminal
    finally:
        os.close(keyboard)
        os.close(terminal)


def _result(text: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(text)["result"]
    return result


@pytest.fixture
def inspector(
    node: Installed, test_server: Server, provider_token: str, tmp_path: Path
) -> Inspector:
    bearer = f"Authorization: Bearer {provider_token}"
    return Inspector(node, tmp_path, test_server.mcp, "--header", bearer)


@ERAS
def test_it_lists_the_tools_and_finds_no_error_in_their_schemas(
    inspector: Inspector, era: str
) -> None:
    result = inspector.ask("--protocol-era", era, "--method", "tools/list", "--strict")
    assert_all_tools(tool["name"] for tool in result["tools"])


@ERAS
def test_it_calls_a_tool(inspector: Inspector, era: str) -> None:
    call = ("--method", "tools/call", "--tool-name", TOOL, "--tool-arg", "limit=3")
    result = inspector.ask("--protocol-era", era, *call, status=TOOL_IS_ERROR)
    assert_answered(result)


@ERAS
async def test_a_login_opens_the_main_server(
    node: Installed, main_server: Server, tmp_path: Path, era: str
) -> None:
    (port,) = free_ports(1)
    inspector = Inspector(node, tmp_path, main_server.mcp)
    async with Browser(PERSON) as browser:
        result = await inspector.ask_after_login(
            browser, f"http://127.0.0.1:{port}/oauth/callback",
            "--protocol-era", era, "--method", "tools/list",
        )  # fmt: skip
    assert_all_tools(tool["name"] for tool in result["tools"])
