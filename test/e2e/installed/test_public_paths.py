"""What the Ingress serves is what the servers answer: path by path, status and body."""

import asyncio
from pathlib import Path

import pytest

from test.e2e.installed.installation import DEPLOYMENT, Installation

PORTS = {"cnpg-mcp-main": 3000, "cnpg-mcp-test": 3001}
METHODS = ("GET", "POST")
NOT_FOUND = 404


@pytest.mark.parametrize("service", PORTS)
def test_every_public_path_is_answered_as_by_its_server(
    running: Installation, tmp_path: Path, service: str
) -> None:
    paths = public(running, service)
    with running.kubectl.forwarded(DEPLOYMENT, PORTS[service], tmp_path) as port:
        inside = asyncio.run(answers(running, f"http://localhost:{port}", paths))
    assert asyncio.run(answers(running, running.base, paths)) == inside
    assert NOT_FOUND not in {status for status, _ in inside.values()}


def public(installation: Installation, service: str) -> list[str]:
    """The paths that the Ingress leads to a Service."""
    (rule,) = installation.kubectl.json("ingress/cnpg-mcp-server")["spec"]["rules"]
    return [
        each["path"]
        for each in rule["http"]["paths"]
        if each["backend"]["service"]["name"] == service
    ]


async def answers(
    installation: Installation, base: str, paths: list[str]
) -> dict[str, tuple[int, str]]:
    """How each path is answered, by method, with nothing in the request."""
    found = {}
    async with installation.around.outside.http() as http:
        for path in paths:
            for method in METHODS:
                answer = await http.request(method, f"{base}{path}")
                found[f"{method} {path}"] = (answer.status_code, answer.text)
    return found
