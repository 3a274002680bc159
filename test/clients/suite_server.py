"""The test server as it is, with what the conformance suite looks for besides our tools."""

from typing import Any

from fastmcp import FastMCP

import cnpg_mcp.serving.http as serving
import cnpg_mcp_test_server
from test.clients.suite_contents import add_contents
from test.clients.suite_questions import add_questions

_build_server = serving.build_server


def build_with_contents(*arguments: Any, **options: Any) -> FastMCP:
    """What the factory builds, with the suite's contents."""
    server = _build_server(*arguments, **options)
    add_contents(server)
    add_questions(server)
    return server


def main() -> None:
    """Runs the entry of the test server, which builds its server here."""
    serving.build_server = build_with_contents
    cnpg_mcp_test_server.main()


if __name__ == "__main__":
    main()
