"""The tools that write, with psql as the judge: what was called applied was so in PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from test.e2e.admin import CommandFailed
from test.e2e.births import target
from test.e2e.desk import Answer, Data, Desk, Refusal
from test.e2e.psql import Psql
from test.e2e.room import Room
from test.e2e.waiting import until

NAMES = ("app_user", "MyRole", "with space", "Ünïcode-名", "x" * 63, 'a"b', "a'b; --")
ROLES, DATABASES = "select rolname from pg_roles", "select datname from pg_database"
PATIENCE = 45
SCALED = "scaled"


@pytest.fixture
def pg(waited: Answer) -> Data:
    """The cluster that the tests share, as an argument."""
    return {"cluster_name": waited.data["name"]}


@pytest.fixture
def psql(room: Room, waited: Answer) -> Psql:
    """Its PostgreSQL."""
    return room.psql(waited.data["name"])


def applied(desk: Desk, tool: str, **arguments: Any) -> Answer:
    """The answer to a call that ends applied."""
    answer = desk.ask(tool, **arguments, wait_seconds=PATIENCE)
    assert answer.data["outcome"] == "applied", answer.text
    return answer


def code_of(desk: Desk, tool: str, **arguments: Any) -> str:
    """The code of a call's plan."""
    return str(desk.ask(tool, **arguments).data["confirmation"])


def confirmed(desk: Desk, tool: str, **arguments: Any) -> Answer:
    """The answer to a planned call that ends applied."""
    code = code_of(desk, tool, **arguments)
    return applied(desk, tool, **arguments, confirmation=code)


def rejected(desk: Desk, tool: str, **arguments: Any) -> Refusal:
    """How a planned call is refused by PostgreSQL, with the drop pending."""
    code = code_of(desk, tool, **arguments)
    refusal = desk.refused(tool, **arguments, confirmation=code, wait_seconds=PATIENCE)
    assert refusal.code == "rejected_by_operator", refusal.text
    assert refusal.data["result"]["pending"] is True
    return refusal


def password(psql: Psql, answer: Answer) -> str:
    """What the Secret that an answer names holds."""
    return psql.admin.secret(psql.namespace, answer.data["secret"]["name"])["password"]


def logs_in(psql: Psql, waited: Answer, role: str, secret: str) -> bool:
    """Whether a password opens PostgreSQL over the network."""
    facts = {**waited.data["connection"], "user": role}
    try:
        return psql.login(target(facts), secret, "select current_user") == role
    except CommandFailed:
        return False


def state(desk: Desk, pg: Data, what: str, name: str) -> str | None:
    """The state of a role or database in the lists."""
    found = desk.ask(f"list_postgres_{what}", **pg).data[what]
    return next((row["state"] for row in found if row["name"] == name), None)


@pytest.fixture(params=["DatabaseRole", "inline"])
def role(request: pytest.FixtureRequest, room: Room, desk: Desk, pg: Data) -> Iterator[Data]:
    """A role of one back-end, that logs in with a password made by the server."""
    name = f"clerk_{request.param.lower()}"
    arguments = {**pg, "role_name": name}
    if request.param == "inline":
        room.admin.patch(
            "clusters", room.namespace, pg["cluster_name"], _with_entry(room, pg, name)
        )
        until(lambda: state(desk, pg, "roles", name) == "applied", PATIENCE, "the inline role")
        applied(desk, "update_postgres_role", **arguments, login=True)
    else:
        applied(desk, "create_postgres_role", **arguments)
    yield arguments
    if state(desk, pg, "roles", name) is not None:
        confirmed(desk, "delete_postgres_role", **arguments)


def _with_entry(room: Room, pg: Data, name: str) -> Data:
    found = room.admin.get("clusters", room.namespace, pg["cluster_name"])
    entries = (found["spec"].get("managed") or {}).get("roles") or []
    return {"spec": {"managed": {"roles": [*entries, {"name": name}]}}}


def test_role_logs_in_and_only_with_the_newest_password(
    desk: Desk, psql: Psql, waited: Answer, role: Data
) -> None:
    name = role["role_name"]
    before = password(psql, applied_state(desk, role))
    assert logs_in(psql, waited, name, before)
    after = password(psql, confirmed(desk, "update_postgres_role", **role, rotate_password=True))
    assert logs_in(psql, waited, name, after)
    assert not logs_in(psql, waited, name, before)


def applied_state(desk: Desk, role: Data) -> Answer:
    """An answer that names the role's Secret."""
    return applied(desk, "update_postgres_role", **role, connection_limit=9)


def test_attributes_are_as_said(desk: Desk, psql: Psql, role: Data) -> None:
    applied(desk, "update_postgres_role", **role, createdb=True, connection_limit=7)
    columns = "select rolcreatedb, rolconnlimit, rolsuper from pg_roles where rolname = "
    assert psql.rows(f"{columns} '{role['role_name']}'") == [("t", "7", "f")]


def test_dropped_role_is_gone(desk: Desk, psql: Psql, room: Room, role: Data) -> None:
    secret = applied_state(desk, role).data["secret"]["name"]
    confirmed(desk, "delete_postgres_role", **role)
    assert role["role_name"] not in psql.names(ROLES)
    until(lambda: secret not in _all(room), PATIENCE, "the Secret goes")


def test_refused_drop_of_a_role_ends_when_its_cause_is_gone(
    desk: Desk, psql: Psql, pg: Data, role: Data
) -> None:
    name = role["role_name"]
    psql.rows(f"create database owned_by_it owner {name}")
    refusal = rejected(desk, "delete_postgres_role", **role)
    assert "depend on it" in refusal.text or "owner of database" in refusal.text
    assert state(desk, pg, "roles", name) == "dropping"
    assert name in psql.names(ROLES)
    psql.rows("drop database owned_by_it")
    confirmed(desk, "delete_postgres_role", **role)
    assert name not in psql.names(ROLES)


def test_odd_names_of_roles_and_databases_work(desk: Desk, psql: Psql, pg: Data) -> None:
    for name in NAMES:
        applied(desk, "create_postgres_role", **pg, role_name=name, login=False)
        applied(desk, "create_postgres_database", **pg, database_name=name, owner=name)
    assert set(NAMES) <= psql.names(ROLES)
    owners = set(psql.rows("select datname, pg_get_userbyid(datdba) from pg_database"))
    assert {(name, name) for name in NAMES} <= owners
    for name in NAMES:
        confirmed(desk, "delete_postgres_database", **pg, database_name=name)
        confirmed(desk, "delete_postgres_role", **pg, role_name=name)
    assert not set(NAMES) & (psql.names(ROLES) | psql.names(DATABASES))


def test_database_has_what_was_said_and_goes_when_the_last_session_ends(
    desk: Desk, psql: Psql, pg: Data
) -> None:
    shop = {**pg, "database_name": "Web-shop"}
    parts = {"extensions": ["pg_trgm", "hstore"], "schemas": ["sales"]}
    applied(desk, "create_postgres_database", **shop, owner="app", **parts)
    assert {"pg_trgm", "hstore"} <= psql.names("select extname from pg_extension", "Web-shop")
    owners = psql.rows("select nspname, pg_get_userbyid(nspowner) from pg_namespace", "Web-shop")
    assert ("sales", "app") in owners
    with _session(psql, "Web-shop"):
        refusal = rejected(desk, "delete_postgres_database", **shop)
        assert "55006" in refusal.text
        assert state(desk, pg, "databases", "Web-shop") == "dropping"
    until(lambda: "Web-shop" not in psql.names(DATABASES), PATIENCE, "the drop")
    confirmed(desk, "delete_postgres_database", **shop)


class _session:  # noqa: N801 - reads like a function
    """A session that is open inside the block: a process that holds psql in the pod."""

    def __init__(self, psql: Psql, database: str) -> None:
        self._psql, self._database = psql, database
        program = (
            "import sys; from test.e2e.admin import Admin; from test.e2e.psql import Psql; "
            "Psql(Admin(sys.argv[1]), sys.argv[2], sys.argv[3])"
            ".rows('select pg_sleep(600)', sys.argv[4])"
        )
        where = [os.environ["KUBECONFIG"], psql.namespace, psql.cluster, database]
        self._process = subprocess.Popen([sys.executable, "-c", program, *where])

    def _count(self) -> int:
        statement = "select count(*) from pg_stat_activity where query ~ 'pg_sleep.600'"
        return int(self._psql.rows(f"{statement} and pid <> pg_backend_pid()")[0][0])

    def __enter__(self) -> None:
        until(lambda: self._count() > 0, PATIENCE, "the session")

    def __exit__(self, *_: object) -> None:
        end = "select pg_terminate_backend(pid) from pg_stat_activity where query ~ 'pg_sleep.600'"
        self._psql.rows(f"{end} and pid <> pg_backend_pid()")
        self._process.wait(PATIENCE)


def test_replica_streams_and_goes_and_deletion_leaves_what_was_said(desk: Desk, room: Room) -> None:
    desk.ask("create_postgres_cluster", name=SCALED, wait_seconds=PATIENCE)
    until(lambda: _is_healthy(desk), 180, "the cluster")
    desk.ask("scale_postgres_cluster", name=SCALED, instances=2, wait_seconds=PATIENCE)
    until(lambda: _streams(room), 180, "the replica")
    until(lambda: _is_healthy(desk), 180, "both instances")
    confirmed(desk, "scale_postgres_cluster", name=SCALED, instances=1)
    assert _claims(room) == {f"{SCALED}-1"}
    database = {"cluster_name": SCALED, "database_name": "left"}
    applied(desk, "create_postgres_database", **database, owner="app")
    plan = desk.ask("delete_postgres_cluster", name=SCALED, without_backup=True).data
    before = _all(room)
    confirmed(desk, "delete_postgres_cluster", name=SCALED, without_backup=True)
    gone = before - _all(room)
    said = {row["name"] for row in plan["effects"] if row["fate"] == "deleted"}
    assert said <= gone
    left = {row["name"] for row in plan["effects"] if row["fate"] == "left"}
    assert left
    assert left <= _all(room)


def _is_healthy(desk: Desk) -> bool:
    return bool(desk.ask("get_cluster_status", name=SCALED).data["verdict"] == "healthy")


def _streams(room: Room) -> bool:
    return room.psql(SCALED).names("select state from pg_stat_replication") == {"streaming"}


def _claims(room: Room) -> set[str]:
    found = room.admin.objects("persistentvolumeclaims", room.namespace)
    names = {each["metadata"]["name"] for each in found}
    return {name for name in names if name.startswith(SCALED)}


def _all(room: Room) -> set[str]:
    kinds = ("clusters", "databases", "databaseroles", "secrets", "persistentvolumeclaims")
    found = [each for kind in kinds for each in room.admin.objects(kind, room.namespace)]
    return {each["metadata"]["name"] for each in found}
