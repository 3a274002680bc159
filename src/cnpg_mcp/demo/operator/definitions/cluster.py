"""Cluster: its spec, but for what stands in `postgresql.py` and `cluster_status.py`."""

from cnpg_mcp.demo.kubernetes.schema import (
    anything,
    boolean,
    integer,
    listed,
    mapping,
    obj,
    partly,
    quantity,
    root,
    rule,
    text,
    transition,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Node, Object
from cnpg_mcp.demo.operator.definitions.cluster_status import STATUS
from cnpg_mcp.demo.operator.definitions.databases import LOCALE_RULES
from cnpg_mcp.demo.operator.definitions.postgresql import postgresql
from cnpg_mcp.demo.operator.definitions.roles import attributes
from cnpg_mcp.demo.operator.definitions.shared import LABEL, key, key_selector, named

_SERVICES = "rw r ro"


def _storage() -> Object:
    return obj(
        size=text(),
        storageClass=text(),
        resizeInUseVolumes=boolean(default=True),
        pvcTemplate=partly(resources=partly(requests=mapping(quantity()))),
    )


def _resources() -> Object:
    return obj(requests=mapping(quantity()), limits=mapping(quantity()), claims=listed(anything()))


def _image_catalog() -> Object:
    return obj(
        required={"kind": text(), "name": text(), "major": integer()},
        apiGroup=text(),
        rules=(
            rule(
                "Only image catalogs are supported",
                lambda ref: ref["kind"] in ("ImageCatalog", "ClusterImageCatalog"),
            ),
            rule(
                "Only image catalogs are supported",
                lambda ref: ref.get("apiGroup") == "postgresql.cnpg.io",
            ),
        ),
    )


def _bootstrap() -> Object:
    application = {"database": text(), "owner": text(), "secret": named()}
    locale = "encoding locale localeProvider localeCollate localeCType icuLocale icuRules"
    return obj(
        initdb=obj(
            {**application, "import": anything(), **{name: text() for name in locale.split()}},
            rules=LOCALE_RULES,
            builtinLocale=text(),
            dataChecksums=boolean(),
            options=listed(text()),
            walSegmentSize=integer(low=1, high=1024),
            postInitSQL=listed(text()),
            postInitApplicationSQL=listed(text()),
            postInitTemplateSQL=listed(text()),
            postInitSQLRefs=anything(),
            postInitApplicationSQLRefs=anything(),
            postInitTemplateSQLRefs=anything(),
        ),
        recovery=obj(
            application,
            source=text(),
            backup=obj(required={"name": text()}, endpointCA=anything()),
            recoveryTarget=anything(),
            volumeSnapshots=anything(),
        ),
        pg_basebackup=obj(application, required={"source": text(at_least=1)}),
    )


def _object_store() -> Object:
    return obj(
        required={"destinationPath": text(at_least=1)},
        azureCredentials=anything(),
        data=anything(),
        endpointCA=anything(),
        endpointURL=text(),
        googleCredentials=anything(),
        historyTags=mapping(text()),
        s3Credentials=anything(),
        serverName=text(),
        tags=mapping(text()),
        wal=anything(),
    )


def _backup() -> Object:
    checked = {"waitForArchive": True, "immediateCheckpoint": False}
    return obj(
        barmanObjectStore=_object_store(),
        retentionPolicy=text(pattern=r"^[1-9][0-9]*[dwm]$"),
        target=text(one_of="primary prefer-standby", default="prefer-standby"),
        volumeSnapshot=obj(
            annotations=mapping(text()),
            className=text(),
            labels=mapping(text()),
            online=boolean(default=True),
            onlineConfiguration=obj(
                default=checked,
                waitForArchive=boolean(default=True),
                immediateCheckpoint=boolean(),
            ),
            snapshotOwnerReference=text(one_of="none cluster backup", default="none"),
            tablespaceClassName=mapping(text()),
            walClassName=text(),
        ),
    )


def _service() -> Object:
    return partly(metadata=partly(name=text()), spec=partly(selector=mapping(text())))


def _managed() -> Object:
    additional = obj(
        required={"selectorType": text(one_of=_SERVICES), "serviceTemplate": _service()},
        updateStrategy=text(one_of="patch replace", default="patch"),
    )
    return obj(
        roles=listed(obj(attributes(), required={"name": text()})),
        services=obj(
            additional=listed(additional),
            disabledDefaultServices=listed(text(one_of=_SERVICES)),
        ),
    )


def _plugin() -> Object:
    return obj(
        required={"name": text()},
        enabled=boolean(default=True),
        isWALArchiver=boolean(default=False),
        parameters=mapping(text()),
    )


def _external_cluster() -> Object:
    return obj(
        required={"name": text()},
        barmanObjectStore=_object_store(),
        connectionParameters=mapping(text()),
        password=key_selector(),
        plugin=_plugin(),
        sslCert=key_selector(),
        sslKey=key_selector(),
        sslRootCert=key_selector(),
    )


def _replica() -> Object:
    return obj(
        required={"source": text(at_least=1)},
        enabled=boolean(),
        minApplyDelay=text(),
        primary=text(),
        promotionToken=text(),
        self=text(),
    )


def _replication_slots() -> Object:
    return obj(
        default={"highAvailability": {"enabled": True}},
        highAvailability=obj(
            default={"enabled": True},
            enabled=boolean(default=True),
            slotPrefix=text(pattern=r"^[0-9a-z_]*$", default="_cnpg_"),
            synchronizeLogicalDecoding=boolean(),
        ),
        synchronizeReplicas=obj(
            required={"enabled": boolean(default=True)}, excludePatterns=listed(text())
        ),
        updateInterval=integer(low=1, default=30),
    )


def _tablespace() -> Object:
    return obj(
        required={"name": text(), "storage": _storage()},
        owner=obj(name=text()),
        temporary=boolean(default=False),
    )


def _monitoring() -> Object:
    return obj(
        customQueriesConfigMap=listed(key()),
        customQueriesSecret=listed(key()),
        disableDefaultQueries=boolean(default=False),
        enablePodMonitor=boolean(default=False),
        metricsQueriesTTL=text(),
        podMonitorMetricRelabelings=listed(anything()),
        podMonitorRelabelings=listed(anything()),
        tls=obj(enabled=boolean(default=False)),
    )


def _affinity() -> Object:
    return obj(
        enablePodAntiAffinity=boolean(),
        topologyKey=text(),
        nodeSelector=mapping(text()),
        podAntiAffinityType=text(),
        tolerations=listed(anything()),
        nodeAffinity=anything(),
        additionalPodAffinity=anything(),
        additionalPodAntiAffinity=anything(),
    )


def _certificates() -> Object:
    return obj(
        clientCASecret=text(),
        replicationTLSSecret=text(),
        serverAltDNSNames=listed(text()),
        serverCASecret=text(),
        serverTLSSecret=text(),
    )


def _timing() -> dict[str, Node]:
    return {
        "startDelay": integer(bits=32, default=3600),
        "stopDelay": integer(bits=32, default=1800),
        "smartShutdownTimeout": integer(bits=32, default=180),
        "switchoverDelay": integer(bits=32, default=3600),
        "failoverDelay": integer(bits=32, default=0),
        "livenessProbeTimeout": integer(bits=32),
        "primaryLease": obj(
            leaseDurationSeconds=integer(bits=32, low=1, default=15),
            renewDeadlineSeconds=integer(bits=32, low=1, default=10),
            retryPeriodSeconds=integer(bits=32, low=1, default=2),
            releasedLeaseDurationSeconds=integer(bits=32, low=1, default=1),
        ),
    }


def _probes() -> Object:
    check = obj(
        enabled=boolean(default=True),
        connectionTimeout=integer(default=1000),
        requestTimeout=integer(default=1000),
    )
    return partly(liveness=partly(isolationCheck=check))


def _pods() -> dict[str, Node]:
    return {
        "affinity": _affinity(),
        "env": listed(partly(required={"name": text()})),
        "envFrom": listed(anything()),
        "ephemeralVolumeSource": anything(),
        "ephemeralVolumesSizeLimit": anything(),
        "imagePullPolicy": text(),
        "imagePullSecrets": listed(named()),
        "inheritedMetadata": obj(annotations=mapping(text()), labels=mapping(text())),
        "podSelectorRefs": listed(anything()),
        "podSecurityContext": anything(),
        "priorityClassName": text(),
        "probes": _probes(),
        "projectedVolumeTemplate": anything(),
        "resources": _resources(),
        "schedulerName": text(),
        "seccompProfile": anything(),
        "securityContext": anything(),
        "serviceAccountName": text(
            pattern=LABEL,
            rules=(
                transition("serviceAccountName is immutable", lambda new, old: bool(new == old)),
            ),
        ),
        "serviceAccountTemplate": anything(),
        "topologySpreadConstraints": listed(anything()),
    }


def _spec() -> Object:
    return obj(
        {**_timing(), **_pods()},
        required={"instances": integer(bits=32, low=1, default=1)},
        rules=(
            rule(
                "imageName and imageCatalogRef are mutually exclusive",
                lambda spec: not ("imageName" in spec and "imageCatalogRef" in spec),
            ),
        ),
        backup=_backup(),
        bootstrap=_bootstrap(),
        certificates=_certificates(),
        description=text(),
        enablePDB=boolean(default=True),
        enableSuperuserAccess=boolean(default=False),
        externalClusters=listed(_external_cluster()),
        imageCatalogRef=_image_catalog(),
        imageName=text(),
        logLevel=text(one_of="error warning info debug trace", default="info"),
        managed=_managed(),
        maxSyncReplicas=integer(low=0, default=0),
        minSyncReplicas=integer(low=0, default=0),
        monitoring=_monitoring(),
        nodeMaintenanceWindow=obj(
            inProgress=boolean(default=False), reusePVC=boolean(default=True)
        ),
        plugins=listed(_plugin()),
        postgresGID=integer(default=26),
        postgresUID=integer(default=26),
        postgresql=postgresql(),
        primaryUpdateMethod=text(one_of="switchover restart", default="restart"),
        primaryUpdateStrategy=text(one_of="unsupervised supervised", default="unsupervised"),
        replica=_replica(),
        replicationSlots=_replication_slots(),
        storage=_storage(),
        superuserSecret=named(),
        tablespaces=listed(_tablespace()),
        walStorage=_storage(),
    )


CLUSTER = root(required={"spec": _spec()}, status=STATUS)
