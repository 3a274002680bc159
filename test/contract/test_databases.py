"""create_postgres_database and delete_postgres_database: what PostgreSQL has, and how it goes."""

import asyncio

import pytest

from cnpg_mcp.demo.node.postgres import Database, Postgres
from test.contract.arrange import cluster_with
from test.contract.caller import Caller, Content, failure
from test.contract.conftest import Call, Refused
from test.contract.planning import STALE, confirmed, effects, planned, refused_with_code
from test.contract.servers import Desk
from test.contract.site import Site
from test.controlplane.api import until
from test.controlplane.clusters import cluster, database

CREATE, DELETE = "create_postgres_database", "delete_postgres_database"
PG = {"cluster_name": "pg"}
SHOP = {**PG, "database_name": "shop", "owner": "app"}
DROP = {**PG, "database_name": "shop"}
NAMES = ("app_user", "MyDb", "with space", "Ünïcode-名", "x" * 63, 'a"b', "a'b; --")


def postgres(site: Site) -> Postgres:
    """What PostgreSQL has."""
    return site.backend.postgres(site.namespace, "pg")


def shop(site: Site) -> Database | None:
    """The database as PostgreSQL has it."""
    return postgres(site).databases.get("shop")


async def with_shop(site: Site, mcp: Caller, **arguments: object) -> Content:
    """A cluster with a database that this server has made; its object."""
    await cluster_with(site)
    answer = await mcp.call(CREATE, **{**SHOP, **arguments})
    assert answer.content["outcome"] == "applied"
    return await site.admin.get("databases", site.namespace, answer.content["object"])


async def objects(site: Site) -> list[str]:
    """The names of all Database objects."""
    found = await site.admin.list("databases", site.namespace)
    return [each["metadata"]["name"] for each in found]


# --- create ---


async def test_database_is_applied_with_extensions_and_schemas(site: Site, caller: Caller) -> None:
    parts = {"extensions": ["pg_trgm", "hstore"], "schemas": ["sales", "with space"]}
    await with_shop(site, caller, **parts)
    made = shop(site)
    assert made.owner == "app"
    assert made.extensions.keys() >= {"pg_trgm", "hstore"}
    assert made.schemas == {"sales": "app", "with space": "app"}


async def test_repeated_call_is_unchanged_and_another_already_exists(
    site: Site, caller: Caller
) -> None:
    await with_shop(site, caller)
    assert (await caller.call(CREATE, **SHOP)).content["outcome"] == "unchanged"
    other = await caller.refused(CREATE, **SHOP, schemas=["sales"])
    assert other["code"] == "already_exists"
    bootstrap = await caller.refused(CREATE, **PG, database_name="app", owner="app")
    assert bootstrap["code"] == "already_exists"


async def test_unknown_owner_is_not_found_and_nothing_is_made(site: Site, refused: Refused) -> None:
    await cluster_with(site)
    error = await refused(CREATE, **{**SHOP, "owner": "nobody"})
    assert error["code"] == "not_found"
    assert await objects(site) == []


async def test_owner_that_is_being_dropped_is_told_so(own: Desk) -> None:
    admin, namespace = own.site.admin, own.site.namespace
    held = {"metadata": {"finalizers": ["cnpg.io/deleteDatabaseRole"]}}
    await admin.patch("databaseroles", namespace, "chief", held)
    await admin.delete("databaseroles", namespace, "chief")
    mcp, told = await own.caller(), {"chief": "is being dropped", "leaving": "has been dropped"}
    for owner, state in told.items():
        error = await mcp.refused(CREATE, **PG, database_name="new", owner=owner)
        assert error["code"] == "blocked"
        assert error["message"] == f'Role "{owner}", the owner, {state}.'
        assert "delete_postgres_role" in error["next_step"]


async def test_plan_tells_all_that_the_database_would_be(own: Desk) -> None:
    order = {**PG, "database_name": "new", "owner": "app", "schemas": ["sales"]}
    parts = {"extensions": ["dblink", "hstore"], "encoding": "UTF8", "locale": "C"}
    answer = await (await own.caller()).call(CREATE, **order, **parts, reclaim_policy="delete")
    told = (
        'owner "app"; extensions "dblink", "hstore"; schemas "sales"; encoding UTF8; locale C; '
        "on delete: delete"
    )
    assert f"Would be created: database new ({told})" in answer.text


async def test_cluster_without_a_primary_is_told(own: Desk) -> None:
    mcp, namespace = await own.caller(), own.site.namespace
    await own.site.admin.patch_status("clusters", namespace, "pg", {"currentPrimary": None})
    order = {**PG, "database_name": "new", "owner": "app"}
    made = await mcp.call(CREATE, **order, wait_seconds=0)
    dropped = await confirmed(mcp, DELETE, **DROP, wait_seconds=0)
    listed = await mcp.call("list_postgres_databases", **PG)
    for answer in (made, dropped, listed):
        assert "The cluster had no primary" in answer.text
        assert f"get_cluster_status with namespace={namespace} and name=pg" in answer.text


async def test_owner_that_is_still_being_made_is_waited_for(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    await caller.call("create_postgres_role", **PG, role_name="clerk", wait_seconds=0)
    answer = await caller.call(CREATE, **{**SHOP, "owner": "clerk"})
    assert answer.content["outcome"] == "applied"


async def test_odd_names_work(site: Site, call: Call) -> None:
    await cluster_with(site)
    for name in NAMES:
        answer = await call(CREATE, **PG, database_name=name, owner="app")
        assert answer.content["outcome"] == "applied", name
    assert set(NAMES) <= postgres(site).databases.keys()


async def test_what_cannot_be_is_refused_before_anything_exists(
    site: Site, refused: Refused
) -> None:
    await cluster_with(site)
    wrong = [{"database_name": name} for name in ("postgres", "template0", "", "x" * 64)]
    wrong += [{"schemas": ["pg_mine"]}, {"schemas": ["a", "a"]}, {"extensions": ["a b"]}]
    wrong += [{"encoding": "UTF8'; --"}, {"owner": "postgres"}]
    wrong += [{"database_name": "web shop", "schemas": ["sales"]}]  # CNPG cannot connect to it
    for arguments in wrong:
        error = await refused(CREATE, **{**SHOP, **arguments})
        assert error["code"] == "invalid", arguments
    assert await objects(site) == []


async def test_untrusted_extension_needs_a_plan_unless_it_is_allowed(
    site: Site, caller: Caller
) -> None:
    await cluster_with(site)
    plan = await planned(caller, CREATE, **SHOP, extensions=["dblink", "hstore"])
    assert effects(plan, "loaded") == {("extension", "dblink")}
    assert await objects(site) == []
    permissive = await site.user(allowed_extensions=("dblink", "hstore"))
    answer = await permissive.call(CREATE, **SHOP, extensions=["dblink", "hstore"])
    assert answer.content["outcome"] == "applied"


async def test_parts_that_fail_are_told_one_by_one(site: Site, caller: Caller) -> None:
    await cluster_with(site)
    arguments = {**SHOP, "extensions": ["hstore", "nowhere_to_be_found"]}
    code = (await planned(caller, CREATE, **arguments))["confirmation"]
    result = await caller.ask(CREATE, {**arguments, "confirmation": code})
    assert result.content[0].text.count("Next: ") == 1
    error = failure(result)
    assert error["code"] == "rejected_by_operator"
    states = {each["name"]: each["state"] for each in error["result"]["extensions"]}
    assert states == {"hstore": "applied", "nowhere_to_be_found": "failed"}
    rows = (await caller.call("list_postgres_databases", **PG)).rows("databases")
    assert rows["shop"]["state"] == "failed"


async def test_dry_runs_and_read_only_servers_store_nothing(site: Site) -> None:
    await cluster_with(site)
    mcp = await site.user(read_only=True)
    assert (await mcp.refused(CREATE, **SHOP))["code"] == "blocked"
    assert (await mcp.call(CREATE, **SHOP, dry_run=True)).content["outcome"] == "dry_run"
    assert await objects(site) == []


# --- delete ---


async def test_plan_changes_nothing_and_its_code_drops_the_database(
    site: Site, caller: Caller
) -> None:
    made = await with_shop(site, caller)
    plan = await planned(caller, DELETE, **DROP)
    assert effects(plan, "dropped") == {("database", "shop")}
    now = await site.admin.get("databases", site.namespace, made["metadata"]["name"])
    assert now["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    answer = await caller.call(DELETE, **DROP, confirmation=plan["confirmation"])
    assert answer.content["outcome"] == "applied"
    assert "dropped in PostgreSQL\nWas declared as: " in answer.text
    assert shop(site) is None
    assert await objects(site) == []


async def test_retained_database_stays(site: Site, caller: Caller) -> None:
    await with_shop(site, caller, reclaim_policy="delete")
    answer = await confirmed(caller, DELETE, **DROP, reclaim_policy="retain")
    assert answer.content["outcome"] == "applied"
    assert "no longer declared; what PostgreSQL has of it stays" in answer.text
    assert shop(site) is not None
    assert await objects(site) == []


async def test_retaining_withdraws_a_pending_drop(own: Desk) -> None:
    held = {"metadata": {"finalizers": ["example.com/held"]}, "spec": {"ensure": "absent"}}
    await own.site.admin.patch("databases", own.site.namespace, "shop", held)
    await confirmed(await own.caller(), DELETE, **DROP, reclaim_policy="retain", wait_seconds=0)
    spec = (await own.site.admin.get("databases", own.site.namespace, "shop"))["spec"]
    assert (spec["ensure"], spec["databaseReclaimPolicy"]) == ("present", "retain")


async def test_drop_of_an_object_that_is_going_already_is_asked_for(own: Desk) -> None:
    admin, namespace = own.site.admin, own.site.namespace
    held = {"metadata": {"finalizers": ["cnpg.io/deleteDatabase"]}}
    await admin.patch("databases", namespace, "shop", held)
    await admin.delete("databases", namespace, "shop")
    await confirmed(await own.caller(), DELETE, **DROP, wait_seconds=0)
    found = await admin.get("databases", namespace, "shop")
    assert found["spec"]["databaseReclaimPolicy"] == "delete"


async def test_withdrawn_drop_leaves_the_reclaim_policy_as_it_was(own: Desk) -> None:
    await confirmed(await own.caller(), DELETE, **DROP, wait_seconds=0)
    spec = (await own.site.admin.get("databases", own.site.namespace, "shop"))["spec"]
    assert (spec["ensure"], spec["databaseReclaimPolicy"]) == ("absent", "retain")


async def test_object_that_went_by_other_hands_proves_no_drop(own: Desk) -> None:
    mcp, admin = await own.caller(), own.site.admin
    plan = await planned(mcp, DELETE, **DROP)
    code = {"confirmation": plan["confirmation"]}
    dropping = asyncio.create_task(mcp.call(DELETE, **DROP, **code, wait_seconds=45))
    await until(lambda: _is_asked(own), 20, lambda: "the drop was not asked for")
    await admin.delete("databases", own.site.namespace, "shop")
    answer = await dropping
    assert answer.content["outcome"] == "accepted"
    assert answer.content["state"] == "unwatched"


async def _is_asked(own: Desk) -> bool:
    found = await own.site.admin.get("databases", own.site.namespace, "shop")
    return found["spec"].get("ensure") == "absent"


async def test_open_session_is_told_and_the_drop_happens_when_it_ends(
    site: Site, caller: Caller
) -> None:
    made = await with_shop(site, caller)
    name = made["metadata"]["name"]
    session = {"metadata": {"annotations": {"nodesim/session": "open"}}}
    await site.admin.patch("databases", site.namespace, name, session)
    error = await refused_with_code(caller, DELETE, **DROP)
    assert error["code"] == "rejected_by_operator"
    assert error["result"]["pending"] is True
    assert "55006" in error["result"]["message"]
    assert await state(caller) == "dropping"
    over = {"metadata": {"annotations": {"nodesim/session": None}}}
    await site.admin.patch("databases", site.namespace, name, over)
    await until(lambda: _dropped(caller), 60, lambda: "the database is still there")
    assert shop(site) is None
    answer = await confirmed(caller, DELETE, **DROP)
    assert answer.content["outcome"] == "applied"
    assert await objects(site) == []


async def state(mcp: Caller) -> str:
    """How far the operator says the database is."""
    rows = (await mcp.call("list_postgres_databases", **PG)).rows("databases")
    return str(rows["shop"]["state"])


async def _dropped(mcp: Caller) -> bool:
    return await state(mcp) == "dropped"


async def test_codes_that_do_not_fit_do_nothing(site: Site, caller: Caller) -> None:
    made = await with_shop(site, caller)
    code = {"confirmation": (await planned(caller, DELETE, **DROP))["confirmation"]}
    other = await caller.refused(DELETE, **DROP, reclaim_policy="retain", **code)
    stranger = await (await site.user()).refused(DELETE, **DROP, **code)
    change = {"spec": {"connectionLimit": 7}}
    await site.admin.patch("databases", site.namespace, made["metadata"]["name"], change)
    older = await caller.refused(DELETE, **DROP, **code)
    assert [each["code"] for each in (other, stranger, older)] == [STALE] * 3
    assert older["plan"]["effects"]
    assert shop(site) is not None


async def test_code_acts_once(site: Site, caller: Caller) -> None:
    await with_shop(site, caller)
    code = {"confirmation": (await planned(caller, DELETE, **DROP))["confirmation"]}
    assert (await caller.call(DELETE, **DROP, **code)).content["outcome"] == "applied"
    assert (await caller.refused(DELETE, **DROP, **code))["code"] == "not_found"
    assert (await caller.call(CREATE, **SHOP)).content["outcome"] == "applied"
    assert (await caller.refused(DELETE, **DROP, **code))["code"] == STALE
    assert shop(site) is not None


@pytest.mark.parametrize("plural", ["databases", "clusters"])
async def test_annotation_protects_it(site: Site, caller: Caller, plural: str) -> None:
    made = await with_shop(site, caller)
    code = (await planned(caller, DELETE, **DROP))["confirmation"]
    guard = {"metadata": {"annotations": {"cnpg-mcp.io/deletion-protection": "enabled"}}}
    name = made["metadata"]["name"] if plural == "databases" else "pg"
    await site.admin.patch(plural, site.namespace, name, guard)
    content = (await caller.call(DELETE, **DROP)).content
    assert [each["code"] for each in content["blockers"]] == ["protected"]
    assert "confirmation" not in content
    assert (await caller.refused(DELETE, **DROP, confirmation=code))["code"] == "protected"
    assert shop(site) is not None


async def test_undeclared_databases_cannot_be_dropped(site: Site, refused: Refused) -> None:
    await cluster_with(site)
    assert (await refused(DELETE, **PG, database_name="app"))["code"] == "unsupported"
    assert (await refused(DELETE, **PG, database_name="nothing"))["code"] == "not_found"
    assert (await refused(DELETE, **PG, database_name="postgres"))["code"] == "invalid"


async def test_database_of_another_cluster_with_our_naming_survives(
    site: Site, caller: Caller
) -> None:
    made = await with_shop(site, caller)
    theirs = database(site.namespace, "pg-shop-theirs", "other")
    theirs["spec"]["name"] = "shop"
    theirs["metadata"]["labels"] = {"cnpg.io/cluster": "pg"}
    await site.admin.create(cluster(site.namespace, "other"))
    await site.admin.create(theirs)
    await confirmed(caller, DELETE, **DROP)
    assert await objects(site) == ["pg-shop-theirs"]
    assert made["metadata"]["name"] != "pg-shop-theirs"
