"""What is asked when a cluster is to be deleted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterDeletion:
    """Which cluster to delete, whether our declarations go with it, and without a backup."""

    name: str
    delete_dependents: bool = False
    without_backup: bool = False
