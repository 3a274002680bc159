"""The defaults of admission, where an object came past it: the operator fills them in itself."""

from cnpg_mcp.demo.operator.admission.cluster_defaults import mutated
from cnpg_mcp.demo.operator.scene import Scene
from cnpg_mcp.demo.operator.world import World

_ALWAYS = ("bootstrap", "postgresql", "resources")
"""What every object has that was admitted."""


async def fill(world: World, scene: Scene) -> bool:
    """Writes what is missing into the object; whether anything was."""
    if all(key in scene.spec for key in _ALWAYS):
        return False
    await world.patch("clusters", scene.cluster, {"spec": mutated(scene.cluster)["spec"]})
    return True
