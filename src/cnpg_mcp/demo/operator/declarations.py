"""The operator's part in Databases and DatabaseRoles: the rest is the primary's."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.secrets import reloads
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world.conditions import condition, updated

KINDS = ("databases", "databaseroles", "publications", "subscriptions")
ROLES = "databaseroles"
DELETED = "cluster resource has been deleted, skipping reconciliation"
CHANGE = "PasswordSecretChange"
Where = tuple[str, str]
"""A cluster by namespace and name."""


async def watch_secrets(world: World) -> None:
    """Notes in each DatabaseRole which version of its password Secret is to be applied."""
    if ROLES not in world.store.plurals:
        return
    for role in world.store.all(ROLES):
        reference = role["spec"].get("passwordSecret")
        namespace = role["metadata"]["namespace"]
        secret = reference and world.store.get("secrets", namespace, reference["name"])
        there = world.store.get("clusters", namespace, role["spec"]["cluster"]["name"])
        if secret and there and _is_looked_at(role, secret):
            version = secret["metadata"]["resourceVersion"]
            change = condition(CHANGE, "ChangeDetected", version, true=True)
            known = (role.get("status") or {}).get("conditions") or []
            await world.set_status(ROLES, role, {"conditions": updated(known, change)})


def _is_looked_at(role: KubeObject, secret: KubeObject) -> bool:
    """A Secret without the label is read when the role is new or changed, and not else."""
    status = role.get("status") or {}
    noted = any(each["type"] == CHANGE for each in status.get("conditions") or [])
    settled = status.get("observedGeneration") in (None, role["metadata"]["generation"])
    return reloads(secret) or not noted or not settled


class Releases:
    """Lets go of what a deleted cluster leaves behind."""

    def __init__(self) -> None:
        self._clusters: set[Where] = set()

    async def release(self, world: World) -> None:
        """Tells the objects of clusters that are gone, and strips their finalizers."""
        now = {_where(each) for each in world.store.all("clusters")}
        gone, self._clusters = self._clusters - now, now
        objects = [
            (plural, each)
            for plural in KINDS
            if plural in world.store.plurals
            for each in world.store.all(plural)
            if _of(each) not in now
        ]
        told = gone | {_of(each) for plural, each in objects if plural == ROLES}
        for plural, each in objects:
            if _of(each) in told or _was_applied(each):
                await _let_go(world, plural, each)


def _where(cluster: KubeObject) -> Where:
    return cluster["metadata"]["namespace"], cluster["metadata"]["name"]


def _of(obj: KubeObject) -> Where:
    return obj["metadata"]["namespace"], obj["spec"]["cluster"]["name"]


def _own_finalizers(obj: KubeObject) -> list[str]:
    found: list[str] = obj["metadata"].get("finalizers") or []
    return [each for each in found if each.startswith("cnpg.io/")]


def _was_applied(obj: KubeObject) -> bool:
    return bool((obj.get("status") or {}).get("applied") or _own_finalizers(obj))


async def _let_go(world: World, plural: str, obj: KubeObject) -> None:
    told = {"applied": False, "message": DELETED, "observedGeneration": None}
    await world.set_status(plural, obj, told)
    own = _own_finalizers(obj)
    if own:
        kept = [each for each in obj["metadata"]["finalizers"] if each not in own]
        await world.set_finalizers(plural, obj, kept)
