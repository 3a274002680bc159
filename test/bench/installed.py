"""What an installation takes: seconds until it is ready, memory and CPU of each container.

    CNPG_MCP_E2E=1 KUBECONFIG=... CNPG_MCP_LOAD_IMAGE=... python -m test.bench.installed

Memory and CPU are those that the kubelet reports (`/stats/summary`), memory as the working set, and
CPU as the time used between two reports. The last report of each phase is read when the kubelet has
made one since the phase ended.
"""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from test.bench.over_http import HttpWire
from test.e2e.admin import Admin
from test.e2e.installed.installation import PATHS, Installation, prepared
from test.e2e.installed.surroundings import surroundings
from test.e2e.room import why_not
from test.e2e.waiting import until

CALLS, AT_ONCE = 200, 8
IDLE_SECONDS, REPORT_SECONDS = 30, 60
TOOL = "list_postgres_clusters"
MIB = 1 << 20


@dataclass(frozen=True)
class Report:
    """What the kubelet has measured of one container."""

    time: str
    memory: int
    cpu_seconds: float


Reports = dict[str, Report]


def main() -> None:
    """Installs, measures, prints a table and removes everything."""
    if reason := why_not():
        raise SystemExit(reason)
    kubeconfig = os.environ["KUBECONFIG"]
    with (
        tempfile.TemporaryDirectory() as name,
        surroundings(Admin(kubeconfig), Path(kubeconfig), Path(name)) as around,
        prepared(around, Path(name)) as installation,
    ):
        print("\n".join(measured(installation)))


def measured(installation: Installation) -> Iterator[str]:
    """The lines of the table."""
    start = time.monotonic()
    installation.install()
    yield f"helm install to the first answer by the Ingress: {time.monotonic() - start:.1f} s\n"
    yield "| container | when | memory | CPU used | requests | limits |"
    yield "|---|---|---|---|---|---|"
    before = later_reports(installation, {})
    time.sleep(IDLE_SECONDS)
    idle = later_reports(installation, before)
    yield from rows(installation, "idle", before, idle)
    for kind in PATHS:
        calls = asyncio.run(load(installation, kind))
        loaded = later_reports(installation, idle)
        when = f"{CALLS} calls at {PATHS[kind]}, {calls:.0f} a second"
        yield from rows(installation, when, idle, loaded)
        idle = loaded


async def load(installation: Installation, kind: str) -> float:
    """Calls a tool, several at a time; how many calls a second were answered."""
    token = await asyncio.to_thread(token_for, installation, kind)
    async with installation.around.outside.http() as http:
        wire = HttpWire(http, f"{installation.base}{PATHS[kind]}", token)
        waiting = asyncio.Semaphore(AT_ONCE)

        async def call() -> None:
            async with waiting:
                await wire.call_tool(TOOL, {})

        start = time.monotonic()
        await asyncio.gather(*(call() for _ in range(CALLS)))
        return CALLS / (time.monotonic() - start)


def token_for(installation: Installation, kind: str) -> str:
    """What one of the servers takes."""
    return installation.login().access if kind == "main" else installation.provider_token()


def later_reports(installation: Installation, known: Reports) -> Reports:
    """Reports of every container that are all newer than this moment, and than the known ones."""
    asked = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def newer() -> Reports | None:
        found = reports(installation)
        new = [each for each in found.values() if each.time > asked]
        return found if found and len(new) == len(found) >= len(known) else None

    return until(newer, REPORT_SECONDS, "the kubelet has measured again")


def reports(installation: Installation) -> Reports:
    """What the kubelet has measured last."""
    pod = installation.pod
    path = f"/api/v1/nodes/{pod['spec']['nodeName']}/proxy/stats/summary"
    summary = json.loads(installation.kubectl.run("get", "--raw", path))
    uid = pod["metadata"]["uid"]
    containers = [
        each
        for found in summary["pods"]
        if found["podRef"]["uid"] == uid
        for each in found["containers"]
    ]
    complete = (each for each in containers if "usageCoreNanoSeconds" in each["cpu"])
    return {each["name"]: _report(each) for each in complete}


def _report(found: dict[str, Any]) -> Report:
    cpu, memory = found["cpu"], found["memory"]
    return Report(cpu["time"], memory["workingSetBytes"], cpu["usageCoreNanoSeconds"] / 1e9)


def rows(installation: Installation, when: str, before: Reports, after: Reports) -> Iterator[str]:
    """One line for each container."""
    for container in installation.pod["spec"]["containers"]:
        name, resources = container["name"], container["resources"]
        used = after[name].cpu_seconds - before[name].cpu_seconds
        memory = after[name].memory / MIB
        shipped = " | ".join(_amounts(resources[kind]) for kind in ("requests", "limits"))
        yield f"| {name} | {when} | {memory:.0f} MiB | {used:.2f} s | {shipped} |"


def _amounts(resources: dict[str, str]) -> str:
    return f"{resources['memory']}, {resources['cpu']}"


if __name__ == "__main__":
    main()
