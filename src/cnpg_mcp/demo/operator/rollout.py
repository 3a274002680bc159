"""Instances that run something else than is wanted are replaced: replicas first, one at a time."""

from cnpg_mcp.demo.node.settings import needs_restart
from cnpg_mcp.demo.operator import instances, phases
from cnpg_mcp.demo.operator.conditions import phase
from cnpg_mcp.demo.operator.scene import Scene
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world import now_precise

BY_ANNOTATION = "cluster has been explicitly restarted via annotation"
BY_SETTING = "Postgres needs a restart to apply some configuration changes"
BY_SPEC = "original and target PodSpec differ in containers"


async def roll(world: World, scene: Scene, image: str) -> bool:
    """Whether an instance is being replaced."""
    if scene.annotation("cnpg.io/reconcilePodSpec") == "disabled":
        return False
    for name in reversed(scene.names):
        reason = _outdated(scene, name, image)
        if reason and name != scene.current:
            text = f"Restarting instance {name}, because: {reason}"
            await scene.report(world, **phase(scene, phases.UPGRADING, text))
            await _replace(world, scene, name)
            return True
    reason = _outdated(scene, scene.current, image)
    if reason:
        await _roll_primary(world, scene, reason)
    return bool(reason)


async def _roll_primary(world: World, scene: Scene, reason: str) -> None:
    others = [name for name in scene.names if name != scene.current]
    if scene.spec.get("primaryUpdateStrategy") == "supervised":
        asks = "User must issue a supervised switchover"
        await scene.report(world, **phase(scene, phases.WAITING_FOR_USER, asks))
    elif scene.spec.get("primaryUpdateMethod") == "switchover" and others:
        target = {"targetPrimary": others[0], "targetPrimaryTimestamp": now_precise()}
        text = f"Switching over to {others[0]}"
        await scene.report(world, **phase(scene, phases.SWITCHOVER, text), **target)
    else:
        in_place = reason == BY_SETTING
        name = phases.RESTARTING_IN_PLACE if in_place else phases.RESTARTING
        await scene.report(world, **phase(scene, name, reason))
        await _replace(world, scene, scene.current)


async def _replace(world: World, scene: Scene, name: str) -> None:
    await world.tell(scene.cluster, "UpgradingInstance", f"Upgrading instance {name}")
    await world.remove("pods", scene.pods[name])


def _outdated(scene: Scene, name: str, image: str) -> str:
    """Why the instance has to be replaced, or nothing."""
    pod = scene.pods[name]
    annotations = pod["metadata"].get("annotations") or {}
    asked_at = scene.annotation(instances.RESTARTED_AT)
    if asked_at and annotations.get(instances.RESTARTED_AT) != asked_at:
        return BY_ANNOTATION
    runs = next(each["image"] for each in pod["spec"]["containers"] if each["name"] == "postgres")
    if runs != image:
        return f"the instance is using a different image: {runs} -> {image}"
    if annotations.get(instances.SPEC_HASH) != instances.spec_hash(scene):
        return BY_SPEC
    return BY_SETTING if needs_restart(pod, scene.cluster) else ""
