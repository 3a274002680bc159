"""Typed views of the CNPG objects that refer to a Cluster, or that it refers to."""

from pydantic import Field

from cnpg_mcp.domain.views.base import ObjectView, View
from cnpg_mcp.domain.views.cluster import ReportedTime
from cnpg_mcp.domain.views.declarative import ClusterReference


class BackupSpec(View):
    """`spec` of a Backup."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    method: str = ""


class BackupStatus(View):
    """`status` of a Backup."""

    phase: str = ""
    error: str = ""
    started_at: ReportedTime = None
    stopped_at: ReportedTime = None


class Backup(ObjectView):
    """One backup of a cluster."""

    spec: BackupSpec = Field(default_factory=BackupSpec)
    status: BackupStatus = Field(default_factory=BackupStatus)


class ScheduledBackupSpec(View):
    """`spec` of a ScheduledBackup."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    schedule: str = ""
    suspend: bool = False


class ScheduledBackupStatus(View):
    """`status` of a ScheduledBackup."""

    last_schedule_time: ReportedTime = None
    next_schedule_time: ReportedTime = None


class ScheduledBackup(ObjectView):
    """Backups of a cluster at given times."""

    spec: ScheduledBackupSpec = Field(default_factory=ScheduledBackupSpec)
    status: ScheduledBackupStatus = Field(default_factory=ScheduledBackupStatus)


class PoolerSpec(View):
    """`spec` of a Pooler."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    instances: int = 1
    type: str = "rw"


class Pooler(ObjectView):
    """A PgBouncer in front of a cluster; its own status does not tell whether it works."""

    spec: PoolerSpec = Field(default_factory=PoolerSpec)
