"""The backup that would save the data of a deleted cluster, and the gate that asks for one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from cnpg_mcp.domain.deletion.inventory import Inventory
from cnpg_mcp.domain.plans.plan import Blocker
from cnpg_mcp.domain.resources import BACKUPS
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.dependents import Backup
from cnpg_mcp.errors import ErrorCode

_TIME: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_SNAPSHOT = "volumeSnapshot"


def newest_backup(inventory: Inventory, now: datetime) -> datetime | None:
    """When the newest completed backup ended that has this cluster's data and outlives it.

    What the cluster owns goes with it; a time in the future proves nothing; and what ended before
    the cluster was made is of an earlier one of that name.
    """
    ends = [_ended(backup, inventory.cluster) for backup in inventory.backups]
    ends.append(_reported(inventory.cluster))
    born = inventory.cluster.metadata.creation_timestamp
    counted = [end for end in ends if end is not None and end <= now]
    return max((end for end in counted if born is None or end >= born), default=None)


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
    newest = newest_backup(inventory, now)
    if newest is None:
        return "No completed backup is known: the data is lost for good."
    stay = sum(not _goes(backup, inventory.cluster) for backup in inventory.backups)
    return f"The newest completed backup is of {newest.isoformat()} ({stay} Backup objects stay)."


def _ended(backup: Backup, cluster: Cluster) -> datetime | None:
    if backup.status.phase != "completed":
        return None
    if _goes(backup, cluster):
        return None
    return backup.status.stopped_at


def _goes(backup: Backup, cluster: Cluster) -> bool:
    """Whether a backup goes with the cluster: it, or its snapshots, belong to it."""
    if backup.metadata.is_owned_by(cluster.metadata.uid):
        return True
    return backup.spec.method == _SNAPSHOT and _owns_snapshots(cluster)


def _owns_snapshots(cluster: Cluster) -> bool:
    snapshots = cluster.spec.backup.volume_snapshot or {}
    return snapshots.get("snapshotOwnerReference") == "cluster"


def _reported(cluster: Cluster) -> datetime | None:
    """What the operator reports itself; empty with plugins. It does not say by which method."""
    if _owns_snapshots(cluster):
        return None
    try:
        return _TIME.validate_python(cluster.status.last_successful_backup)
    except ValidationError:
        return None
