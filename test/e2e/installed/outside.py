"""How people's clients reach hosts of the tests: by the Ingress controller, with TLS."""

import json
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

SECONDS = 60


class Way(httpx.AsyncHTTPTransport):
    """Connects to the controller for every host that it serves; Host and SNI stay the host's."""

    def __init__(self, address: str, trusted: ssl.SSLContext) -> None:
        super().__init__(verify=trusted)
        self._address = address

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host == "localhost":
            return await super().handle_async_request(request)
        there = httpx.Request(
            request.method,
            request.url.copy_with(host=self._address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await super().handle_async_request(there)


class PatientWay(Way):
    """Asks a question of MCP again when its answer is cut on the way.

    Proxies written in Go end the connection where a long answer begins before they are done with
    the request (docs/notes.md).
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not _is_question(await request.aread()):
            return await super().handle_async_request(request)
        try:
            return await self._whole(request)
        except httpx.RemoteProtocolError:
            return await self._whole(request)

    async def _whole(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        await answer.aread()
        return answer


def _is_question(body: bytes) -> bool:
    """Whether a request of MCP changes nothing, whatever comes of it."""
    try:
        asked = json.loads(body)
    except ValueError:  # a form, or nothing
        return False
    if asked.get("method") != "tools/call":
        return "method" in asked
    return str(asked["params"]["name"]).startswith(("list_", "get_"))


@dataclass(frozen=True)
class Outside:
    """Where the Ingress controller is, and the authority that clients trust."""

    address: str
    authority: str
    """Its certificate, as PEM."""

    def http(self, **options: Any) -> httpx.AsyncClient:
        """A client; options are those of `httpx.AsyncClient`."""
        return self._client(Way, **options)

    def client(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        auth: httpx.Auth | None = None,
        **options: Any,
    ) -> httpx.AsyncClient:
        """One as MCP clients ask for it, and patient: for them a cut answer is the end."""
        options = {**options, **({"timeout": timeout} if timeout else {})}
        return self._client(PatientWay, headers=headers, auth=auth, **options)

    def _client(self, way: type[Way], **options: Any) -> httpx.AsyncClient:
        given = {"timeout": SECONDS, "trust_env": False, **options}
        trusted = ssl.create_default_context(cadata=self.authority)
        return httpx.AsyncClient(transport=way(self.address, trusted), **given)
