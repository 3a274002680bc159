"""create_postgres_role: what PostgreSQL has then, and that no Secret stands alone."""

import asyncio
import base64

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.contract.arrange import cluster_with, roles_reported
from test.contract.caller import Caller, Content, failure
from test.contract.conftest import Call, Refused
from test.contract.planning import confirmed, effects, planned
from test.contract.planted import declare_role
from test.contract.servers import Desk
from test.contract.site import Site

TOOL = "create_postgres_role"
PG = {"cluster_name": "pg"}
NAMES = ("app_user", "MyRole", "with space", "Ünïcode-名", "x" * 63, 'a"b', "a'b; --", "-dash")
RESERVED = ("postgres", "pg_mine", "cnpg_x", "streaming_replica", "public", "none", "", "x" * 64)
POWERS = (
    {"superuser": True},
    {"createrole": True},
    {"replication": True},
    {"bypassrls": True},
    {"in_roles": ["pg_monitor"]},
    {"in_roles": ["pg_execute_server_program"]},
    {"in_roles": ["app"]},
    {"in_roles": ["strong"]},
    {"in_roles": ["below_strong"]},
    {"in_roles": ["not_there"]},
)
INLINE = (
    {"name": "strong", "superuser": True},
    {"name": "below_strong", "inRoles": ["strong"]},
    {"name": "plain"},
    {"name": "below_plain", "inRoles": ["plain"]},
)


async def secrets(site: Site) -> dict[str, KubeObject]:
    """The Secrets of roles that this server has made."""
    found = await site.admin.list("secrets", site.namespace)
    ours = "cnpg-mcp.io/created-by"
    return {
        each["metadata"]["name"]: each
        for each in found
        if ours in (each["metadata"].get("annotations") or {})
    }


def values(secret: KubeObject) -> dict[str, str]:
    """What is in a Secret, as the judge reads it."""
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


async def test_role_is_applied_with_the_password_of_its_secret(site: Site, call: Call) -> None:
    await cluster_with(site)
    answer = await call(TOOL, **PG, role_name="app_user", createdb=True)
    assert answer.content["outcome"] == "applied"
    role = site.backend.postgres(site.namespace, "pg").roles["app_user"]
    assert (role.attributes["login"], role.attributes["createdb"]) == (True, True)
    secret = (await secrets(site))[answer.content["secret"]["name"]]
    assert role.password_version == secret["metadata"]["resourceVersion"]
    assert values(secret)["username"] == "app_user"
    assert secret["metadata"]["labels"]["cnpg.io/reload"] == "true"


async def test_password_is_in_no_answer_and_no_audit_line(
    site: Site, caller: Caller, capfd: pytest.CaptureFixture[str]
) -> None:
    await cluster_with(site)
    answers = [await caller.call(TOOL, **PG, role_name="app_user")]
    before = values(next(iter((await secrets(site)).values())))["password"]
    rotation = {**PG, "role_name": "app_user", "rotate_password": True}
    answers.append(await confirmed(caller, "update_postgres_role", **rotation))
    after = values(next(iter((await secrets(site)).values())))["password"]
    answers.append(await caller.call("list_postgres_roles", **PG, detail_level="detailed"))
    assert before != after
    told = f"{answers}{capfd.readouterr()}"
    assert "app_user" in told
    assert before not in told
    assert after not in told


async def test_first_try_that_always_fails_is_no_refusal(site: Site, call: Call) -> None:
    await cluster_with(site)
    answer = await call(TOOL, **PG, role_name="app_user", wait_seconds=1)
    assert answer.content["outcome"] in {"accepted", "applied"}


async def test_repeated_call_on_a_read_only_server_makes_nobody_look_again(own: Desk) -> None:
    admin, namespace = own.site.admin, own.site.namespace
    made = await (await own.caller()).call(TOOL, **PG, role_name="app_user", wait_seconds=0)
    name = made.content["object"]
    failing = {"applied": False, "message": "no"}
    before = await admin.patch_status("databaseroles", namespace, name, failing)
    reader = await own.caller(read_only=True)
    again = await reader.call(TOOL, **PG, role_name="app_user", wait_seconds=3)
    assert again.content["outcome"] == "unchanged"
    now = await admin.get("databaseroles", namespace, name)
    assert now["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_role_without_login_gets_no_secret(site: Site, call: Call) -> None:
    await cluster_with(site)
    answer = await call(TOOL, **PG, role_name="readers", login=False)
    assert answer.content["outcome"] == "applied"
    assert await secrets(site) == {}


async def test_dry_run_makes_nothing(site: Site, call: Call) -> None:
    await cluster_with(site)
    answer = await call(TOOL, **PG, role_name="app_user", dry_run=True)
    assert answer.content["outcome"] == "dry_run"
    assert await secrets(site) == {}
    rows = (await call("list_postgres_roles", **PG)).rows("roles")
    assert "app_user" not in rows


async def test_repeated_call_is_unchanged_and_another_already_exists(
    site: Site, call: Call, refused: Refused
) -> None:
    await cluster_with(site)
    made = await call(TOOL, **PG, role_name="app_user", connection_limit=5)
    again = await call(TOOL, **PG, role_name="app_user", connection_limit=5)
    assert again.content["outcome"] == "unchanged"
    assert again.content["secret"] == made.content["secret"]
    error = await refused(TOOL, **PG, role_name="app_user")
    assert error["code"] == "already_exists"
    assert len(await secrets(site)) == 1


@pytest.mark.parametrize("name", ["app", "plain"])
async def test_existing_role_is_not_adopted(site: Site, refused: Refused, name: str) -> None:
    await cluster_with(site, *INLINE)
    assert (await refused(TOOL, **PG, role_name=name))["code"] == "already_exists"
    assert await secrets(site) == {}


async def test_role_that_the_operator_reports_as_made_by_hand_is_not_adopted(
    site: Site, refused: Refused
) -> None:
    postgres = await _with_hand_made(site)
    assert (await refused(TOOL, **PG, role_name="by_hand"))["code"] == "already_exists"
    assert postgres.roles["by_hand"].attributes == {}


@pytest.mark.usefixtures("patient_reports")
async def test_role_that_is_only_reported_still_is_made(site: Site, call: Call) -> None:
    postgres = await _with_hand_made(site)
    postgres.drop_role("by_hand")  # by hand, too: no report tells
    answer = await call(TOOL, **PG, role_name="by_hand")
    assert answer.content["outcome"] == "applied"
    assert postgres.roles["by_hand"].password_version


async def test_plans_dry_runs_and_read_only_servers_have_no_report_made_anew(
    site: Site, caller: Caller
) -> None:
    await _with_hand_made(site)
    before = await site.admin.get("clusters", site.namespace, "pg")
    role = {**PG, "role_name": "by_hand"}
    checked = (await caller.call(TOOL, **role, dry_run=True)).content
    assert any("operator has seen" in caution for caution in checked["cautions"])
    await planned(caller, TOOL, **role, createrole=True)
    await (await site.user(read_only=True)).refused(TOOL, **role)
    now = await site.admin.get("clusters", site.namespace, "pg")
    assert now["metadata"].get("annotations") == before["metadata"].get("annotations")


async def test_members_that_wait_for_the_role_are_in_its_plan(own: Desk) -> None:
    await declare_role(own.site.admin, own.site.namespace, "waiting", inRoles=["late"])
    plan = await planned(await own.caller(), TOOL, **PG, role_name="late", superuser=True)
    assert ("role", "waiting") in effects(plan, "affected")


async def _with_hand_made(site: Site):
    await cluster_with(site)
    postgres = site.backend.postgres(site.namespace, "pg")
    postgres.apply_role("by_hand", {}, "")
    body = {"spec": {"managed": {"roles": [{"name": "plain"}]}}}
    await site.admin.patch("clusters", site.namespace, "pg", body)
    await roles_reported(site, "not-managed", "by_hand")
    return postgres


async def test_odd_names_work(site: Site, call: Call) -> None:
    await cluster_with(site)
    for name in NAMES:
        answer = await call(TOOL, **PG, role_name=name, login=False)
        assert answer.content["outcome"] == "applied", name
    assert set(NAMES) <= site.backend.postgres(site.namespace, "pg").roles.keys()


async def test_names_that_cannot_be_are_refused_before_anything_exists(
    site: Site, refused: Refused
) -> None:
    for name in RESERVED:
        error = await refused(TOOL, **PG, role_name=name)
        assert error["code"] == "invalid", name
    assert await secrets(site) == {}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"valid_until": "soon"}, "valid_until"),
        ({"valid_until": "2030-01-01T00:00:00"}, "valid_until"),
        ({"connection_limit": -2}, "connection_limit"),
        ({"in_roles": ["app_user"]}, "in_roles"),
        ({"in_roles": ["a", "a"]}, "in_roles"),
    ],
    ids=str,
)
async def test_attributes_that_cannot_be_are_refused(
    refused: Refused, arguments: Content, field: str
) -> None:
    error = await refused(TOOL, **PG, role_name="app_user", **arguments)
    assert (error["code"], error["fields"][0]["field"]) == ("invalid", field)


async def test_power_needs_a_plan_and_a_plan_changes_nothing(site: Site, caller: Caller) -> None:
    await cluster_with(site, *INLINE)
    await roles_reported(site, "reconciled", "below_plain")
    for power in POWERS:
        plan = await planned(caller, TOOL, **PG, role_name="app_user", **power)
        assert effects(plan, "granted"), power
    assert await secrets(site) == {}
    assert "app_user" not in site.backend.postgres(site.namespace, "pg").roles


async def test_plan_tells_all_that_the_role_would_be(own: Desk) -> None:
    role = {**PG, "role_name": "late", "superuser": True, "login": False, "createdb": True}
    mcp = await own.caller()
    answer = await mcp.call(TOOL, **role, valid_until="2031-01-01T00:00:00Z", in_roles=["plain"])
    told = 'nologin, superuser, createdb, valid until 2031-01-01T00:00:00Z, member of "plain"'
    assert f"Would be created: role late ({told})" in answer.text


async def test_group_that_nobody_knows_is_told_in_the_plan(own: Desk) -> None:
    role = {**PG, "role_name": "late", "in_roles": ["ghost", "pg_read_all", "pg_read_all_data"]}
    plan = await planned(await own.caller(), TOOL, **role)
    details = {row["name"]: row["detail"] for row in plan["effects"] if row["fate"] == "granted"}
    assert "may not exist" in details["ghost"]
    assert "may not exist" in details["pg_read_all"]
    assert details["pg_read_all_data"] == "a predefined role of PostgreSQL"


async def test_expiry_that_is_past_is_told(site: Site, call: Call) -> None:
    await cluster_with(site)
    role = {**PG, "role_name": "app_user", "valid_until": "2001-01-01T00:00:00Z"}
    answer = await call(TOOL, **role)
    assert answer.content["outcome"] == "applied"
    assert "cannot log in with its password" in answer.text


async def test_cluster_without_a_primary_is_told(own: Desk) -> None:
    mcp, namespace = await own.caller(), own.site.namespace
    await own.site.admin.patch_status("clusters", namespace, "pg", {"currentPrimary": None})
    made = await mcp.call(TOOL, **PG, role_name="late", wait_seconds=0)
    change = {**PG, "role_name": "clerk", "createdb": True, "wait_seconds": 0}
    changed = await mcp.call("update_postgres_role", **change)
    dropped = await confirmed(mcp, "delete_postgres_role", **PG, role_name="chief", wait_seconds=0)
    listed = await mcp.call("list_postgres_roles", **PG)
    for answer in (made, changed, dropped, listed):
        assert "The cluster had no primary" in answer.text
        assert f"get_cluster_status with namespace={namespace} and name=pg" in answer.text


async def test_membership_in_a_plain_role_needs_no_plan(site: Site, call: Call) -> None:
    await cluster_with(site, *INLINE)
    await roles_reported(site, "reconciled", "below_plain")
    answer = await call(TOOL, **PG, role_name="app_user", in_roles=["below_plain"])
    assert answer.content["outcome"] == "applied"


async def test_confirmed_power_is_given_once(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    arguments = {**PG, "role_name": "boss", "superuser": True}
    plan = await planned(caller, TOOL, **arguments)
    code = {"confirmation": plan["confirmation"]}
    assert (await caller.call(TOOL, **arguments, **code)).content["outcome"] == "applied"
    dropped = await confirmed(caller, "delete_postgres_role", **PG, role_name="boss")
    assert dropped.content["outcome"] == "applied"
    error = await caller.refused(TOOL, **arguments, **code)
    assert error["code"] == "confirmation_stale"
    assert "boss" not in site.backend.postgres(site.namespace, "pg").roles


async def test_role_that_postgres_refuses_is_told_and_stays_pending(
    site: Site, caller: Caller
) -> None:
    await cluster_with(site)
    arguments = {**PG, "role_name": "app_user", "in_roles": ["not_there"]}
    plan = await planned(caller, TOOL, **arguments)
    result = await caller.ask(TOOL, {**arguments, "confirmation": plan["confirmation"]})
    assert result.content[0].text.count("Next: ") == 1
    error = failure(result)
    assert error["code"] == "rejected_by_operator"
    assert error["result"]["pending"] is True
    assert "not_there" in error["result"]["message"]
    rows = (await caller.call("list_postgres_roles", **PG)).rows("roles")
    assert rows["app_user"]["state"] in {"failed", "in_progress"}


async def test_foreign_secret_of_the_same_name_survives(site: Site, call: Call) -> None:
    await cluster_with(site)
    first = await call(TOOL, **PG, role_name="app_user", dry_run=True)
    assert first.content["outcome"] == "dry_run"
    foreign = await _foreign_secret(site, "pg-app-user-584ad191a3")
    answer = await call(TOOL, **PG, role_name="app_user")
    assert answer.content["outcome"] == "applied"
    assert answer.content["secret"]["name"] != foreign["metadata"]["name"]
    now = await site.admin.get("secrets", site.namespace, foreign["metadata"]["name"])
    assert now["metadata"]["resourceVersion"] == foreign["metadata"]["resourceVersion"]


async def _foreign_secret(site: Site, name: str) -> KubeObject:
    labels = {"cnpg.io/cluster": "pg", "cnpg.io/reload": "true"}
    meta = {"name": name, "namespace": site.namespace, "labels": labels}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"a": "b"}}
    return await site.admin.create(body)


async def test_read_only_server_makes_nothing(site: Site) -> None:
    await cluster_with(site)
    mcp = await site.user(read_only=True)
    assert (await mcp.refused(TOOL, **PG, role_name="app_user"))["code"] == "blocked"
    answer = await mcp.call(TOOL, **PG, role_name="app_user", dry_run=True)
    assert answer.content["outcome"] == "dry_run"
    assert await secrets(site) == {}


async def test_two_writers_at_once_keep_every_role(site: Site) -> None:
    await cluster_with(site, {"name": "first"})
    writers = [await site.user(), await site.user()]
    for number in range(20):
        names = [f"role_{number}_{at}" for at in range(2)]
        await _all_at_once(writers, names)
    await _require_all(site, {f"role_{number}_{at}" for number in range(20) for at in range(2)})


async def test_six_writers_at_once_keep_every_role(site: Site) -> None:
    await cluster_with(site, {"name": "first"})
    writers = [await site.user() for _ in range(6)]
    names = [f"role_{at}" for at in range(6)]
    await _all_at_once(writers, names)
    await _require_all(site, set(names))


async def _all_at_once(writers: list[Caller], names: list[str]) -> None:
    calls = (
        mcp.call(TOOL, **PG, role_name=name, wait_seconds=0)
        for mcp, name in zip(writers, names, strict=True)
    )
    await asyncio.gather(*calls)


async def _require_all(site: Site, names: set[str]) -> None:
    """All roles are declared, the one that was there too, and each has its own Secret."""
    mcp = await site.user()
    rows = (await mcp.call("list_postgres_roles", **PG, limit=500)).rows("roles")
    assert names | {"first"} <= rows.keys()
    used = {rows[name]["secret"] for name in names}
    assert used == (await secrets(site)).keys()
    assert len(used) == len(names)
