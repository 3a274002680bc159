"""An Ingress in front of both servers: it ends TLS, routes the public paths, and nothing else."""

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cnpg_mcp.doctor.outside.visit import PUBLIC_PATHS, RESOURCE_METADATA, TEST

_OWN = {"content-length", "transfer-encoding", "connection"}


class Ingress:
    """Passes requests on to the server of their path, as nginx does by default."""

    def __init__(self, main: int, test: int) -> None:
        self._exact = {
            **dict.fromkeys(PUBLIC_PATHS, main),
            f"{RESOURCE_METADATA}{TEST}": test,
        }
        self._prefixes = {"/mcp/": main, TEST: test}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        request = Request(scope, receive)
        port = self._port(request.url.path)
        response = await _passed_on(request, port) if port else Response("404", 404)
        await response(scope, receive, send)

    def _port(self, path: str) -> int | None:
        if path in self._exact:
            return self._exact[path]
        return next((port for at, port in self._prefixes.items() if path.startswith(at)), None)


async def _passed_on(request: Request, port: int) -> Response:
    headers = dict(request.headers)
    headers |= {"x-forwarded-proto": request.url.scheme, "x-forwarded-for": "203.0.113.7"}
    url = httpx.URL(f"http://127.0.0.1:{port}", path=request.url.path)
    url = url.copy_with(query=request.url.query.encode())
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.request(
            request.method, url, headers=headers, content=await request.body()
        )
    response = Response(answer.content, answer.status_code)
    for name, value in answer.headers.multi_items():
        if name not in _OWN:
            response.headers.append(name, value)
    return response
