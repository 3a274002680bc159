"""The API server as it looks to a client before CloudNativePG 1.30: without DatabaseRole objects.

Operator and PostgreSQL are the real ones; the tools then declare roles inline in the Cluster.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from test.controlplane.loop import LoopThread

KIND = "/databaseroles"
NO_SUCH_KIND = "404 page not found\n"
"""What an API server answers to whoever may use a kind that it does not serve."""
_OF_THE_CONNECTION = {"host", "content-length", "content-encoding", "transfer-encoding"}


@contextmanager
def older_api(kubeconfig: Path) -> Iterator[Path]:
    """A kubeconfig like the given one, for a server on loopback that passes on all the rest."""
    content = yaml.safe_load(kubeconfig.read_text())
    cluster = content["clusters"][0]["cluster"]
    passage = _Passage(cluster)
    loop = LoopThread("older-api")
    try:
        content["clusters"][0]["cluster"] = {"server": loop.run(passage.open())}
        path = kubeconfig.with_name("kubeconfig-older")
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content))
        yield path
        loop.run(passage.close())
    finally:
        loop.close()


class _Passage:
    """Passes requests on, but those for the kind."""

    def __init__(self, cluster: dict[str, Any]) -> None:
        self._server: str = cluster["server"]
        self._tls = ssl.create_default_context(cafile=cluster.get("certificate-authority"))
        if cluster.get("insecure-skip-tls-verify"):
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE
        self._name: str | None = cluster.get("tls-server-name")

    async def open(self) -> str:
        """Starts; the address."""
        self._session = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stops."""
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.Response:
        if KIND in request.path:
            return web.Response(status=404, text=NO_SUCH_KIND)
        async with self._session.request(
            request.method,
            f"{self._server}{request.raw_path}",
            headers=_own(request.headers),
            data=await request.read(),
            ssl=self._tls,
            server_hostname=self._name,
        ) as answer:
            body = await answer.read()
            return web.Response(status=answer.status, headers=_passed(answer.headers), body=body)


def _own(headers: Any) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in _OF_THE_CONNECTION | {"accept-encoding"}
    }


def _passed(headers: Any) -> dict[str, str]:
    dropped = {"content-length", "transfer-encoding"}
    return {name: value for name, value in headers.items() if name.lower() not in dropped}
