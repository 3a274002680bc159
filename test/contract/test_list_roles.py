"""list_postgres_roles: both back-ends, and how far the operator got with each role."""

import secrets

import pytest

from cnpg_mcp.demo.node.postgres import Role
from test.contract.arrange import (
    cluster_with,
    declare,
    role_not_reconciled,
    roles_reported,
    set_roles,
    terminating,
)
from test.contract.caller import Content, fields
from test.contract.conftest import Call, Refused
from test.contract.site import Site
from test.controlplane.clusters import applied, cluster, database_role, failed, password_secret

TOOL = "list_postgres_roles"
ODD_NAMES = ("with space", "Ünïcode-名", 'a"b', "a'b", "semi;colon", "-dash", "select", "a/b")


async def row(call: Call, name: str, **arguments: object) -> Content:
    """One role's row."""
    answer = await call(TOOL, cluster_name="pg", **arguments)
    return answer.rows("roles")[name]


# --- inline ---


async def test_inline_role_that_is_applied(site: Site, call: Call) -> None:
    await cluster_with(site, {"name": "clerk", "login": True, "connectionLimit": 3})
    await roles_reported(site, "reconciled", "clerk")
    assert await row(call, "clerk") == {
        "name": "clerk",
        "source": "inline",
        "state": "applied",
        "attributes": ["login"],
        "connection_limit": 3,
    }


async def test_inline_role_that_failed_tells_postgresqls_words(site: Site, call: Call) -> None:
    await cluster_with(site, {"name": "clerk", "inRoles": ["nobody"]})
    await role_not_reconciled(site, "clerk")
    found = await row(call, "clerk")
    assert (found["source"], found["state"]) == ("inline", "failed")
    assert "nobody" in found["message"]


async def test_inline_role_whose_drop_was_refused_is_dropping(site: Site, call: Call) -> None:
    await cluster_with(site, {"name": "clerk"})
    await roles_reported(site, "reconciled", "clerk")
    site.backend.postgres(site.namespace, "pg").owned_objects["clerk"] = "table orders"
    await set_roles(site, {"name": "clerk", "ensure": "absent"})
    await role_not_reconciled(site, "clerk")
    found = await row(call, "clerk")
    assert found["state"] == "dropping"
    assert "table orders" in found["message"]


async def test_inline_role_that_is_dropped_is_not_called_applied(site: Site, call: Call) -> None:
    await cluster_with(site, {"name": "clerk", "ensure": "absent"})
    await roles_reported(site, "reconciled", "clerk")
    assert (await row(call, "clerk"))["state"] == "dropped"


# --- DatabaseRole ---


@pytest.mark.databaserole
async def test_databaserole_that_is_applied(site: Site, call: Call) -> None:
    await cluster_with(site)
    spec = {"createdb": True, "inRoles": ["pg_monitor"], "validUntil": "2031-01-01T00:00:00Z"}
    body = database_role(site.namespace, "reports", **spec)
    await declare(site, "databaseroles", body, applied)
    assert await row(call, "reports") == {
        "name": "reports",
        "source": "DatabaseRole",
        "state": "applied",
        "object": "reports",
        "attributes": ["createdb"],
        "valid_until": "2031-01-01T00:00:00+00:00",
        "in_roles": ["pg_monitor"],
    }


@pytest.mark.databaserole
async def test_databaserole_that_failed_tells_postgresqls_words(site: Site, call: Call) -> None:
    await cluster_with(site)
    body = database_role(site.namespace, "reports", inRoles=["nobody"])
    await declare(site, "databaseroles", body, failed)
    found = await row(call, "reports")
    assert found["state"] == "failed"
    assert "nobody" in found["message"]


@pytest.mark.databaserole
async def test_first_refusal_of_a_password_secret_is_in_progress(site: Site, call: Call) -> None:
    await cluster_with(site)
    password = secrets.token_hex()
    await site.admin.create(password_secret(site.namespace, "login", "reports", password))
    body = database_role(site.namespace, "reports", passwordSecret={"name": "login"})
    await declare(site, "databaseroles", body, failed)
    found = await row(call, "reports")
    assert (found["state"], found["secret"]) == ("in_progress", "login")


@pytest.mark.databaserole
async def test_password_is_never_shown(site: Site, call: Call) -> None:
    await cluster_with(site)
    password = secrets.token_hex()
    await site.admin.create(password_secret(site.namespace, "login", "reports", password))
    body = database_role(site.namespace, "reports", passwordSecret={"name": "login"})
    await declare(site, "databaseroles", body, failed)
    answer = await call(TOOL, cluster_name="pg", detail_level="detailed")
    assert password not in f"{answer.text}{answer.content}"


@pytest.mark.databaserole
async def test_databaserole_that_cannot_be_dropped_is_dropping(site: Site, call: Call) -> None:
    await cluster_with(site)
    body = database_role(site.namespace, "reports", databaseRoleReclaimPolicy="delete")
    await declare(site, "databaseroles", body, applied)
    site.backend.postgres(site.namespace, "pg").owned_objects["reports"] = "table orders"
    await site.admin.delete("databaseroles", site.namespace, "reports")
    await site.admin.wait_for("databaseroles", site.namespace, "reports", _drop_refused)
    found = await row(call, "reports")
    assert found["state"] == "dropping"
    assert found["message"]


def _drop_refused(found: Content) -> bool:
    return terminating(found) and failed(found)


@pytest.mark.databaserole
async def test_roles_of_another_cluster_are_not_shown(site: Site, call: Call) -> None:
    await cluster_with(site)
    await site.admin.create(database_role(site.namespace, "reports", "other"))
    assert "reports" not in (await call(TOOL, cluster_name="pg")).rows("roles")


# --- undeclared ---


async def test_bootstrap_owner_is_listed_with_its_secret(site: Site, call: Call) -> None:
    await cluster_with(site)
    found = await row(call, "app")
    assert (found["source"], found["state"]) == ("bootstrap", "unwatched")
    assert await site.admin.get("secrets", site.namespace, found["secret"])


async def test_role_made_by_hand_is_unmanaged(site: Site, call: Call) -> None:
    await _with_role_by_hand(site)
    found = await row(call, "by_hand")
    assert (found["source"], found["state"]) == ("unmanaged", "unwatched")
    assert "stale" not in found


async def test_reports_are_stale_once_the_inline_list_is_empty(site: Site, call: Call) -> None:
    await _with_role_by_hand(site)
    await set_roles(site)
    answer = await call(TOOL, cluster_name="pg")
    assert answer.rows("roles")["by_hand"]["stale"] is True
    assert answer.content["scope"]["note"]


async def _with_role_by_hand(site: Site) -> None:
    await cluster_with(site, {"name": "clerk"})
    await roles_reported(site, "reconciled", "clerk")
    site.backend.postgres(site.namespace, "pg").roles["by_hand"] = Role("by_hand")
    await site.admin.annotate("clusters", site.namespace, "pg", {"example.com/touched": "yes"})
    await roles_reported(site, "not-managed", "by_hand")


async def test_operators_own_roles_are_shown_only_in_detail(site: Site, call: Call) -> None:
    await cluster_with(site, {"name": "clerk"})
    await roles_reported(site, "reserved", "postgres")
    assert "postgres" not in (await call(TOOL, cluster_name="pg")).rows("roles")
    assert (await row(call, "postgres", detail_level="detailed"))["source"] == "reserved"


# --- names, pages, absence ---


async def test_odd_names_come_through_whole(site: Site, call: Call) -> None:
    await cluster_with(site, *({"name": name} for name in ODD_NAMES))
    await roles_reported(site, "reconciled", *ODD_NAMES)
    found = (await call(TOOL, cluster_name="pg")).rows("roles")
    assert {name: found[name]["state"] for name in ODD_NAMES} == dict.fromkeys(ODD_NAMES, "applied")


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_pages_are_complete(quiet_site: Site, limit: int) -> None:
    names = [f"clerk_{number}" for number in range(5)]
    await _unwatched_cluster(quiet_site, "pg", *names)
    mcp = await quiet_site.user()
    pages = await mcp.pages(TOOL, cluster_name="pg", limit=limit)
    assert [each["name"] for page in pages for each in page.content["roles"]] == names


@pytest.mark.databaserole
async def test_two_objects_for_one_role_are_both_shown_through_pages(
    site: Site, call: Call
) -> None:
    await cluster_with(site)
    for name in ("first", "second"):
        body = database_role(site.namespace, name)
        body["spec"]["name"] = "dup"
        await declare(site, "databaseroles", body, lambda found: bool(found.get("status")))
    objects, cursor = [], None
    for _ in range(4):
        answer = await call(TOOL, cluster_name="pg", limit=1, cursor=cursor)
        objects += [each.get("object") for each in answer.content["roles"]]
        cursor = answer.content.get("next_cursor")
    assert [each for each in objects if each] == ["first", "second"]


async def test_superuser_with_a_login_is_listed(site: Site, call: Call) -> None:
    await cluster_with(site, enableSuperuserAccess=True)
    found = await row(call, "postgres")
    assert found["attributes"] == ["login", "superuser"]
    assert found["secret"] == "pg-superuser"


async def test_cursor_of_another_cluster_is_invalid(quiet_site: Site) -> None:
    await _unwatched_cluster(quiet_site, "pg", "a", "b")
    mcp = await quiet_site.user()
    cursor = (await mcp.call(TOOL, cluster_name="pg", limit=1)).content["next_cursor"]
    await _unwatched_cluster(quiet_site, "other")
    error = await mcp.refused(TOOL, cluster_name="other", cursor=cursor)
    assert error["code"] == "invalid"


async def _unwatched_cluster(site: Site, name: str, *roles: str) -> None:
    managed = {"roles": [{"name": role} for role in roles]}
    await site.admin.create(cluster(site.namespace, name, managed=managed))


async def test_cluster_that_does_not_exist_is_not_found(refused: Refused) -> None:
    assert (await refused(TOOL, cluster_name="absent"))["code"] == "not_found"


async def test_malformed_cluster_name_is_refused_by_field(refused: Refused) -> None:
    error = await refused(TOOL, cluster_name="Not_A_Name")
    assert (error["code"], fields(error)) == ("invalid", {"cluster_name"})
