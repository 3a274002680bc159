"""Roles and databases as the simulated instances handle them (observed with CloudNativePG 1.30)."""

import asyncio
import time
from contextlib import aclosing

import pytest

from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from test.controlplane.api import PATIENCE_SECONDS, KubeClient, until
from test.controlplane.clusters import (
    applied,
    database,
    database_role,
    failed,
    healthy,
    healthy_cluster,
    password_secret,
)
from test.controlplane.plane import Plane


@pytest.fixture
async def pg(admin: KubeClient, namespace: str) -> str:
    """The namespace of a healthy cluster called pg."""
    await healthy_cluster(admin, namespace)
    return namespace


async def _drop(admin: KubeClient, plural: str, namespace: str, name: str) -> None:
    await admin.delete(plural, namespace, name)
    await admin.wait_gone(plural, namespace, name)


def _message(found: KubeObject) -> str:
    return str(found["status"]["message"])


# --- Database ---


async def test_database_is_applied_and_dropped_by_its_policy(
    plane: Plane, admin: KubeClient, pg: str
) -> None:
    await admin.create(database(pg, "shop", databaseReclaimPolicy="delete"))
    found = await admin.wait_for("databases", pg, "shop", applied)
    assert found["metadata"]["finalizers"] == ["cnpg.io/deleteDatabase"]
    assert plane.postgres(pg, "pg").databases["shop"].owner == "app"
    await _drop(admin, "databases", pg, "shop")
    assert "shop" not in plane.postgres(pg, "pg").databases


async def test_database_is_kept_by_default(plane: Plane, admin: KubeClient, pg: str) -> None:
    await admin.create(database(pg, "shop"))
    await admin.wait_for("databases", pg, "shop", applied)
    await _drop(admin, "databases", pg, "shop")
    assert "shop" in plane.postgres(pg, "pg").databases


async def test_database_of_an_unknown_owner_fails_until_it_is_touched(
    plane: Plane, admin: KubeClient, pg: str
) -> None:
    await admin.create(database(pg, "shop", owner="late"))
    found = await admin.wait_for("databases", pg, "shop", failed)
    assert _message(found) == (
        'while creating database "shop": ERROR: role "late" does not exist (SQLSTATE 42704)'
    )
    plane.postgres(pg, "pg").apply_role("late", {}, "")
    await admin.annotate("databases", pg, "shop", {"touched": "yes"})
    await admin.wait_for("databases", pg, "shop", applied)


async def test_extensions_that_postgres_ships_are_there(admin: KubeClient, pg: str) -> None:
    names = ("moddatetime", "dict_xsyn", "insert_username", "refint", "pg_walinspect")
    await admin.create(database(pg, "shop", extensions=[{"name": name} for name in names]))
    await admin.wait_for("databases", pg, "shop", applied)


async def test_unknown_extension_fails_alone(plane: Plane, admin: KubeClient, pg: str) -> None:
    extensions = [{"name": "hstore", "schema": "extra"}, {"name": "postgis"}]
    await admin.create(database(pg, "shop", extensions=extensions, schemas=[{"name": "extra"}]))
    found = await admin.wait_for("databases", pg, "shop", failed)
    states = {each["name"]: each["applied"] for each in found["status"]["extensions"]}
    assert states == {"hstore": True, "postgis": False}
    assert "SQLSTATE 0A000" in found["status"]["extensions"][1]["message"]
    assert set(plane.postgres(pg, "pg").databases["shop"].extensions) == {"hstore"}


async def test_open_session_holds_up_a_drop_with_a_message_only_for_absent(
    plane: Plane, admin: KubeClient, pg: str
) -> None:
    body = database(pg, "shop")
    body["metadata"]["annotations"] = {"nodesim/session": "psql"}
    await admin.create(body)
    await admin.wait_for("databases", pg, "shop", applied)
    await admin.patch("databases", pg, "shop", {"spec": {"ensure": "absent"}})
    found = await admin.wait_for("databases", pg, "shop", failed)
    assert _message(found).startswith('while dropping database "shop"')
    await admin.annotate("databases", pg, "shop", {"nodesim/session": None})
    await admin.wait_for("databases", pg, "shop", applied)
    assert "shop" not in plane.postgres(pg, "pg").databases


async def test_failure_can_be_asked_for(admin: KubeClient, pg: str) -> None:
    body = database(pg, "shop")
    body["metadata"]["annotations"] = {"nodesim/fail": "no space left"}
    await admin.create(body)
    found = await admin.wait_for("databases", pg, "shop", failed)
    assert _message(found) == "no space left"


async def test_unknown_encoding_is_refused_by_postgres(admin: KubeClient, pg: str) -> None:
    await admin.create(database(pg, "shop", encoding="KLINGON"))
    found = await admin.wait_for("databases", pg, "shop", failed)
    refusal = "ERROR: KLINGON is not a valid encoding name (SQLSTATE 42704)"
    assert _message(found) == f'while creating database "shop": {refusal}'


@pytest.mark.parametrize("encoding", ["UTF8", "utf-8", "Latin1", "SQL_ASCII"])
async def test_encoding_is_known_in_any_spelling(admin: KubeClient, pg: str, encoding: str) -> None:
    await admin.create(database(pg, "shop", encoding=encoding, template="template0"))
    await admin.wait_for("databases", pg, "shop", applied)


async def test_second_object_for_one_database_is_refused(admin: KubeClient, pg: str) -> None:
    await admin.create(database(pg, "shop"))
    await admin.wait_for("databases", pg, "shop", applied)
    second = database(pg, "again")
    second["spec"]["name"] = "shop"
    await admin.create(second)
    found = await admin.wait_for("databases", pg, "again", failed)
    assert _message(found) == '"shop" is already managed by object "shop"'


# --- DatabaseRole ---


async def test_role_without_a_password_is_applied_and_dropped_by_its_policy(
    plane: Plane, admin: KubeClient, pg: str
) -> None:
    await admin.create(database_role(pg, "reader", login=True, databaseRoleReclaimPolicy="delete"))
    found = await admin.wait_for("databaseroles", pg, "reader", applied)
    assert found["metadata"]["finalizers"] == ["cnpg.io/deleteRole"]
    assert plane.postgres(pg, "pg").roles["reader"].attributes["login"] is True
    await _drop(admin, "databaseroles", pg, "reader")
    assert "reader" not in plane.postgres(pg, "pg").roles


async def test_role_may_be_in_any_predefined_one(admin: KubeClient, pg: str) -> None:
    groups = ["pg_maintain", "pg_create_subscription", "pg_signal_autovacuum_worker"]
    await admin.create(database_role(pg, "reader", inRoles=groups))
    await admin.wait_for("databaseroles", pg, "reader", applied)


async def _apply_with_password(admin: KubeClient, pg: str) -> KubeObject:
    """A role with a password: touched until the instance may read its new Secret."""
    await admin.create(password_secret(pg, "reader", "reader", "first"))
    listed = await admin.request("GET", BY_PLURAL["databaseroles"].path())
    await admin.create(database_role(pg, "reader", passwordSecret={"name": "reader"}))
    found = await _first_attempt(admin, pg, listed["metadata"]["resourceVersion"])
    assert _message(found).startswith('secrets "reader" is forbidden')

    async def touched_and_applied() -> bool:
        nonlocal found
        await admin.annotate("databaseroles", pg, "reader", {"touched": str(time.monotonic())})
        found = await admin.get("databaseroles", pg, "reader")
        return applied(found)

    await until(touched_and_applied, PATIENCE_SECONDS, lambda: str(found))
    return found


async def _first_attempt(admin: KubeClient, namespace: str, since: str) -> KubeObject:
    """The first role that was tried, as it was then: the next attempt may follow at once."""
    watch = admin.watch("databaseroles", since)
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(watch):
        async for event in watch:
            found: KubeObject = event["object"]
            tried = "applied" in (found.get("status") or {})
            if tried and found["metadata"]["namespace"] == namespace:
                return found
    raise AssertionError("the watch has ended")


async def test_new_password_secret_is_forbidden_first_and_read_after_a_touch(
    admin: KubeClient, pg: str
) -> None:
    found = await _apply_with_password(admin, pg)
    secret = await admin.get("secrets", pg, "reader")
    assert found["status"]["secretResourceVersion"] == secret["metadata"]["resourceVersion"]


async def test_changed_password_is_taken_up_by_itself(admin: KubeClient, pg: str) -> None:
    await _apply_with_password(admin, pg)
    changed = await admin.apply(password_secret(pg, "reader", "reader", "second"))
    version = changed["metadata"]["resourceVersion"]

    def taken_up(found: KubeObject) -> bool:
        return bool(found["status"].get("secretResourceVersion") == version)

    await admin.wait_for("databaseroles", pg, "reader", taken_up)


async def test_role_that_owns_a_database_is_not_dropped(
    plane: Plane, admin: KubeClient, pg: str
) -> None:
    await admin.create(database_role(pg, "owner", databaseRoleReclaimPolicy="delete"))
    await admin.wait_for("databaseroles", pg, "owner", applied)
    plane.postgres(pg, "pg").owned_objects["owner"] = "table orders"
    await admin.delete("databaseroles", pg, "owner")
    found = await admin.wait_for("databaseroles", pg, "owner", failed)
    assert "SQLSTATE 2BP01" in _message(found)
    assert "orders" not in _message(found)
    del plane.postgres(pg, "pg").owned_objects["owner"]
    await admin.annotate("databaseroles", pg, "owner", {"touched": "yes"})
    await admin.wait_gone("databaseroles", pg, "owner")


async def test_unknown_group_is_refused(admin: KubeClient, pg: str) -> None:
    await admin.create(database_role(pg, "member", inRoles=["nobody"]))
    found = await admin.wait_for("databaseroles", pg, "member", failed)
    assert _message(found).endswith('ERROR: role "nobody" does not exist (SQLSTATE 42704)')


# --- inline roles ---


def _by_status(found: KubeObject) -> dict[str, list[str]]:
    states: dict[str, list[str]] = found["status"]["managedRolesStatus"]["byStatus"]
    return states


async def _set_inline(admin: KubeClient, namespace: str, *roles: KubeObject) -> None:
    await admin.patch("clusters", namespace, "pg", {"spec": {"managed": {"roles": list(roles)}}})


async def _wait_roles(admin: KubeClient, namespace: str, state: str, name: str) -> KubeObject:
    def listed(found: KubeObject) -> bool:
        states = (found["status"].get("managedRolesStatus") or {}).get("byStatus") or {}
        return name in states.get(state, [])

    return await admin.wait_for("clusters", namespace, "pg", listed)


async def test_inline_role_is_reconciled_beside_reserved_and_unmanaged_ones(
    plane: Plane, admin: KubeClient, namespace: str
) -> None:
    found = await healthy_cluster(admin, namespace)
    assert found["status"].get("managedRolesStatus") in (None, {})
    await admin.create(password_secret(namespace, "clerk", "clerk", "first"))
    entry = {"name": "clerk", "login": True, "passwordSecret": {"name": "clerk"}}
    await _set_inline(admin, namespace, entry)
    found = await _wait_roles(admin, namespace, "reconciled", "clerk")
    assert _by_status(found)["not-managed"] == ["app"]
    assert "cnpg_metrics_exporter" in _by_status(found)["reserved"]
    assert found["status"]["managedRolesStatus"]["passwordStatus"]["clerk"]["resourceVersion"]
    assert plane.postgres(namespace, "pg").roles["clerk"].attributes["login"] is True


async def test_inline_role_that_cannot_be_dropped_waits_for_the_next_change(
    plane: Plane, admin: KubeClient, pg: str
) -> None:
    await _set_inline(admin, pg, {"name": "clerk"})
    await _wait_roles(admin, pg, "reconciled", "clerk")
    plane.postgres(pg, "pg").apply_database("ledger", "clerk")
    await _set_inline(admin, pg, {"name": "clerk", "ensure": "absent"})
    found = await _wait_roles(admin, pg, "pending-reconciliation", "clerk")
    found = await admin.wait_for("clusters", pg, "pg", _has_failure)
    assert found["status"]["managedRolesStatus"]["cannotReconcile"] == {
        "clerk": ["could not perform DELETE on role clerk: owner of database ledger"]
    }
    plane.postgres(pg, "pg").drop_database("ledger")
    await admin.annotate("clusters", pg, "pg", {"touched": "yes"})
    await _wait_roles(admin, pg, "reconciled", "clerk")
    assert "clerk" not in plane.postgres(pg, "pg").roles


def _has_failure(found: KubeObject) -> bool:
    return bool(found["status"]["managedRolesStatus"].get("cannotReconcile"))


async def test_emptied_list_leaves_a_stale_status(admin: KubeClient, pg: str) -> None:
    await _set_inline(admin, pg, {"name": "clerk"})
    await _wait_roles(admin, pg, "reconciled", "clerk")
    await admin.patch("clusters", pg, "pg", {"spec": {"managed": None}})
    found = await admin.wait_for("clusters", pg, "pg", healthy)
    assert _by_status(found)["reconciled"] == ["clerk"]


async def test_inline_role_shadows_a_database_role(admin: KubeClient, pg: str) -> None:
    await _set_inline(admin, pg, {"name": "clerk"})
    await admin.create(database_role(pg, "clerk"))
    found = await admin.wait_for("databaseroles", pg, "clerk", failed)
    assert _message(found) == "database role is already managed by the CNPG cluster"


async def test_what_a_deleted_cluster_leaves_is_released(admin: KubeClient, pg: str) -> None:
    await admin.create(database(pg, "shop", databaseReclaimPolicy="delete"))
    await admin.create(database_role(pg, "reader"))
    await admin.wait_for("databases", pg, "shop", applied)
    await admin.wait_for("databaseroles", pg, "reader", applied)
    await admin.delete("clusters", pg, "pg")
    for plural, name in (("databases", "shop"), ("databaseroles", "reader")):
        found = await admin.wait_for(plural, pg, name, _released)
        assert "cluster resource has been deleted" in _message(found)


def _released(found: KubeObject) -> bool:
    return failed(found) and not found["metadata"].get("finalizers")


# --- who has written what ---


async def test_instance_manager_writes_finalizers_as_manager(admin: KubeClient, pg: str) -> None:
    """By its program's name, `/controller/manager`: so it is known from a person's tools."""
    await admin.create(database(pg, "shop"))
    found = await admin.wait_for("databases", pg, "shop", applied)
    entries = found["metadata"]["managedFields"]
    writers = {each["manager"] for each in entries if "f:finalizers" in str(each["fieldsV1"])}
    assert writers == {"manager"}


async def test_simulated_node_had_no_mishap(plane: Plane) -> None:
    assert plane.simulator.errors == []
