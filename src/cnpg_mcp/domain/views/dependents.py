"""Typed views of the CNPG objects that refer to a Cluster, or that it refers to."""

from pydantic import AwareDatetime, Field

from cnpg_mcp.domain.views.base import ObjectView, View
from cnpg_mcp.domain.views.declarative import ClusterReference


class BackupSpec(View):
    """`spec` of a Backup."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    method: str = ""


class BackupStatus(View):
    """`status` of a Backup."""

    phase: str = ""
    error: str = ""
    started_at: AwareDatetime | None = None
    stopped_at: AwareDatetime | None = None


class Backup(ObjectView):
    """One backup of a cluster."""

    spec: BackupSpec = Field(default_factory=BackupSpec)
    status: BackupStatus = Field(default_factory=BackupStatus)


class ScheduledBackupSpec(View):
    """`spec` of a ScheduledBackup."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    suspend: bool = False


class ScheduledBackup(ObjectView):
    """Backups of a cluster at given times."""

    spec: ScheduledBackupSpec = Field(default_factory=ScheduledBackupSpec)


class PoolerSpec(View):
    """`spec` of a Pooler."""

    cluster: ClusterReference = Field(default_factory=ClusterReference)
    instances: int = 1


class Pooler(ObjectView):
    """A PgBouncer in front of a cluster; its own status does not tell whether it works."""

    spec: PoolerSpec = Field(default_factory=PoolerSpec)
