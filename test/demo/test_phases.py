"""What people see while it happens: at a pace, everything passes through its phases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cnpg_mcp.demo.client import PATIENCE_SECONDS, ApiClient, until
from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from cnpg_mcp.demo.pace import Pace
from cnpg_mcp.demo.simulation import Options, Simulation
from test.controlplane.clusters import HEALTHY, cluster, healthy, healthy_cluster, wait_endpoints

SPACE = "space"
SEEN_AT = Options(pace=Pace(60))
WAITING = "Waiting for the instances to become active"


@pytest.fixture
async def api() -> AsyncIterator[ApiClient]:
    """A simulation where things take their time, quickly."""
    simulation = Simulation(SEEN_AT)
    await simulation.start()
    await simulation.api.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    )
    yield simulation.api
    await simulation.stop()


@asynccontextmanager
async def _watched(api: ApiClient, plural: str, see) -> AsyncIterator[list[object]]:
    """What is seen of each change inside the block, without repetitions; all of it at its end."""
    seen: list[object] = []
    listed = await api.request("GET", BY_PLURAL[plural].path())
    last = listed["metadata"]["resourceVersion"]

    async def watch() -> None:
        nonlocal last
        async for event in api.watch(plural, last):
            last = event["object"]["metadata"]["resourceVersion"]
            found = see(event["object"])
            if found and seen[-1:] != [found]:
                seen.append(found)

    task = asyncio.create_task(watch())
    yield seen
    newest = max(int(each["metadata"]["resourceVersion"]) for each in await api.list(plural))

    async def caught_up() -> bool:
        return int(last) >= newest

    await until(caught_up, PATIENCE_SECONDS, lambda: f"{plural}: {last} is before {newest}")
    task.cancel()


def _phase(found: KubeObject) -> str:
    return (found.get("status") or {}).get("phase", "")


def _primary(found: KubeObject) -> str:
    return found["status"]["currentPrimary"]


def _moved(found: KubeObject) -> bool:
    return healthy(found) and _primary(found) == "pg-2"


async def test_new_cluster_comes_up_one_instance_after_the_other(api: ApiClient) -> None:
    async with _watched(api, "clusters", _phase) as phases:
        await api.create(cluster(SPACE, instances=2))
        await api.wait_for("clusters", SPACE, "pg", healthy)
    assert phases == [
        "Setting up primary",
        WAITING,
        "Creating a new replica",
        WAITING,
        HEALTHY,
    ]


async def test_lost_primary_is_replaced_and_comes_back(api: ApiClient) -> None:
    await healthy_cluster(api, SPACE, instances=2)
    async with _watched(api, "clusters", _phase) as phases:
        await api.delete("pods", SPACE, "pg-1", gracePeriodSeconds=0)
        await api.wait_for("clusters", SPACE, "pg", _moved)
    assert phases[-3:] == ["Failing over", WAITING, HEALTHY]


async def test_switchover_leaves_nobody_to_write_to_for_a_moment(api: ApiClient) -> None:
    await healthy_cluster(api, SPACE, instances=2)
    asked = {"targetPrimary": "pg-2", "phase": "Switchover in progress"}

    def served(found: KubeObject) -> str:
        if not found["metadata"]["name"].startswith("pg-rw"):
            return ""
        ready = [each["targetRef"]["name"] for each in found["endpoints"] or []]
        return ",".join(ready) or "nobody"

    async with _watched(api, "endpointslices", served) as endpoints:
        await api.patch_status("clusters", SPACE, "pg", asked)
        await api.wait_for("clusters", SPACE, "pg", _moved)
        await wait_endpoints(api, SPACE, "pg-rw", {"pg-2"})
    assert endpoints[-2:] == ["nobody", "pg-2"]


async def test_restart_takes_replicas_first_and_the_primary_last(api: ApiClient) -> None:
    await healthy_cluster(api, SPACE, instances=2)

    def started(pod: KubeObject) -> str:
        annotations = pod["metadata"]["annotations"]
        return pod["metadata"]["name"] if "kubectl.kubernetes.io/restartedAt" in annotations else ""

    async with _watched(api, "pods", started) as order, _watched(api, "clusters", _phase) as phases:
        asked = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
        await api.annotate("clusters", SPACE, "pg", asked)
        await api.wait_for("clusters", SPACE, "pg", lambda found: not healthy(found))
        await api.wait_for("clusters", SPACE, "pg", healthy)
    assert order == ["pg-2", "pg-1"]
    assert phases[-2:] == ["Primary instance is being restarted without a switchover", HEALTHY]
