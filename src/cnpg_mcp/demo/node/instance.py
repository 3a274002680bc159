"""Instance managers: where they answer, and what they report."""

import itertools
import json
import random
import ssl
import tempfile
from collections.abc import Callable, Iterator
from typing import Protocol

from aiohttp import web

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.postgres import Postgres
from cnpg_mcp.demo.node.settings import needs_restart
from cnpg_mcp.demo.world.instances import is_fenced

PORT = 8000
LSN = "0/6000060"

Report = Callable[[], KubeObject | None]


class Instances(Protocol):
    """Where instance managers answer who asks for their state."""

    async def start(self, uid: str, report: Report, pair: tuple[bytes, bytes]) -> str:
        """Answers for a pod from now on; its address. `pair`: certificate and key, as PEM."""

    async def stop(self, uid: str) -> None:
        """Answers no longer for that pod."""


class InMemory:
    """Instance managers that only this process can ask."""

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}
        self._addresses = addresses()

    async def start(self, uid: str, report: Report, _: tuple[bytes, bytes]) -> str:
        """Answers from now on; the address is nobody's."""
        self._reports[uid] = report
        return next(self._addresses)

    async def stop(self, uid: str) -> None:
        """Forgets the pod."""
        self._reports.pop(uid, None)

    def ask(self, uid: str) -> KubeObject | None:
        """What the pod's instance manager reports; None while it is down, or there is none."""
        report = self._reports.get(uid)
        return report() if report else None


class OnLoopback:
    """Instance managers as an operator in a process of its own asks them: over TLS."""

    def __init__(self) -> None:
        self._served: dict[str, _Served] = {}
        self._addresses = addresses()

    async def start(self, uid: str, report: Report, pair: tuple[bytes, bytes]) -> str:
        """Listens on a loopback address of the pod's own."""
        self._served[uid] = _Served(report)
        return await self._served[uid].listen(self._addresses, *pair)

    async def stop(self, uid: str) -> None:
        """Stops listening."""
        await self._served.pop(uid).close()


class _Served:
    """``/pg/status`` over TLS."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._runner: web.AppRunner | None = None

    async def listen(self, addresses: Iterator[str], certificate: bytes, key: bytes) -> str:
        """Listens on the first address that is free."""
        app = web.Application()
        app.router.add_get("/pg/status", self._status)
        app.router.add_get("/{probe:healthz|readyz|startupz}", self._probe)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        context = _tls(certificate, key)
        for address in addresses:
            try:
                await web.TCPSite(self._runner, address, PORT, ssl_context=context).start()
            except OSError:
                continue
            return address
        raise RuntimeError("no loopback address is free")

    async def close(self) -> None:
        """Stops listening."""
        if self._runner:
            await self._runner.cleanup()

    async def _status(self, _: web.Request) -> web.Response:
        report = self._report()
        if report is None:
            return web.Response(status=500, text="instance is down")
        return web.Response(text=json.dumps(report), content_type="application/json")

    async def _probe(self, _: web.Request) -> web.Response:
        return web.Response(status=500 if self._report() is None else 200, text="OK")


def addresses() -> Iterator[str]:
    """Loopback addresses, from a random block so that control planes side by side rarely meet."""
    block = random.randrange(2, 254)  # noqa: S311 - not a secret
    for number in itertools.count():
        yield f"127.{block}.{number // 250 % 250}.{number % 250 + 1}"


def report(
    pod: KubeObject,
    cluster: KubeObject,
    postgres: Postgres,
    standbys: list[str],
    *,
    primary_up: bool,
) -> KubeObject:
    """The answer of ``/pg/status``: the keys that the operator reads."""
    meta, status = pod["metadata"], cluster.get("status") or {}
    primary = (status.get("currentPrimary") or status.get("targetPrimary")) == meta["name"]
    fenced = is_fenced(cluster, meta["name"])
    return {
        "isPrimary": primary,
        "systemID": "" if fenced else postgres.system_id,
        "mightBeUnavailable": fenced,
        "currentLsn": LSN if primary else "",
        "receivedLsn": "" if primary else LSN,
        "replayLsn": "" if primary else LSN,
        "timeLineID": postgres.timeline,
        "isWalReceiverActive": not primary and primary_up,
        "pendingRestart": needs_restart(pod, cluster),
        "pendingRestartForDecrease": False,
        "isArchivingWAL": primary,
        "node": pod["spec"].get("nodeName", ""),
        "loadedConfigurationHash": "sim",
        "currentWAL": f"{postgres.timeline:08X}0000000000000006",
        "executableHash": status.get("cloudNativePGOperatorHash", "sim"),
        "instanceManagerVersion": "sim",
        "instanceArch": "amd64",
        "sessionID": meta["uid"],
        "replicationInfo": [_streaming(name) for name in standbys] if primary else [],
    }


def _streaming(name: str) -> KubeObject:
    positions = dict.fromkeys(("receivedLsn", "writeLsn", "flushLsn", "replayLsn"), LSN)
    return {
        "applicationName": name,
        "state": "streaming",
        "syncState": "async",
        "syncPriority": "0",
        **positions,
    }


def _tls(certificate: bytes, key: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate + b"\n" + key)
        file.flush()
        context.load_cert_chain(file.name)
    return context
