"""Drops that PostgreSQL refuses: reported in its words, pending, and over when they should be."""

from collections.abc import Callable, Iterator

import pytest

from test.e2e import truth
from test.e2e.desk import Refusal
from test.e2e.person import Person
from test.e2e.psql import Psql
from test.e2e.sessions import session
from test.e2e.waiting import until
from test.e2e.writer import DATABASE_ROLE, INLINE, PATIENCE, Writer, new_name

DEPENDENTS = ("2BP01", "cannot be dropped", "owner of", "object in database")
"""How PostgreSQL says that something depends on a role, by one back-end and by the other."""
OPEN_SESSION = "55006"
DROP_SECONDS = 90
"""The operator tries again every half minute."""
APP = "app"


def _table(psql: Psql, owner: str) -> Callable[[], object]:
    psql.rows(f"create table of_{owner} (); alter table of_{owner} owner to {owner}", APP)
    return lambda: psql.rows(f"drop table of_{owner}", APP)


def _database(psql: Psql, owner: str) -> Callable[[], object]:
    psql.rows(f"create database of_{owner} owner {owner}")
    return lambda: psql.rows(f"drop database of_{owner}")


@pytest.fixture(params=[DATABASE_ROLE, INLINE])
def owner(request: pytest.FixtureRequest, writer: Writer, person: Person) -> Iterator[str]:
    """A role of each back-end that is about to own something."""
    name = new_name("owner")
    if request.param == INLINE:
        person.declares_inline(name)
    else:
        writer.applied("create_postgres_role", role_name=name, login=False)
    yield name
    person.removes_role(name)


def _is_refused(writer: Writer, owner: str) -> Refusal:
    refusal = writer.rejected("delete_postgres_role", role_name=owner)
    assert any(words in refusal.data["result"]["message"] for words in DEPENDENTS)
    assert writer.state("roles", owner) == "dropping"
    assert truth.role(writer.psql, owner) is not None
    return refusal


@pytest.mark.parametrize("own", [_table, _database])
def test_refused_drop_of_a_role_ends_when_its_cause_goes(
    writer: Writer, owner: str, own: Callable[[Psql, str], Callable[[], object]]
) -> None:
    take_away = own(writer.psql, owner)
    _is_refused(writer, owner)
    take_away()
    writer.confirmed("delete_postgres_role", role_name=owner)
    writer.forgotten_role(owner)


def test_refused_drop_of_a_role_is_withdrawn_as_printed(
    writer: Writer, person: Person, owner: str
) -> None:
    take_away = _table(writer.psql, owner)
    refusal = _is_refused(writer, owner)
    person.does_what_is_printed(refusal)
    until(lambda: writer.state("roles", owner) != "dropping", PATIENCE, "nothing is dropped")
    take_away()
    _touch(person)
    until(lambda: _is_settled(writer, owner), PATIENCE, "the operator has looked again")
    assert truth.role(writer.psql, owner) is not None


def _touch(person: Person) -> None:
    """Makes the operator look at the cluster again."""
    change = {"metadata": {"annotations": {"looked-at": new_name("again")}}}
    person.admin.patch("clusters", person.psql.namespace, person.psql.cluster, change)


def _is_settled(writer: Writer, owner: str) -> bool:
    return writer.state("roles", owner) in {"applied", "unwatched", ""}


@pytest.fixture
def shop(writer: Writer, person: Person) -> Iterator[str]:
    """A database."""
    name = new_name("Web-shop")
    writer.applied("create_postgres_database", database_name=name, owner=APP)
    yield name
    person.removes_database(name)


def _is_held(writer: Writer, shop: str) -> Refusal:
    refusal = writer.rejected("delete_postgres_database", database_name=shop)
    assert OPEN_SESSION in refusal.data["result"]["message"]
    assert writer.state("databases", shop) == "dropping"
    assert truth.database(writer.psql, shop) is not None
    return refusal


def test_refused_drop_of_a_database_happens_when_the_last_session_ends(
    writer: Writer, shop: str
) -> None:
    with session(writer.psql, shop):
        _is_held(writer, shop)
    until(lambda: writer.state("databases", shop) == "dropped", DROP_SECONDS, "the drop")
    assert truth.database(writer.psql, shop) is None
    writer.confirmed("delete_postgres_database", database_name=shop)


def test_refused_drop_of_a_database_is_withdrawn_as_printed(
    writer: Writer, person: Person, shop: str
) -> None:
    with session(writer.psql, shop):
        refusal = _is_held(writer, shop)
        person.does_what_is_printed(refusal)
        until(lambda: writer.state("databases", shop) == "applied", PATIENCE, "it is kept")
    writer.psql.rows("create table still_there ()", shop)
