"""When a cluster was backed up: what its Backup objects and the operator say."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.dependents import Backup

_TIME: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def configured(cluster: Cluster) -> str:
    """The ways of backing up that are configured."""
    ways = ["WAL archive"] if cluster.archives_wal else []
    ways += ["volume snapshots"] if cluster.spec.backup.volume_snapshot is not None else []
    return f"{' and '.join(ways) or 'none'} configured"


def completed_at(backup: Backup) -> datetime | None:
    """When a backup ended well."""
    return backup.status.stopped_at if backup.status.phase == "completed" else None


def reported_at(cluster: Cluster) -> datetime | None:
    """The newest that the operator reports itself, by whatever method; `None` with plugins."""
    try:
        return _TIME.validate_python(cluster.status.last_successful_backup)
    except ValidationError:
        return None


def newest_end(cluster: Cluster, ends: Iterable[datetime | None], now: datetime) -> datetime | None:
    """The newest end of a backup that has this very cluster's data.

    A time in the future proves nothing; what ended before the cluster was made is of an earlier
    one of that name.
    """
    born = cluster.metadata.creation_timestamp
    counted = [end for end in ends if end is not None and end <= now]
    return max((end for end in counted if born is None or end >= born), default=None)
