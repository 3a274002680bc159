"""A Service in front of replicas: each request goes to the next one that listens."""

import itertools

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from test.auth.addresses import http_from
from test.auth.threaded import Threaded

METHODS = ["GET", "POST", "DELETE", "OPTIONS", "HEAD"]
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}


class RoundRobin(Threaded):
    """Passes requests on to loopback ports in turn, whatever connection they come by."""

    def __init__(self, port: int, targets: list[int]) -> None:
        self._turns = itertools.cycle(targets)
        self._count = len(targets)
        self.served: dict[int, int] = dict.fromkeys(targets, 0)
        self._http: httpx.AsyncClient | None = None
        routes = [Route("/{path:path}", self._pass, methods=METHODS)]
        super().__init__(Starlette(routes=routes), port)

    async def _pass(self, request: Request) -> Response:
        body = await request.body()
        for _ in range(self._count):
            target = next(self._turns)
            try:
                answer = await self._ask(target, request, body)
            except httpx.ConnectError:
                continue
            self.served[target] += 1
            return _copy(answer)
        return Response("no replica listens", 503)

    async def _ask(self, target: int, request: Request, body: bytes) -> httpx.Response:
        if self._http is None:
            self._http = http_from()
        url = httpx.URL(f"http://127.0.0.1:{target}").copy_with(raw_path=_raw(request))
        headers = [pair for pair in request.headers.raw if pair[0] != b"connection"]
        return await self._http.request(request.method, url, content=body, headers=headers)


def _raw(request: Request) -> bytes:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path + (b"?" + query if query else b"")


def _copy(answer: httpx.Response) -> Response:
    response = Response(answer.content, answer.status_code)
    response.raw_headers += [
        (name.lower(), value)
        for name, value in answer.headers.raw
        if name.lower().decode() not in _HOP
    ]
    return response
