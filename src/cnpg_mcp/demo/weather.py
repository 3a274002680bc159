"""What goes wrong by itself in a sample cluster, and heals: so that there is something to see."""

import asyncio
import itertools
import logging
from dataclasses import dataclass

from cnpg_mcp.demo.client import ApiClient, ApiError
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.injection import PREFIX
from cnpg_mcp.demo.pace import Pace

CALM_SECONDS = 240.0
"""Between two incidents, as long as on a real cluster: divided by the speed."""
ILL_SECONDS = 150.0
"""How long a replica fails, at any speed: the servers call it missing after a minute."""
LOOK_SECONDS = 1.0
"""How often the cluster is looked at until it stands, at any speed."""
_DOWN = f"{PREFIX}down"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weather:
    """Incidents of one cluster, one after the other, with calm between them."""

    api: ApiClient
    pace: Pace
    namespace: str
    cluster: str
    ill_seconds: float = ILL_SECONDS

    async def run(self) -> None:
        """Lets incidents happen for ever; one that fails is logged, and the next one comes."""
        for incident in itertools.cycle((self.replica_fails, self.primary_is_lost)):
            await asyncio.sleep(self.pace.seconds(CALM_SECONDS))
            try:
                await incident(await self._standing())
            except ApiError as error:
                _log.info("no incident: %s", error)
            except Exception:  # noqa: BLE001 - the next incident may go well
                _log.exception("an incident of %s has failed", self.cluster)

    async def replica_fails(self, cluster: KubeObject) -> None:
        """A replica does not answer for a while, then it does again."""
        primary = _primary(cluster)
        names = (cluster.get("status") or {}).get("instanceNames") or []
        replica = next((name for name in names if name != primary), None)
        if replica is None:
            return
        _log.info("%s does not answer for %g s", replica, self.ill_seconds)
        await self.api.annotate("pods", self.namespace, replica, {_DOWN: "true"})
        await asyncio.sleep(self.ill_seconds)
        await self.api.annotate("pods", self.namespace, replica, {_DOWN: None})

    async def primary_is_lost(self, cluster: KubeObject) -> None:
        """The primary's pod is deleted, as when its node is drained: a replica takes over."""
        primary = _primary(cluster)
        if primary:
            _log.info("%s, the primary, is lost", primary)
            await self.api.delete("pods", self.namespace, primary)

    async def _standing(self) -> KubeObject:
        """The cluster, when it stands.

        Raises:
            ApiError: there is no such cluster.
        """
        while True:
            cluster = await self.api.get("clusters", self.namespace, self.cluster)
            if stands(cluster):
                return cluster
            await asyncio.sleep(LOOK_SECONDS)


def stands(cluster: KubeObject) -> bool:
    """Whether all instances are ready under one primary: what fails next is told from creation."""
    status = cluster.get("status") or {}
    all_ready = status.get("readyInstances") == cluster["spec"].get("instances", 1)
    primary = _primary(cluster)
    return bool(all_ready and primary and primary == status.get("targetPrimary"))


def _primary(cluster: KubeObject) -> str:
    return str((cluster.get("status") or {}).get("currentPrimary") or "")
