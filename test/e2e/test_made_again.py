"""Roles that are dropped and made again under the same name, at once."""

import pytest

from test.e2e.person import Person
from test.e2e.waiting import until
from test.e2e.writer import DATABASE_ROLE, PATIENCE, Writer, new_name


@pytest.mark.parametrize("frozen", [False, True])
def test_dropped_role_can_be_made_again_at_once(
    writer: Writer, person: Person, frozen: bool
) -> None:
    """Also while the operator's last report on the inline roles has it as not managed.

    That report is renewed a moment later, and never again once no inline role is left.
    """
    name, neighbour = new_name("phoenix"), new_name("neighbour")
    said = {"role_name": name, "login": False}
    writer.applied("create_postgres_role", **said)
    person.declares_inline(neighbour)
    until(lambda: name in _reported_undeclared(writer), PATIENCE, "the operator reports the role")
    for entry in person.inline() if frozen else ():
        person.removes_role(entry["name"])
    writer.confirmed("delete_postgres_role", role_name=name)
    until(lambda: _is_forgotten(writer, name, frozen=frozen), PATIENCE, "the report is renewed")
    writer.applied("create_postgres_role", **said)
    assert (writer.row("roles", name) or {})["source"] == DATABASE_ROLE
    for each in (name, neighbour):
        person.removes_role(each)


def _is_forgotten(writer: Writer, name: str, *, frozen: bool) -> bool:
    """Whether the list has no such role, but for an old report that is said to be old."""
    shown = writer.row("roles", name)
    return shown is None or (frozen and bool(shown.get("stale")))


def _reported_undeclared(writer: Writer) -> list[str]:
    psql = writer.psql
    status = psql.admin.get("clusters", psql.namespace, psql.cluster)["status"]
    found: list[str] = status["managedRolesStatus"].get("byStatus", {}).get("not-managed", [])
    return found


def test_inline_role_made_by_the_tool_can_be_dropped_and_made_again(
    older_writer: Writer, person: Person
) -> None:
    name = new_name("inline")
    older_writer.applied("create_postgres_role", role_name=name, connection_limit=4)
    assert [entry["name"] for entry in person.inline()].count(name) == 1
    older_writer.confirmed("delete_postgres_role", role_name=name)
    assert name not in [entry["name"] for entry in person.inline()]
    older_writer.applied("create_postgres_role", role_name=name, createdb=True)
    person.removes_role(name)
