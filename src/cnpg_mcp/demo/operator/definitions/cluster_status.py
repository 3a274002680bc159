"""`status` of a Cluster: what the operator and the instances write."""

from cnpg_mcp.demo.kubernetes.schema import anything, boolean, integer, listed, mapping, obj, text
from cnpg_mcp.demo.kubernetes.schema_nodes import Items, Object
from cnpg_mcp.demo.operator.definitions.shared import condition


def _names() -> Items:
    return listed(text())


def _image() -> Object:
    return obj(required={"image": text(), "majorVersion": integer()}, extensions=listed(anything()))


def _roles() -> Object:
    return obj(
        byStatus=mapping(_names()),
        cannotReconcile=mapping(_names()),
        passwordStatus=mapping(obj(resourceVersion=text(), transactionID=integer())),
    )


def _reported_instance() -> Object:
    return obj(required={"isPrimary": boolean()}, timeLineID=integer(), ip=text())


STATUS = obj(
    availableArchitectures=listed(obj(required={"goArch": text(), "hash": text()})),
    certificates=obj(
        clientCASecret=text(),
        expirations=mapping(text()),
        replicationTLSSecret=text(),
        serverAltDNSNames=_names(),
        serverCASecret=text(),
        serverTLSSecret=text(),
    ),
    cloudNativePGCommitHash=text(),
    cloudNativePGOperatorHash=text(),
    conditions=listed(condition()),
    configMapResourceVersion=obj(metrics=mapping(text())),
    currentPrimary=text(),
    currentPrimaryFailingSinceTimestamp=text(),
    currentPrimaryTimestamp=text(),
    danglingPVC=_names(),
    demotionToken=text(),
    firstRecoverabilityPoint=text(),
    firstRecoverabilityPointByMethod=mapping(text(date=True)),
    healthyPVC=_names(),
    image=text(),
    initializingPVC=_names(),
    instanceNames=_names(),
    instances=integer(),
    instancesReportedState=mapping(_reported_instance()),
    instancesStatus=mapping(_names()),
    jobCount=integer(bits=32),
    lastFailedBackup=text(),
    lastPromotionToken=text(),
    lastSuccessfulBackup=text(),
    lastSuccessfulBackupByMethod=mapping(text(date=True)),
    latestGeneratedNode=integer(),
    managedRolesStatus=_roles(),
    onlineUpdateEnabled=boolean(),
    operatorCertificateFingerprint=text(),
    pgDataImageInfo=_image(),
    phase=text(),
    phaseReason=text(),
    pluginStatus=listed(anything()),
    podSelectorRefs=listed(anything()),
    poolerIntegrations=obj(pgBouncerIntegration=obj(secrets=_names())),
    pvcCount=integer(bits=32),
    readService=text(),
    readyInstances=integer(),
    resizingPVC=_names(),
    secretsResourceVersion=anything(),
    selector=text(),
    switchReplicaClusterStatus=obj(inProgress=boolean()),
    systemID=text(),
    tablespacesStatus=listed(
        obj(required={"name": text(), "state": text()}, owner=text(), error=text())
    ),
    targetPgDataImageInfo=_image(),
    targetPrimary=text(),
    targetPrimaryTimestamp=text(),
    timelineID=integer(),
    topology=obj(
        instances=mapping(mapping(text())),
        nodesUsed=integer(bits=32),
        successfullyExtracted=boolean(),
    ),
    unusablePVC=_names(),
    writeService=text(),
)
