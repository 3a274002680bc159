"""One Cluster with everything that the operator made for it, as it is now."""

from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world.conditions import is_true
from cnpg_mcp.demo.world.instances import serial
from cnpg_mcp.demo.world.world import merged

CLUSTER_LABEL = "cnpg.io/cluster"
SERIAL = "cnpg.io/nodeSerial"
CLAIM_STATUS = "cnpg.io/pvcStatus"
CLAIM_ROLE = "cnpg.io/pvcRole"
DATA, WAL = "PG_DATA", "PG_WAL"
HIBERNATION = "cnpg.io/hibernation"


class Stale(Exception):
    """The Cluster changed since it was read: it is looked at anew."""


@dataclass
class Scene:
    """A Cluster and its pods, volumes and jobs."""

    cluster: KubeObject
    pods: dict[str, KubeObject]
    claims: list[KubeObject]
    jobs: list[KubeObject]

    @classmethod
    def of(cls, world: World, cluster: KubeObject) -> "Scene":
        """What the cache has of a cluster."""
        meta, store = cluster["metadata"], world.store

        def owned(plural: str) -> list[KubeObject]:
            return [each for each in store.all(plural, meta["namespace"]) if is_owned(each, meta)]

        pods = {each["metadata"]["name"]: each for each in owned("pods")}
        return cls(cluster, pods, owned("persistentvolumeclaims"), owned("jobs"))

    # --- the Cluster ---

    @property
    def name(self) -> str:
        """The cluster's name."""
        return str(self.cluster["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The cluster's namespace."""
        return str(self.cluster["metadata"]["namespace"])

    @property
    def uid(self) -> str:
        """The cluster's uid."""
        return str(self.cluster["metadata"]["uid"])

    @property
    def spec(self) -> KubeObject:
        """What is wanted."""
        found: KubeObject = self.cluster["spec"]
        return found

    @property
    def status(self) -> KubeObject:
        """What was reported last."""
        return self.cluster.get("status") or {}

    @property
    def phase(self) -> str:
        """The phase as reported last."""
        return str(self.status.get("phase") or "")

    @property
    def current(self) -> str:
        """The instance that is the primary."""
        return str(self.status.get("currentPrimary") or "")

    @property
    def target(self) -> str:
        """The instance that should be the primary; `pending` while none is chosen."""
        return str(self.status.get("targetPrimary") or "")

    def annotation(self, key: str) -> str:
        """The value of an annotation of the Cluster, or nothing."""
        return str((self.cluster["metadata"].get("annotations") or {}).get(key) or "")

    def condition(self, kind: str) -> KubeObject:
        """The condition of that type; an empty one where it is not reported."""
        found = self.status.get("conditions") or []
        return next((each for each in found if each["type"] == kind), {})

    # --- instances ---

    @property
    def names(self) -> list[str]:
        """The instances: every one has a data volume that is not being deleted."""
        found = [claim["metadata"] for claim in self.claims if role_of(claim) == DATA]
        here = [meta["name"] for meta in found if not meta.get("deletionTimestamp")]
        return sorted(here, key=serial)

    def claims_of(self, name: str) -> list[KubeObject]:
        """The volumes of an instance."""
        return [each for each in self.claims if instance_of(each) == name]

    def initializing(self, name: str) -> bool:
        """Whether the instance's data directory is still being made."""
        states = ((c["metadata"].get("annotations") or {}) for c in self.claims_of(name))
        return any(each.get(CLAIM_STATUS) == "initializing" for each in states)

    def job_of(self, name: str) -> KubeObject | None:
        """The job that makes the instance's data directory."""
        return next((each for each in self.jobs if instance_of(each) == name), None)

    def ready(self, name: str) -> bool:
        """Whether the instance's pod is there to stay and ready."""
        pod = self.pods.get(name)
        return pod is not None and not leaving(pod) and is_true(pod, "Ready")

    def started(self, name: str) -> bool:
        """Whether PostgreSQL has come up in the instance's pod."""
        pod = self.pods.get(name)
        containers = (pod["status"].get("containerStatuses") or []) if pod else []
        return bool(containers) and all(each.get("started") for each in containers)

    @property
    def all_ready(self) -> bool:
        """Whether there are instances, and all of them are ready."""
        return bool(self.names) and all(self.ready(name) for name in self.names)

    # --- reporting ---

    async def report(self, world: World, **status: object) -> None:
        """Merges into the status; raises ``Stale`` where somebody else wrote meanwhile."""
        if merged(self.status, status) == self.status:
            return
        version = self.cluster["metadata"]["resourceVersion"]
        body = {"metadata": {"resourceVersion": version}, "status": status}
        done = await world.patch("clusters", self.cluster, body, subresource="status")
        if done is None:
            raise Stale
        self.cluster = done


def is_owned(obj: KubeObject, owner: KubeObject) -> bool:
    """Whether the object names this owner, given by its metadata."""
    references = obj["metadata"].get("ownerReferences") or []
    return any(each["uid"] == owner["uid"] for each in references)


def role_of(claim: KubeObject) -> str:
    """What the volume is for."""
    return str((claim["metadata"].get("labels") or {}).get(CLAIM_ROLE, ""))


def instance_of(obj: KubeObject) -> str:
    """The instance that a volume, job or pod belongs to."""
    return str((obj["metadata"].get("labels") or {}).get("cnpg.io/instanceName", ""))


def leaving(obj: KubeObject) -> bool:
    """Whether the object is being deleted."""
    return bool(obj["metadata"].get("deletionTimestamp"))
