"""One look at each Cluster: everything that is due now is done, nothing is waited for."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import (
    adoption,
    births,
    checks,
    deaths,
    owned,
    phases,
    primary,
    reporting,
    rollout,
    volumes,
)
from cnpg_mcp.demo.operator.conditions import phase
from cnpg_mcp.demo.operator.defaults import fill
from cnpg_mcp.demo.operator.hibernation import hibernate
from cnpg_mcp.demo.operator.scene import Scene, Stale, leaving
from cnpg_mcp.demo.operator.world import World

LOOP = "cnpg.io/reconciliationLoop"


async def reconcile(world: World, cluster: KubeObject) -> None:
    """One step further with a Cluster."""
    scene = Scene.of(world, cluster)
    if leaving(cluster) or scene.annotation(LOOP) == "disabled":
        return
    try:
        if await fill(world, scene) or await checks.blocked(world, scene):
            return
        await _work(world, scene, checks.image(world, scene))
    except Stale:
        return


async def _work(world: World, scene: Scene, image: str) -> None:
    if await adoption.adopt(world, scene):
        return
    await owned.ensure(world, scene, image)
    await reporting.observe(world, scene, image)
    await primary.label(world, scene)
    await volumes.keep(world, scene)
    await births.clean(world, scene)
    if not (await hibernate(world, scene) or await primary.change(world, scene)):
        await _build(world, scene, image)


async def _build(world: World, scene: Scene, image: str) -> None:
    """Makes instances, replaces what is outdated, and comes to the number that is wanted."""
    if await births.first(world, scene) or await births.jobs(world, scene, image):
        return
    if await births.pods(world, scene, image) or await _not_active(world, scene):
        return
    changes = (
        await rollout.roll(world, scene, image)
        or await deaths.surplus(world, scene)
        or await births.replica(world, scene)
    )
    if not changes:
        await scene.report(world, **phase(scene, phases.HEALTHY))


async def _not_active(world: World, scene: Scene) -> bool:
    """Whether instances are not ready: then nothing is changed.

    The phase tells of those that start, not of those that were up and are not ready now.
    """
    if scene.all_ready and scene.current == scene.target:
        return False
    starting = any(not scene.started(name) for name in scene.names)
    if starting and scene.phase not in phases.PRIMARY_RESTARTS:
        await scene.report(world, **phase(scene, phases.WAITING, phases.WAITING_REASON))
    return True
