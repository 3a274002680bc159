"""The instances of a cluster as their pods and volumes show them."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.plans.plan import Effect, Fate
from cnpg_mcp.domain.quoting import named
from cnpg_mcp.domain.resources import PERSISTENT_VOLUME_CLAIMS, PODS
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.workloads import PersistentVolumeClaim, Pod

CLUSTER_LABEL = "cnpg.io/cluster"
_PVC_ROLE = "cnpg.io/pvcRole"
_CONTENT = {"PG_DATA": "data", "PG_WAL": "WAL", "PG_TABLESPACE": "tablespace"}
_SERIAL = re.compile(r"-([0-9]{1,9})$")


@dataclass(frozen=True)
class Instances:
    """Pods that run PostgreSQL, and all volume claims, of one cluster."""

    pods: Sequence[Pod]
    claims: Sequence[PersistentVolumeClaim]

    @property
    def ready(self) -> Sequence[Pod]:
        """The pods that are ready and stay."""
        return [pod for pod in self.pods if pod.is_ready and not pod.is_terminating]

    def claims_of(self, instance: str) -> Sequence[PersistentVolumeClaim]:
        """The volumes of one instance."""
        return [claim for claim in self.claims if claim.instance_name == instance]


async def read_instances(estate: Estate, namespace: str, cluster: str) -> Instances:
    """The pods and volumes that carry the cluster's label."""
    labels = f"{CLUSTER_LABEL}={cluster}"
    pods, claims = await asyncio.gather(
        _read(estate, namespace, labels), _claims(estate, namespace, labels)
    )
    return Instances([pod for pod in pods if pod.is_instance], claims)


def serial(instance: str) -> int:
    """The number at the end of an instance's name; 0 where there is none."""
    found = _SERIAL.search(instance)
    return int(found[1]) if found else 0


def claim_effect(claim: PersistentVolumeClaim, fate: Fate) -> Effect:
    """What becomes of a volume, with its size and what is on it."""
    size = str(claim.spec.resources.requests.get("storage", "")) or "size unknown"
    content = _CONTENT.get(claim.metadata.labels.get(_PVC_ROLE, ""), "volume")
    return Effect(
        fate,
        "PersistentVolumeClaim",
        claim.name,
        claim.namespace,
        claim.metadata.uid,
        detail=f"{content}, {named(size)}",
    )


def cluster_effect(cluster: Cluster, fate: Fate, detail: str = "") -> Effect:
    """What becomes of the Cluster itself."""
    metadata = cluster.metadata
    return Effect(
        fate,
        "Cluster",
        cluster.name,
        cluster.namespace,
        metadata.uid,
        str(metadata.generation),
        detail=detail,
    )


def into_effect(cluster: Cluster) -> Effect:
    """The Cluster in which something is made: in another one of its name nobody agreed to it."""
    metadata = cluster.metadata
    return Effect(
        Fate.AFFECTED,
        "Cluster",
        cluster.name,
        cluster.namespace,
        metadata.uid,
        detail="where it is made",
    )


async def _read(estate: Estate, namespace: str, labels: str) -> Sequence[Pod]:
    return [Pod.parse(item) async for item in read_all(estate, PODS, namespace, labels)]


async def _claims(estate: Estate, namespace: str, labels: str) -> Sequence[PersistentVolumeClaim]:
    found = read_all(estate, PERSISTENT_VOLUME_CLAIMS, namespace, labels)
    return [PersistentVolumeClaim.parse(item) async for item in found]
