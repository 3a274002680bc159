"""What is served in place of a server whose settings cannot be used."""

from dataclasses import dataclass

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class Broken:
    """Lives, is not ready, and answers every request with the reason (503).

    The reason names settings, never their values.
    """

    reason: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, and uvicorn's questions about its lifespan."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            answer = self._answer(scope["path"])
            await answer(scope, receive, send)

    def _answer(self, path: str) -> Response:
        if path == "/healthz":
            return PlainTextResponse("ok")
        body = {"error": "misconfigured", "error_description": self.reason}
        return JSONResponse(body, 503, headers={"Retry-After": "60"})


async def _live(receive: Receive, send: Send) -> None:
    """Starts and stops at once: there is nothing to prepare."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
