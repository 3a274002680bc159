"""A server with the layers around it, as a process: `/slow` answers once a file is there.

Run as `python -m test.unit.serving.stoppable FILE`; it prints the port that it has taken.
"""

import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from cnpg_mcp.serving.bounds import BodyBounds
from cnpg_mcp.serving.concurrency import ConcurrencyBound
from cnpg_mcp.serving.limits import AddressRateLimit, CallerRateLimit
from cnpg_mcp.serving.metrics import HttpMetrics, Metrics
from cnpg_mcp.serving.probes import Probes, Readiness
from cnpg_mcp.serving.requests import RequestId
from test.unit.serving.asgi import answer_with, until


def layered(app: Any, metrics: Metrics, limit: int = 8) -> Any:
    """All layers around an app: a body that does not come takes a place of the wide bound alone."""
    app = CallerRateLimit(app, rate="1000/minute")
    app = ConcurrencyBound(app, limit=limit)
    app = BodyBounds(app)
    app = AddressRateLimit(app, rates={"/register": "10/minute"})
    app = ConcurrencyBound(app, limit=8 * limit)
    return RequestId(Probes(HttpMetrics(app, metrics), Readiness({}), metrics))


def main() -> None:
    """Serves until SIGTERM."""
    released = Path(sys.argv[1])
    metrics = Metrics(())

    async def app(_: Any, receive: Any, send: Any) -> None:
        message = await receive()
        print("at work", flush=True)
        await until(released.exists)
        await answer_with(send, 200, message["body"])

    config = uvicorn.Config(
        layered(app, metrics),
        lifespan="off",
        ws="none",
        log_config=None,
        timeout_graceful_shutdown=60,
    )
    bound = socket.create_server(("127.0.0.1", 0))
    print(bound.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    main()
