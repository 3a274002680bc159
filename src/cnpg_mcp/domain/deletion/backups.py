"""The backup that would save the data of a deleted cluster, and the gate that asks for one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cnpg_mcp.domain.backups import completed_at, newest_end, reported_at
from cnpg_mcp.domain.deletion.inventory import Inventory
from cnpg_mcp.domain.plans.plan import Blocker
from cnpg_mcp.domain.resources import BACKUPS
from cnpg_mcp.domain.status.wording import agreeing, counted
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.dependents import Backup
from cnpg_mcp.errors import ErrorCode

_SNAPSHOT = "volumeSnapshot"


def newest_backup(inventory: Inventory, now: datetime) -> datetime | None:
    """When the newest completed backup ended that has this cluster's data and outlives it.

    What the cluster owns goes with it. The operator does not say by which method it backed up.
    """
    cluster = inventory.cluster
    staying = [one for one in inventory.backups if not _goes(one, cluster)]
    reported = None if _owns_snapshots(cluster) else reported_at(cluster)
    return newest_end(cluster, (*map(completed_at, staying), reported), now)


def backup_gate(inventory: Inventory, now: datetime, max_age: timedelta) -> Sequence[Blocker]:
    """A blocker unless a completed backup is young enough."""
    newest = newest_backup(inventory, now)
    if newest is not None and now - newest <= max_age:
        return ()
    hours = f"{max_age / timedelta(hours=1):g} h"
    seen = f"The newest completed backup is of {newest.isoformat()}" if newest else "There is none"
    if BACKUPS.plural in inventory.unseen:
        seen = "Backups may not be listed by this server"
    return (
        Blocker(
            "no_recent_backup",
            ErrorCode.BLOCKED,
            f"No completed backup is younger than {hours}. {seen}.",
            "Have a backup made first. That the data may be lost (without_backup=true) is for a "
            "person to decide.",
        ),
    )


def backup_caution(inventory: Inventory, now: datetime) -> str:
    """What is known of the backup that would save the data."""
    newest, status = newest_backup(inventory, now), inventory.cluster.status
    if newest is not None:
        stay = sum(not _goes(backup, inventory.cluster) for backup in inventory.backups)
        left = f"{counted(stay, 'Backup object')} {agreeing(stay, 'stays', 'stay')}"
        return f"The newest completed backup is of {newest.isoformat()} ({left})."
    if status.phase and not status.current_primary:
        return (
            "No completed backup is known. The operator has reported no primary yet: as far as it "
            "tells, PostgreSQL has never run in this cluster."
        )
    return "No completed backup is known: the data is lost for good."


def _goes(backup: Backup, cluster: Cluster) -> bool:
    """Whether a backup goes with the cluster: it, or its snapshots, belong to it."""
    if backup.metadata.is_owned_by(cluster.metadata.uid):
        return True
    return backup.spec.method == _SNAPSHOT and _owns_snapshots(cluster)


def _owns_snapshots(cluster: Cluster) -> bool:
    snapshots = cluster.spec.backup.volume_snapshot or {}
    return snapshots.get("snapshotOwnerReference") == "cluster"
