"""Scaling and deleting clusters: what goes and what stays is exactly what the plan said."""

from collections.abc import Sequence

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.e2e.births import LEFT, SCALED
from test.e2e.desk import Data, Desk
from test.e2e.estate_of import Thing, inside, things, with_fate
from test.e2e.person import Person
from test.e2e.psql import Psql
from test.e2e.room import Room
from test.e2e.truth import DATABASES, ROLES
from test.e2e.waiting import until
from test.e2e.writer import Writer

SECONDS = 180
OPERATORS = {"postgres", "streaming_replica", "cnpg_metrics_exporter"}
"""The operator's own roles, in every cluster."""
FOREIGN: Sequence[tuple[str, str, KubeObject]] = (
    ("databases", "foreign-db", {"name": "foreign", "owner": "app"}),
    ("databaseroles", "foreign-role", {"name": "stranger"}),
    ("scheduledbackups", "nightly", {"schedule": "0 0 0 * * *", "suspend": True}),
)


def _ready(desk: Desk, room: Room, name: str) -> Writer:
    writer = Writer(desk, room.psql(name))
    until(lambda: _is_healthy(writer), SECONDS, f"{name} is healthy")
    return writer


def _is_healthy(writer: Writer) -> bool:
    status = writer.ask("get_cluster_status")
    return bool(status.data["verdict"] == "healthy")


@pytest.fixture(scope="module")
def scaled(desk: Desk, room: Room, asked_early: None) -> Writer:
    """A cluster of one that becomes two, one again, and nothing."""
    return _ready(desk, room, SCALED)


@pytest.fixture(scope="module")
def left(desk: Desk, room: Room, asked_early: None) -> Writer:
    """A cluster that is deleted while its declarations stay."""
    return _ready(desk, room, LEFT)


@pytest.fixture(scope="module")
def grown(scaled: Writer) -> Writer:
    """With a replica that streams."""
    scaled.psql.rows("create table said as select 42 as answer", "app")
    answer = scaled.ask("scale_postgres_cluster", instances=2, wait_seconds=45)
    assert answer.data["outcome"] in {"accepted", "applied"}
    until(lambda: _is_healthy(scaled), SECONDS, "both instances are healthy")
    return scaled


def test_replica_streams_and_has_the_data(grown: Writer, room: Room) -> None:
    streaming = grown.psql.rows("select application_name, state from pg_stat_replication")
    assert streaming == [(f"{SCALED}-2", "streaming")]
    replica = ["psql", "-XtA", "-d", "app", "-c", "select answer from said"]
    assert room.admin.execute(room.namespace, f"{SCALED}-2", replica).strip() == "42"


def test_scaling_down_takes_exactly_what_the_plan_names(grown: Writer) -> None:
    before = things(grown.psql)
    plan = grown.planned("scale_postgres_cluster", instances=1)
    said = with_fate(plan, "deleted")
    assert said == {
        ("instance", f"{SCALED}-2"),
        ("PersistentVolumeClaim", f"{SCALED}-2"),
    }
    assert things(grown.psql) == before
    grown.applied("scale_postgres_cluster", instances=1, confirmation=plan["confirmation"])
    assert before - things(grown.psql) == said
    assert grown.psql.rows("select answer from said", "app") == [("42",)]


def _furnished(writer: Writer) -> Person:
    """With declarations of the server's and of somebody else's."""
    cluster = writer.psql.cluster
    writer.applied("create_postgres_role", role_name="ours")
    writer.applied("create_postgres_database", database_name="our-data", owner="ours")
    person = Person(writer.psql)
    person.declares_inline("inline_stranger")
    for plural, name, spec in FOREIGN:
        person.declares(plural, f"{cluster}-{name}", spec)
    until(lambda: "foreign" in writer.psql.names(DATABASES), SECONDS, "the foreign database")
    until(lambda: "stranger" in writer.psql.names(ROLES), SECONDS, "the foreign role")
    return person


def _foreign(psql: Psql) -> set[tuple[str, str]]:
    names = {f"{psql.cluster}-{name}" for _, name, _ in FOREIGN}
    return {each for each in things(psql) if each[1] in names}


def _only_these_stay(psql: Psql, stay: set[Thing]) -> None:
    """What belongs to a cluster that is gone, such as its Secrets, is collected a moment later."""
    until(lambda: things(psql) <= stay, SECONDS, f"nothing stays but {stay}")
    assert things(psql) == stay


def _agrees_with_postgres(plan: Data, psql: Psql) -> None:
    """What the plan says would be dropped is all there is."""
    assert inside(plan, "database") == psql.names(DATABASES)
    assert inside(plan, "role") == psql.names(f"{ROLES} where rolname !~ '^pg_'") - OPERATORS


def test_deletion_with_dependents_takes_ours_and_leaves_what_is_foreign(grown: Writer) -> None:
    _furnished(grown)
    arguments = {"delete_dependents": True, "without_backup": True}
    before = things(grown.psql)
    foreign = _foreign(grown.psql)
    plan = grown.planned("delete_postgres_cluster", **arguments)
    _agrees_with_postgres(plan, grown.psql)
    assert with_fate(plan, "left") == foreign
    assert with_fate(plan, "deleted", "left") == before
    code = plan["confirmation"]
    grown.applied("delete_postgres_cluster", **arguments, confirmation=code)
    _only_these_stay(grown.psql, foreign)


def test_deletion_without_dependents_leaves_them_and_a_later_one_takes_ours(left: Writer) -> None:
    _furnished(left)
    before = things(left.psql)
    foreign = _foreign(left.psql)
    plan = left.planned("delete_postgres_cluster", without_backup=True)
    _agrees_with_postgres(plan, left.psql)
    assert with_fate(plan, "deleted", "left") == before
    code = plan["confirmation"]
    left.applied("delete_postgres_cluster", without_backup=True, confirmation=code)
    remains = with_fate(plan, "left")
    _only_these_stay(left.psql, remains)
    assert foreign < remains
    rest = left.planned("delete_postgres_cluster", delete_dependents=True)
    assert with_fate(rest, "left") == foreign
    left.confirmed("delete_postgres_cluster", delete_dependents=True)
    _only_these_stay(left.psql, foreign)
