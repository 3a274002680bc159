"""Times our tools beside their floors, interleaved in one run: `python -m test.bench.bench`.

Prints a table, and with --json FILE writes the same as data. Times are medians; they move with the
machine's load, the ratios hold.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from test.bench.bare_server import bare_table
from test.bench.over_http import wires
from test.bench.tools import timings
from test.bench.wire import Wire
from test.controlplane import situations
from test.controlplane.api import KubeClient
from test.controlplane.clusters import cluster
from test.controlplane.plane import Plane

SIZES = (1, 50, 500)
SOURCES = Path(__file__).parents[2]
STATUS = {
    "phase": "Cluster in healthy state",
    "instances": 3,
    "readyInstances": 3,
    "image": "registry.example/postgresql:17.5",
}

Act = Callable[[], Awaitable[object]]


class Row(NamedTuple):
    """One thing measured: what, its floor, ours, and ours in terms of the floor."""

    what: str
    floor: float
    ours: float
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        return self.ours / self.floor


async def arrange(admin: KubeClient, namespace: str, count: int) -> None:
    """Clusters with a status as the operator writes it, in a namespace of their own."""
    await admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for number in range(count):
        name = f"orders-{number:03}"
        await admin.create(cluster(namespace, name, instances=3))
        status = {**STATUS, "currentPrimary": f"{name}-1", "targetPrimary": f"{name}-1"}
        await admin.patch_status("clusters", namespace, name, status)


async def interleaved(acts: Mapping[str, Act], rounds: int) -> dict[str, float]:
    """The median of each, in milliseconds, taken in turns; the first round does not count."""
    times: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(rounds + 1):
        for name, act in acts.items():
            start = time.perf_counter()
            await act()
            if number:
                times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(taken) for name, taken in times.items()}


def server(module: Sequence[str], kubeconfig: Path) -> Wire:
    """A server process and the wire to it."""
    environment = {
        "KUBECONFIG": str(kubeconfig),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{SOURCES / 'src'}{os.pathsep}{SOURCES}",
        "LOG_LEVEL": "WARNING",
    }
    return Wire([sys.executable, *module], environment, SOURCES)


async def lists_over_stdio(kubeconfig: Path, rounds: int) -> list[Row]:
    """Our list beside a bare FastMCP server with a bare Table call."""
    bare = server(["-m", "test.bench.bare_server", str(kubeconfig)], kubeconfig)
    ours = server(["src/cnpg_mcp_server.py"], kubeconfig)
    rows = []
    async with bare, ours:
        rows.append(Row("memory after start", bare.memory(), ours.memory(), "MB"))
        for size in SIZES:
            arguments = {"namespace": f"bench-{size}", "limit": size}
            acts: dict[str, Act] = {
                "floor": lambda given=arguments: bare.call_tool("list_clusters", given),
                "ours": lambda given=arguments: ours.call_tool("list_postgres_clusters", given),
            }
            median = await interleaved(acts, rounds)
            rows.append(
                Row(f"list of {size}, stdio, beside bare FastMCP", median["floor"], median["ours"])
            )
        rows.append(Row("memory after lists of 500", bare.memory(), ours.memory(), "MB"))
    return rows


async def lists_in_process(kubeconfig: Path, rounds: int) -> list[Row]:
    """What our tool adds to the API call itself, without MCP in between."""
    settings = Settings(kubeconfig=str(kubeconfig), audit_log=Path(os.devnull))
    estate = build_estate(settings, "cnpg-mcp")
    tool = await build_server("bench", estate).get_tool("list_postgres_clusters")
    assert tool is not None
    rows = []
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(KubeClient(kubeconfig))
        stack.push_async_callback(estate.kube.close)
        for size in SIZES:
            namespace = f"bench-{size}"
            acts: dict[str, Act] = {
                "floor": lambda ns=namespace, n=size: bare_table(client, ns, n),
                "ours": lambda ns=namespace, n=size: tool.run({"namespace": ns, "limit": n}),
            }
            median = await interleaved(acts, rounds)
            rows.append(
                Row(
                    f"list of {size}, in process, beside the API call",
                    median["floor"],
                    median["ours"],
                )
            )
    return rows


async def lists_over_http(kubeconfig: Path, rounds: int) -> list[Row]:
    """Our list with sign-in and all layers, beside bare FastMCP that is open to everybody."""
    rows = []
    async with wires(kubeconfig) as found:
        for size in SIZES:
            given = {"namespace": f"bench-{size}", "limit": size}
            acts: dict[str, Act] = {
                name: lambda wire=wire, given=given, tool=tool: wire.call_tool(tool, given)
                for name, wire in found.items()
                for tool in ["list_clusters" if name == "bare" else "list_postgres_clusters"]
            }
            median = await interleaved(acts, rounds)
            rows += [
                Row(f"list of {size}, {name}, beside bare FastMCP", median["bare"], median[name])
                for name in ("/test", "/mcp")
            ]
    return rows


async def tools_in_process(plane: Plane, admin: KubeClient, rounds: int) -> list[Row]:
    """Every tool beside its own API calls, on a recorded cluster of three healthy instances."""
    arranged = await situations.arrange(admin, situations.load("healthy-3"))
    namespace = arranged.namespace
    kubeconfig = plane.restricted_kubeconfig([namespace])
    found = timings(kubeconfig, admin, namespace, arranged.cluster_name, rounds)
    return [
        Row(f"{what} ({timing.requests} API calls)", timing.api, timing.total)
        async for what, timing in found
    ]


async def start_to_first_list(kubeconfig: Path, rounds: int) -> Row:
    """From process start to the first answered tools/list."""

    async def once(module: Sequence[str]) -> None:
        async with server(module, kubeconfig) as wire:
            await wire.request("tools/list", {})

    acts: dict[str, Act] = {
        "floor": lambda: once(["-m", "test.bench.bare_start"]),
        "ours": lambda: once(["src/cnpg_mcp_server.py"]),
    }
    median = await interleaved(acts, rounds)
    return Row("start to first tools/list, stdio", median["floor"], median["ours"])


async def measure(rounds: int) -> list[Row]:
    """Everything, on a control plane of its own."""
    async with AsyncExitStack() as stack:
        plane = stack.enter_context(Plane(operator=False))
        admin = await stack.enter_async_context(KubeClient(plane.admin_kubeconfig))
        for size in SIZES:
            await arrange(admin, f"bench-{size}", size)
        kubeconfig = plane.restricted_kubeconfig([f"bench-{size}" for size in SIZES])
        return [
            *await lists_over_stdio(kubeconfig, rounds),
            *await lists_in_process(kubeconfig, rounds),
            *await lists_over_http(kubeconfig, rounds),
            *await tools_in_process(plane, admin, rounds),
            await start_to_first_list(kubeconfig, max(rounds // 5, 3)),
        ]


def main() -> None:
    """Runs the benchmark and prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = asyncio.run(measure(given.rounds))
    print("| what | floor | ours | ratio |\n|---|---|---|---|")
    for row in rows:
        floor, ours = (f"{value:.1f} {row.unit}" for value in (row.floor, row.ours))
        print(f"| {row.what} | {floor} | {ours} | {row.ratio:.2f} |")
    if given.json:
        data = [{**row._asdict(), "ratio": row.ratio} for row in rows]
        given.json.write_text(json.dumps(data, indent=2) + "\n")


if __name__ == "__main__":
    main()
