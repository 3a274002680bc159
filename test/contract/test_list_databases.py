"""list_postgres_databases: the declared ones and the bootstrap one, part by part."""

import pytest

from test.contract.arrange import cluster_with, declare, terminating
from test.contract.caller import Content, fields
from test.contract.conftest import Call, Refused
from test.contract.site import Site
from test.controlplane.clusters import applied, cluster, database, failed

TOOL = "list_postgres_databases"
MISSING = [{"name": "citext"}, {"name": "nowhere_to_be_found"}]


async def row(call: Call, name: str) -> Content:
    """One database's row."""
    return (await call(TOOL, cluster_name="pg")).rows("databases")[name]


def for_database(site: Site, object_name: str, name: str) -> Content:
    """A Database object whose own name is another one."""
    body = database(site.namespace, object_name)
    body["spec"]["name"] = name
    return body


async def test_bootstrap_database_is_listed_with_its_owner(site: Site, call: Call) -> None:
    await cluster_with(site)
    assert await row(call, "app") == {
        "name": "app",
        "source": "bootstrap",
        "state": "unwatched",
        "owner": "app",
    }


async def test_bootstrap_database_of_a_cluster_not_yet_made_is_in_progress(
    quiet_site: Site,
) -> None:
    initdb = {"database": "app", "owner": "app"}
    body = cluster(quiet_site.namespace, bootstrap={"initdb": initdb})
    await quiet_site.admin.create(body)
    mcp = await quiet_site.user()
    found = (await mcp.call(TOOL, cluster_name="pg")).rows("databases")
    assert found["app"]["state"] == "in_progress"


async def test_applied_database_lists_what_it_consists_of(site: Site, call: Call) -> None:
    await cluster_with(site)
    parts = {"extensions": [{"name": "citext"}], "schemas": [{"name": "orders", "owner": "app"}]}
    body = database(site.namespace, "shop", **parts)
    await declare(site, "databases", body, applied)
    assert await row(call, "shop") == {
        "name": "shop",
        "source": "Database",
        "object": "shop",
        "state": "applied",
        "owner": "app",
        "reclaim_policy": "retain",
        "extensions": [{"name": "citext", "state": "applied"}],
        "schemas": [{"name": "orders", "state": "applied"}],
    }


async def test_partial_success_is_told_part_by_part(site: Site, call: Call) -> None:
    await cluster_with(site)
    await declare(site, "databases", database(site.namespace, "shop", extensions=MISSING), failed)
    found = await row(call, "shop")
    states = {part["name"]: part["state"] for part in found["extensions"]}
    assert found["state"] == "failed"
    assert states == {"citext": "applied", "nowhere_to_be_found": "failed"}


async def test_failed_part_tells_postgresqls_words(site: Site, call: Call) -> None:
    await cluster_with(site)
    await declare(site, "databases", database(site.namespace, "shop", extensions=MISSING), failed)
    parts = {part["name"]: part for part in (await row(call, "shop"))["extensions"]}
    assert "SQLSTATE 0A000" in parts["nowhere_to_be_found"]["message"]


async def test_database_that_failed_tells_postgresqls_words(site: Site, call: Call) -> None:
    await cluster_with(site)
    await declare(site, "databases", database(site.namespace, "shop", owner="nobody"), failed)
    found = await row(call, "shop")
    assert found["state"] == "failed"
    assert "nobody" in found["message"]


async def test_database_that_cannot_be_dropped_is_dropping(site: Site, call: Call) -> None:
    await cluster_with(site)
    body = database(site.namespace, "shop", databaseReclaimPolicy="delete")
    body["metadata"]["annotations"] = {"nodesim/session": ""}
    await declare(site, "databases", body, applied)
    await site.admin.delete("databases", site.namespace, "shop")
    await site.admin.wait_for("databases", site.namespace, "shop", terminating)
    found = await row(call, "shop")
    assert (found["state"], found["reclaim_policy"]) == ("dropping", "delete")


async def test_dropped_database_is_not_called_applied(site: Site, call: Call) -> None:
    await cluster_with(site)
    await declare(site, "databases", database(site.namespace, "shop", ensure="absent"), applied)
    assert (await row(call, "shop"))["state"] == "dropped"


async def test_bootstrap_database_that_an_object_declares_is_listed_once(
    site: Site, call: Call
) -> None:
    await cluster_with(site)
    await declare(site, "databases", for_database(site, "adopted", "app"), applied)
    found = await row(call, "app")
    assert (found["source"], found["object"]) == ("Database", "adopted")


async def test_two_objects_for_one_database_are_both_listed(site: Site, call: Call) -> None:
    await cluster_with(site)
    await declare(site, "databases", for_database(site, "first", "shop"), applied)
    await declare(site, "databases", for_database(site, "second", "shop"), failed)
    rows = (await call(TOOL, cluster_name="pg")).content["databases"]
    states = {each["object"]: each["state"] for each in rows if each["name"] == "shop"}
    assert states == {"first": "applied", "second": "failed"}


async def test_odd_name_comes_through_whole(site: Site, call: Call) -> None:
    await cluster_with(site)
    name = 'Ünïcode "名" with space'
    await declare(site, "databases", for_database(site, "odd", name), applied)
    assert (await row(call, name))["state"] == "applied"


async def test_databases_of_another_cluster_are_not_shown(site: Site, call: Call) -> None:
    await cluster_with(site)
    await site.admin.create(database(site.namespace, "shop", "other"))
    assert "shop" not in (await call(TOOL, cluster_name="pg")).rows("databases")


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
async def test_pages_are_complete(quiet_site: Site, limit: int) -> None:
    names = [f"shop{number}" for number in range(5)]
    await quiet_site.admin.create(cluster(quiet_site.namespace))
    for name in names:
        await quiet_site.admin.create(database(quiet_site.namespace, name))
    mcp = await quiet_site.user()
    pages = await mcp.pages(TOOL, cluster_name="pg", limit=limit)
    assert [each["name"] for page in pages for each in page.content["databases"]] == names


async def test_garbage_cursor_is_invalid(quiet_site: Site) -> None:
    await quiet_site.admin.create(cluster(quiet_site.namespace))
    mcp = await quiet_site.user()
    error = await mcp.refused(TOOL, cluster_name="pg", cursor="garbage")
    assert error["code"] == "invalid"


async def test_cluster_that_does_not_exist_is_not_found(refused: Refused) -> None:
    assert (await refused(TOOL, cluster_name="absent"))["code"] == "not_found"


async def test_malformed_cluster_name_is_refused_by_field(refused: Refused) -> None:
    error = await refused(TOOL, cluster_name="Not_A_Name")
    assert (error["code"], fields(error)) == ("invalid", {"cluster_name"})
