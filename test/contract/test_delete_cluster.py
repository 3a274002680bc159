"""delete_postgres_cluster: what the plan names goes, all else stays."""

from datetime import UTC, datetime, timedelta

import pytest

from test.contract.arrange import cluster_with
from test.contract.caller import Caller, Content
from test.contract.planning import STALE, confirmed, effects, planned
from test.contract.planted import CLERK_SECRET, OURS
from test.contract.servers import Desk, desk
from test.contract.site import Site
from test.controlplane.clusters import cluster, database, healthy_cluster

TOOL = "delete_postgres_cluster"
PG = {"name": "pg"}
GONE = {**PG, "without_backup": True}


@pytest.fixture
async def quiet_pg(quiet_site: Site) -> Site:
    """A namespace with a Cluster on which nothing works."""
    quiet_site.backend.fill(quiet_site.namespace, 1, {})
    body = cluster(quiet_site.namespace)
    await quiet_site.admin.create(body)
    return quiet_site


async def exists(site: Site, name: str = "pg") -> bool:
    """Whether the Cluster is there."""
    found = await site.admin.list("clusters", site.namespace)
    return name in {each["metadata"]["name"] for each in found}


async def backup(site: Site, phase: str, age: timedelta, **metadata: object) -> None:
    """A Backup of `pg` that ended so long before `later`."""
    ended = (later() - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Backup",
        "metadata": {"name": "nightly", "namespace": site.namespace, **metadata},
        "spec": {"cluster": {"name": "pg"}},
    }
    await site.admin.create(body)
    status = {"phase": phase, "stoppedAt": ended}
    await site.admin.patch_status("backups", site.namespace, "nightly", status)


def later() -> datetime:
    """Two days from now: the clock of servers for which the cluster is no longer new."""
    return datetime.now(UTC) + timedelta(days=2)


async def passes_the_gate(site: Site, **settings: object) -> bool:
    """Whether the cluster may be deleted two days from now."""
    mcp = await desk(site).caller(now=later, **settings)
    return "confirmation" in (await mcp.call(TOOL, **PG)).content


# --- the backup gate, and other guards ---


async def test_without_a_backup_it_is_blocked_and_the_plan_says_so(quiet_pg: Site) -> None:
    mcp = await quiet_pg.user()
    content = (await mcp.call(TOOL, **PG)).content
    assert [each["code"] for each in content["blockers"]] == ["no_recent_backup"]
    assert "confirmation" not in content
    plan = await planned(mcp, TOOL, **GONE)
    assert any("without_backup" in caution for caution in plan["cautions"])
    assert await exists(quiet_pg)


@pytest.mark.parametrize(
    ("phase", "age", "passes"),
    [
        ("completed", timedelta(hours=1), True),
        ("completed", timedelta(hours=30), False),
        ("completed", timedelta(hours=-1), False),
        ("failed", timedelta(hours=1), False),
        ("running", timedelta(hours=1), False),
    ],
)
async def test_only_a_completed_recent_backup_passes_the_gate(
    quiet_pg: Site, phase: str, age: timedelta, passes: bool
) -> None:
    await backup(quiet_pg, phase, age)
    assert await passes_the_gate(quiet_pg) is passes


async def test_age_of_the_backup_is_a_setting(quiet_pg: Site) -> None:
    await backup(quiet_pg, "completed", timedelta(hours=30))
    assert await passes_the_gate(quiet_pg, backup_max_age="2d")


async def test_backup_of_an_earlier_cluster_of_the_name_does_not_pass(quiet_pg: Site) -> None:
    await backup(quiet_pg, "completed", timedelta(days=2, hours=1))
    assert not await passes_the_gate(quiet_pg, backup_max_age="9d")


async def test_backup_that_goes_with_the_cluster_does_not_pass(quiet_pg: Site) -> None:
    found = await quiet_pg.admin.get("clusters", quiet_pg.namespace, "pg")
    owner = {key: found[key] for key in ("apiVersion", "kind")}
    owner |= {key: found["metadata"][key] for key in ("name", "uid")}
    await backup(quiet_pg, "completed", timedelta(hours=1), ownerReferences=[owner])
    assert not await passes_the_gate(quiet_pg)


@pytest.mark.parametrize("dependents", [True, False])
async def test_protected_database_protects_its_cluster(quiet_pg: Site, dependents: bool) -> None:
    body = database(quiet_pg.namespace, "ledger")
    body["metadata"]["annotations"] = {"cnpg-mcp.io/deletion-protection": "enabled"}
    await quiet_pg.admin.create(body)
    mcp = await quiet_pg.user()
    content = (await mcp.call(TOOL, **GONE, delete_dependents=dependents)).content
    assert [each["code"] for each in content["blockers"]] == ["protected"]


async def test_secret_that_no_plan_has_named_is_left(own: Desk) -> None:
    """Without the right to list Secrets the plan says so, and nothing unseen is removed."""
    admin, namespace = own.site.admin, own.site.namespace
    await admin.annotate("databaseroles", namespace, "clerk", OURS)
    await admin.delete("clusters", namespace, "pg")
    mcp = await own.site.user(without=[("secrets", "list")])
    answer = await confirmed(mcp, TOOL, **PG, delete_dependents=True)
    assert answer.content["outcome"] == "applied"
    left = await admin.list("databaseroles", namespace)
    assert "clerk" not in {each["metadata"]["name"] for each in left}
    assert await admin.get("secrets", namespace, CLERK_SECRET)


async def test_databases_that_may_not_be_seen_block(quiet_pg: Site) -> None:
    mcp = await quiet_pg.user(without=[("databases", "list")])
    content = (await mcp.call(TOOL, **GONE)).content
    assert [each["code"] for each in content["blockers"]] == ["protection_unseen"]


@pytest.mark.parametrize("value", ["Enabled", "true", "yes"])
async def test_protection_that_is_not_understood_protects(quiet_pg: Site, value: str) -> None:
    guard = {"cnpg-mcp.io/deletion-protection": value}
    await quiet_pg.admin.annotate("clusters", quiet_pg.namespace, "pg", guard)
    content = (await (await quiet_pg.user()).call(TOOL, **GONE)).content
    assert [each["code"] for each in content["blockers"]] == ["protected"]


async def test_annotation_and_setting_protect_it(quiet_pg: Site) -> None:
    setting = await quiet_pg.user(protected_namespaces=("t-*",))
    content = (await setting.call(TOOL, **GONE)).content
    assert [each["code"] for each in content["blockers"]] == ["protected"]
    mcp = await quiet_pg.user()
    code = (await planned(mcp, TOOL, **GONE))["confirmation"]
    guard = {"metadata": {"annotations": {"cnpg-mcp.io/deletion-protection": "enabled"}}}
    await quiet_pg.admin.patch("clusters", quiet_pg.namespace, "pg", guard)
    assert (await mcp.refused(TOOL, **GONE, confirmation=code))["code"] == "protected"
    assert await exists(quiet_pg)


async def test_plans_dry_runs_and_read_only_servers_delete_nothing(quiet_pg: Site) -> None:
    mcp = await quiet_pg.user(read_only=True)
    assert (await mcp.call(TOOL, **GONE, dry_run=True)).content["outcome"] == "dry_run"
    content = (await mcp.call(TOOL, **GONE)).content
    assert [each["code"] for each in content["blockers"]] == ["read_only"]
    writer = await quiet_pg.user()
    assert (await writer.call(TOOL, **GONE, dry_run=True)).content["outcome"] == "dry_run"
    await planned(writer, TOOL, **GONE)
    assert await exists(quiet_pg)


async def test_codes_that_do_not_fit_do_nothing(quiet_pg: Site) -> None:
    mcp = await quiet_pg.user()
    code = {"confirmation": (await planned(mcp, TOOL, **GONE))["confirmation"]}
    more = await mcp.refused(TOOL, **GONE, delete_dependents=True, **code)
    stranger = await (await quiet_pg.user()).refused(TOOL, **GONE, **code)
    change = {"spec": {"description": "changed meanwhile"}}
    await quiet_pg.admin.patch("clusters", quiet_pg.namespace, "pg", change)
    older = await mcp.refused(TOOL, **GONE, **code)
    assert [each["code"] for each in (more, stranger, older)] == [STALE] * 3
    assert await exists(quiet_pg)


async def test_code_does_nothing_to_a_cluster_made_anew(quiet_pg: Site) -> None:
    mcp = await quiet_pg.user()
    code = (await planned(mcp, TOOL, **GONE))["confirmation"]
    await quiet_pg.admin.delete("clusters", quiet_pg.namespace, "pg")
    await quiet_pg.admin.create(cluster(quiet_pg.namespace))
    assert (await mcp.refused(TOOL, **GONE, confirmation=code))["code"] == STALE
    assert await exists(quiet_pg)


async def test_absent_cluster_is_not_found(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    for arguments in ({}, {"delete_dependents": True}):
        assert (await mcp.refused(TOOL, **GONE, **arguments))["code"] == "not_found"


# --- what goes, and what stays ---


async def test_plan_counts_what_dies(site: Site, caller: Caller) -> None:
    await cluster_with(site, {"name": "inline"}, instances=2)
    await site.admin.create(database(site.namespace, "shop"))
    plan = await planned(caller, TOOL, **GONE)
    deleted, dropped = effects(plan, "deleted"), effects(plan, "dropped")
    assert {("Cluster", "pg"), ("instance", "pg-1"), ("instance", "pg-2")} <= deleted
    assert {("PersistentVolumeClaim", "pg-1"), ("PersistentVolumeClaim", "pg-2")} <= deleted
    assert ("Secret", "pg-app") in deleted
    assert {
        ("database", "app"),
        ("database", "shop"),
        ("role", "app"),
        ("role", "inline"),
    } == dropped
    assert ("Database", "shop") in effects(plan, "left")


async def test_deleted_cluster_takes_only_what_is_its_own(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    await healthy_cluster(site.admin, site.namespace, "other")
    labels = {"cnpg.io/cluster": "pg"}
    meta = {"name": "pg-theirs", "namespace": site.namespace, "labels": labels}
    await site.admin.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta})
    await site.admin.create(database(site.namespace, "pg-shop"))
    answer = await confirmed(caller, TOOL, **GONE, wait_seconds=45)
    assert answer.content["outcome"] == "applied"
    assert not await exists(site)
    assert await names(site, "persistentvolumeclaims") == {"other-1"}
    await site.admin.wait_gone("secrets", site.namespace, "pg-app")  # collected by Kubernetes
    assert await exists(site, "other")
    assert "pg-theirs" in await names(site, "secrets")
    assert "pg-shop" in await names(site, "databases")


async def names(site: Site, plural: str) -> set[str]:
    """The names of all objects of a kind."""
    found = await site.admin.list(plural, site.namespace)
    return {each["metadata"]["name"] for each in found}


async def test_dependents_that_we_made_go_after_the_cluster(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    await caller.call(
        "create_postgres_database", cluster_name="pg", database_name="ours", owner="app"
    )
    await site.admin.create(database(site.namespace, "theirs"))
    answer = await confirmed(caller, TOOL, **GONE, delete_dependents=True, wait_seconds=45)
    assert answer.content["outcome"] == "applied"
    assert await names(site, "databases") == {"theirs"}


async def test_dependent_that_was_protected_since_the_plan_is_left(
    site: Site, caller: Caller
) -> None:
    await cluster_with(site)
    made = await caller.call(
        "create_postgres_database", cluster_name="pg", database_name="ours", owner="app"
    )
    arguments = {**GONE, "delete_dependents": True}
    plan = await planned(caller, TOOL, **arguments)
    guard = {"metadata": {"annotations": {"cnpg-mcp.io/deletion-protection": "enabled"}}}
    await site.admin.patch("databases", site.namespace, made.content["object"], guard)
    error = await caller.refused(TOOL, **arguments, confirmation=plan["confirmation"])
    assert error["code"] == "protected"
    assert made.content["object"] in await names(site, "databases")
    assert await exists(site)


async def test_leftovers_of_a_gone_cluster_can_be_removed_later(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    await caller.call(
        "create_postgres_database", cluster_name="pg", database_name="ours", owner="app"
    )
    gone = await confirmed(caller, TOOL, **GONE, wait_seconds=45)
    assert gone.content["outcome"] == "applied"
    assert len(await names(site, "databases")) == 1
    answer = await confirmed(caller, TOOL, **GONE, delete_dependents=True, wait_seconds=45)
    assert answer.content["outcome"] == "applied"
    assert await names(site, "databases") == set()


async def test_cluster_that_is_going_already_is_told(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    hold = {"metadata": {"finalizers": ["example.test/hold"]}}
    await site.admin.patch("clusters", site.namespace, "pg", hold)
    answer = await confirmed(caller, TOOL, **GONE, wait_seconds=5)
    assert answer.content["outcome"] == "accepted"
    assert any("example.test/hold" in each for each in answer.content["cautions"])
    error = await caller.refused(TOOL, **GONE)
    assert error["code"] == "blocked"
    free: Content = {"metadata": {"finalizers": None}}
    await site.admin.patch("clusters", site.namespace, "pg", free)
