"""The values of a Cluster's `status.phase`, word for word, and what kind each is."""

from enum import StrEnum


class Phase(StrEnum):
    """What the operator says it is doing. By itself it proves nothing."""

    HEALTHY = "Cluster in healthy state"
    SETTING_UP_PRIMARY = "Setting up primary"
    CREATING_REPLICA = "Creating a new replica"
    WAITING_FOR_INSTANCES = "Waiting for the instances to become active"
    SWITCHOVER = "Switchover in progress"
    FAILING_OVER = "Failing over"
    UPGRADING = "Upgrading cluster"
    MAJOR_UPGRADE = "Upgrading Postgres major version"
    UPGRADE_DELAYED = "Cluster upgrade delayed"
    WAITING_FOR_USER = "Waiting for user action"
    RESTARTING_IN_PLACE = "Primary instance is being restarted in-place"
    RESTARTING = "Primary instance is being restarted without a switchover"
    APPLYING_CONFIGURATION = "Applying configuration"
    ONLINE_UPGRADE = "Online upgrade in progress"
    ARCHITECTURE_MISSING = (
        "Cluster cannot execute instance online upgrade due to missing architecture binary"
    )
    PROMOTING = "Promoting to primary cluster"
    UNKNOWN_PLUGIN = (
        "Cluster cannot proceed to reconciliation due to an unknown plugin being required"
    )
    PLUGIN_ERROR = (
        "Cluster cannot proceed to reconciliation due to an error while interacting with plugins"
    )
    IMAGE_CATALOG = "Cluster has incomplete or invalid image catalog"
    CANNOT_CREATE_OBJECTS = "Unable to create required cluster objects"
    INVALID_DEFINITION = "Invalid cluster definition"
    UNRECOVERABLE = "Cluster is unrecoverable and needs manual intervention"
    DISK_FULL = "Not enough disk space"
    UNREACHABLE = "Instance Status Extraction Error: HTTP communication issue"
    NONE = ""


KNOWN = frozenset(str(phase) for phase in Phase)

UPDATING = frozenset(
    {
        Phase.UPGRADING,
        Phase.APPLYING_CONFIGURATION,
        Phase.ONLINE_UPGRADE,
        Phase.RESTARTING,
        Phase.RESTARTING_IN_PLACE,
        Phase.PROMOTING,
    }
)
"""Changes that a person asked for and that the operator rolls out."""

WORKING = UPDATING | {
    Phase.SETTING_UP_PRIMARY,
    Phase.CREATING_REPLICA,
    Phase.WAITING_FOR_INSTANCES,
    Phase.SWITCHOVER,
    Phase.FAILING_OVER,
    Phase.MAJOR_UPGRADE,
}
"""The operator is under way to something else."""
