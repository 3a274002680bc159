"""What every tool adds to its API calls: each form of each tool, in process, on one cluster.

The floor of a call is the time during which a request to the API server was on the way. Nothing
works on the objects, so what is timed is the server alone; nothing waits for PostgreSQL.
"""

import os
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from fastmcp import FastMCP

from cnpg_mcp.kube.transport import Call, Reply, Transport
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from test.controlplane.api import KubeClient

Arguments = Mapping[str, Any]
Step = tuple[str, str, Arguments]
"""What a row is called, the tool, and its arguments."""


class Timing(NamedTuple):
    """One call, in milliseconds: in all, and with a request on the way."""

    total: float
    api: float
    requests: int


@dataclass
class RequestTimer:
    """The requests of one call, as the transport sends them."""

    transport: Transport
    _intervals: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._send = self.transport.send
        self.transport.send = self._timed  # type: ignore[method-assign]

    async def _timed(self, call: Call) -> Reply:
        start = time.perf_counter()
        try:
            return await self._send(call)
        finally:
            self._intervals.append((start, time.perf_counter()))

    def taken(self) -> tuple[float, int]:
        """Milliseconds with a request on the way, and how many there were, since asked last."""
        busy, end = 0.0, 0.0
        intervals, self._intervals = sorted(self._intervals), []
        for start, stop in intervals:
            busy += max(0.0, stop - max(start, end))
            end = max(end, stop)
        return busy * 1000, len(intervals)


@dataclass
class Bench:
    """A server in this process, and the times of its calls by row."""

    server: FastMCP
    requests: RequestTimer
    namespace: str
    cluster: str
    times: dict[str, list[Timing]] = field(default_factory=lambda: defaultdict(list))

    async def call(self, what: str, tool: str, arguments: Arguments) -> Mapping[str, Any]:
        """The structured content of a call that succeeds; its time counts for a row."""
        found = await self.server.get_tool(tool)
        assert found is not None
        given = {"namespace": self.namespace, **arguments}
        self.requests.taken()
        start = time.perf_counter()
        result = await found.run(given)
        total = (time.perf_counter() - start) * 1000
        assert result.structured_content is not None, (tool, result.content)
        self.times[what].append(Timing(total, *self.requests.taken()))
        content: Mapping[str, Any] = result.structured_content
        return content

    async def planned(self, what: str, tool: str, arguments: Arguments) -> None:
        """The plan of a call, then the call with its code."""
        plan = await self.call(f"{what}, plan", tool, arguments)
        code = {"confirmation": plan["confirmation"]}
        await self.call(f"{what}, applied", tool, {**arguments, **code})


async def round_of(bench: Bench, admin: KubeClient, number: int) -> None:
    """Every form of every tool once; what it made is gone afterwards."""
    for what, tool, arguments in _looks(bench.cluster):
        await bench.call(what, tool, arguments)
    now = {"wait_seconds": 0}
    role = {"cluster_name": bench.cluster, "role_name": f"clerk {number}", **now}
    await bench.call("create_postgres_role", "create_postgres_role", role)
    update = "update_postgres_role"
    await bench.call(update, update, {**role, "createdb": True})
    await bench.planned(f"{update}, rotation", update, {**role, "rotate_password": True})
    base = {"cluster_name": bench.cluster, "database_name": f"shop {number}", **now}
    await bench.call("create_postgres_database", "create_postgres_database", base | _owned())
    await bench.planned("delete_postgres_database", "delete_postgres_database", base)
    await bench.planned("delete_postgres_role", "delete_postgres_role", role)
    await _scaled(bench, admin)
    new = {"name": f"new-{number}", **now}
    dry = {**new, "dry_run": True}
    await bench.call("create_postgres_cluster, dry run", "create_postgres_cluster", dry)
    await bench.call("create_postgres_cluster", "create_postgres_cluster", new)
    gone = {**new, "without_backup": True}
    await bench.planned("delete_postgres_cluster", "delete_postgres_cluster", gone)
    await _emptied(admin, bench.namespace)


def _looks(cluster: str) -> list[Step]:
    detailed = {"detail_level": "detailed"}
    of = {"cluster_name": cluster}
    lists = "list_postgres_clusters"
    return [
        (lists, lists, {}),
        (f"{lists}, detailed", lists, detailed),
        ("get_cluster_status", "get_cluster_status", {"name": cluster}),
        ("list_postgres_roles", "list_postgres_roles", of),
        ("list_postgres_databases", "list_postgres_databases", of),
    ]


def _owned() -> Arguments:
    return {"owner": "app"}


async def _scaled(bench: Bench, admin: KubeClient) -> None:
    """Three instances to two by plan; the admin puts the number back."""
    tool = "scale_postgres_cluster"
    await bench.planned(tool, tool, {"name": bench.cluster, "instances": 2})
    three = {"spec": {"instances": 3}}
    await admin.patch("clusters", bench.namespace, bench.cluster, three)


async def _emptied(admin: KubeClient, namespace: str) -> None:
    """Nothing collects what has lost its owner here: role Secrets and dropped databases."""
    for plural in ("databases", "databaseroles", "secrets"):
        for found in await admin.list(plural, namespace):
            marks = found["metadata"].get("annotations") or {}
            if "cnpg-mcp.io/created-by" in marks:
                await admin.delete(plural, namespace, found["metadata"]["name"])


async def timings(
    kubeconfig: Path, admin: KubeClient, namespace: str, cluster: str, rounds: int
) -> AsyncIterator[tuple[str, Timing]]:
    """Medians by row, in the order of the calls; the first round does not count."""
    settings = Settings(kubeconfig=str(kubeconfig), audit_log=Path(os.devnull))
    estate = build_estate(settings, "cnpg-mcp")
    timer = RequestTimer(estate.kube._transport)
    bench = Bench(build_server("bench", estate), timer, namespace, cluster)
    try:
        for number in range(rounds + 1):
            await round_of(bench, admin, number)
    finally:
        await estate.kube.close()
    for what, taken in bench.times.items():
        counted = taken[1:]
        total, api = (statistics.median(each[at] for each in counted) for at in (0, 1))
        yield what, Timing(total, api, counted[-1].requests)
