"""A stand-in for an API server with one cluster, which can be told to take its time."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from test.auth.threaded import Threaded
from test.controlplane.process import free_ports

_GROUP = "/apis/postgresql.cnpg.io/v1"
_SECONDS = 60
COLUMNS = ("Name", "Age", "Instances", "Ready", "Status", "Primary")
TABLE = {
    "kind": "Table",
    "apiVersion": "meta.k8s.io/v1",
    "metadata": {},
    "columnDefinitions": [{"name": name} for name in COLUMNS],
    "rows": [
        {
            "cells": ["pg", "1d", 3, 3, "Cluster in healthy state", "pg-1"],
            "object": {"metadata": {"name": "pg", "namespace": "default", "uid": "1"}},
        }
    ],
}
KINDS = {"kind": "APIResourceList", "resources": [{"name": "clusters", "kind": "Cluster"}]}


class KubeStandIn:
    """Serves discovery and lists; `kubeconfig` leads to it. Listens where it did when restarted."""

    def __init__(self, folder: Path) -> None:
        (port,) = free_ports(1)
        self._free = threading.Event()
        self._free.set()
        self._lock = threading.Lock()
        self.arrived = 0
        routes = [
            Route(_GROUP, self._kinds),
            Route(f"{_GROUP}/{{path:path}}", self._list),
        ]
        self._served = Threaded(Starlette(routes=routes), port)
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(port)))

    def start(self) -> None:
        """Listens."""
        self._served.start()

    def stop(self) -> None:
        """Stops listening."""
        self._served.stop()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Inside, nobody gets a list before `release`."""
        self.arrived = 0
        self._free.clear()
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Answers whoever waits."""
        self._free.set()

    async def _kinds(self, _: Request) -> Response:
        return JSONResponse(KINDS)

    async def _list(self, _: Request) -> Response:
        with self._lock:
            self.arrived += 1
        await anyio.to_thread.run_sync(self._free.wait, _SECONDS)
        return JSONResponse(TABLE)


def _kubeconfig(port: int) -> dict[str, object]:
    name = "stand-in"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": name, "user": {"token": "made-up-token-of-a-test"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
