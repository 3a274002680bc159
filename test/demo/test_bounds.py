"""Node and operator remember nothing of what is gone."""

from datetime import UTC, datetime, timedelta

from cnpg_mcp.demo.client import PATIENCE_SECONDS, until
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.local import LocalClient
from cnpg_mcp.demo.node import Simulator
from cnpg_mcp.demo.node.events import KEPT, Expiry
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.pace import Pace
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.demo.world import store
from test.controlplane.clusters import (
    applied,
    database,
    database_role,
    healthy_cluster,
    password_secret,
)

SPACE = "space"
FAST = Options(pace=Pace(1000), retry_seconds=0.2)


async def _live_and_die(simulation: Simulation) -> None:
    """A namespace with a cluster, a database and roles: made, and gone again."""
    api = simulation.api
    await api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    await healthy_cluster(api, SPACE, instances=2, managed={"roles": [{"name": "clerk"}]})
    await api.create(password_secret(SPACE, "reader", "reader", "first"))
    await api.create(database_role(SPACE, "reader", passwordSecret={"name": "reader"}))
    await api.create(database(SPACE, "shop"))
    await api.wait_for("databaseroles", SPACE, "reader", applied)
    await api.wait_for("databases", SPACE, "shop", applied)
    await api.delete("namespaces", None, SPACE)
    await api.wait_gone("namespaces", None, SPACE)


async def test_clusters_that_are_gone_are_forgotten() -> None:
    simulation = Simulation(FAST)
    await simulation.start()
    try:
        await _live_and_die(simulation)
        node = simulation.node
        world = node._world
        assert world is not None
        await simulation.api.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "next"}}
        )
        await healthy_cluster(simulation.api, "next")  # and with it some turns of all parts

        async def only_what_lives() -> bool:
            return _remembered(node, world) <= world.store.uids()

        await until(only_what_lives, PATIENCE_SECONDS, lambda: "what is gone is still remembered")
        assert (node.errors, simulation.operator.errors) == ([], [])
    finally:
        await simulation.stop()


def _remembered(node: Simulator, world: World) -> set[str]:
    """The uids of everything that node and operator know of."""
    return {
        *world._postgres,
        *world._written,
        *(key[0] for key in world.timers._due),
        *node._databases._attempts._last,
        *node._roles._attempts._last,
        *(key[0] for key in node._roles._first_asked),
        *node._managed._handled,
        *node._pods._addresses,
        *node._pods._started,
    }


async def test_deleted_objects_are_told_from_new_ones_only_for_a_while() -> None:
    simulation = Simulation(Options(at_work=False))
    kept = World(LocalClient(simulation.server), ("pods",)).store
    for number in range(store.REMEMBERED_GONE + 10):
        kept.drop("pods", {"metadata": {"name": "pg-1", "uid": str(number)}})
    assert len(kept._gone) == store.REMEMBERED_GONE


async def test_events_are_forgotten_after_an_hour() -> None:
    simulation = Simulation(Options(at_work=False))
    api = simulation.api
    await api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    now = datetime.now(UTC)
    await api.create(_event("new", now))
    await api.create(_event("old", now - KEPT - timedelta(minutes=1)))
    await Expiry().expire(World(api, ()))
    assert [each["metadata"]["name"] for each in await api.list("events", SPACE)] == ["new"]


def _event(name: str, last: datetime) -> KubeObject:
    about = {"kind": "Pod", "apiVersion": "v1", "name": "pg-1", "namespace": SPACE}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": SPACE},
        "involvedObject": about,
        "type": "Normal",
        "reason": "Started",
        "message": "",
        "lastTimestamp": last.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
