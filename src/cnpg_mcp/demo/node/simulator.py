"""Runs the parts of the simulated node in the caller's event loop."""

from collections.abc import Container

from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.node import clusters, endpoints, events, garbage, nodes, volumes
from cnpg_mcp.demo.node.databaseroles import DatabaseRoles
from cnpg_mcp.demo.node.databases import Databases
from cnpg_mcp.demo.node.instance import Instances
from cnpg_mcp.demo.node.managed_roles import ManagedRoles
from cnpg_mcp.demo.node.pods import Pods
from cnpg_mcp.demo.node.postgres import Postgres
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.pace import AT_ONCE, Pace
from cnpg_mcp.demo.world import Acting, Part, served

WATCHED = (
    "namespaces",
    "clusters",
    "databases",
    "databaseroles",
    "publications",
    "subscriptions",
    "backups",
    "scheduledbackups",
    "poolers",
    "imagecatalogs",
    "failoverquorums",
    "pods",
    "jobs",
    "persistentvolumeclaims",
    "services",
    "endpointslices",
    "secrets",
    "configmaps",
    "serviceaccounts",
    "roles",
    "rolebindings",
    "poddisruptionbudgets",
    "leases",
    "deployments",
    "storageclasses",
)


class Simulator:
    """The simulated node of one control plane.

    It lets everything in the `ignored` namespaces alone.
    """

    def __init__(
        self,
        api: ApiClient,
        instances: Instances,
        *,
        retry_seconds: float = 30,
        pace: Pace = AT_ONCE,
        ignored: Container[str] = (),
    ) -> None:
        self._api = api
        self._pace = pace
        self._ignored = ignored
        self._acting: Acting[World] = Acting("nodesim")
        self._world: World | None = None
        self._pods = Pods(instances)
        self._databases = Databases(self._pods, retry_seconds)
        self._roles = DatabaseRoles(self._pods, retry_seconds)
        self._managed = ManagedRoles(self._pods)

    @property
    def errors(self) -> list[str]:
        """What went wrong inside while the API server answered; empty is healthy."""
        return self._acting.errors

    async def start(self) -> None:
        """Registers the nodes and starts to act."""
        plurals = await served(self._api, WATCHED)
        self._world = World(self._api, plurals, pace=self._pace, ignored=self._ignored)
        await nodes.register(self._api)
        self._acting.start(self._world, self._parts())

    async def stop(self) -> None:
        """Stops acting; objects stay as they are."""
        await self._acting.stop()
        await self._pods.close()

    def postgres(self, namespace: str, cluster: str) -> Postgres:
        """The model of a running cluster's PostgreSQL."""
        if self._world is None:
            raise RuntimeError("the simulator does not run")
        found = self._world.store.get("clusters", namespace, cluster)
        if found is None:
            raise LookupError(f"no cluster {namespace}/{cluster}")
        return self._world.postgres(found)

    def _parts(self) -> tuple[Part[World], ...]:
        return (
            garbage.collect,
            volumes.bind,
            volumes.complete_jobs,
            self._pods.run,
            clusters.follow_primary,
            self._managed.reconcile,
            self._roles.reconcile,
            self._databases.reconcile,
            endpoints.maintain,
            garbage.finish_namespaces,
            events.Expiry().expire,
        )
