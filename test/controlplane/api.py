"""A small asynchronous client to arrange and inspect a control plane, by kubeconfig.

It is not the client under test: it knows no paging and no dry run, repeats only what an API server
that has just started has no storage for yet, and raises on every other answer that is no success.
"""

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import yaml

from cnpg_mcp.demo.client import (
    PATIENCE_SECONDS,
    POLL_SECONDS,
    ApiClient,
    ApiError,
    Predicate,
    until,
)
from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject

STARTING_TRIES = 1000

__all__ = ["PATIENCE_SECONDS", "ApiError", "KubeClient", "Predicate", "until"]


class KubeClient(ApiClient):
    """One connection pool to one API server as one user. Use as an async context manager."""

    def __init__(self, kubeconfig: Path, *, timeout: float = 60) -> None:
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


def _parsed(text: str) -> KubeObject:
    try:
        found: KubeObject = json.loads(text)
    except ValueError:
        return {"message": text}
    return found


def _ssl_context(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext | bool:
    if cluster["server"].startswith("http:"):
        return True
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
