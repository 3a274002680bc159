"""Both servers inside this process: real sockets, real logins, settings as a test wants them."""

import json
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from cnpg_mcp.auth.door import Entrance, main_entrance, token_entrance
from cnpg_mcp.auth.place import Place
from cnpg_mcp.serving.http import build_app
from cnpg_mcp.settings import Settings
from test.auth.providers.base import AUDIENCE, CLIENT_ID, CLIENT_SECRET, listens, wait_until
from test.controlplane.process import free_ports

SIGNING_KEY = "made-up-signing-key-of-a-test-" * 2
PLAN_KEY = "made-up-plan-key-of-a-test-" * 2
STOP_SECONDS = 20
NAMES = {"main": "cnpg-mcp", "test": "cnpg-mcp-test"}
PATHS = {"main": "/mcp", "test": "/test"}
ENTRANCES = {"main": main_entrance, "test": token_entrance}


class House(AbstractContextManager["House"]):
    """One server, listening once the context is entered.

    Args:
        kind: `main` or `test`.
        issuer: the identity provider's.
        folder: for its logins and its audit log.
        kubeconfig: of its account at the API server.
        settings: more of them, by their names in `Settings`.
    """

    def __init__(
        self,
        kind: str,
        issuer: str,
        folder: Path,
        kubeconfig: Path,
        **settings: Any,
    ) -> None:
        (self.port,) = free_ports(1)
        self.kind, self.issuer = kind, issuer
        folder.mkdir(parents=True, exist_ok=True)
        self.audit_log = folder / "audit.jsonl"
        given = {
            "oidc_issuer": issuer,
            "oidc_audience": AUDIENCE,
            "auth0_client_id": CLIENT_ID,
            "auth0_client_secret": CLIENT_SECRET,
            "oauth_signing_key": SIGNING_KEY,
            "oauth_store": str(folder / "store"),
            "plan_key": (PLAN_KEY,),
            "kubeconfig": str(kubeconfig),
            "audit_log": self.audit_log,
            "rate_limit": "100000/minute",
            **settings,
        }
        place = Place(self.base, PATHS[kind])
        app = build_app(NAMES[kind], Settings(**given), place, self._enter)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_config=None, access_log=False, ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def _enter(self, *given: Any) -> Entrance:
        self.entrance = ENTRANCES[self.kind](*given)
        return self.entrance

    @property
    def base(self) -> str:
        """Its public address."""
        return f"http://localhost:{self.port}"

    @property
    def mcp(self) -> str:
        """The address of its MCP endpoint."""
        return self.base + PATHS[self.kind]

    @property
    def metadata(self) -> str:
        """Where the metadata of its endpoint is."""
        return f"{self.base}/.well-known/oauth-protected-resource{PATHS[self.kind]}"

    @property
    def audit(self) -> list[dict[str, Any]]:
        """The lines of its audit log."""
        if not self.audit_log.exists():
            return []
        return [json.loads(line) for line in self.audit_log.read_text().splitlines()]

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: listens(self.port), f"the {self.kind} server listens")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
