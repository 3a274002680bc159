"""Runs the parts of the simulated node, in a thread and event loop given by the caller."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiohttp

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import BY_PLURAL
from cnpg_mcp.demo.node import clusters, endpoints, garbage, nodes, volumes
from cnpg_mcp.demo.node.databaseroles import DatabaseRoles
from cnpg_mcp.demo.node.databases import Databases
from cnpg_mcp.demo.node.instance import Instances
from cnpg_mcp.demo.node.managed_roles import ManagedRoles
from cnpg_mcp.demo.node.pods import Pods
from cnpg_mcp.demo.node.postgres import Postgres
from cnpg_mcp.demo.node.world import World

log = logging.getLogger("nodesim")

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
TICK_SECONDS = 0.25
SETTLE_SECONDS = 0.01
STARTING = 503
"""What an API server answers that has not served all its paths yet."""

Part = Callable[[World], Awaitable[None]]


class Simulator:
    """The simulated node of one control plane."""

    def __init__(self, api: ApiClient, instances: Instances, *, retry_seconds: float = 30) -> None:
        self._api = api
        self._tasks: list[asyncio.Task[None]] = []
        self._world: World | None = None
        self._pods = Pods(instances)
        self._databases = Databases(self._pods, retry_seconds)
        self._roles = DatabaseRoles(self._pods, retry_seconds)
        self._managed = ManagedRoles(self._pods)
        self.errors: list[str] = []
        """What went wrong inside the simulator while the API server answered; empty is healthy."""

    async def start(self) -> None:
        """Registers the nodes and starts to act."""
        self._world = World(self._api, await self._served())
        await nodes.register(self._api)
        follow = self._world.store.follow
        self._tasks = [asyncio.create_task(follow(each)) for each in self._world.store.plurals]
        self._tasks.append(asyncio.create_task(self._act()))

    async def stop(self) -> None:
        """Stops acting; objects stay as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._pods.close()

    def postgres(self, namespace: str, cluster: str) -> Postgres:
        """The model of a running cluster's PostgreSQL."""
        if self._world is None:
            raise RuntimeError("the simulator does not run")
        found = self._world.store.get("clusters", namespace, cluster)
        if found is None:
            raise LookupError(f"no cluster {namespace}/{cluster}")
        return self._world.postgres(found)

    async def _served(self) -> tuple[str, ...]:
        """The watched kinds without those that this API server does not know."""
        groups = {BY_PLURAL[plural].api_version for plural in WATCHED}
        known: set[str] = set()
        for group in groups:
            root = "/apis/" if "/" in group else "/api/"
            listed = await self._api.request("GET", root + group)
            known |= {each["name"] for each in listed["resources"]}
        return tuple(plural for plural in WATCHED if plural in known)

    async def _act(self) -> None:
        world = self._world
        if world is None:
            return
        parts: tuple[Part, ...] = (
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
        )
        while True:
            await _wait(world.store.changed)
            for part in parts:
                await self._guarded(part, world)

    async def _guarded(self, part: Part, world: World) -> None:
        """One part's turn. An absent API server is part of the play; anything else is recorded."""
        try:
            await part(world)
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(TICK_SECONDS)
        except ApiError as error:
            if error.status != STARTING and not error.is_ending_namespace:
                self._note(str(error))
        except Exception as error:  # noqa: BLE001 - one mistake must not end the whole node
            self._note(repr(error))

    def _note(self, text: str) -> None:
        if text not in self.errors:
            log.warning("nodesim: %s", text)
            self.errors.append(text)


async def _wait(changed: asyncio.Event) -> None:
    """Until something changed, or a tick for what is due by time."""
    try:
        await asyncio.wait_for(changed.wait(), TICK_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)
    except TimeoutError:
        pass
    changed.clear()
