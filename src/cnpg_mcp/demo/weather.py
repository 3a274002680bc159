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
ILL_SECONDS = 150.0
"""At any speed: the servers go by the clock, and call a replica missing after a minute."""
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
        """Lets incidents happen for ever; without its cluster nothing happens."""
        for incident in itertools.cycle((self.replica_fails, self.primary_is_lost)):
            await asyncio.sleep(self.pace.seconds(CALM_SECONDS))
            try:
                await incident(await self.api.get("clusters", self.namespace, self.cluster))
            except ApiError as error:
                _log.info("no incident: %s", error)

    async def replica_fails(self, cluster: KubeObject) -> None:
        """A replica does not answer for a while, then it does again."""
        primary = _primary(cluster)
        names = (cluster.get("status") or {}).get("instanceNames") or []
        replica = next((name for name in names if name != primary), None)
        if replica is None:
            return
        await self.api.annotate("pods", self.namespace, replica, {_DOWN: "true"})
        await asyncio.sleep(self.ill_seconds)
        await self.api.annotate("pods", self.namespace, replica, {_DOWN: None})

    async def primary_is_lost(self, cluster: KubeObject) -> None:
        """The primary's pod is deleted, as when its node is drained: a replica takes over."""
        primary = _primary(cluster)
        if primary:
            await self.api.delete("pods", self.namespace, primary)


def _primary(cluster: KubeObject) -> str:
    return str((cluster.get("status") or {}).get("currentPrimary") or "")
