"""Whether any password of a Secret comes out of a server: every password that was, kept in memory.

The Secrets are watched, since a rotated password and that of a dropped role are soon gone.
"""

import base64
import threading
import uuid
from contextlib import suppress

from kubernetes import client, watch
from urllib3.exceptions import HTTPError

from test.e2e.admin import Admin
from test.e2e.desk import Desk
from test.e2e.waiting import until

BASIC_AUTH = "kubernetes.io/basic-auth"
SEEN_SECONDS = 30
WATCH_SECONDS = 3600


class Canary:
    """All passwords that Secrets of a namespace ever held, and the desks that must not say them."""

    def __init__(self, admin: Admin, namespace: str) -> None:
        self._admin, self._namespace = admin, namespace
        self._passwords: set[str] = set()
        self._names: set[str] = set()
        self._desks: list[Desk] = []
        self._watch = watch.Watch()
        self._thread = threading.Thread(target=self._follow, name="canary", daemon=True)
        self._thread.start()

    def hears(self, desk: Desk) -> None:
        """Counts a desk in."""
        self._desks.append(desk)

    def known(self) -> frozenset[str]:
        """Every password there was until now."""
        marker = f"canary-{uuid.uuid4().hex[:8]}"
        self._admin.create({"kind": "Secret", "metadata": {"name": marker}}, self._namespace)
        until(lambda: marker in self._names, SEEN_SECONDS, "the watch has caught up")
        self._admin.delete("secrets", self._namespace, marker)
        return frozenset(self._passwords)

    def said(self) -> list[str]:
        """Everything that came out of servers."""
        return [text for desk in self._desks for text in desk.said()]

    def escaped_in(self, said: list[str]) -> int:
        """How many of the passwords are in texts, plain or in base64; never which."""
        whole = "\n".join(said)
        forms = ((known, base64.b64encode(known.encode()).decode()) for known in self.known())
        return sum(any(form in whole for form in pair) for pair in forms)

    def stop(self) -> None:
        """Ends the watch."""
        self._watch.stop()

    def _follow(self) -> None:
        api = client.CoreV1Api(client.ApiClient(self._admin.connection))
        with suppress(client.ApiException, HTTPError):  # at the end the namespace goes
            for event in self._watch.stream(
                api.list_namespaced_secret, self._namespace, timeout_seconds=WATCH_SECONDS
            ):
                self._note(event["object"])

    def _note(self, secret: client.V1Secret) -> None:
        if secret.type == BASIC_AUTH and secret.data and secret.data.get("password"):
            self._passwords.add(base64.b64decode(secret.data["password"]).decode())
        self._names.add(secret.metadata.name)
