"""create_postgres_cluster: what is made, what is proven, and what is left alone."""

import asyncio
import base64
from collections.abc import Callable

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.contract.arrange import cluster_with
from test.contract.conftest import Call, Refused
from test.contract.site import Site
from test.controlplane.clusters import cluster, database, database_role, healthy

TOOL = "create_postgres_cluster"
Left = Callable[[str], KubeObject]
WITHOUT_UNIT = {"shared_buffers": "16384"}
"""Draws a warning from the operator's webhook."""


async def clusters(site: Site) -> list[str]:
    """The names of the clusters that exist."""
    found = await site.admin.list("clusters", site.namespace)
    return [each["metadata"]["name"] for each in found]


# --- dry run ---


async def test_dry_run_creates_nothing(site: Site, call: Call) -> None:
    answer = await call(TOOL, name="orders", dry_run=True)
    assert answer.content["outcome"] == "dry_run"
    assert (await call("list_postgres_clusters")).content["clusters"] == []
    assert await clusters(site) == []


async def test_dry_run_returns_the_operators_defaults(call: Call) -> None:
    defaults = (await call(TOOL, name="orders", dry_run=True)).content["defaults"]
    assert defaults["bootstrap"]["initdb"]["database"] == "app"
    assert defaults["imageName"]
    assert "instances" not in defaults


async def test_dry_run_says_which_image_and_database_come_by_default(call: Call) -> None:
    answer = await call(TOOL, name="orders", dry_run=True)
    assert answer.content["defaults"]["imageName"] in answer.text
    assert 'database "app", owned by role "app"' in answer.text
    assert len(answer.text) < 700


async def test_what_the_call_says_is_no_default(call: Call) -> None:
    answer = await call(TOOL, name="orders", database="shop", dry_run=True)
    assert "a first database" not in answer.text


@pytest.mark.parametrize("dry_run", [True, False])
async def test_warnings_of_the_webhook_come_through(call: Call, dry_run: bool) -> None:
    answer = await call(TOOL, name="orders", dry_run=dry_run, parameters=WITHOUT_UNIT)
    assert any("shared_buffers" in warning for warning in answer.content["warnings"])
    assert "shared_buffers" in answer.text


async def test_production_profile_says_what_it_assumes(call: Call) -> None:
    arguments = {"profile": "production", "storage_size": "20Gi", "dry_run": True}
    answer = await call(TOOL, name="orders", **arguments)
    assert len(answer.content["assumptions"]) > 3
    assert all(each in answer.text for each in answer.content["assumptions"])


# --- create ---


async def test_waiting_create_is_applied_when_that_is_true(site: Site, call: Call) -> None:
    answer = await call(TOOL, name="orders", instances=2, wait_seconds=45)
    found = await site.admin.get("clusters", site.namespace, "orders")
    assert (answer.content["outcome"], answer.content["verdict"]) == ("applied", "healthy")
    assert healthy(found)
    assert found["spec"]["instances"] == 2


async def test_create_that_does_not_wait_is_accepted(site: Site, call: Call) -> None:
    answer = await call(TOOL, name="orders")
    assert answer.content["outcome"] == "accepted"
    assert "verdict" not in answer.content
    assert answer.content["next_step"]
    assert await clusters(site) == ["orders"]


async def test_wait_that_is_too_short_stays_accepted(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    answer = await mcp.call(TOOL, name="orders", wait_seconds=5)
    assert answer.content["outcome"] == "accepted"
    assert answer.content["verdict"] != "healthy"


async def test_wait_ends_early_where_a_person_is_needed(call: Call) -> None:
    answer = await call(TOOL, name="orders", storage_class="nowhere", wait_seconds=45)
    assert (answer.content["outcome"], answer.content["verdict"]) == ("accepted", "down")


async def test_storage_class_that_may_not_be_looked_up_is_said(call: Call) -> None:
    answer = await call(TOOL, name="orders", storage_class="nowhere", dry_run=True)
    assert answer.content["unseen"] == {"storageclasses": "forbidden"}


async def test_leftovers_that_may_not_be_looked_for_are_said(site: Site) -> None:
    mcp = await site.user(without=[("persistentvolumeclaims", "list")])
    answer = await mcp.call(TOOL, name="orders", dry_run=True)
    assert answer.content["unseen"] == {"persistentvolumeclaims": "forbidden"}


async def test_equal_calls_at_the_same_moment_make_one_cluster(site: Site, call: Call) -> None:
    answers = await asyncio.gather(*(call(TOOL, name="orders") for _ in range(4)))
    outcomes = sorted(answer.content["outcome"] for answer in answers)
    assert outcomes == ["accepted", "unchanged", "unchanged", "unchanged"]
    assert await clusters(site) == ["orders"]


async def test_repeated_call_waits_and_gives_the_verdict(call: Call) -> None:
    await call(TOOL, name="orders")
    answer = await call(TOOL, name="orders", wait_seconds=45)
    assert (answer.content["outcome"], answer.content["verdict"]) == ("unchanged", "healthy")


async def test_cluster_that_is_being_deleted_is_not_called_unchanged(
    quiet_site: Site,
) -> None:
    mcp = await quiet_site.user()
    await mcp.call(TOOL, name="orders")
    held = {"metadata": {"finalizers": ["example.com/hold"]}}
    await quiet_site.admin.patch("clusters", quiet_site.namespace, "orders", held)
    await quiet_site.admin.delete("clusters", quiet_site.namespace, "orders")
    error = await mcp.refused(TOOL, name="orders")
    assert error["code"] == "blocked"


async def test_wait_reports_progress(quiet_site: Site) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    mcp = await quiet_site.user()
    await mcp.ask(TOOL, {"name": "orders", "wait_seconds": 2}, progress_handler=note)
    waited = [each[0] for each in seen]
    assert waited
    assert waited == sorted(waited)
    assert all(total == 2 and message for _, total, message in seen)


async def test_what_is_asked_for_is_what_is_made(site: Site, call: Call) -> None:
    arguments = {
        "storage_size": "2Gi",
        "wal_storage_size": "1Gi",
        "cpu": "500m",
        "memory": "1Gi",
        "parameters": {"max_connections": "50"},
        "labels": {"team": "shop"},
        "instances": 3,
        "synchronous_replicas": 1,
    }
    await call(TOOL, name="orders", **arguments)
    made = await site.admin.get("clusters", site.namespace, "orders")
    spec = made["spec"]
    assert (spec["storage"]["size"], spec["walStorage"]["size"]) == ("2Gi", "1Gi")
    assert spec["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}
    assert spec["postgresql"]["parameters"]["max_connections"] == "50"
    assert spec["postgresql"]["synchronous"]["number"] == 1
    assert made["metadata"]["labels"]["team"] == "shop"


async def test_version_keeps_the_operators_repository(site: Site, call: Call) -> None:
    default = (await call(TOOL, name="orders", dry_run=True)).content["defaults"]["imageName"]
    await call(TOOL, name="orders", postgres_version="17")
    made = await site.admin.get("clusters", site.namespace, "orders")
    assert made["spec"]["imageName"].startswith(f"{default.rpartition(':')[0]}:17-")


async def test_secret_that_the_answer_names_belongs_to_the_owner(site: Site, call: Call) -> None:
    names = {"database": "shop", "owner": "Clerk of ünits"}
    answer = await call(TOOL, name="orders", **names, wait_seconds=45)
    connection = answer.content["connection"]
    secret = await site.admin.get("secrets", site.namespace, connection["secret"]["name"])
    values = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert (values["username"], values["dbname"]) == (names["owner"], names["database"])
    assert values["password"] not in f"{answer.text}{answer.content}"


# --- again ---


async def test_repeated_call_is_unchanged(site: Site, call: Call) -> None:
    arguments = {"name": "orders", "parameters": {"max_connections": "50", "work_mem": "8MB"}}
    await call(TOOL, **arguments)
    before = await site.admin.get("clusters", site.namespace, "orders")
    assert (await call(TOOL, **arguments)).content["outcome"] == "unchanged"
    after = await site.admin.get("clusters", site.namespace, "orders")
    assert (before["metadata"]["uid"], before["spec"]) == (after["metadata"]["uid"], after["spec"])


@pytest.mark.parametrize("dry_run", [True, False])
async def test_same_name_with_other_arguments_already_exists(
    call: Call, refused: Refused, dry_run: bool
) -> None:
    await call(TOOL, name="orders")
    error = await refused(TOOL, name="orders", instances=3, dry_run=dry_run)
    assert error["code"] == "already_exists"


async def test_cluster_made_by_others_already_exists(site: Site, refused: Refused) -> None:
    await site.admin.create(cluster(site.namespace, "orders"))
    assert (await refused(TOOL, name="orders"))["code"] == "already_exists"


# --- what an earlier cluster left ---


def _volume(namespace: str) -> KubeObject:
    labels = {"cnpg.io/cluster": "pg", "cnpg.io/pvcRole": "PG_DATA"}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    meta = {"name": "pg-1", "namespace": namespace, "labels": labels}
    kind = "PersistentVolumeClaim"
    return {"apiVersion": "v1", "kind": kind, "metadata": meta, "spec": spec}


def _database(namespace: str) -> KubeObject:
    return database(namespace, "left")


@pytest.mark.parametrize("left", [_volume, _database])
@pytest.mark.parametrize("dry_run", [True, False])
async def test_leftovers_of_the_name_block_and_nothing_is_made(
    site: Site, refused: Refused, left: Left, dry_run: bool
) -> None:
    await blocked_by(left(site.namespace), site, refused, dry_run=dry_run)


@pytest.mark.databaserole
@pytest.mark.parametrize("dry_run", [True, False])
async def test_declared_role_of_the_name_blocks_and_nothing_is_made(
    site: Site, refused: Refused, dry_run: bool
) -> None:
    await blocked_by(database_role(site.namespace, "left"), site, refused, dry_run=dry_run)


async def blocked_by(body: KubeObject, site: Site, refused: Refused, *, dry_run: bool) -> None:
    """A cluster that would take over this object is not made, and the error names it."""
    await site.admin.create(body)
    error = await refused(TOOL, name="pg", dry_run=dry_run)
    assert error["code"] == "blocked"
    assert f"{body['kind']} {body['metadata']['name']}" in error["message"]
    assert await clusters(site) == []


async def test_volume_that_is_being_deleted_is_to_be_waited_for(quiet_site: Site) -> None:
    body = _volume(quiet_site.namespace)
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await quiet_site.admin.create(body)
    await quiet_site.admin.delete("persistentvolumeclaims", quiet_site.namespace, "pg-1")
    assert "still being deleted" in await _refusal(quiet_site)


async def test_volume_of_a_cluster_that_is_gone_is_to_be_waited_for(quiet_site: Site) -> None:
    """Kubernetes collects it; one that was orphaned has lost its owner."""
    await quiet_site.admin.create(_owned_volume(quiet_site.namespace))
    assert "still being deleted" in await _refusal(quiet_site)


async def test_what_stays_is_named_without_what_goes(quiet_site: Site) -> None:
    await quiet_site.admin.create(_owned_volume(quiet_site.namespace))
    await quiet_site.admin.create(database(quiet_site.namespace, "left"))
    said = await _refusal(quiet_site)
    assert "Database left" in said
    assert "pg-1" not in said


def _owned_volume(namespace: str) -> KubeObject:
    body = _volume(namespace)
    owner = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "pg"}
    body["metadata"]["ownerReferences"] = [{**owner, "uid": "00000000-0000-0000-0000-000000000001"}]
    return body


async def _refusal(site: Site) -> str:
    """What is said where a new cluster `pg` is blocked."""
    error = await (await site.user()).refused(TOOL, name="pg")
    assert error["code"] == "blocked"
    return f"{error['message']} {error['next_step']}"


async def test_leftovers_of_another_name_do_not_block(site: Site, call: Call) -> None:
    await site.admin.create(database(site.namespace, "left", "other"))
    await site.admin.create(_volume(site.namespace))
    assert (await call(TOOL, name="pg-1")).content["outcome"] == "accepted"


# --- read-only ---


async def test_read_only_server_creates_nothing(site: Site) -> None:
    mcp = await site.user(read_only=True)
    assert (await mcp.refused(TOOL, name="orders"))["code"] == "blocked"
    assert await clusters(site) == []


async def test_read_only_server_allows_a_dry_run(site: Site) -> None:
    mcp = await site.user(read_only=True)
    assert (await mcp.call(TOOL, name="orders", dry_run=True)).content["outcome"] == "dry_run"


async def test_read_only_server_reads(site: Site, steady: str) -> None:
    mcp = await site.user(namespaces=[steady], read_only=True)
    assert (await mcp.call("get_cluster_status", name="pg")).content["verdict"] == "healthy"


async def test_create_overwrites_nothing_of_a_cluster_in_use(site: Site, refused: Refused) -> None:
    before = await cluster_with(site)
    await refused(TOOL, name="pg", instances=3)
    after = await site.admin.get("clusters", site.namespace, "pg")
    assert before["spec"] == after["spec"]
