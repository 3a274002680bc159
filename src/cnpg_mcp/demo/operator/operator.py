"""Runs the operator's stand-in in the caller's event loop."""

from collections.abc import Awaitable, Callable, Collection

from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import backups, clusters, declarations, deployment, poolers, schedules
from cnpg_mcp.demo.operator.world import Ask, World
from cnpg_mcp.demo.pace import AT_ONCE, Pace
from cnpg_mcp.demo.world import Acting, Part, served

WATCHED = (
    "clusters",
    "databases",
    "databaseroles",
    "publications",
    "subscriptions",
    "backups",
    "scheduledbackups",
    "poolers",
    "imagecatalogs",
    "clusterimagecatalogs",
    "pods",
    "jobs",
    "persistentvolumeclaims",
    "services",
    "secrets",
    "configmaps",
    "serviceaccounts",
    "roles",
    "rolebindings",
    "poddisruptionbudgets",
    "leases",
    "deployments",
)
Reconcile = Callable[[World, KubeObject], Awaitable[None]]
KINDS: dict[str, Reconcile] = {
    "clusters": clusters.reconcile,
    "backups": backups.reconcile,
    "scheduledbackups": schedules.reconcile,
    "poolers": poolers.reconcile,
}


class Operator:
    """A stand-in for CloudNativePG's operator, at work beside a simulated node.

    Args:
        api: the API server to work on, with all rights.
        ask: what the instance manager of a pod, by uid, answers.
        pace: how long things take.
        plugins: names of the CNPG-I plugins that count as installed.
        ignored: namespaces that are let alone.
    """

    def __init__(
        self,
        api: ApiClient,
        ask: Ask,
        *,
        pace: Pace = AT_ONCE,
        plugins: Collection[str] = (),
        ignored: Collection[str] = (),
    ) -> None:
        self._api = api
        self._ask = ask
        self._pace = pace
        self._plugins = plugins
        self._ignored = ignored
        self._acting: Acting[World] = Acting("operator")

    @property
    def errors(self) -> list[str]:
        """What went wrong inside while the API server answered; empty is healthy."""
        return self._acting.errors

    async def start(self) -> None:
        """Starts to act, and shows the Deployment ready."""
        world = World(
            self._api,
            await served(self._api, WATCHED),
            ask=self._ask,
            plugins=self._plugins,
            pace=self._pace,
            ignored=self._ignored,
        )
        releases = declarations.Releases()
        kinds = [self._each(plural, act) for plural, act in KINDS.items()]
        parts = (*kinds, declarations.watch_secrets, releases.release)
        await deployment.show(self._api, running=True)
        self._acting.start(world, parts)

    async def stop(self) -> None:
        """Stops acting, and shows the Deployment without a pod; all else stays as it is."""
        await self._acting.stop()
        await deployment.show(self._api, running=False)

    def _each(self, plural: str, act: Reconcile) -> Part[World]:
        """A part that gives every object of a kind its turn; one that fails stops no other."""

        async def part(world: World) -> None:
            for obj in world.store.all(plural):
                await self._acting.guarded(act(world, obj))

        return part
