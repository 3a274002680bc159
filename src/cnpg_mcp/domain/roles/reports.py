"""The operator's report on roles that nothing declares, made anew where it may be old."""

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import TOUCHED_AT
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.kube.errors import KubeError

_LOOKS = 3
"""Looks of a second each: the operator looks again in less than one."""


def is_reported(cluster: Cluster, role: str) -> bool:
    """Whether the operator has seen in PostgreSQL a role that the inline list does not declare.

    Without any inline role it looks no more, and an old report stays.
    """
    seen = cluster.status.managed_roles_status.not_managed
    return bool(cluster.spec.managed.roles) and role in seen


async def renew_report(estate: Estate, namespace: str, cluster_name: str, role: str) -> None:
    """Has the operator look again where it still reports a role.

    It looks only when the Cluster changes, so a role stays reported after it was dropped. Returns
    when it is no longer reported, else after three seconds: then it is there. Where the Cluster
    may not be changed or watched, the report stays as old as it is.
    """
    kube = estate.kube
    try:
        seen = Cluster.parse(await kube.get(CLUSTERS, namespace, cluster_name))
        if not is_reported(seen, role):
            return
        touch = {"metadata": {"annotations": {TOUCHED_AT: estate.now().isoformat()}}}
        touched = await kube.patch(CLUSTERS, namespace, cluster_name, touch)
        seen = Cluster.parse(touched.object)
        estate.journal.touches("Cluster", namespace, cluster_name, seen.metadata.uid)
        for _ in range(_LOOKS):
            since = seen.metadata.resource_version
            for found in await kube.history(CLUSTERS, namespace, cluster_name, since, seconds=1):
                seen = Cluster.parse(found)
            if not is_reported(seen, role):
                return
    except KubeError:
        return
