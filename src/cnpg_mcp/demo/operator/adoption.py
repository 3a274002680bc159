"""Volumes that an earlier cluster of the same name left: the new one takes them over."""

from cnpg_mcp.demo.operator.labels import owner
from cnpg_mcp.demo.operator.scene import CLUSTER_LABEL, SERIAL, Scene, leaving
from cnpg_mcp.demo.operator.world import World


async def adopt(world: World, scene: Scene) -> bool:
    """Ends pods without an owner and takes over their volumes; whether there were any."""
    orphans = [
        (plural, each)
        for plural in ("pods", "persistentvolumeclaims")
        for each in world.store.all(plural, scene.namespace)
        if (each["metadata"].get("labels") or {}).get(CLUSTER_LABEL) == scene.name
        and not each["metadata"].get("ownerReferences")
        and SERIAL in (each["metadata"].get("annotations") or {})
        and not leaving(each)
    ]
    for plural, each in orphans:
        if plural == "pods":
            await world.remove("pods", each)
        else:
            wanted = {"metadata": {"ownerReferences": [owner(scene.cluster)]}}
            await world.patch(plural, each, wanted)
    return bool(orphans)
