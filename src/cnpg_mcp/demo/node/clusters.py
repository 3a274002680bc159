"""What the primary's instance manager writes into a Cluster's status about itself."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.world import now_precise
from cnpg_mcp.demo.world.conditions import is_true

PROMOTION_SECONDS = 3.0


async def follow_primary(world: World) -> None:
    """``currentPrimary`` follows ``targetPrimary`` once that instance runs."""
    for cluster in world.store.all("clusters"):
        target = _due(world, cluster)
        if target:
            if (cluster["status"]).get("currentPrimary"):
                world.postgres(cluster).timeline += 1
            status = {"currentPrimary": target, "currentPrimaryTimestamp": now_precise()}
            await world.set_status("clusters", cluster, status)


def _due(world: World, cluster: KubeObject) -> str:
    """The instance that should become primary now, or nothing."""
    status = cluster.get("status") or {}
    target: str = status.get("targetPrimary") or ""
    if target in ("", "pending", status.get("currentPrimary")):
        return ""
    pod = world.store.get("pods", cluster["metadata"]["namespace"], target)
    if not pod or not is_true(pod, "Ready"):
        return ""
    since = status.get("targetPrimaryTimestamp", "")
    is_first = not status.get("currentPrimary")
    uid = cluster["metadata"]["uid"]
    promoted = is_first or world.timers.passed(PROMOTION_SECONDS, uid, "promotion", target, since)
    return target if promoted else ""
