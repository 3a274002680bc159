"""What every part of the simulator works with: the API, the cache, the databases, the clock."""

import logging
import random
from collections.abc import Iterable
from datetime import UTC, datetime

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.postgres import Postgres
from cnpg_mcp.demo.node.store import Store

log = logging.getLogger("nodesim")

NOT_FOUND = 404
CONFLICT_OR_GONE = (NOT_FOUND, 409)


class World:
    """Shared by the simulator's parts; holds no behaviour of a node."""

    def __init__(self, api: ApiClient, plurals: tuple[str, ...]) -> None:
        self.api = api
        self.store = Store(api, plurals)
        self._postgres: dict[str, Postgres] = {}

    def postgres(self, cluster: KubeObject) -> Postgres:
        """The cluster's model of PostgreSQL, made at the first call."""
        uid = cluster["metadata"]["uid"]
        if uid not in self._postgres:
            self._postgres[uid] = Postgres.bootstrapped(cluster["spec"])
        return self._postgres[uid]

    def cluster_of(self, obj: KubeObject) -> KubeObject | None:
        """The Cluster that an object's label names."""
        meta = obj["metadata"]
        name = (meta.get("labels") or {}).get("cnpg.io/cluster")
        return self.store.get("clusters", meta["namespace"], name) if name else None

    async def set_status(self, plural: str, obj: KubeObject, status: KubeObject) -> None:
        """Merges into the object's status where that changes anything."""
        if _merged(obj.get("status") or {}, status) != (obj.get("status") or {}):
            await self.patch(plural, obj, {"status": status}, subresource="status")

    async def set_finalizers(
        self, plural: str, obj: KubeObject, finalizers: Iterable[str]
    ) -> KubeObject | None:
        """Replaces the object's finalizers; the object, or None when it is gone."""
        wanted = {"finalizers": list(finalizers) or None}
        return await self.patch(plural, obj, {"metadata": wanted})

    async def patch(
        self, plural: str, obj: KubeObject, body: KubeObject, *, subresource: str = ""
    ) -> KubeObject | None:
        """Merge patch; None where the object is gone or changed meanwhile."""
        meta = obj["metadata"]
        where = (plural, meta.get("namespace"), meta["name"])
        try:
            done = await self.api.patch(*where, body, subresource=subresource)
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
            await self.api.delete(plural, meta.get("namespace"), meta["name"], **options)
        except ApiError as error:
            if error.status not in CONFLICT_OR_GONE:
                raise

    async def event(self, obj: KubeObject, reason: str, message: str, source: str) -> None:
        """Records a warning about an object, once for each reason."""
        meta = obj["metadata"]
        name = f"{meta['name'][:40]}.{meta['uid'][:8]}.{reason.lower()}"
        about = {key: meta[key] for key in ("name", "namespace", "uid")}
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": meta["namespace"]},
            "involvedObject": {"kind": obj["kind"], "apiVersion": obj["apiVersion"], **about},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "firstTimestamp": now(),
            "lastTimestamp": now(),
            "count": 1,
        }
        try:
            await self.api.create(body)
        except ApiError as error:
            if error.status not in (403, 409):
                raise


def now() -> str:
    """The time as the API server writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def suffix(length: int = 5) -> str:
    """Random characters for a generated name."""
    return "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=length))  # noqa: S311 - a name


def _merged(old: KubeObject, patch: KubeObject) -> KubeObject:
    """The result of a merge patch."""
    result = dict(old)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            below = result.get(key)
            result[key] = _merged(below if isinstance(below, dict) else {}, value)
        else:
            result[key] = value
    return result
