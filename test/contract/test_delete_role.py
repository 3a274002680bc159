"""delete_postgres_role: dropped in PostgreSQL, then cleaned up; what is refused stays armed."""

import pytest

from test.contract.arrange import cluster_with, roles_reported
from test.contract.caller import Caller, Content
from test.contract.conftest import Call, Refused
from test.contract.planning import STALE, confirmed, effects, planned, refused_with_code
from test.contract.servers import Desk
from test.contract.site import Site
from test.contract.test_create_role import secrets
from test.controlplane.api import until
from test.controlplane.clusters import database_role

TOOL = "delete_postgres_role"
CREATE = "create_postgres_role"
PG = {"cluster_name": "pg"}
CLERK = {**PG, "role_name": "clerk"}


async def with_clerk(site: Site, caller: Caller) -> None:
    """A cluster whose role `clerk` was made by this server."""
    await cluster_with(site)
    assert (await caller.call(CREATE, **CLERK)).content["outcome"] == "applied"


def exists(site: Site) -> bool:
    """Whether PostgreSQL has the role."""
    return "clerk" in site.backend.postgres(site.namespace, "pg").roles


async def state(mcp: Caller) -> Content | None:
    """The role's row in the list."""
    return (await mcp.call("list_postgres_roles", **PG)).rows("roles").get("clerk")


async def test_plan_names_role_and_secret_and_changes_nothing(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    plan = await planned(caller, TOOL, **CLERK)
    assert effects(plan, "dropped") == {("role", "clerk")}
    (secret,) = await secrets(site)
    assert ("Secret", secret) in effects(plan, "deleted")
    assert exists(site)


async def test_dropped_role_is_gone_with_its_declaration_and_secret(
    site: Site, caller: Caller
) -> None:
    await with_clerk(site, caller)
    answer = await confirmed(caller, TOOL, **CLERK)
    assert answer.content["outcome"] == "applied"
    assert not exists(site)
    assert await state(caller) is None
    await until(lambda: _no_secrets(site), 20, lambda: "the Secret is still there")


@pytest.mark.usefixtures("patient_reports")
async def test_dropped_role_is_not_reported_any_more_and_can_be_made_again(
    site: Site, caller: Caller
) -> None:
    await cluster_with(site, {"name": "other"})
    await caller.call(CREATE, **CLERK)
    await site.admin.annotate("clusters", site.namespace, "pg", {"example.com/touched": "yes"})
    if not await inline_names(site) & {"clerk"}:
        await roles_reported(site, "not-managed", "clerk")
    await confirmed(caller, TOOL, **CLERK)
    assert await state(caller) is None
    assert (await caller.call(CREATE, **CLERK)).content["outcome"] == "applied"


async def inline_names(site: Site) -> set[str]:
    """The roles that the Cluster itself declares."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    return {each["name"] for each in found["spec"]["managed"]["roles"]}


async def _no_secrets(site: Site) -> bool:
    return await secrets(site) == {}


async def test_second_declaration_of_the_role_is_told(own: Desk) -> None:
    plan = await planned(await own.caller(), TOOL, **PG, role_name="twice")
    assert effects(plan, "left") == {("DatabaseRole", "twice")}
    assert effects(plan, "changed") == {("Cluster", "pg")}


async def test_object_that_went_by_other_hands_proves_no_drop(own: Desk) -> None:
    """The operator never held it, so nobody has dropped the role."""
    answer = await confirmed(await own.caller(), TOOL, **CLERK, wait_seconds=45)
    assert answer.content["outcome"] == "accepted"
    assert answer.content["state"] == "unwatched"


async def test_drop_of_an_object_that_is_going_already_is_asked_for(own: Desk) -> None:
    admin, namespace = own.site.admin, own.site.namespace
    held = {"metadata": {"finalizers": ["cnpg.io/deleteRole"]}}
    await admin.patch("databaseroles", namespace, "clerk", held)
    await admin.delete("databaseroles", namespace, "clerk")
    await confirmed(await own.caller(), TOOL, **CLERK, wait_seconds=0)
    found = await admin.get("databaseroles", namespace, "clerk")
    assert found["spec"]["databaseRoleReclaimPolicy"] == "delete"


async def test_inline_role_of_others_is_dropped_and_its_secret_left(
    site: Site, caller: Caller
) -> None:
    meta = {"name": "theirs", "namespace": site.namespace, "labels": {"cnpg.io/reload": "true"}}
    data = {"username": "clerk", "password": "not-a-real-password"}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": data}
    await site.admin.create({**body, "type": "kubernetes.io/basic-auth"})
    entry = {"name": "clerk", "login": True, "passwordSecret": {"name": "theirs"}}
    await cluster_with(site, entry, {"name": "other"})
    await roles_reported(site, "reconciled", "clerk", "other")
    answer = await confirmed(caller, TOOL, **CLERK)
    assert answer.content["outcome"] == "applied"
    assert not exists(site)
    assert await site.admin.get("secrets", site.namespace, "theirs")
    found = await site.admin.get("clusters", site.namespace, "pg")
    assert [each["name"] for each in found["spec"]["managed"]["roles"]] == ["other"]


async def test_refused_drop_is_told_with_postgres_words_and_stays_pending(
    site: Site, caller: Caller
) -> None:
    await with_clerk(site, caller)
    postgres = site.backend.postgres(site.namespace, "pg")
    postgres.apply_database("orders", "clerk")
    error = await refused_with_code(caller, TOOL, **CLERK)
    assert error["code"] == "rejected_by_operator"
    assert error["result"]["pending"] is True
    assert exists(site)
    assert (await state(caller))["state"] == "dropping"
    postgres.drop_database("orders")
    answer = await confirmed(caller, TOOL, **CLERK)
    assert answer.content["outcome"] == "applied"
    assert not exists(site)


async def test_plan_names_the_databases_that_the_role_owns(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    await caller.call("create_postgres_database", **PG, database_name="orders", owner="clerk")
    plan = await planned(caller, TOOL, **CLERK)
    assert any("orders" in caution for caution in plan["cautions"])


async def test_without_waiting_it_is_accepted_and_a_second_call_finishes_it(
    site: Site, caller: Caller
) -> None:
    await cluster_with(site, {"name": "clerk"}, {"name": "other"})
    await roles_reported(site, "reconciled", "clerk")
    answer = await confirmed(caller, TOOL, **CLERK, wait_seconds=0)
    assert answer.content["outcome"] == "accepted"
    await until(lambda: _dropped(caller), 20, lambda: "the role is not dropped")
    answer = await confirmed(caller, TOOL, **CLERK)
    assert answer.content["outcome"] == "applied"
    assert await state(caller) is None


async def _dropped(mcp: Caller) -> bool:
    return (await state(mcp))["state"] == "dropped"


@pytest.mark.databaserole
async def test_code_is_stale_for_an_object_made_anew(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    await site.admin.create(database_role(site.namespace, "clerk"))
    plan = await planned(caller, TOOL, **CLERK)
    await site.admin.delete("databaseroles", site.namespace, "clerk")
    await until(lambda: _gone(site), 20, lambda: "the object is still there")
    await site.admin.create(database_role(site.namespace, "clerk"))
    error = await caller.refused(TOOL, **CLERK, confirmation=plan["confirmation"])
    assert error["code"] == STALE
    assert await site.admin.get("databaseroles", site.namespace, "clerk")


async def _gone(site: Site) -> bool:
    return await site.admin.list("databaseroles", site.namespace) == []


async def test_code_for_another_role_or_caller_does_nothing(site: Site, caller: Caller) -> None:
    await cluster_with(site, {"name": "clerk"}, {"name": "other"})
    code = (await planned(caller, TOOL, **PG, role_name="other"))["confirmation"]
    assert (await caller.refused(TOOL, **CLERK, confirmation=code))["code"] == STALE
    own = (await planned(caller, TOOL, **CLERK))["confirmation"]
    stranger = await site.user()
    assert (await stranger.refused(TOOL, **CLERK, confirmation=own))["code"] == STALE
    found = await site.admin.get("clusters", site.namespace, "pg")
    assert {each["ensure"] for each in found["spec"]["managed"]["roles"]} == {"present"}


async def test_protected_namespace_gives_a_plan_without_a_code(site: Site) -> None:
    await cluster_with(site, {"name": "clerk"})
    mcp = await site.user(protected_namespaces=("t-*",))
    content = (await mcp.call(TOOL, **CLERK)).content
    assert [each["code"] for each in content["blockers"]] == ["protected"]
    assert "confirmation" not in content


async def test_code_given_before_the_protection_does_nothing(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    dry = await caller.call(TOOL, **CLERK, dry_run=True)
    assert dry.content["outcome"] == "dry_run"
    assert exists(site)
    read_only = await site.user(read_only=True)
    content = (await read_only.call(TOOL, **CLERK)).content
    assert [each["code"] for each in content["blockers"]] == ["read_only"]


async def test_undeclared_roles_cannot_be_dropped(site: Site, call: Call, refused: Refused) -> None:
    await cluster_with(site)
    assert (await refused(TOOL, **PG, role_name="app"))["code"] == "unsupported"
    assert (await refused(TOOL, **PG, role_name="nobody"))["code"] == "not_found"
    assert (await refused(TOOL, **PG, role_name="postgres"))["code"] == "invalid"
