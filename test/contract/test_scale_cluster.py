"""scale_postgres_cluster: up at once, down by plan, and not while it would do nothing."""

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.contract.arrange import cluster_with
from test.contract.caller import Caller, Content, fields
from test.contract.conftest import Call, Refused
from test.contract.planning import STALE, effects, planned
from test.contract.servers import Desk
from test.contract.site import Site

TOOL = "scale_postgres_cluster"


async def wanted(site: Site) -> int:
    """How many instances the Cluster asks for."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    return int(found["spec"]["instances"])


async def claims(site: Site) -> set[str]:
    """The names of all volumes."""
    found = await site.admin.list("persistentvolumeclaims", site.namespace)
    return {each["metadata"]["name"] for each in found}


async def test_scaling_up_is_applied_when_the_replica_is_ready(site: Site, call: Call) -> None:
    await cluster_with(site)
    answer = await call(TOOL, name="pg", instances=2, wait_seconds=45)
    assert answer.content["outcome"] == "applied"
    assert await claims(site) == {"pg-1", "pg-2"}


async def test_same_number_is_unchanged(site: Site, call: Call) -> None:
    before = await cluster_with(site)
    answer = await call(TOOL, name="pg", instances=1)
    assert answer.content["outcome"] == "unchanged"
    now = await site.admin.get("clusters", site.namespace, "pg")
    assert now["metadata"]["generation"] == before["metadata"]["generation"]


async def test_scaling_down_removes_what_the_plan_named(site: Site, caller: Caller) -> None:
    await cluster_with(site, instances=3)
    plan = await planned(caller, TOOL, name="pg", instances=2)
    assert effects(plan, "deleted") == {("instance", "pg-3"), ("PersistentVolumeClaim", "pg-3")}
    assert (await wanted(site), await claims(site)) == (3, {"pg-1", "pg-2", "pg-3"})
    code = plan["confirmation"]
    answer = await caller.call(TOOL, name="pg", instances=2, confirmation=code, wait_seconds=45)
    assert answer.content["outcome"] == "applied"
    assert await claims(site) == {"pg-1", "pg-2"}
    again = await caller.call(TOOL, name="pg", instances=3, wait_seconds=45)
    assert again.content["outcome"] == "applied"
    error = await caller.refused(TOOL, name="pg", instances=2, confirmation=code)
    assert error["code"] == STALE
    assert await wanted(site) == 3


async def test_protected_volumes_do_not_go(own: Desk) -> None:
    by_setting = await own.caller(protected_namespaces=("*",))
    plan = (await by_setting.call(TOOL, name="pg", instances=2)).content
    assert [each["code"] for each in plan["blockers"]] == ["protected"]
    guard = {"cnpg-mcp.io/deletion-protection": "enabled"}
    await own.site.admin.annotate("clusters", own.site.namespace, "pg", guard)
    plan = (await (await own.caller()).call(TOOL, name="pg", instances=2)).content
    assert [each["code"] for each in plan["blockers"]] == ["protected"]


async def test_instances_that_are_not_reported_block(own: Desk) -> None:
    short = {"instanceNames": ["pg-1"]}
    await own.site.admin.patch_status("clusters", own.site.namespace, "pg", short)
    error = await (await own.caller()).refused(TOOL, name="pg", instances=2)
    assert error["code"] == "blocked"
    assert await wanted(own.site) == 3


async def test_codes_that_do_not_fit_do_nothing(site: Site, caller: Caller) -> None:
    await cluster_with(site, instances=3)
    code = {"confirmation": (await planned(caller, TOOL, name="pg", instances=2))["confirmation"]}
    fewer = await caller.refused(TOOL, name="pg", instances=1, **code)
    stranger = await (await site.user()).refused(TOOL, name="pg", instances=2, **code)
    change = {"spec": {"description": "changed meanwhile"}}
    await site.admin.patch("clusters", site.namespace, "pg", change)
    older = await caller.refused(TOOL, name="pg", instances=2, **code)
    assert [each["code"] for each in (fewer, stranger, older)] == [STALE] * 3
    assert await wanted(site) == 3


async def test_below_the_quorum_is_invalid_and_names_the_number(
    site: Site, refused: Refused
) -> None:
    synchronous = {"postgresql": {"synchronous": {"method": "any", "number": 1}}}
    await cluster_with(site, instances=2, **synchronous)
    error = await refused(TOOL, name="pg", instances=1)
    assert (error["code"], fields(error)) == ("invalid", {"instances"})
    assert "2" in error["message"]
    assert await wanted(site) == 2


@pytest.mark.parametrize(
    "annotation",
    [
        {"cnpg.io/hibernation": "on"},
        {"cnpg.io/fencedInstances": '["pg-1"]'},
        {"cnpg.io/reconciliationLoop": "disabled"},
    ],
    ids=str,
)
@pytest.mark.parametrize("instances", [1, 3])
async def test_it_is_blocked_while_nothing_would_happen(
    site: Site, refused: Refused, annotation: Content, instances: int
) -> None:
    await cluster_with(site, instances=2)
    body = {"metadata": {"annotations": annotation}}
    await site.admin.patch("clusters", site.namespace, "pg", body)
    error = await refused(TOOL, name="pg", instances=instances)
    assert error["code"] == "blocked"
    assert await wanted(site) == 2


@pytest.mark.parametrize("instances", [1, 3])
async def test_it_is_blocked_while_an_instance_is_not_ready(
    site: Site, refused: Refused, instances: int
) -> None:
    await cluster_with(site, instances=2)
    down = {"metadata": {"annotations": {"nodesim/down": "x"}}}
    await site.admin.patch("pods", site.namespace, "pg-2", down)
    await site.admin.wait_for("pods", site.namespace, "pg-2", _is_down)
    error = await refused(TOOL, name="pg", instances=instances)
    assert error["code"] == "blocked"
    assert "pg-2" in error["message"]


def _is_down(pod: KubeObject) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] != "True" for each in conditions)


@pytest.mark.parametrize("instances", [1, 3])
async def test_dry_runs_and_read_only_servers_store_nothing(site: Site, instances: int) -> None:
    await cluster_with(site, instances=2)
    mcp = await site.user(read_only=True)
    answer = await mcp.call(TOOL, name="pg", instances=instances, dry_run=True)
    assert answer.content["outcome"] == "dry_run"
    result = await mcp.ask(TOOL, {"name": "pg", "instances": instances})
    assert result.is_error or result.structured_content["blockers"]
    assert await wanted(site) == 2
