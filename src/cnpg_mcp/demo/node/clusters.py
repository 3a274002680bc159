"""What the primary's instance manager writes into a Cluster's status about itself."""

from datetime import UTC, datetime

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.world import World


async def follow_primary(world: World) -> None:
    """``currentPrimary`` follows ``targetPrimary`` once that instance runs."""
    for cluster in world.store.all("clusters"):
        target = _due(world, cluster)
        if target:
            if (cluster["status"]).get("currentPrimary"):
                world.postgres(cluster).timeline += 1
            promoted = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            status = {"currentPrimary": target, "currentPrimaryTimestamp": promoted}
            await world.set_status("clusters", cluster, status)


def _due(world: World, cluster: KubeObject) -> str:
    """The instance that should become primary now, or nothing."""
    status = cluster.get("status") or {}
    target: str = status.get("targetPrimary") or ""
    if target in ("", "pending", status.get("currentPrimary")):
        return ""
    pod = world.store.get("pods", cluster["metadata"]["namespace"], target)
    return target if pod and _ready(pod) else ""


def _ready(pod: KubeObject) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
