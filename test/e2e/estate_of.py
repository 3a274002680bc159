"""What there is of a cluster in the API, by the kinds that a plan for its end speaks of."""

from test.e2e.desk import Data
from test.e2e.psql import Psql
from test.e2e.truth import parts

Thing = tuple[str, str]
"""Kind as a plan names it, and name."""

PLURALS = {
    "Cluster": "clusters",
    "instance": "pods",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Secret": "secrets",
    "Database": "databases",
    "DatabaseRole": "databaseroles",
    "ScheduledBackup": "scheduledbackups",
    "Pooler": "poolers",
}


def things(psql: Psql) -> set[Thing]:
    """All objects of these kinds that are of the cluster, by their names."""
    return {(kind, name) for kind, plural in PLURALS.items() for name in parts(psql, plural)}


def with_fate(plan: Data, *fates: str) -> set[Thing]:
    """What a plan says of objects."""
    said = [row for row in plan["effects"] if row["fate"] in fates]
    return {(row["kind"], row["name"]) for row in said}


def inside(plan: Data, kind: str) -> set[str]:
    """The databases or roles that a plan says would be dropped in PostgreSQL."""
    dropped = [row for row in plan["effects"] if row["fate"] == "dropped"]
    return {row["name"] for row in dropped if row["kind"] == kind}
