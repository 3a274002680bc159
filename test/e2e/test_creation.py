"""Creating a cluster, and its status from the first second."""

from test.e2e.births import Birth, login_works
from test.e2e.desk import Answer, Desk
from test.e2e.room import Room


def test_dry_run_leaves_nothing(room: Room, desk: Desk) -> None:
    before = room.admin.contents(room.namespace)
    answer = desk.ask("create_postgres_cluster", name="never", dry_run=True)
    assert answer.data["outcome"] == "dry_run"
    assert room.admin.contents(room.namespace) == before


def test_dry_run_shows_what_the_operator_fills_in(desk: Desk) -> None:
    answer = desk.ask("create_postgres_cluster", name="never", dry_run=True)
    assert answer.data["defaults"]["bootstrap"]["initdb"]["database"] == "app"


def test_create_claims_no_more_than_accepted(birth: Birth) -> None:
    assert birth.creation.data["outcome"] == "accepted"


def test_status_answers_in_the_first_second(birth: Birth) -> None:
    assert birth.looks[0].seconds < 1
    assert birth.looks[0].verdict in {"progressing", "unknown"}


def test_new_cluster_is_only_progressing_or_unknown_until_healthy(birth: Birth) -> None:
    before = [look for look in birth.looks if look.verdict != "healthy"]
    assert [look for look in before if look.verdict not in {"progressing", "unknown"}] == []


def test_healthy_is_said_only_when_a_login_can_write(birth: Birth) -> None:
    assert birth.login_worked


def test_status_names_the_primary_that_postgres_runs_in(room: Room, birth: Birth) -> None:
    status = birth.status
    psql = room.psql(status["name"])
    assert psql.rows("select pg_is_in_recovery()") == [("f",)]
    assert status["primary"] == f"{status['name']}-1"
    assert [pod["ready"] for pod in status["pods"]] == [True]
    assert psql.rows("show server_version")[0][0].startswith(status["version"])


def test_applied_is_said_only_when_a_login_can_write(room: Room, waited: Answer) -> None:
    assert waited.data["outcome"] == "applied"
    assert login_works(room.psql(waited.data["name"]), waited.data["connection"])


def test_repeated_create_is_unchanged(room: Room, desk: Desk, birth: Birth) -> None:
    name = birth.creation.data["name"]
    before = room.admin.get("clusters", room.namespace, name)["metadata"]["generation"]
    again = desk.ask("create_postgres_cluster", name=name, profile="dev")
    assert again.data["outcome"] == "unchanged"
    after = room.admin.get("clusters", room.namespace, name)["metadata"]["generation"]
    assert after == before


def test_other_arguments_for_an_existing_name_are_refused(desk: Desk, birth: Birth) -> None:
    name = birth.creation.data["name"]
    assert desk.refused("create_postgres_cluster", name=name, memory="2Gi").code == "already_exists"
