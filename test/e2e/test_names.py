"""Names of every kind: they work to the letter, or are refused before anything exists."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from test.e2e import truth
from test.e2e.person import Person
from test.e2e.writer import Writer

NAMES = ("app_user", "MyRole", "with space", "Ünïcode-名", "x" * 63, 'a"b', "a'b", "a<b&c")
TOO_LONG = ("x" * 64, "ü" * 32)
"""PostgreSQL keeps 63 bytes."""
NO_PARTS = ("with space", "'quoted")
"""Databases in which the operator could make no schema: it cannot connect to them."""
AT_ONCE = 4


@pytest.fixture
def names(person: Person) -> Iterator[Sequence[str]]:
    """The names, with nothing of them left afterwards."""
    yield NAMES
    for name in NAMES:
        person.removes_database(name)
        person.removes_role(name)


def _each(writer: Writer, act: Callable[[Writer, str], object], names: Sequence[str]) -> None:
    """Does it for every name, some at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(act, writer.twin(), name) for name in names]:
            done.result()


def _made(writer: Writer, name: str) -> None:
    parts = {} if name in NO_PARTS else {"schemas": [name]}
    writer.applied("create_postgres_role", role_name=name)
    writer.applied("create_postgres_database", database_name=name, owner=name, **parts)


def _dropped(writer: Writer, name: str) -> None:
    writer.confirmed("delete_postgres_database", database_name=name)
    writer.confirmed("delete_postgres_role", role_name=name)


def _made_inline(writer: Writer, name: str) -> None:
    writer.applied("create_postgres_role", role_name=name)
    writer.applied("update_postgres_role", role_name=name, createdb=True)


def _dropped_inline(writer: Writer, name: str) -> None:
    writer.confirmed_in_the_end("delete_postgres_role", role_name=name)


def test_names_of_roles_and_databases_work_to_the_letter(
    writer: Writer, names: Sequence[str]
) -> None:
    _each(writer, _made, names)
    assert set(names) <= writer.psql.names(truth.ROLES)
    assert set(names) <= writer.psql.names(truth.DATABASES)
    _each(writer, _dropped, names)
    assert not set(names) & writer.psql.names(truth.ROLES)
    assert not set(names) & writer.psql.names(truth.DATABASES)


def test_names_of_inline_roles_work_to_the_letter(
    older_writer: Writer, person: Person, names: Sequence[str]
) -> None:
    _each(older_writer, _made_inline, names)
    assert set(names) <= {entry["name"] for entry in person.inline()}
    assert set(names) <= older_writer.psql.names(truth.ROLES)
    _each(older_writer, _dropped_inline, names)
    assert not set(names) & {entry["name"] for entry in person.inline()}
    assert not set(names) & older_writer.psql.names(truth.ROLES)


@pytest.mark.parametrize("name", NO_PARTS)
def test_schema_in_a_database_without_connection_is_refused_beforehand(
    writer: Writer, name: str
) -> None:
    refusal = writer.refused(
        "create_postgres_database", database_name=name, owner="app", schemas=["sales"]
    )
    assert refusal.code == "invalid"
    assert truth.database(writer.psql, name) is None


@pytest.mark.parametrize("name", TOO_LONG)
def test_name_that_postgres_would_cut_is_refused(
    writer: Writer, older_writer: Writer, name: str
) -> None:
    before = _existing(writer)
    for each in (writer, older_writer):
        assert each.refused("create_postgres_role", role_name=name).code == "invalid"
    database = {"database_name": name, "owner": "app"}
    assert writer.refused("create_postgres_database", **database).code == "invalid"
    assert _existing(writer) == before


def _existing(writer: Writer) -> set[str]:
    return writer.psql.names(truth.ROLES) | writer.psql.names(truth.DATABASES)
