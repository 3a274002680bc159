"""Each kind with its schema and its print columns."""

from dataclasses import dataclass

from cnpg_mcp.demo.kinds import BY_KIND, Kind
from cnpg_mcp.demo.kubernetes.definitions import Column
from cnpg_mcp.demo.kubernetes.schema import TreeSchema
from cnpg_mcp.demo.operator.definitions import (
    backups,
    catalogs,
    cluster,
    columns,
    databases,
    poolers,
    replication,
    roles,
)


@dataclass(frozen=True)
class Served:
    """A kind, what its objects look like, and what a Table shows of them."""

    name: str
    schema: TreeSchema
    columns: tuple[Column, ...]
    has_status: bool = True

    @property
    def kind(self) -> Kind:
        """Where it is served."""
        return BY_KIND[self.name]


DATABASE_ROLE = Served("DatabaseRole", roles.DATABASE_ROLE, columns.DECLARED)
SERVED = (
    Served("Cluster", cluster.CLUSTER, columns.CLUSTER),
    Served("Database", databases.DATABASE, columns.DECLARED),
    DATABASE_ROLE,
    Served("Backup", backups.BACKUP, columns.BACKUP),
    Served("ScheduledBackup", backups.SCHEDULED_BACKUP, columns.SCHEDULED_BACKUP),
    Served("Pooler", poolers.POOLER, columns.POOLER),
    Served("ImageCatalog", catalogs.CATALOG, columns.AGE, has_status=False),
    Served("ClusterImageCatalog", catalogs.CATALOG, columns.AGE, has_status=False),
    Served("Publication", replication.PUBLICATION, columns.DECLARED),
    Served("Subscription", replication.SUBSCRIPTION, columns.DECLARED),
    Served("FailoverQuorum", replication.FAILOVER_QUORUM, columns.AGE),
)
