"""`oidc-provider` from npm, a process of its own: a strict one, certified by its foundation."""

import json
import os
from pathlib import Path
from typing import Any

import httpx

from test.auth.addresses import plain_http
from test.auth.providers.base import (
    AUDIENCE,
    CLIENT_ID,
    CLIENT_SECRET,
    PERSON,
    SCOPES,
    listens,
    wait_until,
)
from test.controlplane.process import Child, free_ports
from test.node.modules import Installed

SCRIPT = Path(__file__).with_suffix(".mjs")


class OidcProvider:
    """A provider whose tokens are of type `at+jwt`; refresh tokens need `prompt=consent`.

    Args:
        folder: for its log.
        node: the installed packages.
        callback: the redirect URI of the application.
    """

    def __init__(self, folder: Path, node: Installed, callback: str) -> None:
        (self.port,) = free_ports(1)
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.subject = PERSON.username
        self._child = Child("oidc-provider", folder)
        self._command = node.script(SCRIPT)
        self._folder = folder
        self._secret = os.urandom(16).hex()
        self._callback = callback

    def start(self) -> None:
        """Starts the process. Its logins and keys are in memory: they end with it."""
        program, *arguments = self._command
        self._child.start(
            Path(program),
            *arguments,
            json.dumps(self._configuration()),
            cwd=self._folder,
            environment={"NODE_NO_WARNINGS": "1"},
        )
        wait_until(lambda: listens(self.port) or self._has_ended(), "oidc-provider listens")

    def stop(self) -> None:
        """Stops the process."""
        self._child.stop()

    def token(self, *scopes: str) -> str:
        """A token of the application itself (client credentials)."""
        grant = {"grant_type": "client_credentials", "resource": AUDIENCE}
        answer = _post(
            f"{self.issuer}/token",
            auth=(CLIENT_ID, CLIENT_SECRET),
            data={**grant, "scope": " ".join(scopes)},
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def rotate_keys(self) -> None:
        """Signs with a new key; the one before stays published."""
        _post(f"{self.issuer}/rotate/{self._secret}").raise_for_status()

    def _has_ended(self) -> bool:
        if self._child.running:
            return False
        raise RuntimeError(f"oidc-provider has ended:\n{self._child.tail()}")

    def _configuration(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "port": self.port,
            "rotatePath": f"/rotate/{self._secret}",
            "audience": AUDIENCE,
            "scopes": list(SCOPES),
            "client": {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uris": [self._callback],
                "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            },
        }


def _post(url: str, **request: Any) -> httpx.Response:
    with plain_http() as http:
        return http.post(url, **request)
