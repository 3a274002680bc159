"""The floor of a start: FastMCP with one tool, and the Kubernetes client imported."""

import kubernetes.aio.client  # noqa: F401 - what a server for Kubernetes imports
from fastmcp import FastMCP

server = FastMCP("bare")


@server.tool
def echo(text: str) -> str:
    """Answer with the text."""
    return text


if __name__ == "__main__":
    server.run(show_banner=False)
