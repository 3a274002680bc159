"""The calls of the matrix: every tool that writes, on each way that it can take."""

from dataclasses import dataclass, field
from typing import Any

from test.contract.caller import Content

OBJECT_STORE = {
    "/objectstores/store": {
        "apiVersion": "barmancloud.cnpg.io/v1",
        "kind": "ObjectStore",
        "metadata": {"name": "store", "uid": "00000000-0000-0000-0000-000000000001"},
    }
}
"""What the API server of a cluster with the Barman Cloud plugin answers."""


@dataclass(frozen=True)
class Scene:
    """One call.

    `planned`: it needs a code. `inline`: the API server does not know DatabaseRole, so roles are
    entries of their Cluster. `later`: an accepted call may leave what is still to be deleted.
    `released`: the operator drops a role as soon as that is asked for.
    """

    name: str
    tool: str
    arguments: Content
    planned: bool = False
    inline: bool = False
    later: bool = False
    released: bool = False
    stand_ins: Content = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def _scene(name: str, tool: str, /, *marks: str, **arguments: Any) -> Scene:
    flags = dict.fromkeys(marks, True)
    stand_ins = OBJECT_STORE if "backup_object_store" in arguments else {}
    return Scene(name, tool, arguments, **flags, stand_ins=stand_ins)


_PG = {"cluster_name": "pg", "wait_seconds": 0}
_LONE = {"without_backup": True, "delete_dependents": True}
_CREATE_CLUSTER, _SCALE = "create_postgres_cluster", "scale_postgres_cluster"
_DELETE_CLUSTER = "delete_postgres_cluster"
_CREATE, _UPDATE, _DELETE = (f"{verb}_postgres_role" for verb in ("create", "update", "delete"))
_NEW_DATABASE, _DROP_DATABASE = "create_postgres_database", "delete_postgres_database"

CLUSTERS = (
    _scene("cluster-made", _CREATE_CLUSTER, name="orders"),
    _scene("cluster-made-with-backup", _CREATE_CLUSTER, name="orders", backup_object_store="store"),
    _scene(
        "cluster-made-with-image", _CREATE_CLUSTER, "planned", name="orders", image="x.test/pg:18"
    ),
    _scene("scaled-up", _SCALE, name="pg", instances=4),
    _scene("scaled-down", _SCALE, "planned", name="pg", instances=2),
    _scene("cluster-deleted", _DELETE_CLUSTER, "planned", name="pg", without_backup=True),
    _scene("cluster-deleted-with-all", _DELETE_CLUSTER, "planned", "later", name="lone", **_LONE),
    _scene("leftovers-deleted", _DELETE_CLUSTER, "planned", "later", name="gone", **_LONE),
)


def _roles(*marks: str) -> tuple[Scene, ...]:
    where = "inline" if marks else "object"

    def scene(name: str, tool: str, /, *more: str, **arguments: Any) -> Scene:
        return _scene(f"{name}-{where}", tool, *marks, *more, **{**_PG, **arguments})

    return (
        scene("role-made", _CREATE, role_name="new"),
        scene("role-made-secret-taken", _CREATE, role_name="taken"),
        scene("role-made-superuser", _CREATE, "planned", role_name="new", superuser=True),
        scene("role-made-without-login", _CREATE, role_name="new", login=False),
        scene("role-changed", _UPDATE, role_name="clerk", createdb=True),
        scene("role-rotated", _UPDATE, "planned", role_name="clerk", rotate_password=True),
        scene("role-given-login", _UPDATE, role_name="readers", login=True),
        scene("role-deleted", _DELETE, "planned", role_name="clerk"),
    )


ROLES, INLINE_ROLES = _roles(), _roles("inline")
_CLERK = {"cluster_name": "pg", "role_name": "clerk", "wait_seconds": 2}
_DROPPED = ("planned", "later", "released")

DATABASES = (
    _scene("database-made", _NEW_DATABASE, **_PG, database_name="new", owner="clerk"),
    _scene(
        "database-made-with-extension", _NEW_DATABASE, "planned", **_PG, database_name="new",
        owner="clerk", extensions=["plpython3u"],
    ),
    _scene("database-dropped", _DROP_DATABASE, "planned", **_PG, database_name="shop"),
    _scene(
        "database-undeclared", _DROP_DATABASE, "planned", **_PG, database_name="shop",
        reclaim_policy="retain",
    ),
    _scene("database-cleared", _DROP_DATABASE, "planned", **_PG, database_name="dropped"),
)  # fmt: skip

SCENES = (
    *CLUSTERS,
    *ROLES,
    _scene("role-cleared-object", _DELETE, *_DROPPED, **_CLERK),
    *DATABASES,
    *INLINE_ROLES,
    _scene("role-cleared-inline", _DELETE, *_DROPPED, "inline", **_CLERK),
)
