"""What is written about a role or database: the line at the top says what has become of it."""

import pytest
from pydantic import ValidationError

from cnpg_mcp.domain.operated import after_idleness, list_note, why_idle
from cnpg_mcp.domain.outcomes import DatabaseWrite, EffectRow, Outcome, RoleWrite, Write
from cnpg_mcp.domain.plans.plan import Fate
from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.toolkit.text.declared import database_write, role_write
from cnpg_mcp.toolkit.text.plans import plan
from cnpg_mcp.toolkit.translate import explain_arguments
from cnpg_tools import REGISTRY

PLACE = {"namespace": "shop", "cluster_name": "pg"}


def of_database(outcome: Outcome, state: DeclaredState) -> list[str]:
    result = DatabaseWrite(**PLACE, name="orders", outcome=outcome, state=state, object="pg-orders")
    return database_write(result).split("\n")


def of_role(outcome: Outcome, state: DeclaredState | None = None, **more: object) -> list[str]:
    result = RoleWrite(**PLACE, name="clerk", outcome=outcome, state=state, **more)
    return role_write(result).split("\n")


# --- what has become of it ---


def test_dropped_database_is_not_called_applied():
    assert of_database(Outcome.APPLIED, DeclaredState.DROPPED) == [
        'Database "orders" of shop/pg: dropped in PostgreSQL',
        "Was declared as: Database pg-orders",
    ]


def test_retained_database_is_said_to_be_kept():
    assert of_database(Outcome.APPLIED, DeclaredState.UNWATCHED) == [
        'Database "orders" of shop/pg: no longer declared; what PostgreSQL has of it stays',
        "Was declared as: Database pg-orders",
    ]


def test_dropped_role_is_not_called_applied():
    lines = of_role(Outcome.APPLIED, DeclaredState.DROPPED, source=RoleSource.INLINE)
    assert lines == ['Role "clerk" of shop/pg: dropped in PostgreSQL', "Was declared as: inline"]


def test_dropped_role_of_which_something_is_left_says_so():
    lines = of_role(Outcome.ACCEPTED, DeclaredState.DROPPED, source=RoleSource.INLINE)
    assert lines == [
        'Role "clerk" of shop/pg: dropped in PostgreSQL; not all of it is removed',
        "Declared as: inline | dropped",
    ]


def test_object_that_went_unseen_proves_nothing():
    lines = of_role(Outcome.ACCEPTED, DeclaredState.UNWATCHED, object="pg-clerk")
    assert "not proven" in lines[0]
    assert lines[1].startswith("Was declared as")


def test_created_role_is_applied():
    lines = of_role(Outcome.APPLIED, DeclaredState.APPLIED, source=RoleSource.INLINE)
    assert lines == [
        'Role "clerk" of shop/pg: applied in PostgreSQL',
        "Declared as: inline | applied",
    ]


def test_dry_run_has_set_nothing():
    assert 'Would be set: {"createdb":true}' in of_role(Outcome.DRY_RUN, changed={"createdb": True})


# --- plans ---


@pytest.mark.parametrize(
    ("kind", "told"),
    [("database", "3 databases"), ("PersistentVolumeClaim", "3 PersistentVolumeClaims")],
)
def test_several_of_a_kind_are_counted_in_the_plural(kind, told):
    rows = tuple(EffectRow(fate=Fate.DROPPED, kind=kind, name=name) for name in "abc")
    many = Write(outcome=Outcome.PLANNED, namespace="shop", effects=rows)
    one = Write(outcome=Outcome.PLANNED, namespace="shop", effects=rows[:1])
    assert f"{told} a, b, c" in plan(many)
    assert f": {kind} a" in plan(one)


# --- a cluster where nothing runs ---


def cluster(**status: object) -> Cluster:
    return Cluster.parse({"metadata": {"name": "pg", "namespace": "shop"}, "status": status})


RUNNING = cluster(currentPrimary="pg-1", readyInstances=1)


@pytest.mark.parametrize(
    ("idle", "told"),
    [
        (cluster(), "no primary"),
        (cluster(readyInstances=0, phase="Setting up primary"), "no primary"),
        (cluster(currentPrimary="pg-1"), "No instance of the cluster was ready"),
    ],
)
def test_what_keeps_everything_waiting_is_told(idle, told):
    assert told in (why_idle(idle) or "")
    note = list_note(idle, "Besides.") or ""
    assert "get_cluster_status with namespace=shop and name=pg" in note
    assert note.endswith("Besides.")
    step = after_idleness(idle, "Call the list.")
    assert step.startswith("Call get_cluster_status with namespace=shop and name=pg")
    assert step.endswith("Call the list.")


def test_hibernated_cluster_waits_to_be_woken():
    meta = {"name": "pg", "namespace": "shop", "annotations": {"cnpg.io/hibernation": "on"}}
    asleep = Cluster.parse({"metadata": meta, "status": {"currentPrimary": "pg-1"}})
    assert "hibernated" in (why_idle(asleep) or "")


def test_running_cluster_keeps_nothing_waiting():
    assert why_idle(RUNNING) is None
    assert list_note(RUNNING, "Besides.") == "Besides."
    assert list_note(RUNNING, None) is None
    assert after_idleness(RUNNING, "Call the list.") == "Call the list."


# --- arguments ---


@pytest.mark.parametrize("tool", ["create_postgres_role", "update_postgres_role"])
def test_password_is_said_to_be_the_servers_own_work(tool):
    model = REGISTRY.tools[tool].arguments
    given = {"cluster_name": "pg", "role_name": "clerk", "password": "canary"}
    with pytest.raises(ValidationError) as wrong:
        model.model_validate(given)
    (field,) = explain_arguments(wrong.value, model).fields
    assert "makes the password itself" in field.message
    assert "update_postgres_role with rotate_password=true" in field.message
    assert "canary" not in field.message


def test_password_of_a_cluster_is_only_no_argument():
    model = REGISTRY.tools["create_postgres_cluster"].arguments
    with pytest.raises(ValidationError) as wrong:
        model.model_validate({"name": "pg", "password": "canary"})
    (field,) = explain_arguments(wrong.value, model).fields
    assert field.message == "no such argument"
