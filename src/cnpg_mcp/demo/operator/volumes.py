"""Volumes grow when the Cluster asks for more, and a WAL volume may be added."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import instances
from cnpg_mcp.demo.operator.admission.amounts import amount
from cnpg_mcp.demo.operator.scene import DATA, WAL, Scene, leaving, role_of
from cnpg_mcp.demo.operator.world import World


async def keep(world: World, scene: Scene) -> None:
    """Brings the volumes to the size that is wanted."""
    for claim in scene.claims:
        wanted = _wanted(scene, claim)
        held = claim["spec"]["resources"]["requests"]["storage"]
        if wanted and not leaving(claim) and _larger(wanted, held):
            body = {"spec": {"resources": {"requests": {"storage": wanted}}}}
            await world.patch("persistentvolumeclaims", claim, body)
    if scene.spec.get("walStorage"):
        await _add_wal(world, scene)


async def _add_wal(world: World, scene: Scene) -> None:
    for name in scene.names:
        if len(scene.claims_of(name)) == 1 and not scene.initializing(name):
            await world.create(instances.claims(scene, name, state="ready")[1])


def _wanted(scene: Scene, claim: KubeObject) -> str:
    part = {DATA: "storage", WAL: "walStorage"}.get(role_of(claim), "")
    return str((scene.spec.get(part) or {}).get("size") or "")


def _larger(wanted: str, held: str) -> bool:
    more, less = amount(wanted), amount(held)
    return more is not None and less is not None and more > less
