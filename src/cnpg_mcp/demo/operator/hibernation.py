"""Hibernation: the annotation takes all pods of a healthy cluster away and keeps the volumes."""

from cnpg_mcp.demo.operator.scene import HIBERNATION, Scene, leaving
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world.conditions import condition, updated

STOP_SECONDS = 3.0
_BEGUN = ("DeletingPods", "WaitingPodsDeletion", "Hibernated")


async def hibernate(world: World, scene: Scene) -> bool:
    """Whether the cluster hibernates, or is on its way; then nothing else is done."""
    if scene.annotation(HIBERNATION) != "on":
        await _forget(world, scene)
        return False
    if scene.condition(HIBERNATION).get("reason") not in _BEGUN and not scene.all_ready:
        message = "Cluster is not ready for hibernation"
        await _report(world, scene, "WaitingForHealthy", message)
        return False
    if not scene.pods:
        await _report(world, scene, "Hibernated", "Cluster has been hibernated")
        return True
    name = scene.current if scene.current in scene.pods else max(scene.pods)
    await _report(world, scene, "WaitingPodsDeletion", f"Waiting for {name} to be deleted")
    pod = scene.pods[name]
    stopped = world.timers.passed(STOP_SECONDS, pod["metadata"]["uid"], "hibernation")
    if stopped and not leaving(pod):
        await world.remove("pods", pod)
    return True


async def _report(world: World, scene: Scene, reason: str, message: str) -> None:
    now = condition(HIBERNATION, reason, message, true=reason == "Hibernated")
    known = scene.status.get("conditions") or []
    await scene.report(world, conditions=updated(known, now))


async def _forget(world: World, scene: Scene) -> None:
    if scene.condition(HIBERNATION):
        known = scene.status["conditions"]
        kept = [each for each in known if each["type"] != HIBERNATION]
        await scene.report(world, conditions=kept)
