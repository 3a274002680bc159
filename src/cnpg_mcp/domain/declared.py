"""How far a declared object is in PostgreSQL: what DatabaseRole and Database have in common."""

from datetime import datetime, timedelta

from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.views.base import Metadata
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole, DeclarativeStatus, Ensure

FIRST_TRY = timedelta(seconds=45)
"""The operator repeats a failed try after 30 s; a failure younger than this may be passing."""

CLUSTER_GONE = "cluster resource has been deleted, skipping reconciliation"
"""What CNPG writes into objects of a deleted cluster; it stays until a new one reconciles them."""


def declared_state(
    metadata: Metadata, status: DeclarativeStatus, *, ensure: Ensure, drops: bool
) -> DeclaredState:
    """What the object's status proves.

    `drops` says whether deleting the object drops what it declares. A status proves something
    only at the object's present generation; deletion itself adds one to it.
    """
    if metadata.deletion_timestamp is not None:
        return DeclaredState.DROPPING if drops else DeclaredState.IN_PROGRESS
    if status.applied is None or status.message == CLUSTER_GONE:
        return DeclaredState.IN_PROGRESS
    if not status.applied:
        return DeclaredState.DROPPING if ensure is Ensure.ABSENT else DeclaredState.FAILED
    if status.observed_generation != metadata.generation:
        return DeclaredState.IN_PROGRESS
    return DeclaredState.DROPPED if ensure is Ensure.ABSENT else DeclaredState.APPLIED


def database_state(database: Database) -> DeclaredState:
    """What the status of a Database proves."""
    spec = database.spec
    drops = spec.database_reclaim_policy == "delete"
    return declared_state(database.metadata, database.status, ensure=spec.ensure, drops=drops)


def role_state(role: DatabaseRole, now: datetime) -> DeclaredState:
    """What the status of a DatabaseRole proves.

    With a password Secret the first try always fails: the operator grants the instance access to
    the Secret only after it has seen the object.
    """
    spec = role.spec
    drops = spec.database_role_reclaim_policy == "delete"
    state = declared_state(role.metadata, role.status, ensure=spec.ensure, drops=drops)
    if state is DeclaredState.FAILED and spec.password_secret and is_young(role.metadata, now):
        return DeclaredState.IN_PROGRESS
    return state


def is_young(metadata: Metadata, now: datetime) -> bool:
    """Whether the operator may not have had its second try yet."""
    created = metadata.creation_timestamp
    return created is not None and now - created < FIRST_TRY
