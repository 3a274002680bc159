"""Databases that the tools make and drop."""

from collections.abc import Iterator

import pytest

from test.e2e import truth
from test.e2e.person import Person
from test.e2e.writer import Writer, new_name


@pytest.fixture
def name(person: Person) -> Iterator[str]:
    """A name for a database."""
    made = new_name("Web-shop")
    yield made
    person.removes_database(made)


@pytest.fixture
def owner(writer: Writer, person: Person) -> Iterator[str]:
    """A role to own it."""
    made = new_name("owner")
    writer.applied("create_postgres_role", role_name=made, login=False)
    yield made
    person.removes_role(made)


def test_database_has_its_owner_extensions_and_schemas(
    writer: Writer, name: str, owner: str
) -> None:
    parts = {"extensions": ["pg_trgm", "hstore"], "schemas": ["sales", "Stock & Co"]}
    answer = writer.applied("create_postgres_database", database_name=name, owner=owner, **parts)
    said = {kind: [row["name"] for row in answer.data[kind]] for kind in parts}
    assert said == parts
    row = writer.row("databases", name) or {}
    assert (row["state"], row["owner"]) == ("applied", owner)
    writer.confirmed("delete_postgres_database", database_name=name)
    assert writer.row("databases", name) is None


def test_database_has_its_encoding_and_locale(writer: Writer, name: str) -> None:
    said = {"encoding": "LATIN1", "locale": "C"}
    writer.applied("create_postgres_database", database_name=name, owner="app", **said)
    found = truth.database(writer.psql, name)
    assert found == {"owner": "app", "encoding": "LATIN1", "locale": "C", "ctype": "C"}


def test_untrusted_extension_is_loaded_by_plan(writer: Writer, name: str) -> None:
    arguments = {"database_name": name, "owner": "app", "extensions": ["pageinspect"]}
    plan = writer.planned("create_postgres_database", **arguments)
    assert truth.database(writer.psql, name) is None
    code = plan["confirmation"]
    writer.applied("create_postgres_database", **arguments, confirmation=code)


@pytest.mark.parametrize("made_to", ["retain", "delete"])
def test_retained_database_keeps_its_data(writer: Writer, name: str, made_to: str) -> None:
    arguments = {"database_name": name, "owner": "app", "reclaim_policy": made_to}
    writer.applied("create_postgres_database", **arguments)
    writer.psql.rows("create table kept as select 42 as answer", name)
    writer.confirmed("delete_postgres_database", database_name=name, reclaim_policy="retain")
    assert writer.psql.rows("select answer from kept", name) == [("42",)]


def test_dropped_database_can_be_made_again_and_is_empty(writer: Writer, name: str) -> None:
    arguments = {"database_name": name, "owner": "app"}
    writer.applied("create_postgres_database", **arguments)
    writer.psql.rows("create table old ()", name)
    writer.confirmed("delete_postgres_database", database_name=name)
    writer.applied("create_postgres_database", **arguments)
    assert writer.psql.rows("select to_regclass('old') is null", name) == [("t",)]
