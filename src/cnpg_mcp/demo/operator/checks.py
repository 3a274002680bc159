"""What keeps the operator from working on a Cluster, and the image that it works with."""

from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import phases
from cnpg_mcp.demo.operator.admission.cluster import faults
from cnpg_mcp.demo.operator.admission.images import DEFAULT
from cnpg_mcp.demo.operator.admission.webhooks import VALIDATION
from cnpg_mcp.demo.operator.conditions import phase
from cnpg_mcp.demo.operator.scene import Scene
from cnpg_mcp.demo.operator.world import World


@dataclass
class NoImage(Exception):
    """The catalog that should name the image does not."""

    message: str


async def blocked(world: World, scene: Scene) -> bool:
    """Whether the definition cannot be worked with; the phase tells why."""
    found = _unknown_plugin(world, scene) or _invalid(scene)
    try:
        image(world, scene)
    except NoImage as missing:
        found = found or (phases.NO_IMAGE, missing.message)
        if scene.phase != phases.NO_IMAGE:
            kind, name = _catalog(scene)["kind"], _catalog(scene)["name"]
            message = f"Error getting {kind}/{name}: {missing.message}"
            await world.tell(scene.cluster, "DiscoverImage", message, kind="Warning")
    if found:
        await scene.report(world, **phase(scene, *found))
    return bool(found)


def image(world: World, scene: Scene) -> str:
    """The image that instances should run; raises ``NoImage``."""
    reference = _catalog(scene)
    if not reference:
        return str(scene.spec.get("imageName") or DEFAULT)
    kind, name = reference["kind"], reference["name"]
    catalog = _found(world, kind, name, scene.namespace)
    if catalog is None:
        raise NoImage(f"catalog {kind}/{name} not found")
    for each in catalog["spec"]["images"]:
        if each["major"] == reference["major"]:
            return str(each["image"])
    raise NoImage("selected major version is not available in the catalog")


def _catalog(scene: Scene) -> KubeObject:
    return scene.spec.get("imageCatalogRef") or {}


def _found(world: World, kind: str, name: str, namespace: str) -> KubeObject | None:
    if kind == "ClusterImageCatalog":
        return world.store.get("clusterimagecatalogs", "", name)
    return world.store.get("imagecatalogs", namespace, name)


def _unknown_plugin(world: World, scene: Scene) -> tuple[str, str] | None:
    for plugin in scene.spec.get("plugins") or []:
        if plugin.get("enabled", True) and plugin["name"] not in world.plugins:
            reason = (
                f"Unknown plugin: '{plugin['name']}'. This may be caused by the plugin not being"
                " loaded correctly by the operator. Check the operator and plugin logs for errors"
            )
            return phases.UNKNOWN_PLUGIN, reason
    return None


def _invalid(scene: Scene) -> tuple[str, str] | None:
    """Whether admission would refuse the definition now: it may have come past it."""
    if scene.annotation(VALIDATION) == "disabled":
        return None
    fields = [cause.field for cause in faults(scene.cluster)]
    if not fields:
        return None
    reason = (
        f"the resource failed admission validation on: {', '.join(fields)}"
        " (see the operator logs for details)"
    )
    return phases.INVALID, reason
