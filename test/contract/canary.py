"""Ears: everything that a server says, wherever it says it, and every password that it made."""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cnpg_mcp.domain.resources import SECRETS
from cnpg_mcp.kube.client import Kube
from cnpg_mcp.kube.errors import Unreachable
from test.contract.site import Site

_DATA = ("stringData", "data")
_SECRET = ("password", "pgpass", "ca.key", "tls.key")


class Passwords:
    """Every password there is: those in Secrets, and those on their way into one."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.entered: list[str] = []
        """Secrets that a server was sent with their contents."""

    async def look(self, site: Site) -> None:
        """Adds what is in the Secrets of a site now."""
        for secret in await site.admin.list("secrets", site.namespace):
            for key, value in (secret.get("data") or {}).items():
                if key in _SECRET or key.endswith("uri"):
                    self.found.add(base64.b64decode(value).decode())

    def made(self, body: Any) -> None:
        """Adds what a request would store."""
        if isinstance(body, dict):
            for part in _DATA:
                password = (body.get(part) or {}).get("password")
                self.found |= {password} if password else set()

    def forms(self) -> set[str]:
        """All of them, as they are and as the API writes them."""
        return self.found | {base64.b64encode(each.encode()).decode() for each in self.found}


class Overheard(Kube):
    """Notes every password that is sent. May break at a write: before it, or after it.

    Before it with a defect of ours, afterwards with an answer that is lost.
    """

    def __init__(self, kube: Kube, passwords: Passwords, breaks: str = "") -> None:
        super().__init__(kube._transport)
        self._passwords = passwords
        self._breaks = breaks

    async def get(self, resource: Any, *place: Any) -> Any:
        found = await super().get(resource, *place)
        self._received(resource, [found])
        return found

    async def list(self, resource: Any, selection: Any) -> Any:
        page = await super().list(resource, selection)
        self._received(resource, page.items)
        return page

    def _received(self, resource: Any, objects: Any) -> None:
        if resource.plural == SECRETS.plural:
            self._passwords.entered += [str(each) for each in objects if "data" in each]

    async def create(self, resource: Any, namespace: Any, body: Any, **options: Any) -> Any:
        self._before(body, options)
        written = await super().create(resource, namespace, body, **options)
        self._received(resource, [written.object])
        self._after(options)
        return written

    async def patch(self, resource: Any, *place: Any, **options: Any) -> Any:
        self._before(place[-1], options)
        written = await super().patch(resource, *place, **options)
        self._received(resource, [written.object])
        self._after(options)
        return written

    async def delete(self, *args: Any, **options: Any) -> None:
        self._before(None, options)
        await super().delete(*args, **options)
        self._after(options)

    def _before(self, body: Any, options: dict[str, Any]) -> None:
        self._passwords.made(body)
        if self._breaks == "before" and not options.get("dry_run"):
            raise RuntimeError("a defect that the tests have put here")

    def _after(self, options: dict[str, Any]) -> None:
        if self._breaks == "after" and not options.get("dry_run"):
            self._breaks = ""
            raise Unreachable("the answer is lost", maybe_applied=True)


class Ear(logging.Handler):
    """Keeps every log line with its trace."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@contextmanager
def all_ears() -> Iterator[Ear]:
    """Every logger at DEBUG, also those that keep their lines to themselves."""
    ear, root = Ear(), logging.getLogger()
    named = [each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = {each: each.level for each in (root, *named)}
    deaf = [root, *(each for each in named if not each.propagate)]
    for each in before:
        each.setLevel(logging.DEBUG)
    for each in deaf:
        each.addHandler(ear)
    try:
        yield ear
    finally:
        for each in deaf:
            each.removeHandler(ear)
        for each, level in before.items():
            each.setLevel(level)
