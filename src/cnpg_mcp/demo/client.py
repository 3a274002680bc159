"""A small asynchronous client of an API server, without a word on how requests travel.

It is not the client of the tools: it knows no paging and no dry run, and raises on every answer
that is no success. The simulated node and the operator's stand-in act through it, and tests arrange
and judge.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Any

from cnpg_mcp.demo.kinds import BY_KIND, BY_PLURAL, KubeObject

MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
"""For a condition that comes true in a moment where the machine has nothing else to do."""
NOT_FOUND, TOO_MANY_REQUESTS, INTERNAL_ERROR = 404, 429, 500

Predicate = Callable[[KubeObject], Any]


class ApiError(Exception):
    """An answer of the API server that is not a success."""

    def __init__(self, status: int, body: KubeObject) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{status} {body.get('reason', '')}: {body.get('message', body)}")

    @property
    def is_ending_namespace(self) -> bool:
        """Nothing new may be made in a namespace that is going."""
        causes = (self.body.get("details") or {}).get("causes") or []
        return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)

    @property
    def is_starting(self) -> bool:
        """The API server has just started, or the kind was just defined: nothing was done."""
        return self.status == TOO_MANY_REQUESTS and "initializing" in str(self.body.get("message"))

    @property
    def is_absent_webhook(self) -> bool:
        """The write was refused because the operator, which has to admit it, does not answer."""
        return self.status == INTERNAL_ERROR and "failed calling webhook" in str(
            self.body.get("message")
        )


class ApiClient(ABC):
    """The verbs of one user at one API server."""

    @abstractmethod
    async def request(
        self,
        method: str,
        path: str,
        body: KubeObject | None = None,
        *,
        params: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> KubeObject:
        """One request; the parsed answer, or ``ApiError``."""

    @abstractmethod
    def watch(self, plural: str, resource_version: str) -> AsyncIterator[KubeObject]:
        """Watch events of a kind everywhere, until the server ends the watch."""

    # --- the usual verbs; a collection is named by its plural ---

    async def get(self, plural: str, namespace: str | None, name: str) -> KubeObject:
        """One object. Cluster-scoped kinds take ``None`` as namespace."""
        return await self.request("GET", BY_PLURAL[plural].path(namespace, name))

    async def list(
        self, plural: str, namespace: str | None = None, **params: str
    ) -> list[KubeObject]:
        """All objects of a kind, in one namespace or everywhere."""
        found = await self.request("GET", BY_PLURAL[plural].path(namespace), params=params)
        return found["items"] or []

    async def create(self, body: KubeObject, **params: str) -> KubeObject:
        """Creates an object by its own kind and namespace."""
        path = BY_KIND[body["kind"]].path(body["metadata"].get("namespace"))
        return await self.request("POST", path, body, params=params)

    async def apply(self, body: KubeObject) -> KubeObject:
        """Server-side apply, taking every field."""
        meta = body["metadata"]
        path = BY_KIND[body["kind"]].path(meta.get("namespace"), meta["name"])
        params = {"fieldManager": "controlplane", "force": "true"}
        return await self.request("PATCH", path, body, params=params, content_type=APPLY_PATCH)

    async def patch(
        self,
        plural: str,
        namespace: str | None,
        name: str,
        body: KubeObject,
        *,
        subresource: str = "",
        manager: str = "",
    ) -> KubeObject:
        """Merge patch of an object or of one of its subresources; `manager` is who writes."""
        path = BY_PLURAL[plural].path(namespace, name, subresource)
        params = {"fieldManager": manager} if manager else None
        return await self.request("PATCH", path, body, params=params, content_type=MERGE_PATCH)

    async def patch_status(
        self, plural: str, namespace: str | None, name: str, status: KubeObject
    ) -> KubeObject:
        """Merge patch of ``status``."""
        return await self.patch(plural, namespace, name, {"status": status}, subresource="status")

    async def annotate(
        self, plural: str, namespace: str | None, name: str, annotations: dict[str, str | None]
    ) -> KubeObject:
        """Sets annotations; ``None`` removes one."""
        return await self.patch(plural, namespace, name, {"metadata": {"annotations": annotations}})

    async def delete(
        self, plural: str, namespace: str | None, name: str, **options: object
    ) -> KubeObject:
        """Deletes; ``options`` are DeleteOptions (``propagationPolicy``, ...)."""
        path = BY_PLURAL[plural].path(namespace, name)
        return await self.request("DELETE", path, options or None)

    # --- waiting for conditions ---

    async def wait_for(
        self,
        plural: str,
        namespace: str | None,
        name: str,
        predicate: Predicate,
        *,
        timeout: float = PATIENCE_SECONDS,  # noqa: ASYNC109 - the message needs the last object seen
    ) -> KubeObject:
        """The object, once the predicate holds; ``TimeoutError`` shows what was last seen."""
        last: KubeObject = {}

        async def holds() -> bool:
            nonlocal last
            last = await self._get_or_empty(plural, namespace, name)
            return bool(last and predicate(last))

        await until(holds, timeout, lambda: f"{plural}/{name}: {json.dumps(last.get('status'))}")
        return last

    async def wait_gone(
        self,
        plural: str,
        namespace: str | None,
        name: str,
        *,
        timeout: float = PATIENCE_SECONDS,  # noqa: ASYNC109 - the message needs the last object seen
    ) -> None:
        """Returns when the object is gone."""
        last: KubeObject = {}

        async def gone() -> bool:
            nonlocal last
            last = await self._get_or_empty(plural, namespace, name)
            return not last

        await until(gone, timeout, lambda: f"{plural}/{name} remains: {json.dumps(last)[:1500]}")

    async def _get_or_empty(self, plural: str, namespace: str | None, name: str) -> KubeObject:
        try:
            return await self.get(plural, namespace, name)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return {}


async def until(
    holds: Callable[[], Any],
    seconds: float,
    describe: Callable[[], str],
) -> None:
    """Returns once the condition holds; ``TimeoutError`` with the description otherwise."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"not within {seconds} s: {describe()}")
        await asyncio.sleep(POLL_SECONDS)
