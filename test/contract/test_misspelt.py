"""A cluster's name that is nearly right: the refusal names the one that may have been meant."""

import pytest

from test.contract.site import Site
from test.controlplane.clusters import cluster

CLUSTER_TOOLS = {
    "get_cluster_status": {},
    "scale_postgres_cluster": {"instances": 2},
    "delete_postgres_cluster": {},
}
LISTS = ("list_postgres_roles", "list_postgres_databases")


async def message_of(site: Site, tool: str, **arguments: object) -> str:
    """What a call says that does not find its cluster; the site has a cluster `orders`."""
    await site.admin.create(cluster(site.namespace, "orders"))
    error = await (await site.user()).refused(tool, **arguments)
    assert error["code"] == "not_found"
    return str(error["message"])


@pytest.mark.parametrize("tool", CLUSTER_TOOLS)
async def test_cluster_that_may_have_been_meant_is_named(quiet_site: Site, tool: str) -> None:
    said = await message_of(quiet_site, tool, name="order", **CLUSTER_TOOLS[tool])
    assert "Did you mean orders?" in said


@pytest.mark.parametrize("tool", LISTS)
async def test_cluster_of_a_list_that_may_have_been_meant_is_named(
    quiet_site: Site, tool: str
) -> None:
    assert "Did you mean orders?" in await message_of(quiet_site, tool, cluster_name="ordres")


async def test_name_unlike_any_other_gets_no_guess(quiet_site: Site) -> None:
    said = await message_of(quiet_site, "get_cluster_status", name="billing")
    assert "Did you mean" not in said


async def test_where_clusters_may_not_be_listed_nothing_else_fails(quiet_site: Site) -> None:
    await quiet_site.admin.create(cluster(quiet_site.namespace, "orders"))
    mcp = await quiet_site.user(without=[("clusters", "list")])
    error = await mcp.refused("get_cluster_status", name="order")
    assert error["code"] == "not_found"
    assert "orders" not in error["message"]
