"""Things go wrong in the restless cluster, are seen, and heal by themselves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastmcp import Client

from cnpg_mcp.demo import rights, samples
from cnpg_mcp.demo.client import until
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.local import LocalClient
from cnpg_mcp.demo.pace import Pace
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.demo.weather import Weather, stands
from test.contract.caller import Caller, server
from test.controlplane.clusters import healthy

SPEED = 40.0
STANDING_STILL = 1e-6
"""A speed at which nothing happens that takes time."""
WAIT_SECONDS = 60.0
WHERE = (samples.OTHER_NAMESPACE, samples.RESTLESS)


@pytest.fixture
def pace() -> Pace:
    return Pace(SPEED)


@pytest.fixture
async def simulation(pace: Pace) -> AsyncIterator[Simulation]:
    running = Simulation(Options(pace=pace, barman=True))
    await running.start()
    for obj in rights.objects():
        await running.api.create(obj)
    await samples.make(running.api)
    yield running
    await running.stop()
    assert running.node.errors == []
    assert running.operator.errors == []


@pytest.fixture
async def mcp(simulation: Simulation, tmp_path: Path) -> AsyncIterator[Caller]:
    """A client of a server in front of it."""
    kubeconfig = tmp_path / "kubeconfig"
    simulation.kubeconfig(kubeconfig, rights.ACCOUNT, namespace=samples.OTHER_NAMESPACE)
    async with Client(server(kubeconfig)) as client:
        yield Caller(client)


async def _verdict(mcp: Caller, wanted: set[str]) -> str:
    """The first of these verdicts that the cluster gets."""
    seen = ""

    async def reached() -> bool:
        nonlocal seen
        seen = (await mcp.call("get_cluster_status", name=samples.RESTLESS)).content["verdict"]
        return seen in wanted

    await until(reached, WAIT_SECONDS, lambda: f"the verdict is {seen}")
    return seen


async def _ready(simulation: Simulation) -> KubeObject:
    return await simulation.api.wait_for("clusters", *WHERE, healthy, timeout=WAIT_SECONDS)


class Patient(LocalClient):
    """Lets nothing heal before the illness was seen, however long that takes."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation.server)
        self.seen = asyncio.Event()

    async def annotate(
        self, plural: str, namespace: str | None, name: str, annotations: dict[str, str | None]
    ) -> KubeObject:
        if None in annotations.values():
            await self.seen.wait()
        return await super().annotate(plural, namespace, name, annotations)


@pytest.mark.parametrize("incident", ["replica_fails", "primary_is_lost"])
async def test_incident_is_seen_and_heals(
    simulation: Simulation, pace: Pace, mcp: Caller, incident: str
) -> None:
    found = await _ready(simulation)
    api = Patient(simulation)
    weather = Weather(api, pace, *WHERE, ill_seconds=0)
    act: Callable[[KubeObject], Awaitable[None]] = getattr(weather, incident)
    pace.speed = STANDING_STILL
    happening = asyncio.ensure_future(act(found))
    assert await _verdict(mcp, {"progressing", "degraded", "down"})
    api.seen.set()
    with pace.hurried():
        await happening
        await _verdict(mcp, {"healthy"})


@asynccontextmanager
async def _going_on(weather: Weather) -> AsyncIterator[None]:
    running = asyncio.create_task(weather.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_incidents_come_one_after_the_other(simulation: Simulation, mcp: Caller) -> None:
    found = await _ready(simulation)
    primary = found["status"]["currentPrimary"]
    async with _going_on(Weather(simulation.api, Pace(SPEED), *WHERE, ill_seconds=3)):

        def moved(now: KubeObject) -> bool:
            return bool(now["status"]["currentPrimary"] != primary)

        await simulation.api.wait_for("clusters", *WHERE, moved, timeout=WAIT_SECONDS)
        await _verdict(mcp, {"healthy"})


class Watched(LocalClient):
    """Notes how the cluster is whenever an incident begins."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation.server)
        self.stood: list[bool] = []

    async def annotate(
        self, plural: str, namespace: str | None, name: str, annotations: dict[str, str | None]
    ) -> KubeObject:
        self.stood.append(healthy(await self.get("clusters", *WHERE)))
        return await super().annotate(plural, namespace, name, annotations)


async def test_nothing_happens_to_a_cluster_that_does_not_stand_yet(
    simulation: Simulation,
) -> None:
    api = Watched(simulation)
    async with _going_on(Weather(api, Pace(1e6), *WHERE, ill_seconds=1000)):

        async def begun() -> bool:
            return bool(api.stood)

        await until(begun, WAIT_SECONDS, lambda: "no incident has begun")
    assert api.stood[0]


@pytest.mark.parametrize(
    ("status", "stand"),
    [
        ({}, False),
        ({"readyInstances": 3}, False),
        ({"readyInstances": 3, "currentPrimary": "a-1", "targetPrimary": "a-1"}, True),
        ({"readyInstances": 2, "currentPrimary": "a-1", "targetPrimary": "a-1"}, False),
        ({"readyInstances": 3, "currentPrimary": "a-1", "targetPrimary": "a-2"}, False),
    ],
)
def test_cluster_stands_with_all_instances_ready_under_one_primary(
    status: KubeObject, stand: bool
) -> None:
    assert stands({"spec": {"instances": 3}, "status": status}) is stand


class Broken(LocalClient):
    """Fails once in a way that nobody has thought of."""

    failed = False

    async def get(self, plural: str, namespace: str | None, name: str) -> KubeObject:
        if not self.failed:
            self.failed = True
            raise KeyError("mistake")
        return await super().get(plural, namespace, name)


async def test_mistake_in_an_incident_is_told_and_the_next_one_comes(
    simulation: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    primary = (await _ready(simulation))["status"]["currentPrimary"]
    api = Broken(simulation.server)
    async with _going_on(Weather(api, Pace(1e6), *WHERE, ill_seconds=3)):

        def moved(now: KubeObject) -> bool:
            return bool(now["status"]["currentPrimary"] != primary)

        await simulation.api.wait_for("clusters", *WHERE, moved, timeout=WAIT_SECONDS)
    (told,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert samples.RESTLESS in told.getMessage()
    assert told.exc_info
