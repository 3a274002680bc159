"""Whether the operator would act on a cluster at all: else a change is stored and nothing comes."""

from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure


def require_operated(cluster: Cluster) -> None:
    """Refuses a change that would be stored and never carried out.

    Raises:
        ToolFailure: `blocked`.
    """
    where = f"Cluster {cluster.namespace}/{cluster.name}"
    reason, step = "", ""
    if cluster.being_deleted:
        reason, step = f"{where} is being deleted.", "Choose another cluster."
    elif cluster.reconciliation_disabled:
        reason = f"The operator is told to leave {where} alone, so nothing would come of it."
        step = "Have a person remove the annotation cnpg.io/reconciliationLoop first."
    elif cluster.hibernation_asked:
        reason = f"{where} is hibernated, so nothing would come of it."
        step = "Have a person wake it first (annotation cnpg.io/hibernation: off)."
    if reason:
        raise ToolFailure(ErrorCode.BLOCKED, reason, step)


def require_writable(cluster: Cluster) -> None:
    """Refuses a change inside PostgreSQL that the operator would never carry out.

    Raises:
        ToolFailure: `blocked`.
    """
    require_operated(cluster)
    if cluster.is_replica_cluster:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"Cluster {cluster.namespace}/{cluster.name} follows another cluster and takes no "
            "changes of its own.",
            "Make the change in the cluster that it follows.",
        )
