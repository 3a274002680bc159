"""Creating, scaling and deleting clusters: what is said of it, and when it is refused."""

import asyncio
from typing import Any

import pytest

from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.domain.deletion.backups import backup_caution
from cnpg_mcp.domain.deletion.inventory import Dependents, Inventory
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.instances import Instances
from cnpg_mcp.domain.names import check_cluster_name, check_new_cluster_name
from cnpg_mcp.domain.outcomes import ClusterCreation, ClusterWrite, Outcome
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.policy import Policy
from cnpg_mcp.domain.rehearsal import rehearsed
from cnpg_mcp.domain.scaling.rules import require_still
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.dependents import Backup
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.toolkit.text import RENDERERS
from test.unit.build_cluster import NOW, Scene, ago, healthy, meta
from test.unit.recordings import load

# --- what has come of it, in words ---


def shown(outcome: Outcome, **fields: Any) -> str:
    result = ClusterWrite(outcome=outcome, namespace="shop", name="db", **fields)
    return RENDERERS[ClusterWrite](result)


@pytest.mark.parametrize(
    ("outcome", "instances", "text"),
    [
        (Outcome.ACCEPTED, 3, "3 instances accepted by the API server; not yet seen to be ready"),
        (Outcome.APPLIED, 2, "2 instances, seen to be ready"),
        (Outcome.APPLIED, 1, "1 instance, seen to be ready"),
        (Outcome.UNCHANGED, 1, "unchanged: it is to have 1 instance already"),
    ],
)
def test_scaling_says_how_many_there_are(outcome, instances, text):
    assert shown(outcome, instances=instances) == f"shop/db: {text}"


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.APPLIED])
def test_deletion_says_what_is_gone_and_nothing_of_ready(outcome):
    assert "gone" in shown(outcome)
    assert "ready" not in shown(outcome)


def test_defaults_are_counted_and_not_spelled_out():
    defaults = {"imageName": "x", "postgresql": {"parameters": {"archive_mode": "on"}}}
    result = ClusterCreation(
        outcome=Outcome.DRY_RUN, namespace="shop", name="db", defaults=defaults
    )
    text = RENDERERS[ClusterCreation](result)
    assert "2 more fields" in text
    assert "archive_mode" not in text


# --- scaling ---


def test_cluster_that_never_ran_is_not_said_to_change_its_primary():
    cluster = load("new-pvc-unknown-storageclass").evidence.cluster
    with pytest.raises(ToolFailure) as refused:
        require_still(cluster)
    assert refused.value.code is ErrorCode.BLOCKED
    assert "no primary yet" in refused.value.message
    assert "get_cluster_status" in refused.value.next_step


def test_switchover_is_still_called_one():
    with pytest.raises(ToolFailure, match="changing its primary"):
        require_still(load("switchover-just-asked").evidence.cluster)


# --- deleting ---


def caution(scene: Scene, *backups: dict[str, Any]) -> str:
    inventory = Inventory(
        Cluster.parse(scene.cluster),
        Instances((), ()),
        Dependents((), ()),
        (),
        [Backup.parse(each) for each in backups],
        (),
    )
    return backup_caution(inventory, NOW)


def test_plan_tells_a_cluster_that_never_ran_from_one_with_data():
    assert "lost for good" in caution(healthy())
    new = healthy().status(currentPrimary="").phase("Setting up primary")
    assert "never run" in caution(new)


def test_cluster_without_any_report_may_hold_data():
    assert "lost for good" in caution(healthy().status(currentPrimary="").phase(""))


@pytest.mark.parametrize(("count", "text"), [(1, "1 Backup object stays"), (2, "objects stay")])
def test_backups_that_stay_are_counted(count, text):
    status = {"phase": "completed", "stoppedAt": ago(60)}
    found = [{"metadata": meta(f"b{each}"), "status": status} for each in range(count)]
    assert text in caution(healthy(), *found)


# --- a dry run ---


def rehearsal(policy: Policy, *scopes: Scope, effects: tuple[Effect, ...] = ()) -> str:
    async def caller() -> Caller:
        return Caller("issuer", "somebody", frozenset(scopes))

    estate = Estate(None, "shop", policy, identify=caller)  # type: ignore[arg-type]
    plan = Plan(Act("create_postgres_cluster", "shop"), effects)
    return asyncio.run(rehearsed(estate, plan, "create it"))["next_step"]


def test_dry_run_invites_who_may_write():
    assert "Call again without dry_run" in rehearsal(Policy(), Scope.WRITE)


def test_dry_run_names_the_scope_that_is_missing():
    step = rehearsal(Policy(), Scope.READ)
    assert Scope.WRITE in step
    assert "Call again" not in step


def test_dry_run_of_a_read_only_server_invites_nobody():
    step = rehearsal(Policy(read_only=True), Scope.ADMIN)
    assert "read-only" in step
    assert "Call again" not in step


def test_dry_run_of_what_goes_by_plan_leaves_it_to_the_plan():
    loaded = Effect(Fate.LOADED, "image", "registry.example/pg:17")
    assert "plan" in rehearsal(Policy(), Scope.READ, effects=(loaded,))


# --- names ---


def next_step(check: Any, name: str) -> str:
    with pytest.raises(ToolFailure) as refused:
        check(name)
    assert refused.value.code is ErrorCode.INVALID
    return refused.value.next_step


def test_lookup_in_capitals_says_what_to_pass():
    assert "Pass orders" in next_step(check_cluster_name, "Orders")


@pytest.mark.parametrize("name", ["my_db", "-db", "x" * 51])
def test_lookup_proposes_no_new_name(name):
    assert "list_postgres_clusters" in next_step(check_cluster_name, name)


@pytest.mark.parametrize("name", ["Orders", "my_db", "x" * 51])
def test_new_cluster_gets_an_example_of_a_name(name):
    assert "orders-db" in next_step(check_new_cluster_name, name)
