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


def why_idle(cluster: Cluster) -> str | None:
    """Why nothing changes in PostgreSQL for now, as the operator reported; `None` where it runs.

    In the past tense, since a call may have waited since the cluster was read.
    """
    if cluster.hibernation_asked:
        return "The cluster is hibernated: nothing changes in PostgreSQL before it is woken."
    if not cluster.status.current_primary:
        return (
            "The cluster had no primary when it was read: nothing changes in PostgreSQL before it "
            "has one."
        )
    if cluster.status.ready_instances == 0:
        return (
            "No instance of the cluster was ready when it was read: nothing changes in PostgreSQL "
            "before one is."
        )
    return None


def idle_cautions(cluster: Cluster) -> tuple[str, ...]:
    """The same as what to know before a change is made."""
    reason = why_idle(cluster)
    return (reason,) if reason else ()


def list_note(cluster: Cluster, note: str | None) -> str | None:
    """The note of a list of what is declared in a cluster, with what it waits for, if anything."""
    reason = why_idle(cluster)
    if reason is None:
        return note
    told = f"{reason} {_ask_status(cluster)}."
    return f"{told} {note}" if note else told


def after_idleness(cluster: Cluster, next_step: str) -> str:
    """What to do next about a change that is not proven: first about what it waits for."""
    if why_idle(cluster) is None:
        return next_step
    return f"{_ask_status(cluster)}. {next_step}"


def _ask_status(cluster: Cluster) -> str:
    where = f"namespace={cluster.namespace} and name={cluster.name}"
    return f"Call get_cluster_status with {where} to see what keeps it from running"
