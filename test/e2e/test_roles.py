"""Roles that the tools make, change and drop, through both back-ends; PostgreSQL is the judge."""

from collections.abc import Iterator

import pytest

from test.e2e import truth
from test.e2e.person import Person
from test.e2e.writer import DATABASE_ROLE, INLINE, Writer, new_name

POWERS = ("superuser", "createrole", "replication", "bypassrls")
NO_LOGIN = "is not permitted to log in"
WRONG_PASSWORD = "password authentication failed"


def _role(back_end: str, writer: Writer, person: Person) -> Iterator[str]:
    """A role that logs in with a password made by the server, declared by it or by a person."""
    name = new_name("clerk")
    if back_end == INLINE:
        person.declares_inline(name)
        writer.applied("update_postgres_role", role_name=name, login=True)
    else:
        writer.applied("create_postgres_role", role_name=name)
    row = writer.row("roles", name) or {}
    assert (row["source"], row["state"]) == (back_end, "applied")
    yield name
    person.removes_role(name)


@pytest.fixture(scope="module", params=[DATABASE_ROLE, INLINE])
def role(request: pytest.FixtureRequest, writer: Writer, person: Person) -> Iterator[str]:
    """The role of each back-end that the tests share: each leaves it as it was."""
    yield from _role(request.param, writer, person)


@pytest.fixture(params=[DATABASE_ROLE, INLINE])
def doomed(request: pytest.FixtureRequest, writer: Writer, person: Person) -> Iterator[str]:
    """A role to be dropped."""
    yield from _role(request.param, writer, person)


@pytest.fixture(scope="module")
def groups(writer: Writer, person: Person) -> Iterator[list[str]]:
    """Two roles to be a member of, plain ones."""
    names = [new_name("group") for _ in range(2)]
    for name in names:
        writer.applied("create_postgres_role", role_name=name, login=False)
    yield names
    for name in names:
        person.removes_role(name)


def test_role_logs_in_and_only_with_the_newest_password(writer: Writer, role: str) -> None:
    before = writer.password(role)
    assert writer.psql.why_no_login(role, before) == ""
    writer.confirmed("update_postgres_role", role_name=role, rotate_password=True)
    after = writer.password(role)
    assert WRONG_PASSWORD in writer.psql.why_no_login(role, before)
    assert writer.psql.why_no_login(role, after) == ""


def test_role_whose_login_is_taken_away_cannot_log_in(writer: Writer, role: str) -> None:
    password = writer.password(role)
    writer.confirmed("update_postgres_role", role_name=role, login=False)
    assert NO_LOGIN in writer.psql.why_no_login(role, password)
    writer.applied("update_postgres_role", role_name=role, login=True)
    assert writer.psql.why_no_login(role, password) == ""


def test_attributes_become_those_given_and_no_others(writer: Writer, role: str) -> None:
    before = truth.role(writer.psql, role) or {}
    given = {
        "inherit": False,
        "createdb": True,
        "connection_limit": 7,
        "valid_until": "2041-02-03T04:05:06+01:00",
        "comment": 'it\'s "quoted", 名',
    }
    in_postgres = {**given, "valid_until": "2041-02-03T03:05:06Z"}
    writer.applied("update_postgres_role", role_name=role, **given)
    assert truth.role(writer.psql, role) == {**before, **in_postgres}
    writer.applied("update_postgres_role", role_name=role, **{key: before[key] for key in given})
    assert truth.role(writer.psql, role) == before


def test_power_is_given_by_plan_and_taken_at_once(writer: Writer, role: str) -> None:
    before = truth.role(writer.psql, role) or {}
    powers = dict.fromkeys(POWERS, True)
    plan = writer.planned("update_postgres_role", role_name=role, **powers)
    assert {row["kind"] for row in plan["effects"] if row["fate"] == "granted"} == set(POWERS)
    assert truth.role(writer.psql, role) == before
    code = plan["confirmation"]
    writer.applied("update_postgres_role", role_name=role, **powers, confirmation=code)
    assert truth.role(writer.psql, role) == {**before, **powers}
    writer.applied("update_postgres_role", role_name=role, **dict.fromkeys(POWERS, False))
    assert truth.role(writer.psql, role) == before


def test_memberships_come_and_go_one_by_one(writer: Writer, role: str, groups: list[str]) -> None:
    def members() -> set[str]:
        return set((truth.role(writer.psql, role) or {})["in_roles"])

    first, second = groups
    writer.applied("update_postgres_role", role_name=role, in_roles=[first])
    assert members() == {first}
    writer.applied("update_postgres_role", role_name=role, in_roles=[second])
    assert members() == {first, second}
    writer.applied("update_postgres_role", role_name=role, comment="3")
    assert members() == {first, second}
    writer.applied("update_postgres_role", role_name=role, in_roles={first: False})
    assert members() == {second}
    writer.applied("update_postgres_role", role_name=role, in_roles={second: False})
    assert members() == set()


def test_role_is_made_with_all_that_was_said(
    writer: Writer, person: Person, groups: list[str]
) -> None:
    name = new_name("whole")
    said = {
        "inherit": False,
        "createdb": True,
        "createrole": True,
        "replication": True,
        "bypassrls": True,
        "connection_limit": 2,
        "valid_until": "2042-01-01T00:00:00Z",
        "comment": "made at once",
        "in_roles": [*groups, "pg_monitor"],
    }
    plan = writer.planned("create_postgres_role", role_name=name, **said)
    assert truth.role(writer.psql, name) is None
    code = plan["confirmation"]
    writer.applied("create_postgres_role", role_name=name, **said, confirmation=code)
    person.removes_role(name)


def test_dropped_role_is_gone_with_its_secret(writer: Writer, doomed: str) -> None:
    secret = (writer.row("roles", doomed) or {})["secret"]
    writer.confirmed("delete_postgres_role", role_name=doomed)
    secrets = writer.psql.admin.objects("secrets", writer.psql.namespace)
    assert secret not in {item["metadata"]["name"] for item in secrets}
    writer.forgotten_role(doomed)
