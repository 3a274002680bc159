"""Backup and ScheduledBackup."""

from cnpg_mcp.demo.kubernetes.schema import (
    anything,
    boolean,
    integer,
    listed,
    mapping,
    obj,
    root,
    text,
    transition,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Node
from cnpg_mcp.demo.operator.definitions.shared import named, named_cluster

METHODS = "barmanObjectStore volumeSnapshot plugin"


def online_configuration() -> Node:
    """How a snapshot is taken while PostgreSQL runs."""
    return obj(waitForArchive=boolean(default=True), immediateCheckpoint=boolean())


def _common() -> dict[str, Node]:
    return {
        "method": text(one_of=METHODS, default="barmanObjectStore"),
        "target": text(one_of="primary prefer-standby"),
        "online": boolean(),
        "onlineConfiguration": online_configuration(),
        "pluginConfiguration": obj(required={"name": text()}, parameters=mapping(text())),
    }


_STATUS = obj(
    azureCredentials=anything(),
    backupId=text(),
    backupLabelFile=text(),
    backupName=text(),
    beginLSN=text(),
    beginWal=text(),
    commandError=text(),
    commandOutput=text(),
    destinationPath=text(),
    encryption=text(),
    endLSN=text(),
    endWal=text(),
    endpointCA=anything(),
    endpointURL=text(),
    error=text(),
    googleCredentials=anything(),
    instanceID=obj(podName=text(), ContainerID=text(), sessionID=text()),
    majorVersion=integer(),
    method=text(),
    online=boolean(),
    phase=text(),
    pluginMetadata=mapping(text()),
    reconciliationStartedAt=text(date=True),
    reconciliationTerminatedAt=text(date=True),
    s3Credentials=anything(),
    serverName=text(),
    snapshotBackupStatus=obj(elements=listed(anything())),
    startedAt=text(date=True),
    stoppedAt=text(date=True),
    tablespaceMapFile=text(),
)
_IMMUTABLE = transition("BackupSpec is immutable once set", lambda new, old: bool(new == old))

BACKUP = root(
    required={"spec": obj(_common(), required={"cluster": named()}, rules=(_IMMUTABLE,))},
    status=_STATUS,
)

SCHEDULED_BACKUP = root(
    required={
        "spec": obj(
            _common(),
            required={"cluster": named_cluster(), "schedule": text()},
            suspend=boolean(),
            immediate=boolean(),
            backupOwnerReference=text(one_of="none self cluster", default="none"),
        )
    },
    status=obj(
        error=text(),
        lastCheckTime=text(date=True),
        lastScheduleTime=text(date=True),
        nextScheduleTime=text(date=True),
    ),
)
