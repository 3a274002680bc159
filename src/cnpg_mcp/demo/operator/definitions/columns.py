"""The print columns of each kind, after its name."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.definitions import Column


def _column(name: str, kind: str, path: str) -> Column:
    keys = path.split(".")

    def read(obj: KubeObject) -> object:
        value: object = obj
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    return Column(name, kind, read)


AGE = (_column("Age", "date", "metadata.creationTimestamp"),)
CLUSTER = (
    *AGE,
    _column("Instances", "integer", "status.instances"),
    _column("Ready", "integer", "status.readyInstances"),
    _column("Status", "string", "status.phase"),
    _column("Primary", "string", "status.currentPrimary"),
)
_OF_CLUSTER = (*AGE, _column("Cluster", "string", "spec.cluster.name"))
DECLARED = (
    *_OF_CLUSTER,
    _column("PG Name", "string", "spec.name"),
    _column("Applied", "boolean", "status.applied"),
    _column("Message", "string", "status.message"),
)
BACKUP = (
    *_OF_CLUSTER,
    _column("Method", "string", "spec.method"),
    _column("Phase", "string", "status.phase"),
    _column("Error", "string", "status.error"),
)
SCHEDULED_BACKUP = (*_OF_CLUSTER, _column("Last Backup", "date", "status.lastScheduleTime"))
POOLER = (
    *_OF_CLUSTER,
    _column("Type", "string", "spec.type"),
    _column("Phase", "string", "status.phase"),
)
