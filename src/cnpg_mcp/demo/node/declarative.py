"""What Database and DatabaseRole have in common: who acts on them, and when."""

from abc import ABC, abstractmethod

from cnpg_mcp.demo.kinds import CNPG_MANAGER, KubeObject
from cnpg_mcp.demo.node.attempts import Attempts
from cnpg_mcp.demo.node.pods import Pods
from cnpg_mcp.demo.node.world import World


class Declarative(ABC):
    """The primary's controller of one declarative kind."""

    plural: str
    finalizer: str

    def __init__(self, pods: Pods, retry_seconds: float) -> None:
        self._pods = pods
        self._retry_seconds = retry_seconds
        self._attempts = Attempts()

    async def reconcile(self, world: World) -> None:
        """One attempt at every object that is due and whose primary serves."""
        if self.plural not in world.store.plurals:
            return
        objects = world.store.all(self.plural)
        self._attempts.keep(objects)
        for obj in objects:
            namespace, name = obj["metadata"]["namespace"], obj["spec"]["cluster"]["name"]
            cluster = world.store.get("clusters", namespace, name)
            if cluster is None or not self._serves(world, cluster):
                continue
            context = cluster["metadata"]["uid"], cluster["metadata"]["generation"]
            if self._attempts.due(obj, context):
                retry = await self._attempt(world, obj, cluster)
                self._attempts.done(obj, context, retry)

    @abstractmethod
    async def apply(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        """Brings PostgreSQL to what the object says; seconds until a retry, if one is needed."""

    @abstractmethod
    async def release(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        """Drops what a deleted object stood for, as far as its policy asks, and lets it go."""

    async def _attempt(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        finalizers = obj["metadata"].get("finalizers") or []
        if obj["metadata"].get("deletionTimestamp"):
            if self.finalizer not in finalizers:
                return None
            return await self.release(world, obj, cluster)
        if self.finalizer not in finalizers:
            if not await world.exists("clusters", cluster):
                return None
            wanted = [*finalizers, self.finalizer]
            obj_now = await world.set_finalizers(self.plural, obj, wanted, manager=CNPG_MANAGER)
            if obj_now is None:
                return self._retry_seconds
            obj = obj_now
        return await self.apply(world, obj, cluster)

    async def let_go(self, world: World, obj: KubeObject) -> None:
        """Removes the finalizer."""
        kept = [each for each in obj["metadata"]["finalizers"] if each != self.finalizer]
        await world.set_finalizers(self.plural, obj, kept, manager=CNPG_MANAGER)

    async def fail(self, world: World, obj: KubeObject, message: str) -> float:
        """Reports a failure; the operator's retry comes after half a minute."""
        await world.set_status(self.plural, obj, {"applied": False, "message": message})
        return self._retry_seconds

    def holder(self, world: World, obj: KubeObject) -> str:
        """The refusal where another object applied the same name first, else nothing."""
        if (obj.get("status") or {}).get("observedGeneration"):
            return ""
        spec, meta = obj["spec"], obj["metadata"]
        for other in world.store.all(self.plural, meta["namespace"]):
            same = (other["spec"]["cluster"], other["spec"]["name"]) == (
                spec["cluster"],
                spec["name"],
            )
            applied = (other.get("status") or {}).get("observedGeneration")
            if same and applied and other["metadata"]["uid"] != meta["uid"]:
                return (
                    f'"{spec["name"]}" is already managed by object "{other["metadata"]["name"]}"'
                )
        return ""

    def _serves(self, world: World, cluster: KubeObject) -> bool:
        status = cluster.get("status") or {}
        primary = status.get("currentPrimary")
        if not primary or primary != status.get("targetPrimary"):
            return False
        return self._pods.up(world, cluster["metadata"]["namespace"], primary)
