"""Roles and databases as an administrator declares them: good ones, bad ones, and refused drops."""

import secrets
from dataclasses import dataclass
from functools import partial

from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from test.e2e.desk import Data, Desk
from test.e2e.psql import Psql
from test.e2e.room import Room
from test.e2e.waiting import until

FIRST_TRY_SECONDS = 120
"""The operator repeats what failed after 30 s."""
SETTLED_SECONDS = 120

WITH_PASSWORD = ("billing", "invoices", "payroll", "ledger", "receipts", "refunds")
"""Roles with a password; as many are declared as are needed for one refused first try."""
ILL_FATED, OWNS_A_SCHEMA = "ill_fated", "owns_a_schema"
INLINE, INLINE_OWNS_A_SCHEMA = "auditor", "keeper"
DATABASE, GOOD_EXTENSION, BAD_EXTENSION = "ledger", "pg_trgm", "no_such_extension"
ABSENT_GROUP = "no_such_group"


@dataclass(frozen=True)
class Declared:
    """The cluster after all of it, and how its password role got there."""

    psql: Psql
    password_role: str
    first_tries: tuple[Data, ...]
    """The role with a password in list_postgres_roles, each time before it was applied."""
    roles: dict[str, Data]
    databases: dict[str, Data]


def declare(room: Room, desk: Desk, cluster: str) -> Declared:
    """Declares everything, and returns when the operator has settled all of it."""
    arranged = _Arrangement(room, desk, cluster)
    name, first = _refused_at_first(arranged)
    arranged.declare_others()
    arranged.refuse_drops()
    tries = [first, *_until_applied(arranged, name)]
    arranged.settle()
    return Declared(
        psql=room.psql(cluster),
        password_role=name,
        first_tries=tuple(tries),
        roles=arranged.roles(),
        databases=arranged.databases(),
    )


def _refused_at_first(arranged: "_Arrangement") -> tuple[str, Data]:
    """A role with a password Secret that the operator's first try left out, and how it shows.

    The operator lets the instances read the Secret only after it has seen the role. Mostly that is
    too late for the first try; while it is busy with the cluster anyway it may be in time.
    """
    for name in WITH_PASSWORD:
        arranged.declare_password_role(name)
        tried = partial(arranged.first_try_is_over, name)
        until(tried, SETTLED_SECONDS, f"{name} was tried")
        row = arranged.role(name)
        if row["state"] != "applied":
            return name, row
    raise LookupError("no first try was refused")


def _until_applied(arranged: "_Arrangement", name: str) -> list[Data]:
    """The role at every look until it is applied."""
    tries: list[Data] = []

    def applied() -> bool:
        tries.append(arranged.role(name))
        return bool(tries[-1]["state"] == "applied")

    until(applied, FIRST_TRY_SECONDS, f"{name} is applied")
    return tries[:-1]


class _Arrangement:
    """What the administrator does, and what the server says of it."""

    def __init__(self, room: Room, desk: Desk, cluster: str) -> None:
        self._admin = room.admin
        self._namespace = room.namespace
        self._desk, self._cluster = desk, cluster
        self._psql = room.psql(cluster)

    # --- what the server says

    def roles(self) -> dict[str, Data]:
        answer = self._desk.ask(
            "list_postgres_roles", cluster_name=self._cluster, detail_level="detailed"
        )
        return {row["name"]: row for row in answer.data["roles"]}

    def role(self, name: str) -> Data:
        return self.roles()[name]

    def databases(self) -> dict[str, Data]:
        answer = self._desk.ask("list_postgres_databases", cluster_name=self._cluster)
        return {row["name"]: row for row in answer.data["databases"]}

    def settle(self) -> None:
        """Until the server shows the end state of everything declared."""
        wanted = {
            ILL_FATED: "failed",
            OWNS_A_SCHEMA: "dropping",
            INLINE: "applied",
            INLINE_OWNS_A_SCHEMA: "dropping",
        }

        def settled() -> bool:
            roles = self.roles()
            return all(roles[name]["state"] == state for name, state in wanted.items()) and all(
                roles[name].get("message") for name, state in wanted.items() if state != "applied"
            )

        until(settled, SETTLED_SECONDS, "the roles are settled")
        until(self._database_settled, SETTLED_SECONDS, "the database is settled")

    def _database_settled(self) -> bool:
        return bool(self.databases()[DATABASE]["state"] == "failed")

    # --- what the administrator does

    def declare_password_role(self, name: str) -> None:
        """A role with a password Secret."""
        self._admin.create(
            {
                "kind": "Secret",
                "metadata": {"name": secret_of(name), "labels": {"cnpg.io/reload": "true"}},
                "type": "kubernetes.io/basic-auth",
                "stringData": {"username": name, "password": secrets.token_urlsafe(16)},
            },
            self._namespace,
        )
        self._role(
            name,
            {
                "login": True,
                "connectionLimit": 5,
                "inRoles": ["pg_monitor"],
                "passwordSecret": {"name": secret_of(name)},
            },
        )

    def first_try_is_over(self, name: str) -> bool:
        """Whether the operator has said anything of the role."""
        found = self._admin.get("databaseroles", self._namespace, _object(name))
        return "applied" in found.get("status", {})

    def declare_others(self) -> None:
        """Everything without a password."""
        self._role(ILL_FATED, {"inRoles": [ABSENT_GROUP]})
        self._role(OWNS_A_SCHEMA, {"databaseRoleReclaimPolicy": "delete"})
        self._inline(
            [
                {"name": INLINE, "login": True, "createdb": True, "inRoles": ["pg_monitor"]},
                {"name": INLINE_OWNS_A_SCHEMA},
            ]
        )
        extensions = [{"name": GOOD_EXTENSION}, {"name": BAD_EXTENSION}]
        self._create("databases", DATABASE, {"owner": "app", "extensions": extensions})

    def refuse_drops(self) -> None:
        """Asks for drops that PostgreSQL has to refuse, through both back-ends."""
        is_applied = partial(self._applied, OWNS_A_SCHEMA)  # else its object goes without a drop
        until(is_applied, SETTLED_SECONDS, f"{OWNS_A_SCHEMA} is applied")
        for owner in (OWNS_A_SCHEMA, INLINE_OWNS_A_SCHEMA):
            until(partial(self._exists, owner), SETTLED_SECONDS, f"{owner} exists")
            self._psql.rows(f"create schema of_{owner} authorization {owner}", "app")
        self._admin.delete("databaseroles", self._namespace, _object(OWNS_A_SCHEMA))
        self._inline(
            [
                {"name": INLINE, "login": True, "createdb": True, "inRoles": ["pg_monitor"]},
                {"name": INLINE_OWNS_A_SCHEMA, "ensure": "absent"},
            ]
        )

    def _applied(self, role: str) -> bool:
        found = self._admin.get("databaseroles", self._namespace, _object(role))
        return bool(found.get("status", {}).get("applied"))

    def _exists(self, role: str) -> bool:
        return role in self._psql.names("select rolname from pg_roles")

    def _role(self, name: str, spec: KubeObject) -> None:
        self._create("databaseroles", name, spec)

    def _create(self, plural: str, name: str, spec: KubeObject) -> None:
        body = {
            "kind": BY_PLURAL[plural].kind,
            "metadata": {"name": _object(name)},
            "spec": {"name": name, "cluster": {"name": self._cluster}, **spec},
        }
        self._admin.create(body, self._namespace)

    def _inline(self, roles: list[KubeObject]) -> None:
        change = {"spec": {"managed": {"roles": roles}}}
        self._admin.patch("clusters", self._namespace, self._cluster, change)


def secret_of(role: str) -> str:
    """The Secret with the password of a role."""
    return f"{role}-login"


def _object(name: str) -> str:
    """The Kubernetes name of what declares a role or database."""
    return name.replace("_", "-")
