"""Scaling down: the instance with the highest number goes, with its volumes."""

from cnpg_mcp.demo.operator.scene import Scene, instance_of, leaving
from cnpg_mcp.demo.operator.world import World


async def surplus(world: World, scene: Scene) -> bool:
    """Removes one instance where there are more than wanted; never the primary."""
    if len(scene.names) <= scene.spec["instances"]:
        return False
    victim = next(name for name in reversed(scene.names) if name != scene.current)
    message = f"Scaling down - removing instance: {victim}"
    await world.tell(scene.cluster, "ScaleDown", message)
    for claim in scene.claims_of(victim):
        await world.remove("persistentvolumeclaims", claim)
    pod = scene.pods.get(victim)
    if pod and not leaving(pod):
        await world.remove("pods", pod)
    for job in scene.jobs:
        if instance_of(job) == victim:
            await world.remove("jobs", job, propagationPolicy="Background")
    return True
