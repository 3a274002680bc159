"""The kinds of CloudNativePG 1.30 as an API server serves them."""

from cnpg_mcp.demo.kubernetes.definitions import Admission, Definition
from cnpg_mcp.demo.operator.definitions.kinds import DATABASE_ROLE, SERVED

_ADMITTED = ("Cluster", "Database", "Backup", "ScheduledBackup", "Pooler")


def definitions(
    *, databaserole: bool = True, admission: Admission | None = None
) -> tuple[Definition, ...]:
    """All kinds, admitted by `admission` where they have webhooks; by nobody without one.

    Without `databaserole` as before 1.30, when there was no such kind.
    """
    return tuple(
        Definition(
            served.kind,
            served.schema,
            served.columns,
            admission if served.kind.kind in _ADMITTED else None,
            has_status=served.has_status,
        )
        for served in SERVED
        if databaserole or served is not DATABASE_ROLE
    )
