"""The API server asked in this process, with all rights: by its node and its operator."""

import json
from collections.abc import AsyncIterator

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from cnpg_mcp.demo.kubernetes.access import MASTERS, User
from cnpg_mcp.demo.kubernetes.requests import JSON, Request
from cnpg_mcp.demo.kubernetes.server import ApiServer, Reply

_OK_BELOW = 300


class LocalClient(ApiClient):
    """A client without a network. What it gives are copies.

    `agent` is what it writes as, by default its user's name.
    """

    def __init__(self, server: ApiServer, name: str = "admin", *, agent: str = "") -> None:
        self._server = server
        self._agent = agent or name
        self._user = User(name, (MASTERS,))

    async def request(
        self,
        method: str,
        path: str,
        body: KubeObject | None = None,
        *,
        params: dict[str, str] | None = None,
        content_type: str = JSON,
    ) -> KubeObject:
        """One request; the answer, or ``ApiError``."""
        data = json.dumps(body).encode() if body is not None else b""
        reply = self._asked(method, path, params or {}, data, content_type)
        found: KubeObject = (
            json.loads(json.dumps(reply.body)) if isinstance(reply.body, dict) else {}
        )
        if reply.status >= _OK_BELOW:
            raise ApiError(reply.status, found or {"message": str(reply.body)})
        return found

    async def watch(self, plural: str, resource_version: str) -> AsyncIterator[KubeObject]:
        """Watch events of a kind everywhere."""
        params = {"watch": "true", "resourceVersion": resource_version}
        reply = self._asked("GET", BY_PLURAL[plural].path(), params, b"", JSON)
        if isinstance(reply.body, dict | str):
            raise ApiError(reply.status, {"message": str(reply.body)})
        async for event in reply.body:
            yield json.loads(json.dumps(event))

    def _asked(
        self, method: str, path: str, params: dict[str, str], data: bytes, content_type: str
    ) -> Reply:
        return self._server.handle(
            Request(method, path, self._user, params, data, content_type, JSON, self._agent)
        )
