"""The two servers as processes on loopback, and what they write."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from cnpg_mcp.settings import Settings
from test.auth.addresses import plain_http
from test.auth.providers.base import wait_until
from test.controlplane.process import Child, free_ports

ENV = Path("/usr/bin/env")
ROOT = Path(__file__).parents[2]
ENTRIES = {
    "main": ("src/cnpg_mcp_server.py", "--transport", "http"),
    "test": ("src/cnpg_mcp_test_server.py",),
}
MCP_PATHS = {"main": "/mcp", "test": "/test"}


class Server:
    """One server; it listens at the same port however often it is started.

    The kubeconfig that it is given does not exist: a tool then answers `unavailable`, which proves
    that its caller was let in.

    Args:
        kind: `main` or `test`.
        folder: for its log, its audit log and its store.
        settings: environment variables.
        port: where to listen; none: a free one.
    """

    def __init__(
        self, kind: str, folder: Path, settings: Mapping[str, str], port: int | None = None
    ) -> None:
        self.kind = kind
        self.port = port or free_ports(1)[0]
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._audit_log = folder / "audit.jsonl"
        self._child = Child(f"{kind}-{self.port}", folder)
        self.settings = {**self._defaults(), **settings}

    @property
    def base(self) -> str:
        """Its public address."""
        return self.settings.get("PUBLIC_URL") or f"http://localhost:{self.port}"

    @property
    def mcp(self) -> str:
        """The address of its MCP endpoint."""
        return self.base + MCP_PATHS[self.kind]

    def url(self, path: str) -> str:
        """The address of a path at this very process."""
        return f"http://localhost:{self.port}{path}"

    def start(self) -> None:
        """Starts it and waits until it answers.

        Raises:
            RuntimeError: it has ended instead.
        """
        self.launch()
        self.wait()

    def wait(self) -> None:
        """Waits until it answers; see `start`."""
        wait_until(self._answers, f"the {self.kind} server answers")

    def launch(self) -> None:
        """Starts it without waiting."""
        program = [sys.executable, *ENTRIES[self.kind], "--port", str(self.port)]
        self._child.start(
            ENV, *_unset(self.settings), *program, cwd=ROOT, environment=self.settings
        )

    def stop(self) -> None:
        """Stops it as a pod is stopped."""
        self._child.stop()

    def restart(self) -> None:
        """Stops and starts it."""
        self.stop()
        self.start()

    @property
    def log(self) -> str:
        """All it has written to its output."""
        return self._child.log.read_text(errors="replace") if self._child.log.exists() else ""

    @property
    def audit(self) -> list[dict[str, Any]]:
        """The lines of its audit log."""
        if not self._audit_log.exists():
            return []
        return [json.loads(line) for line in self._audit_log.read_text().splitlines()]

    def _answers(self) -> bool:
        if not self._child.running:
            raise RuntimeError(f"the {self.kind} server has ended:\n{self._child.tail(30)}")
        try:
            with plain_http() as http:
                return http.get(self.url("/healthz")).is_success
        except httpx.HTTPError:
            return False

    def _defaults(self) -> dict[str, str]:
        store = {"OAUTH_STORE": str(self.folder / "store")} if self.kind == "main" else {}
        return {
            "KUBECONFIG": str(self.folder / "absent"),
            "AUDIT_LOG": str(self._audit_log),
            "LOG_LEVEL": "DEBUG",
            "RATE_LIMIT": "100000/minute",
            "PYTHONDONTWRITEBYTECODE": "1",
            **store,
        }


def _unset(given: Mapping[str, str]) -> list[str]:
    """Options of `env` that keep the settings of whoever runs the tests away from the server."""
    names = {name.upper() for name in Settings.model_fields}
    names |= {f"{name}_FILE" for name in names}
    foreign = sorted((names & os.environ.keys()) - given.keys())
    return [option for name in foreign for option in ("-u", name)]
