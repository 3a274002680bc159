"""How people's clients reach hosts of the tests: by the Ingress controller, with TLS."""

import json
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

SECONDS = 60


class Way(httpx.AsyncHTTPTransport):
    """Connects to the controller for every host that it serves; Host and SNI stay the host's.

    A question whose answer is cut on its way is asked again: proxies written in Go end the
    connection where a long answer begins before they are done with the request (docs/notes.md).
    """

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
            content=await request.aread(),
            extensions={**request.extensions, "sni_hostname": host},
        )
        if not _is_question(there.content):
            return await super().handle_async_request(there)
        try:
            return await self._whole(there)
        except httpx.RemoteProtocolError:
            return await self._whole(there)

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
        given = {"timeout": SECONDS, "trust_env": False, **options}
        trusted = ssl.create_default_context(cadata=self.authority)
        return httpx.AsyncClient(transport=Way(self.address, trusted), **given)

    def client(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        auth: httpx.Auth | None = None,
        **options: Any,
    ) -> httpx.AsyncClient:
        """The same as MCP clients ask for it."""
        options = {**options, **({"timeout": timeout} if timeout else {})}
        return self.http(headers=headers, auth=auth, **options)
