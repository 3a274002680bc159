"""What the demo tells whoever started it."""

import sys
from dataclasses import dataclass
from pathlib import Path

from cnpg_mcp.demo.provider.people import PASSWORD, USERS

QUESTIONS = (
    "Which PostgreSQL clusters do I have, and is anything wrong with them?",
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
    server = Path(sys.executable).with_name("cnpg-mcp-server")
    people = "\n".join(f"    {user.name:8}{user.may}" for user in USERS.values())
    questions = "\n".join(f"    {question}" for question in _questions(leaflet))
    return f"""
This is a SIMULATION: no Kubernetes and no PostgreSQL, but the real servers. Clusters come up,
fail and heal {leaflet.speed:g} times as fast as real ones. All of it stays on this machine.

  Sign in with a browser      {leaflet.main}
    claude mcp add --transport http cnpg {leaflet.main}
    then /mcp in Claude Code. Who you can be (password: {PASSWORD}):
{people}

  With a token (good for 12 hours, of admin)      {leaflet.test}
    claude mcp add --transport http cnpg-test {leaflet.test} \\
      --header "Authorization: Bearer $(cat {leaflet.token})"

  By stdio, as Claude Desktop does
    claude mcp add cnpg-stdio -e KUBECONFIG={leaflet.kubeconfig} -- {server}

  Ask
{questions}

  Logs and the audit trail: {leaflet.logs}
  Stop: Ctrl-C. (Forget the servers: claude mcp remove cnpg, cnpg-test, cnpg-stdio.)

"""


def _questions(leaflet: Leaflet) -> tuple[str, ...]:
    if not leaflet.situation:
        return QUESTIONS
    return (f"What is the matter in namespace {leaflet.incident}?", *QUESTIONS[:2])
