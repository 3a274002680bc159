"""What the demo tells whoever started it."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from cnpg_mcp.demo.provider.people import PASSWORD, USERS

QUESTIONS = (
    "Which PostgreSQL clusters are there in all namespaces, and is anything wrong with any?",
    "Create a small cluster called try-me, and tell me when it is ready.",
    "Give try-me a role for reporting that may read everything, and nothing else.",
)


@dataclass(frozen=True)
class Leaflet:
    """Where everything is."""

    main: str
    test: str
    token: Path
    kubeconfig: Path
    logs: Path
    speed: float
    situation: str
    incident: str


def told(leaflet: Leaflet) -> str:
    """The text, with lines to paste."""
    python = shlex.quote(sys.executable)
    kubeconfig, token = (shlex.quote(str(path)) for path in (leaflet.kubeconfig, leaflet.token))
    people = "\n".join(f"    {user.name:8}{user.may}" for user in USERS.values())
    questions = "\n".join(f"    {question}" for question in _questions(leaflet))
    return f"""
This is a SIMULATION: no Kubernetes and no PostgreSQL, but the real servers. Clusters come up,
fail and heal {leaflet.speed:g} times as fast as real ones. All of it stays on this machine.

The addresses are for MCP clients: in a browser there is no page behind them.

  With a login, for which the client opens a browser      {leaflet.main}
    claude mcp add --transport http cnpg-demo {leaflet.main}
    then /mcp in Claude Code. Who you can be (password: {PASSWORD}):
{people}

  With a token (good for 12 hours, of admin)      {leaflet.test}
    claude mcp add --transport http cnpg-demo-test {leaflet.test} \\
      --header "Authorization: Bearer $(cat {token})"

  By stdio, as Claude Desktop does
    claude mcp add cnpg-demo-stdio -e KUBECONFIG={kubeconfig} -- {python} -P -m cnpg_mcp_server

  Ask (as admin, to do all of it)
{questions}

  Logs and the audit trail: {leaflet.logs}
  Stop: Ctrl-C. Then let Claude Code forget the servers that you added:
    claude mcp remove cnpg-demo
    claude mcp remove cnpg-demo-test
    claude mcp remove cnpg-demo-stdio

"""


def _questions(leaflet: Leaflet) -> tuple[str, ...]:
    if not leaflet.situation:
        return QUESTIONS
    asked = f"What is the matter in namespace {leaflet.incident}? (It stands still: look only.)"
    return (asked, *QUESTIONS[:2])
