"""The daily backup that comes with a cluster: checked before, made right after it."""

from cnpg_mcp.domain.creation.manifest import daily_backup, schedule_name
from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import OBJECT_STORES, SCHEDULED_BACKUPS
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure, not_found
from cnpg_mcp.kube.errors import AlreadyExists, KubeError, NotFound

_NO_UID = "00000000-0000-0000-0000-000000000000"
"""In the place of a cluster's uid while there is no cluster yet."""


async def check_schedule(estate: Estate, namespace: str, order: ClusterOrder) -> None:
    """Makes sure that the object store exists and the schedule can be made.

    Raises:
        ToolFailure: `not_found`, `unsupported` (no Barman Cloud plugin), `blocked` (the schedule's
            name is taken).
    """
    if order.backup_object_store is None:
        return
    await _require_store(estate, namespace, order.backup_object_store)
    body = daily_backup(order, namespace, _NO_UID)
    try:
        await estate.kube.create(SCHEDULED_BACKUPS, namespace, body, dry_run=True)
    except AlreadyExists:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"ScheduledBackup {namespace}/{schedule_name(order.name)} exists already.",
            "Choose another name, or have a person delete it.",
        ) from None


async def ensure_schedule(
    estate: Estate, namespace: str, order: ClusterOrder, cluster: Cluster
) -> None:
    """Makes the schedule of a cluster that stands, unless it has it.

    Raises:
        ToolFailure: `unavailable`, the cluster stands without its daily backup.
    """
    body = daily_backup(order, namespace, cluster.metadata.uid)
    name = schedule_name(order.name)
    try:
        written = await estate.kube.create(SCHEDULED_BACKUPS, namespace, body)
    except AlreadyExists:
        await _require_own(estate, namespace, name, cluster)
        return
    except KubeError as error:
        raise ToolFailure(
            ErrorCode.UNAVAILABLE,
            f"Cluster {namespace}/{order.name} was created, but perhaps not its daily backup "
            f"{name}: {quoted(error.message)}.",
            "Repeat the same call: it makes what is missing.",
        ) from error
    made = ObjectView.parse(written.object)
    estate.journal.touches("ScheduledBackup", namespace, name, made.metadata.uid)


async def _require_own(estate: Estate, namespace: str, name: str, cluster: Cluster) -> None:
    async for item in read_all(estate, SCHEDULED_BACKUPS, namespace):
        found = ObjectView.parse(item)
        if found.name == name and found.metadata.is_owned_by(cluster.metadata.uid):
            return
    raise ToolFailure(
        ErrorCode.BLOCKED,
        f"Cluster {namespace}/{cluster.name} stands, and a ScheduledBackup {name} that does not "
        "belong to it.",
        "Have a person look at that schedule.",
    )


async def _require_store(estate: Estate, namespace: str, name: str) -> None:
    try:
        await estate.kube.get(OBJECT_STORES, namespace, name)
    except NotFound as error:
        if error.names_no_object:
            raise ToolFailure(
                ErrorCode.UNSUPPORTED,
                "The Barman Cloud plugin is not installed: its API (barmancloud.cnpg.io/v1) is "
                "not served.",
                "Have it installed, or leave backup_object_store out.",
            ) from None
        raise not_found(
            f"ObjectStore {namespace}/{name}",
            "Check the spelling, or have an ObjectStore made in this namespace first.",
        ) from None
