"""What every part of the simulated node works with: besides the API, the models of PostgreSQL."""

from collections.abc import Container

from cnpg_mcp.demo import world as base
from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.postgres import NEWEST, Postgres
from cnpg_mcp.demo.pace import AT_ONCE, Pace


class World(base.World):
    """Shared by the simulator's parts; holds no behaviour of a node."""

    def __init__(
        self,
        api: ApiClient,
        plurals: tuple[str, ...],
        *,
        pace: Pace = AT_ONCE,
        ignored: Container[str] = (),
    ) -> None:
        super().__init__(api, plurals, pace=pace, ignored=ignored)
        self._postgres: dict[str, Postgres] = {}
        self._written: dict[str, Postgres] = {}
        """What is on each volume, by the claim's uid."""

    def postgres(self, cluster: KubeObject) -> Postgres:
        """The cluster's model of PostgreSQL: what is on its volumes, or a new one."""
        uid, major = cluster["metadata"]["uid"], _major(cluster)
        if uid not in self._postgres:
            made = self._found(cluster) or Postgres.bootstrapped(cluster["spec"], major)
            self._postgres[uid] = made
        self._postgres[uid].upgrade(major)
        return self._postgres[uid]

    def _found(self, cluster: KubeObject) -> Postgres | None:
        """What an earlier cluster of this name wrote on the volumes that this one has."""
        meta = cluster["metadata"]
        for claim in self._claims(meta["namespace"]):
            labels = claim["metadata"].get("labels") or {}
            uid = claim["metadata"]["uid"]
            if labels.get("cnpg.io/cluster") == meta["name"] and uid in self._written:
                return self._written[uid]
        return None

    def _claims(self, namespace: str | None = None) -> list[KubeObject]:
        return self.store.all("persistentvolumeclaims", namespace)

    def forget(self) -> None:
        """Lets go of the databases of clusters and volumes that are no more, too."""
        super().forget()
        held = {claim["metadata"]["uid"]: self._held_by(claim) for claim in self._claims()}
        self._written = {uid: postgres for uid, postgres in held.items() if postgres}
        live = {each["metadata"]["uid"] for each in self.store.all("clusters")}
        for uid in self._postgres.keys() - live:
            del self._postgres[uid]

    def _held_by(self, claim: KubeObject) -> Postgres | None:
        cluster = self.cluster_of(claim)
        running = self._postgres.get(cluster["metadata"]["uid"]) if cluster else None
        return running or self._written.get(claim["metadata"]["uid"])


def _major(cluster: KubeObject) -> int:
    """PostgreSQL's major version, as the operator reports it before the first pod."""
    image = (cluster.get("status") or {}).get("pgDataImageInfo") or {}
    return image.get("majorVersion") or NEWEST
