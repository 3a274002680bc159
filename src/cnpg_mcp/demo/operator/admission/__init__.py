"""Who admits the kinds of CloudNativePG: its mutating and validating webhooks as pure functions."""

from dataclasses import dataclass, replace

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes.definitions import Admitted
from cnpg_mcp.demo.operator.admission import (
    backups,
    cluster,
    cluster_changes,
    cluster_defaults,
    cluster_warnings,
    databases,
    poolers,
)
from cnpg_mcp.demo.operator.admission.webhooks import KindWebhooks
from cnpg_mcp.demo.operator.definitions.backups import BACKUP, SCHEDULED_BACKUP
from cnpg_mcp.demo.operator.definitions.cluster import CLUSTER
from cnpg_mcp.demo.operator.definitions.databases import DATABASE
from cnpg_mcp.demo.operator.definitions.poolers import POOLER

_OF_KIND = {
    "Cluster": KindWebhooks(
        CLUSTER,
        mutate=cluster_defaults.mutated,
        validate=cluster.faults,
        validate_change=cluster_changes.faults,
        warn=cluster_warnings.warnings,
        group_of_changes="cluster.cnpg.io",
        may_be_disabled=True,
    ),
    "Database": KindWebhooks(
        DATABASE,
        validate=databases.faults,
        called="Database ",
        group_of_changes="database.cnpg.io",
    ),
    "Backup": KindWebhooks(BACKUP, validate=backups.backup_faults),
    "ScheduledBackup": KindWebhooks(
        SCHEDULED_BACKUP, validate=backups.schedule_faults, warn=backups.schedule_warnings
    ),
    "Pooler": KindWebhooks(POOLER, validate=poolers.faults, warn=poolers.warnings, mutates=False),
}


@dataclass
class Webhooks:
    """The `Admission` of all kinds that have webhooks.

    While they do not `answer`, every write is refused. `queries` is the ConfigMap with monitoring
    queries that every Cluster gets by default; an operator may be installed without one.
    """

    answer: bool = True
    queries: str = ""

    def admit(self, kind: Kind, new: KubeObject, old: KubeObject | None) -> Admitted:
        """The object with the webhook's defaults; see `KindWebhooks.admit`.

        Raises:
            Failure: refused, or 500 while nobody answers.
        """
        webhooks = _OF_KIND.get(kind.kind)
        if webhooks is None:
            return Admitted(new)
        if not self.answer:
            raise webhooks.unanswered(kind, new, old)
        admitted = webhooks.admit(kind, new, old)
        return self._observed(admitted) if self.queries and kind.kind == "Cluster" else admitted

    def _observed(self, admitted: Admitted) -> Admitted:
        """The Cluster with the default queries, unless it has or wants others."""
        spec = admitted.object["spec"]
        monitoring = spec["monitoring"]
        if monitoring["disableDefaultQueries"] or "customQueriesConfigMap" in monitoring:
            return admitted
        default = [{"key": "queries", "name": self.queries}]
        watched = {**monitoring, "customQueriesConfigMap": default}
        changed = {**admitted.object, "spec": {**spec, "monitoring": watched}}
        return replace(admitted, object=changed)
