"""What the API server holds, kept current by list and watch."""

import asyncio
import json
from collections.abc import Container, Iterator

import aiohttp

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject

Key = tuple[str, str]
TRANSIENT = (ApiError, aiohttp.ClientError, TimeoutError, json.JSONDecodeError)
"""What comes of an API server that goes away; in the middle of a line, too."""
REMEMBERED_GONE = 5000
"""So many deleted objects are told from objects that are new."""


class Store:
    """A cache of the watched kinds. ``changed`` is set at every change.

    What is in one of the `ignored` namespaces is never in it.
    """

    def __init__(
        self, api: ApiClient, plurals: tuple[str, ...], ignored: Container[str] = ()
    ) -> None:
        self._api = api
        self._ignored = ignored
        self._objects: dict[str, dict[Key, KubeObject]] = {plural: {} for plural in plurals}
        self._unlisted = set(plurals)
        self._gone: dict[str, None] = {}
        self.changed = asyncio.Event()

    @property
    def plurals(self) -> tuple[str, ...]:
        """The watched kinds."""
        return tuple(self._objects)

    def all(self, plural: str, namespace: str | None = None) -> list[KubeObject]:
        """All objects of a kind, a copy of the list."""
        found = self._objects[plural].items()
        return [obj for (space, _), obj in found if namespace in (None, space)]

    def get(self, plural: str, namespace: str, name: str) -> KubeObject | None:
        """One object, or None."""
        return self._objects[plural].get((namespace, name))

    def everything(self) -> Iterator[tuple[str, KubeObject]]:
        """All objects with their plural."""
        for plural, objects in self._objects.items():
            for obj in list(objects.values()):
                yield plural, obj

    def ignores(self, namespace: str) -> bool:
        """Whether the namespace is let alone."""
        return namespace in self._ignored

    def uids(self) -> set[str]:
        """The uids of all objects."""
        return {obj["metadata"]["uid"] for _, obj in self.everything()}

    async def listed(self) -> None:
        """Returns when every kind was listed once."""
        while self._unlisted:
            await self.changed.wait()
            self.changed.clear()

    def put(self, plural: str, obj: KubeObject) -> None:
        """Takes an answer of a write, so that the next pass need not wait for the watch."""
        meta = obj["metadata"]
        if meta.get("namespace") in self._ignored:
            return
        key = (meta.get("namespace", ""), meta["name"])
        known = self._objects[plural].get(key)
        if meta["uid"] in self._gone or (known and _version(known) >= _version(obj)):
            return
        self._objects[plural][key] = obj
        self.changed.set()

    async def follow(self, plural: str) -> None:
        """Lists, and watches until the API server ends it.

        Raises:
            Exception: one of `TRANSIENT` where the API server went away.
        """
        kind = BY_PLURAL[plural]
        listed = await self._api.request("GET", kind.path())
        self._objects[plural] = {
            (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]): obj
            for obj in listed["items"] or []
            if obj["metadata"].get("namespace") not in self._ignored
        }
        self._unlisted.discard(plural)
        self.changed.set()
        async for event in self._api.watch(plural, listed["metadata"]["resourceVersion"]):
            if event["type"] == "ERROR":
                return
            self._take(plural, event)

    def _take(self, plural: str, event: KubeObject) -> None:
        if event["type"] == "DELETED":
            self.drop(plural, event["object"])
        else:
            self.put(plural, event["object"])

    def drop(self, plural: str, obj: KubeObject) -> None:
        """Takes note that the object is gone."""
        meta = obj["metadata"]
        self._gone[meta["uid"]] = None
        if len(self._gone) > REMEMBERED_GONE:
            del self._gone[next(iter(self._gone))]
        key = (meta.get("namespace", ""), meta["name"])
        known = self._objects[plural].get(key)
        if known and known["metadata"]["uid"] == meta["uid"]:
            del self._objects[plural][key]
        self.changed.set()


def _version(obj: KubeObject) -> int:
    return int(obj["metadata"]["resourceVersion"])
