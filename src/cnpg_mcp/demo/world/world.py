"""Reading and writing as every part does it: from the cache, and a lost race is harmless."""

import hashlib
from collections.abc import Container, Iterable
from datetime import UTC, datetime

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from cnpg_mcp.demo.notation import precise, timestamp
from cnpg_mcp.demo.pace import AT_ONCE, Pace, Timers
from cnpg_mcp.demo.world.store import Store

NOT_FOUND, CONFLICT, FORBIDDEN = 404, 409, 403
CONFLICT_OR_GONE = (NOT_FOUND, CONFLICT)


class World:
    """The API, the cache and the clock; holds no behaviour."""

    def __init__(
        self,
        api: ApiClient,
        plurals: tuple[str, ...],
        *,
        pace: Pace = AT_ONCE,
        ignored: Container[str] = (),
    ) -> None:
        self.api = api
        self.store = Store(api, plurals, ignored)
        self.timers = Timers(pace)

    def forget(self) -> None:
        """Lets go of what is about objects that are no more."""
        self.timers.keep(self.store.uids())

    def cluster_of(self, obj: KubeObject) -> KubeObject | None:
        """The Cluster that an object's label names."""
        meta = obj["metadata"]
        name = (meta.get("labels") or {}).get("cnpg.io/cluster")
        return self.store.get("clusters", meta["namespace"], name) if name else None

    # --- writes ---

    async def create(self, body: KubeObject) -> KubeObject | None:
        """The created object; None where one of that name is there, or the namespace is going."""
        try:
            made = await self.api.create(body)
        except ApiError as error:
            if error.status in CONFLICT_OR_GONE or error.is_ending_namespace:
                return None
            raise
        self.store.put(BY_KIND[body["kind"]].plural, made)
        return made

    async def set_status(self, plural: str, obj: KubeObject, status: KubeObject) -> None:
        """Merges into the object's status where that changes anything."""
        if merged(obj.get("status") or {}, status) != (obj.get("status") or {}):
            await self.patch(plural, obj, {"status": status}, subresource="status")

    async def set_finalizers(
        self, plural: str, obj: KubeObject, finalizers: Iterable[str], *, manager: str = ""
    ) -> KubeObject | None:
        """Replaces the object's finalizers; the object, or None when it is gone."""
        wanted = {"finalizers": list(finalizers) or None}
        return await self.patch(plural, obj, {"metadata": wanted}, manager=manager)

    async def patch(
        self,
        plural: str,
        obj: KubeObject,
        body: KubeObject,
        *,
        subresource: str = "",
        manager: str = "",
    ) -> KubeObject | None:
        """Merge patch; None where the object is gone or changed meanwhile."""
        meta = obj["metadata"]
        where = (plural, meta.get("namespace"), meta["name"])
        try:
            done = await self.api.patch(*where, body, subresource=subresource, manager=manager)
        except ApiError as error:
            if error.status in CONFLICT_OR_GONE or error.is_absent_webhook:
                return None
            raise
        self.store.put(plural, done)
        return done

    async def exists(self, plural: str, obj: KubeObject) -> bool:
        """Whether the API server still has this very object: the cache may lag behind."""
        meta = obj["metadata"]
        try:
            found = await self.api.get(plural, meta.get("namespace"), meta["name"])
        except ApiError as error:
            if error.status == NOT_FOUND:
                return False
            raise
        return bool(found["metadata"]["uid"] == meta["uid"])

    async def remove(self, plural: str, obj: KubeObject, **options: object) -> None:
        """Deletes exactly this object; harmless when it is gone."""
        meta = obj["metadata"]
        options["preconditions"] = {"uid": meta["uid"]}
        try:
            left = await self.api.delete(plural, meta.get("namespace"), meta["name"], **options)
        except ApiError as error:
            if error.status not in CONFLICT_OR_GONE:
                raise
            return
        if (left.get("metadata") or {}).get("deletionTimestamp"):
            self.store.put(plural, left)
        else:
            self.store.drop(plural, obj)

    # --- events ---

    async def event(
        self, obj: KubeObject, reason: str, message: str, source: str, *, kind: str = "Warning"
    ) -> None:
        """Records an event about an object, one for each message; repeated ones are counted.

        A warning is not: whoever gives it sees at every turn that its cause still stands.
        """
        body = _event(obj, reason, message, source, kind)
        try:
            await self.api.create(body)
        except ApiError as error:
            if error.status not in (FORBIDDEN, NOT_FOUND, CONFLICT):
                raise
            if error.status == CONFLICT and kind != "Warning":
                await self._count(body)

    async def _count(self, body: KubeObject) -> None:
        meta = body["metadata"]
        known = await self.api.get("events", meta["namespace"], meta["name"])
        again = {"count": known.get("count", 1) + 1, "lastTimestamp": body["lastTimestamp"]}
        await self.api.patch("events", meta["namespace"], meta["name"], again)


def now() -> str:
    """The time as the API server writes it."""
    return timestamp(datetime.now(UTC))


def now_precise() -> str:
    """The time as the operator writes it where it needs fractions of a second."""
    return precise(datetime.now(UTC))


def merged(old: KubeObject, patch: KubeObject) -> KubeObject:
    """The result of a merge patch."""
    result = dict(old)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result


def _event(obj: KubeObject, reason: str, message: str, source: str, kind: str) -> KubeObject:
    meta = obj["metadata"]
    told = hashlib.sha256(message.encode()).hexdigest()[:8]
    name = f"{meta['name'][:40]}.{meta['uid'][:8]}.{reason.lower()}.{told}"
    about = {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion")}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": meta["namespace"]},
        "involvedObject": {"kind": obj["kind"], "apiVersion": obj["apiVersion"], **about},
        "type": kind,
        "reason": reason,
        "message": message,
        "source": {"component": source},
        "reportingComponent": source,
        "firstTimestamp": now(),
        "lastTimestamp": now(),
        "count": 1,
    }
