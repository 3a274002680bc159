"""What the API server holds: objects by kind, one revision counter, and a bounded past.

An object that is stored is never changed in place: a write stores another one. So the past is a log
of references, from which an earlier state of a collection is found by going back.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from cnpg_mcp.demo.kinds import Kind, KubeObject

Key = tuple[str, str]
"""Namespace (empty for cluster-scoped kinds) and name."""

CHANGES_KEPT = 4000
PAST_SECONDS = 300.0
"""For how long earlier states can be listed. A real API server forgets after five minutes, too."""


class ChangeType(StrEnum):
    """What happened to an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True)
class Change:
    """One write. `before` is what was stored until then."""

    revision: int
    time: float
    kind: Kind
    type: ChangeType
    object: KubeObject
    before: KubeObject | None


class Expired(Exception):
    """The revision that was asked for is forgotten."""


class Storage:
    """All objects of one API server. Used from one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._revision = 1
        self._objects: dict[Kind, dict[Key, KubeObject]] = {}
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)
        self._forgotten = 0
        self._compacted = 0
        self._watchers: set[asyncio.Event] = set()

    @property
    def revision(self) -> int:
        """The newest revision."""
        return self._revision

    def get(self, kind: Kind, namespace: str, name: str) -> KubeObject | None:
        """One object."""
        return self._objects.get(kind, {}).get((namespace, name))

    def all(self, kind: Kind, namespace: str = "") -> list[KubeObject]:
        """A kind's objects, of one namespace or of all, by namespace and name."""
        found = self._objects.get(kind, {})
        return _ordered(found, namespace)

    def content(self, namespace: str) -> Iterator[tuple[Kind, KubeObject]]:
        """Everything in a namespace."""
        for kind, objects in self._objects.items():
            for (space, _), obj in list(objects.items()):
                if space == namespace:
                    yield kind, obj

    def count(self) -> int:
        """How many objects there are."""
        return sum(map(len, self._objects.values()))

    def put(self, kind: Kind, obj: KubeObject) -> KubeObject:
        """Stores an object under its namespace and name; what is stored, with its new version."""
        key = key_of(obj)
        objects = self._objects.setdefault(kind, {})
        before = objects.get(key)
        self._revision += 1
        version = {"resourceVersion": str(self._revision)}
        stored = {**obj, "metadata": {**obj["metadata"], **version}}
        objects[key] = stored
        self._note(kind, ChangeType.MODIFIED if before else ChangeType.ADDED, stored, before)
        return stored

    def remove(self, kind: Kind, obj: KubeObject) -> KubeObject:
        """Removes an object; its last state, with the version of the removal."""
        before = self._objects[kind].pop(key_of(obj))
        self._revision += 1
        version = {"resourceVersion": str(self._revision)}
        last = {**before, "metadata": {**before["metadata"], **version}}
        self._note(kind, ChangeType.DELETED, last, before)
        return last

    def _note(
        self, kind: Kind, what: ChangeType, obj: KubeObject, before: KubeObject | None
    ) -> None:
        if len(self._changes) == CHANGES_KEPT:
            self._forgotten = self._changes[0].revision
        now = self._clock()
        self._changes.append(Change(self._revision, now, kind, what, obj, before))
        for watcher in self._watchers:
            watcher.set()

    # --- the past ---

    @property
    def oldest(self) -> int:
        """The first revision from which changes are known."""
        return self._forgotten

    def at(self, kind: Kind, revision: int | None, namespace: str = "") -> list[KubeObject]:
        """A kind's objects as they were at a revision, or are; by namespace and name.

        Raises:
            Expired: that is forgotten.
        """
        if revision is None:
            return self.all(kind, namespace)
        if revision < self._forgotten or revision <= self._compacted:
            raise Expired
        objects = dict(self._objects.get(kind, {}))
        oldest = self._clock() - PAST_SECONDS
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            if change.time < oldest:
                raise Expired
            if change.kind == kind:
                _undo(objects, change)
        return _ordered(objects, namespace)

    def forget_the_past(self) -> None:
        """Forgets all states until now, as a compaction does; what there is can still be listed."""
        self._changes.clear()
        self._forgotten = self._compacted = self._revision
        self._revision += 1

    # --- watching ---

    async def changes(self, kind: Kind, since: int) -> AsyncGenerator[Change]:
        """Every write of a kind after a revision, past ones first; never ends.

        Raises:
            Expired: that revision is forgotten, or the reader was too slow.
        """
        with self._woken() as woken:
            while True:
                woken.clear()
                if since < self._forgotten:
                    raise Expired
                for change in self._after(since):
                    since = change.revision
                    if change.kind == kind:
                        yield change
                        break
                else:
                    await woken.wait()

    def _after(self, revision: int) -> Iterator[Change]:
        newer = 0
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            newer += 1
        for index in range(len(self._changes) - newer, len(self._changes)):
            yield self._changes[index]

    @contextmanager
    def _woken(self) -> Iterator[asyncio.Event]:
        woken = asyncio.Event()
        self._watchers.add(woken)
        try:
            yield woken
        finally:
            self._watchers.discard(woken)


def key_of(obj: KubeObject) -> Key:
    """Where the object is stored."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]


def _ordered(objects: Mapping[Key, KubeObject], namespace: str) -> list[KubeObject]:
    keys = sorted(key for key in objects if namespace in ("", key[0]))
    return [objects[key] for key in keys]


def _undo(objects: dict[Key, KubeObject], change: Change) -> None:
    key = key_of(change.object)
    if change.before is None:
        del objects[key]
    else:
        objects[key] = change.before
