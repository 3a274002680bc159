"""Whether a cluster can be scaled now, and which instances would go."""

from collections.abc import Sequence

from cnpg_mcp.domain.instances import Instances, serial
from cnpg_mcp.domain.operated import require_operated
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.wording import counted
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure, invalid

_MOVING = frozenset({Phase.SWITCHOVER.value, Phase.FAILING_OVER.value})


def victims(cluster: Cluster, count: int) -> Sequence[str]:
    """The instances that CloudNativePG takes: the highest serials that are not the primary.

    Source: seen on CNPG 1.30, even when another instance is the broken one.
    """
    status = cluster.status
    replicas = [name for name in status.instance_names if name != status.current_primary]
    return sorted(replicas, key=serial, reverse=True)[:count]


def require_quorum(cluster: Cluster, wanted: int) -> None:
    """Refuses fewer instances than synchronous replication needs.

    Raises:
        ToolFailure: `invalid`, naming the smallest number.
    """
    synchronous = cluster.spec.postgresql.synchronous
    numbers = [cluster.spec.max_sync_replicas]
    if synchronous is not None and not synchronous.names_outsiders:
        numbers.append(synchronous.number)
    least = max(numbers) + 1
    if wanted < least:
        raise invalid(
            "instances",
            f"Synchronous replication with {counted(least - 1, 'standby')} needs at least {least} "
            f"instances.",
            f"Pass {least} or more, or have a person lower the synchronous setting first.",
        )


def require_still(cluster: Cluster) -> None:
    """Refuses while the operator would store the number and do nothing, or do something else.

    Raises:
        ToolFailure: `blocked`.
    """
    require_operated(cluster)
    where, status = f"Cluster {cluster.namespace}/{cluster.name}", cluster.status
    reason, step = "", "Follow it with get_cluster_status, and call again when it is done."
    if cluster.fenced:
        reason = f"{where} has fenced instances, so PostgreSQL does not run on all of them."
        step = "Have a person lift the fencing first (annotation cnpg.io/fencedInstances)."
    elif not status.current_primary:
        reason = f"{where} has no primary yet: it is being created, or does not come up."
        step = "Call get_cluster_status, which says how far it is or why, and scale once it is up."
    elif status.phase in _MOVING or status.current_primary != status.target_primary:
        reason = f"{where} is changing its primary ({quoted(status.phase)})."
    if reason:
        raise ToolFailure(ErrorCode.BLOCKED, reason, step)


def require_ready(cluster: Cluster, instances: Instances) -> None:
    """Refuses while an instance is not ready: CloudNativePG waits for it, silently.

    Raises:
        ToolFailure: `blocked`.
    """
    ready, wanted = len(instances.ready), cluster.spec.instances
    if ready == wanted == cluster.status.instances:
        return
    names = {pod.name for pod in instances.ready}
    missing = sorted({*cluster.status.instance_names, *(p.name for p in instances.pods)} - names)
    waits = f" (not ready: {', '.join(missing[:5])})" if missing else ""
    raise ToolFailure(
        ErrorCode.BLOCKED,
        f"{ready} of {wanted} instances are ready{waits}: CloudNativePG neither adds nor removes "
        "instances until all are. Scaling down does not get rid of a broken one.",
        "Call get_cluster_status to see what is wrong, and scale when all are ready.",
    )
