"""Rights taken away one by one: `forbidden`, or a fuller answer; never an empty list, no trace."""

import asyncio

import pytest

from test.contract.backend import Backend
from test.contract.caller import Answer, Content, failure
from test.contract.calls import CALLS, READING
from test.contract.site import Site
from test.controlplane.access import (
    READ,
    WRITE,
    Dropped,
    permissions,
    shipped,
    shipped_rules,
)
from test.controlplane.clusters import applied, database, database_role

LISTS = ("clusters", "roles", "databases")
ROLE = sorted({(each.resource, each.verb) for each in permissions(shipped_rules("Role"))})
FACTS = sorted({(each.resource, each.verb) for each in permissions(shipped_rules("ClusterRole"))})

READ_RULES, WRITE_RULES = (
    {(each.resource, each.verb) for each in permissions(shipped(part)["rules"])}
    for part in (READ, WRITE)
)

ROLE_WRITERS = {"create_postgres_role", "update_postgres_role", "delete_postgres_role"}
COUNTING = {"scale_postgres_cluster", "delete_postgres_cluster"}
FORBIDDEN = {
    ("clusters", "get"): set(CALLS) - {"list_postgres_clusters"},
    ("clusters", "list"): {"list_postgres_clusters"},
    ("clusters", "create"): {"create_postgres_cluster"},
    ("clusters", "patch"): {"scale_postgres_cluster"},
    ("clusters", "delete"): {"delete_postgres_cluster"},
    ("pods", "list"): COUNTING,
    ("persistentvolumeclaims", "list"): COUNTING,
    ("databases", "list"): {
        "list_postgres_databases",
        "create_postgres_database",
        "delete_postgres_database",
    },
    ("databases", "create"): {"create_postgres_database"},
    ("databases", "patch"): {"delete_postgres_database"},
    ("databases", "delete"): {"delete_postgres_database"},
    ("databaseroles", "list"): {
        "list_postgres_roles",
        "create_postgres_database",
        *ROLE_WRITERS,
    },
    ("databaseroles", "create"): {"create_postgres_role"},
    ("databaseroles", "patch"): {"update_postgres_role", "delete_postgres_role"},
    ("databaseroles", "delete"): {"delete_postgres_role"},
    ("secrets", "create"): {"create_postgres_role"},
}
"""The tools that cannot answer without a right; all others answer with what is left."""


@pytest.fixture(scope="session")
def inhabited(backend: Backend, steady: str) -> str:
    """The namespace of the steady cluster, with a declared role and database in it."""
    asyncio.run(_declare(backend, steady))
    return steady


async def _declare(backend: Backend, namespace: str) -> None:
    declared = {
        "databaseroles": database_role(namespace, "clerk"),
        "databases": database(namespace, "shop"),
    }
    async with backend.admin() as admin:
        for plural, body in declared.items():
            await admin.create(body)
            await admin.wait_for(plural, namespace, body["metadata"]["name"], applied)


def lengths(answer: Answer) -> dict[str, int]:
    """How many rows an answer's lists have."""
    return {what: len(answer.content[what]) for what in LISTS if what in answer.content}


@pytest.mark.parametrize("dropped", ROLE, ids="-".join)
async def test_right_that_is_missing_is_told_or_made_up_for(
    site: Site, inhabited: str, dropped: Dropped
) -> None:
    whole = await site.user(namespaces=[inhabited])
    less = await site.user(namespaces=[inhabited], without={dropped})
    for tool, arguments in CALLS.items():
        result = await less.ask(tool, arguments)
        if tool in FORBIDDEN.get(dropped, ()):
            assert failure(result)["code"] == "forbidden"
        else:
            full = await whole.call(tool, **arguments)
            assert lengths(await less.call(tool, **arguments)) == lengths(full)


@pytest.mark.parametrize("dropped", FACTS, ids="-".join)
async def test_cluster_wide_right_that_is_missing_is_made_up_for(
    site: Site, inhabited: str, dropped: Dropped
) -> None:
    mcp = await site.user(namespaces=[inhabited], cluster_facts=True, without={dropped})
    if dropped == ("clusters", "list"):  # the same name in the Role, which goes with it
        assert (await mcp.refused("list_postgres_clusters"))["code"] == "forbidden"
        return
    for tool, arguments in CALLS.items():
        await mcp.call(tool, **arguments)


@pytest.mark.parametrize("tool", CALLS)
async def test_user_without_rights_is_forbidden(site: Site, inhabited: str, tool: str) -> None:
    mcp = await site.user(namespaces=(), default_namespace=inhabited)
    error = await mcp.refused(tool, **CALLS[tool])
    assert error["code"] == "forbidden"


async def test_create_without_the_right_makes_nothing(site: Site) -> None:
    mcp = await site.user(without={("clusters", "create")})
    error = await mcp.refused("create_postgres_cluster", name="orders")
    assert error["code"] == "forbidden"
    assert await site.admin.list("clusters", site.namespace) == []


async def test_create_that_may_not_look_afterwards_is_accepted_not_applied(site: Site) -> None:
    mcp = await site.user(without={("pods", "list")})
    answer = await mcp.call("create_postgres_cluster", name="orders", wait_seconds=20)
    assert answer.content["outcome"] == "accepted"
    assert len(await site.admin.list("clusters", site.namespace)) == 1


async def test_all_namespaces_without_any_right_is_forbidden(site: Site) -> None:
    mcp = await site.user(namespaces=())
    error = await mcp.refused("list_postgres_clusters", all_namespaces=True)
    assert error["code"] == "forbidden"


async def test_the_charts_role_is_enough_for_every_tool(site: Site, inhabited: str) -> None:
    call = (await site.user(namespaces=[inhabited])).call
    for tool, arguments in CALLS.items():
        await call(tool, **arguments)


def test_right_of_one_role_is_not_given_by_the_other() -> None:
    assert not READ_RULES & WRITE_RULES


@pytest.mark.parametrize("tool", sorted(READING))
async def test_tool_that_reads_answers_whole_under_the_role_for_reading(
    site: Site, inhabited: str, tool: str
) -> None:
    whole = await site.user(namespaces=[inhabited])
    reader = await site.user(namespaces=[inhabited], without=WRITE_RULES)
    full = await whole.call(tool, **CALLS[tool])
    seen = await reader.call(tool, **CALLS[tool])
    assert ageless(seen.content) == ageless(full.content)


def ageless(content: Content) -> Content:
    """An answer that only tells where ages are: the next second they are others."""
    rows = [{**row, "age": "age" in row} for row in content.get("clusters", ())]
    return {**content, "clusters": rows}
