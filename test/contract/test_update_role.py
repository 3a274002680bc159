"""update_postgres_role: only what is given changes, through either back-end."""

from datetime import UTC, datetime, timedelta

import pytest

from test.contract.arrange import cluster_with, roles_reported
from test.contract.caller import Caller, Content
from test.contract.conftest import Call, Refused
from test.contract.planning import STALE, confirmed, effects, planned, refused_with_code
from test.contract.planted import declare_role
from test.contract.servers import Desk
from test.contract.site import Site
from test.contract.test_create_role import secrets
from test.controlplane.clusters import database_role

TOOL = "update_postgres_role"
CREATE = "create_postgres_role"
PG = {"cluster_name": "pg"}
CLERK = {**PG, "role_name": "clerk"}
TOMORROW = (datetime.now(UTC) + timedelta(hours=23)).strftime("%Y-%m-%dT%H:%M:%SZ")
ENTRY = {"name": "clerk", "login": True, "comment": "kept", "connectionLimit": 9}


async def attributes(site: Site, name: str = "clerk") -> Content:
    """What PostgreSQL has of a role."""
    return site.backend.postgres(site.namespace, "pg").roles[name].attributes


async def with_clerk(site: Site, caller: Caller) -> None:
    """A cluster whose role `clerk` was made by this server."""
    await cluster_with(site, {"name": "readers"})
    await roles_reported(site, "reconciled", "readers")
    order = {**CLERK, "connection_limit": 9, "comment": "kept", "in_roles": ["readers"]}
    assert (await caller.call(CREATE, **order)).content["outcome"] == "applied"


async def with_inline_clerk(site: Site) -> None:
    """A cluster whose role `clerk` is an entry that somebody else has made."""
    await cluster_with(site, ENTRY, {"name": "other", "createdb": True})
    await roles_reported(site, "reconciled", "clerk", "other")


async def test_only_what_is_given_changes(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    answer = await caller.call(TOOL, **CLERK, createdb=True)
    assert answer.content["outcome"] == "applied"
    assert answer.content["changed"] == {"createdb": True}
    now = await attributes(site)
    kept = {"createdb": True, "connectionLimit": 9, "comment": "kept", "login": True}
    assert kept.items() <= now.items()
    assert now["inRoles"] == ["readers"]


async def test_inline_entry_changes_alone(site: Site, call: Call) -> None:
    await with_inline_clerk(site)
    answer = await call(TOOL, **CLERK, createdb=True)
    assert answer.content["outcome"] == "applied"
    assert answer.content["source"] == "inline"
    assert (await attributes(site))["createdb"] is True
    assert (await attributes(site))["comment"] == "kept"
    assert (await attributes(site, "other"))["createdb"] is True


async def test_memberships_are_added_and_revoked_one_by_one(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    await caller.call(CREATE, **PG, role_name="writers", login=False)
    await caller.call(TOOL, **CLERK, in_roles=["writers"])
    assert set((await attributes(site))["inRoles"]) == {"readers", "writers"}
    await caller.call(TOOL, **CLERK, in_roles={"readers": False})
    assert (await attributes(site))["inRoles"] == ["writers"]


async def test_what_is_so_already_is_unchanged(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    answer = await caller.call(TOOL, **CLERK, connection_limit=9, in_roles=["readers"])
    assert answer.content["outcome"] == "unchanged"


async def test_limit_and_expiry_can_be_lifted(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    await caller.call(TOOL, **CLERK, valid_until="2031-01-01T00:00:00Z")
    assert (await attributes(site))["validUntil"] == "2031-01-01T00:00:00Z"
    await caller.call(TOOL, **CLERK, valid_until="infinity", connection_limit=-1)
    assert "validUntil" not in await attributes(site)
    assert (await attributes(site))["connectionLimit"] == -1


@pytest.mark.parametrize(
    "power",
    [{"superuser": True}, {"createrole": True}, {"in_roles": ["pg_read_all_data"]}],
    ids=str,
)
async def test_power_needs_a_plan(site: Site, caller: Caller, power: Content) -> None:
    await with_inline_clerk(site)
    plan = await planned(caller, TOOL, **CLERK, **power)
    assert effects(plan, "granted")
    assert not {"superuser", "createrole", "inRoles"} & (await attributes(site)).keys()


async def test_confirmed_power_is_given_and_taken_back_without_a_plan(
    site: Site, caller: Caller
) -> None:
    await with_inline_clerk(site)
    assert (await confirmed(caller, TOOL, **CLERK, superuser=True)).content["outcome"] == "applied"
    assert (await attributes(site))["superuser"] is True
    assert (await caller.call(TOOL, **CLERK, superuser=False)).content["outcome"] == "applied"
    assert (await attributes(site))["superuser"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": False}, "login"),
        ({"connection_limit": 0}, "connectionLimit"),
        ({"valid_until": "2001-01-01T00:00:00Z"}, "validUntil"),
        ({"valid_until": TOMORROW}, "validUntil"),
    ],
    ids=["no login", "no connections", "long ago", "tomorrow"],
)
async def test_taking_login_away_needs_a_plan(
    site: Site, caller: Caller, change: Content, field: str
) -> None:
    await with_clerk(site, caller)
    before = await attributes(site)
    await planned(caller, TOOL, **CLERK, **change)
    assert await attributes(site) == before
    await confirmed(caller, TOOL, **CLERK, **change)
    assert (await attributes(site))[field] == next(iter(change.values()))


async def test_expiry_that_is_still_to_come_needs_no_plan(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    answer = await caller.call(TOOL, **CLERK, valid_until="2999-01-01T00:00:00Z")
    assert answer.content["outcome"] == "applied"


@pytest.mark.parametrize("role", ["boss", "below_boss", "chief"])
async def test_login_for_a_role_with_power_needs_a_plan(own: Desk, role: str) -> None:
    mcp = await own.caller()
    plan = await planned(mcp, TOOL, **PG, role_name=role, login=True)
    assert effects(plan, "granted") == {("login", role)}


async def test_power_is_told_to_reach_the_members(own: Desk) -> None:
    mcp = await own.caller()
    plan = await planned(mcp, TOOL, **PG, role_name="plain", createrole=True)
    assert effects(plan, "affected") == {("role", "below_plain"), ("role", "below-fine")}


@pytest.mark.parametrize("change", [{"connection_limit": 5}, {"valid_until": "infinity"}], ids=str)
async def test_login_that_is_revived_for_power_needs_a_plan(own: Desk, change: Content) -> None:
    role = {"superuser": True, "login": True, "connectionLimit": 0}
    role |= {"validUntil": "2001-01-01T00:00:00Z"}
    await declare_role(own.site.admin, own.site.namespace, "sleeping", **role)
    plan = await planned(await own.caller(), TOOL, **PG, role_name="sleeping", **change)
    assert effects(plan, "granted") == {("login", "sleeping")}


async def test_rotation_is_applied_with_a_new_version_of_the_secret(
    site: Site, caller: Caller
) -> None:
    await with_clerk(site, caller)
    postgres = site.backend.postgres(site.namespace, "pg")
    before = postgres.roles["clerk"].password_version
    answer = await confirmed(caller, TOOL, **CLERK, rotate_password=True)
    assert answer.content["outcome"] == "applied"
    secret = (await secrets(site))[answer.content["secret"]["name"]]
    after = postgres.roles["clerk"].password_version
    assert after == secret["metadata"]["resourceVersion"] != before


async def test_role_that_gets_login_gets_a_secret(site: Site, caller: Caller) -> None:
    await cluster_with(site, {"name": "clerk"})
    await roles_reported(site, "reconciled", "clerk")
    answer = await caller.call(TOOL, **CLERK, login=True)
    assert answer.content["outcome"] == "applied"
    assert answer.content["secret"]["name"] in await secrets(site)


async def test_rotation_code_acts_once(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    plan = await planned(caller, TOOL, **CLERK, rotate_password=True)
    again = {**CLERK, "rotate_password": True, "confirmation": plan["confirmation"]}
    await caller.call(TOOL, **again)
    before = await secrets(site)
    error = await caller.refused(TOOL, **again)
    assert error["code"] == STALE
    assert "used already" in error["message"]
    assert "plan" not in error
    assert await secrets(site) == before


async def test_plan_tells_all_that_would_change(own: Desk) -> None:
    change = {**PG, "role_name": "chief", "superuser": True, "in_roles": ["boss"]}
    answer = await (await own.caller()).call(TOOL, **change, connection_limit=3, comment="new")
    details = {row["kind"]: row["detail"] for row in answer.content["effects"]}
    told = 'superuser, connection limit 3, comment "new", member of "boss"'
    assert details["DatabaseRole"] == told
    assert f"Would be changed: DatabaseRole chief ({told})" in answer.text
    assert answer.content["changed"]["connection_limit"] == 3


async def test_plan_for_an_inline_role_names_its_entry(own: Desk) -> None:
    change = {**PG, "role_name": "plain", "createrole": True, "login": True, "connection_limit": 3}
    plan = await planned(await own.caller(), TOOL, **change)
    (detail,) = [row["detail"] for row in plan["effects"] if row["kind"] == "Cluster"]
    assert detail == (
        'entry "plain" of spec.managed.roles: login, createrole, connection limit 3, '
        "a password in a new Secret"
    )


async def test_plan_that_replaces_a_stale_one_tells_all_as_well(own: Desk) -> None:
    mcp, change = await own.caller(), {**PG, "role_name": "chief", "superuser": True}
    code = (await planned(mcp, TOOL, **change))["confirmation"]
    result = await mcp.ask(TOOL, {**change, "connection_limit": 3, "confirmation": code})
    assert "(superuser, connection limit 3)" in result.content[0].text


async def test_mistyped_code_is_to_be_copied_exactly(own: Desk) -> None:
    mcp, change = await own.caller(), {**PG, "role_name": "chief", "superuser": True}
    code = (await planned(mcp, TOOL, **change))["confirmation"]
    wrong = code[:30] + ("a" if code[30] != "a" else "b") + code[31:]
    error = await mcp.refused(TOOL, **change, confirmation=wrong)
    assert error["code"] == "confirmation_required"
    assert "copied exactly" in error["next_step"]
    assert (await mcp.call(TOOL, **change, confirmation=code)).content["outcome"] == "accepted"


async def test_code_is_stale_after_the_role_has_changed(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    plan = await planned(caller, TOOL, **CLERK, superuser=True)
    await caller.call(TOOL, **CLERK, createdb=True)
    error = await caller.refused(TOOL, **CLERK, superuser=True, confirmation=plan["confirmation"])
    assert error["code"] == STALE
    assert error["plan"]["confirmation"] != plan["confirmation"]
    assert not (await attributes(site)).get("superuser")


async def test_code_serves_no_other_call_caller_or_server(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    code = (await planned(caller, TOOL, **CLERK, superuser=True))["confirmation"]
    for arguments in ({"createrole": True}, {"superuser": True, "createdb": True}):
        error = await caller.refused(TOOL, **CLERK, **arguments, confirmation=code)
        assert error["code"] == STALE
    other = await site.user()
    error = await other.refused(TOOL, **CLERK, superuser=True, confirmation=code)
    assert error["code"] == STALE
    assert not (await attributes(site)).get("superuser")


async def test_text_that_is_no_code_is_told(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    error = await caller.refused(TOOL, **CLERK, superuser=True, confirmation="yes, please")
    assert error["code"] == "confirmation_required"


async def test_foreign_secret_is_not_rotated(site: Site, refused: Refused) -> None:
    await cluster_with(site, {**ENTRY, "passwordSecret": {"name": "theirs"}})
    meta = {"name": "theirs", "namespace": site.namespace, "labels": {"cnpg.io/reload": "true"}}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"a": "b"}}
    made = await site.admin.create(body)
    error = await refused(TOOL, **CLERK, rotate_password=True)
    assert error["code"] == "blocked"
    now = await site.admin.get("secrets", site.namespace, "theirs")
    assert now["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_undeclared_roles_cannot_be_changed(site: Site, refused: Refused) -> None:
    await cluster_with(site)
    owner = await refused(TOOL, **PG, role_name="app", createdb=True)
    assert owner["code"] == "unsupported"
    unknown = await refused(TOOL, **PG, role_name="nobody", createdb=True)
    assert unknown["code"] == "not_found"


async def test_nothing_to_change_is_invalid(site: Site, refused: Refused) -> None:
    assert (await refused(TOOL, **CLERK))["code"] == "invalid"
    both = await refused(TOOL, **CLERK, rotate_password=True, createdb=True)
    assert both["code"] == "invalid"


async def test_read_only_server_and_dry_run_change_nothing(site: Site, caller: Caller) -> None:
    await with_clerk(site, caller)
    mcp = await site.user(read_only=True)
    assert (await mcp.refused(TOOL, **CLERK, createdb=True))["code"] == "blocked"
    for arguments in ({"createdb": True}, {"superuser": True}, {"rotate_password": True}):
        answer = await mcp.call(TOOL, **CLERK, **arguments, dry_run=True)
        assert answer.content["outcome"] == "dry_run"
        assert not answer.content.get("confirmation")
    assert not (await attributes(site)).get("createdb")


async def test_change_that_postgres_refuses_is_told(site: Site, caller: Caller) -> None:
    await with_inline_clerk(site)
    error = await refused_with_code(caller, TOOL, **CLERK, in_roles=["not_there"])
    assert error["code"] == "rejected_by_operator"
    assert "not_there" in error["result"]["message"]


@pytest.mark.databaserole
async def test_role_declared_by_others_as_an_object_is_changed(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    await site.admin.create(database_role(site.namespace, "clerk", comment="kept"))
    answer = await caller.call(TOOL, **CLERK, createdb=True)
    assert answer.content["outcome"] == "applied"
    assert (await attributes(site))["comment"] == "kept"
