"""A small asynchronous client to arrange and inspect a control plane, by kubeconfig.

It is not the client under test: it knows no paging and no dry run, repeats only what an API server
that has just started has no storage for yet, and raises on every other answer that is no success.
"""

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import yaml

from test.controlplane.kinds import BY_KIND, BY_PLURAL, KubeObject

MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
POLL_SECONDS = 0.05
STARTING_TRIES = 200

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
        return self.status == 429 and "initializing" in str(self.body.get("message"))

    @property
    def is_absent_webhook(self) -> bool:
        """The write was refused because the operator, which has to admit it, does not answer."""
        return self.status == 500 and "failed calling webhook" in str(self.body.get("message"))


class KubeClient:
    """One connection pool to one API server as one user. Use as an async context manager."""

    def __init__(self, kubeconfig: Path, *, timeout: float = 30) -> None:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server: str = cluster["server"]
        self._ssl = _ssl_context(cluster, user)
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._ssl, limit=40)
        self._session = aiohttp.ClientSession(
            self.server, connector=connector, timeout=self._timeout, headers=self._headers
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session."""
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        return self._session

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
        for _ in range(STARTING_TRIES):
            try:
                return await self._once(method, path, body, params, content_type)
            except ApiError as error:
                if not error.is_starting:
                    raise
                await asyncio.sleep(POLL_SECONDS)
        return await self._once(method, path, body, params, content_type)

    async def _once(
        self,
        method: str,
        path: str,
        body: KubeObject | None,
        params: dict[str, str] | None,
        content_type: str,
    ) -> KubeObject:
        data = json.dumps(body) if body is not None else None
        async with self.session.request(
            method, path, data=data, params=params, headers={"Content-Type": content_type}
        ) as response:
            text = await response.text()
            parsed: KubeObject = _parsed(text)
            if response.status >= 300:
                raise ApiError(response.status, parsed)
            return parsed

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
    ) -> KubeObject:
        """Merge patch of an object or of one of its subresources."""
        path = BY_PLURAL[plural].path(namespace, name, subresource)
        return await self.request("PATCH", path, body, content_type=MERGE_PATCH)

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
        self, plural: str, namespace: str | None, name: str, **options: Any
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
        timeout: float = 20,  # noqa: ASYNC109 - the message needs the last object seen
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
        timeout: float = 20,  # noqa: ASYNC109 - the message needs the last object seen
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
            if error.status != 404:
                raise
            return {}

    # --- watching ---

    async def watch(self, plural: str, resource_version: str) -> AsyncIterator[KubeObject]:
        """Watch events of a kind everywhere, until the server ends the watch."""
        params = {"watch": "true", "resourceVersion": resource_version}
        path = BY_PLURAL[plural].path()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with self.session.get(path, params=params, timeout=timeout) as response:
            if response.status != 200:
                raise ApiError(response.status, _parsed(await response.text()))
            buffer = b""
            async for chunk in response.content.iter_any():
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    yield json.loads(line)


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


def _parsed(text: str) -> KubeObject:
    try:
        found: KubeObject = json.loads(text)
    except ValueError:
        return {"message": text}
    return found


def _ssl_context(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext:
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        pem = base64.b64decode(user["client-certificate-data"])
        pem += base64.b64decode(user["client-key-data"])
        with tempfile.NamedTemporaryFile() as file:
            file.write(pem)
            file.flush()
            context.load_cert_chain(file.name)
    return context
