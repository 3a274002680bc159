"""The codes of findings, and what each means for the verdict."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType


class Effect(Enum):
    """What a warning or critical finding does to the verdict; information does nothing."""

    NONE = "none"
    """The cluster itself is as it should be."""
    DEGRADES = "degrades"
    """A serving cluster is degraded."""
    BLOCKS = "blocks"
    """A serving cluster is degraded; what was under way will not finish by itself."""


class FindingCode(StrEnum):
    """What was found; stable, for programs."""

    # what was asked for, on purpose
    HIBERNATED = "hibernated"
    HIBERNATING = "hibernating"
    HIBERNATION_WAITING = "hibernation-waiting"
    WAKING = "waking-from-hibernation"
    DELETING = "deleting"
    DELETION_HELD = "deletion-held-by-finalizer"
    RECONCILIATION_DISABLED = "reconciliation-disabled"
    INSTANCES_FENCED = "instances-fenced"

    # the operator
    OPERATOR_DOWN = "operator-down"
    OPERATOR_NOT_SEEN = "operator-not-seen"
    NOT_PROCESSED = "not-processed"
    INVALID_DEFINITION = "invalid-cluster-definition"
    PLUGIN_UNKNOWN = "plugin-unknown"
    PLUGIN_FAILING = "plugin-failing"
    IMAGE_CATALOG_INVALID = "image-catalog-invalid"
    OBJECTS_NOT_CREATED = "objects-not-created"
    ARCHITECTURE_MISSING = "architecture-missing"
    INSTANCES_UNREACHABLE = "instances-unreachable-from-operator"
    UPGRADE_DELAYED = "upgrade-delayed"
    WAITING_FOR_USER = "waiting-for-user"
    PHASE_STALE = "phase-stale"
    PHASE_UNRECOGNISED = "phase-unrecognised"
    RESTART_PENDING = "restart-pending"

    # work under way
    BOOTSTRAPPING = "bootstrapping"
    CREATING_REPLICA = "creating-replica"
    SCALING_UP = "scaling-up"
    SCALING_DOWN = "scaling-down"
    SCALING_BLOCKED = "scaling-blocked"
    SWITCHOVER = "switchover-in-progress"
    SWITCHOVER_STUCK = "switchover-stuck"
    RESTARTING = "restarting"
    UPDATING = "updating"
    MAJOR_UPGRADE = "major-upgrade"
    INSTANCES_STARTING = "instances-starting"
    OPERATOR_WORKING = "operator-working"

    # the primary
    FAILOVER = "failover-in-progress"
    FAILOVER_STUCK = "failover-stuck"
    FAILOVER_RECOVERING = "recovering-after-failover"
    PRIMARY_UNAVAILABLE = "primary-unavailable"
    PRIMARY_UNKNOWN = "primary-unknown"
    NO_WRITE_ENDPOINT = "no-write-endpoint"
    CONNECTIONS_EXHAUSTED = "connections-exhausted"

    # instances and their pods
    INSTANCE_NOT_READY = "instance-not-ready"
    INSTANCE_NOT_ANSWERING = "instance-not-answering"
    INSTANCE_POD_MISSING = "instance-pod-missing"
    QUOTA_EXCEEDED = "quota-exceeded"
    POD_NOT_STARTING = "pod-not-starting"
    POD_UNSCHEDULABLE = "pod-unschedulable"
    POD_FAILED = "pod-failed"
    POD_STUCK_TERMINATING = "pod-stuck-terminating"
    IMAGE_PULL_FAILING = "image-pull-failing"
    CONTAINER_CONFIG = "container-config-error"
    CRASH_LOOPING = "crash-looping"
    OUT_OF_MEMORY = "out-of-memory"
    RECENT_CRASH = "recent-crash"
    JOB_FAILING = "job-failing"
    JOB_FAILED = "job-failed"
    UNRECOVERABLE = "unrecoverable"

    # volumes
    VOLUME_FULL = "volume-full"
    VOLUMES_LOST = "volumes-lost"
    VOLUME_PENDING = "volume-pending"
    VOLUME_TERMINATING = "volume-terminating"
    VOLUME_UNUSABLE = "volume-unusable"
    VOLUME_RESIZING = "volume-resizing"
    VOLUME_RESIZE_FAILING = "volume-resize-failing"
    STORAGE_CLASS_MISSING = "storage-class-missing"

    # replication
    SYNCHRONOUS_STANDBYS_MISSING = "synchronous-standbys-missing"
    REPLICA_NOT_STREAMING = "replica-not-streaming"
    SYSTEM_ID_MISMATCH = "system-id-mismatch"
    SINGLE_INSTANCE = "single-instance"
    REPLICA_CLUSTER = "replica-cluster"

    # protection of the data
    NO_BACKUP = "no-backup"
    NO_BASE_BACKUP = "no-base-backup"
    ARCHIVING_FAILING = "archiving-failing"
    BACKUP_FAILING = "backup-failing"
    SCHEDULED_BACKUP_SUSPENDED = "scheduled-backup-suspended"
    CERTIFICATES_EXPIRING = "certificates-expiring"
    CERTIFICATES_EXPIRED = "certificates-expired"

    # what is declared for the cluster
    DATABASE_NOT_APPLIED = "database-not-applied"
    ROLE_NOT_APPLIED = "role-not-applied"
    DECLARATION_PENDING = "declaration-pending"
    DECLARATION_STUCK_DELETING = "declaration-stuck-deleting"
    DROP_PENDING = "drop-pending"
    POOLER_NOT_READY = "pooler-not-ready"


_NONE = (
    FindingCode.RECENT_CRASH,
    FindingCode.CERTIFICATES_EXPIRING,
    FindingCode.DATABASE_NOT_APPLIED,
    FindingCode.ROLE_NOT_APPLIED,
    FindingCode.DECLARATION_PENDING,
    FindingCode.DECLARATION_STUCK_DELETING,
    FindingCode.DROP_PENDING,
)

_DEGRADES = (
    FindingCode.DELETION_HELD,
    FindingCode.HIBERNATION_WAITING,
    FindingCode.WAITING_FOR_USER,
    FindingCode.PHASE_STALE,
    FindingCode.PHASE_UNRECOGNISED,
    FindingCode.RESTART_PENDING,
    FindingCode.SCALING_BLOCKED,
    FindingCode.FAILOVER_RECOVERING,
    FindingCode.CONNECTIONS_EXHAUSTED,
    FindingCode.INSTANCE_NOT_ANSWERING,
    FindingCode.REPLICA_NOT_STREAMING,
    FindingCode.ARCHIVING_FAILING,
    FindingCode.BACKUP_FAILING,
    FindingCode.CERTIFICATES_EXPIRED,
    FindingCode.POOLER_NOT_READY,
    FindingCode.VOLUME_RESIZE_FAILING,
    FindingCode.VOLUME_TERMINATING,
)

_EFFECTS: Mapping[FindingCode, Effect] = MappingProxyType(
    dict.fromkeys(_NONE, Effect.NONE) | dict.fromkeys(_DEGRADES, Effect.DEGRADES)
)

WORK = frozenset(
    {
        FindingCode.HIBERNATING,
        FindingCode.WAKING,
        FindingCode.DELETING,
        FindingCode.BOOTSTRAPPING,
        FindingCode.CREATING_REPLICA,
        FindingCode.SCALING_UP,
        FindingCode.SCALING_DOWN,
        FindingCode.SWITCHOVER,
        FindingCode.RESTARTING,
        FindingCode.UPDATING,
        FindingCode.MAJOR_UPGRADE,
        FindingCode.INSTANCES_STARTING,
        FindingCode.OPERATOR_WORKING,
        FindingCode.UPGRADE_DELAYED,
        FindingCode.PHASE_STALE,
        FindingCode.VOLUME_RESIZING,
    }
)
"""Codes that, as information, say that the operator is at work as asked."""


def effect(code: FindingCode) -> Effect:
    """What a warning or critical finding of that code does to the verdict."""
    return _EFFECTS.get(code, Effect.BLOCKS)
