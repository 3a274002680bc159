"""The phases of a Cluster, in the operator's words."""

HEALTHY = "Cluster in healthy state"
SETTING_UP = "Setting up primary"
CREATING_REPLICA = "Creating a new replica"
WAITING = "Waiting for the instances to become active"
SWITCHOVER = "Switchover in progress"
FAILOVER = "Failing over"
UPGRADING = "Upgrading cluster"
RESTARTING = "Primary instance is being restarted without a switchover"
RESTARTING_IN_PLACE = "Primary instance is being restarted in-place"
WAITING_FOR_USER = "Waiting for user action"
UNRECOVERABLE = "Cluster is unrecoverable and needs manual intervention"
INVALID = "Invalid cluster definition"
UNKNOWN_PLUGIN = "Cluster cannot proceed to reconciliation due to an unknown plugin being required"
NO_IMAGE = "Cluster has incomplete or invalid image catalog"

PRIMARY_RESTARTS = (RESTARTING, RESTARTING_IN_PLACE)
WAITING_REASON = "Some instances are not yet active. Please wait."
