"""Four servers that write roles of one cluster at the same time: none loses the others'."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from test.e2e import truth
from test.e2e.desk import OpenDesk
from test.e2e.person import Person
from test.e2e.room import Room
from test.e2e.writer import DATABASE_ROLE, Writer, new_name

ROUNDS = 2


@pytest.fixture(scope="module")
def by_object(writer: Writer, open_desk: OpenDesk, room: Room) -> list[Writer]:
    """Two servers that declare roles as objects."""
    return [writer, Writer(open_desk(room.kubeconfig), writer.psql)]


@pytest.fixture(scope="module")
def inline(older_writer: Writer, open_desk: OpenDesk, older_kubeconfig: Path) -> list[Writer]:
    """Two servers that declare them inline."""
    return [older_writer, Writer(open_desk(older_kubeconfig), older_writer.psql)]


def _at_once(tool: str, whose: Mapping[str, Writer], act: str, **arguments: object) -> None:
    """A call for each role by its server, all at the same moment."""
    with ThreadPoolExecutor(len(whose)) as pool:
        calls = [
            pool.submit(getattr(writer.twin(), act), tool, role_name=name, **arguments)
            for name, writer in whose.items()
        ]
        for call in calls:
            call.result()


def test_roles_made_and_dropped_at_once_by_four_servers_lose_none(
    by_object: list[Writer], inline: list[Writer], person: Person
) -> None:
    before = person.inline()
    made: dict[str, Writer] = {}
    for _ in range(ROUNDS):
        beside = {new_name("beside"): writer for writer in (*by_object, *inline)}
        _at_once("create_postgres_role", beside, "applied", login=False)
        made |= beside
    entries = {entry["name"] for entry in person.inline() if entry not in before}
    assert entries == {name for name, writer in made.items() if writer in inline}
    objects = {name for name, writer in made.items() if writer in by_object}
    rows = [by_object[0].row("roles", name) or {} for name in objects]
    assert {(row["source"], row["state"]) for row in rows} == {(DATABASE_ROLE, "applied")}
    assert set(made) <= person.psql.names(truth.ROLES)
    _at_once("delete_postgres_role", made, "confirmed_in_the_end")
    assert person.inline() == before
    assert not set(made) & person.psql.names(truth.ROLES)
