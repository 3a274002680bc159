"""`nanoidp` from PyPI, a process of its own."""

import sys
from pathlib import Path
from typing import Any

import httpx
import yaml

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

LIFETIME_MINUTES = 10


class NanoIdp:
    """A provider that honours `resource`, rotates refresh tokens, and signs with RSA."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.subject = PERSON.username
        self._folder = folder
        self._child = Child("nanoidp", folder)
        (folder / "keys").mkdir(parents=True)
        self._write()

    def start(self) -> None:
        """Starts the process unless it runs; its keys are in its folder."""
        if self._child.running:
            return
        options = ["--config", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
        program = Path(sys.executable)
        self._child.start(program, "-m", "nanoidp", *options, cwd=self._folder)
        wait_until(lambda: listens(self.port) or self._has_ended(), "nanoidp listens")

    def stop(self) -> None:
        """Stops the process."""
        self._child.stop()

    def pause(self) -> None:
        """Freezes it: connections are taken and nothing is answered."""
        self._child.pause()

    def resume(self) -> bool:
        """Lets it go on, where it was frozen; whether it runs."""
        if self._child.running:
            self._child.resume()
        return self._child.running

    def token(self, *scopes: str) -> str:
        """A token of the application itself (client credentials)."""
        answer = _post(
            f"{self.issuer}/token",
            auth=(CLIENT_ID, CLIENT_SECRET),
            data={"grant_type": "client_credentials", "scope": " ".join(scopes)},
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def rotate_keys(self) -> None:
        """Signs with a new key; the two keys before stay published."""
        _post(f"{self.issuer}/api/keys/rotate").raise_for_status()

    def _has_ended(self) -> bool:
        if self._child.running:
            return False
        raise RuntimeError(f"nanoidp has ended:\n{self._child.tail()}")

    def documents(self) -> dict[str, dict[str, Any]]:
        """Its configuration files by name."""
        return documents(self.issuer, str(self._folder / "keys"), LIFETIME_MINUTES)

    def _write(self) -> None:
        for name, document in self.documents().items():
            (self._folder / f"{name}.yaml").write_text(yaml.safe_dump(document))


def documents(issuer: str, keys: str, lifetime_minutes: int) -> dict[str, dict[str, Any]]:
    """Its configuration files by name; `keys` is the folder where it keeps them."""
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "allowed_scopes": ["openid", "offline_access", *SCOPES],
    }
    oauth = {
        "issuer": issuer,
        "audience": AUDIENCE,
        "token_expiry_minutes": lifetime_minutes,
        "refresh_token_rotation": True,
        "require_pkce": True,
        "scopes_supported": ["openid", "offline_access", *SCOPES],
        "clients": [client],
    }
    people = {PERSON.username: {"password": PERSON.password}}
    return {
        "settings": {"config_version": 1, "oauth": oauth, "jwt": {"keys_dir": keys}},
        "users": {"config_version": 1, "users": people},
    }


def _post(url: str, **request: Any) -> httpx.Response:
    with plain_http() as http:
        return http.post(url, **request)
