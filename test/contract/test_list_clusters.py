"""list_postgres_clusters: where it looks, what a row says, and what it does without rights."""

import pytest

from test.contract.calls import CALLS
from test.contract.site import Site

TOOL = "list_postgres_clusters"
FENCED = {"cnpg.io/fencedInstances": '["*"]'}


async def test_empty_namespace_is_an_empty_list_of_that_namespace(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    answer = await mcp.call(TOOL, namespace=quiet_site.namespace)
    assert answer.content == {"clusters": [], "scope": {"namespace": quiet_site.namespace}}


async def test_namespace_that_does_not_exist_is_not_found(quiet_site: Site) -> None:
    mcp = await quiet_site.user(cluster_facts=True)
    error = await mcp.refused(TOOL, namespace="nowhere")
    assert error["code"] == "not_found"


async def test_namespace_that_does_not_exist_is_not_found_in_detail(quiet_site: Site) -> None:
    mcp = await quiet_site.user(cluster_facts=True)
    error = await mcp.refused(TOOL, namespace="nowhere", detail_level="detailed")
    assert error["code"] == "not_found"


async def test_namespace_without_rights_is_never_an_empty_list(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    error = await mcp.refused(TOOL, namespace=quiet_site.another_namespace())
    assert error["code"] == "forbidden"


async def test_malformed_namespace_is_refused(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    error = await mcp.refused(TOOL, namespace="../kube-system")
    assert error["code"] == "invalid"


async def test_empty_list_says_when_the_namespace_could_not_be_checked(quiet_site: Site) -> None:
    mcp = await quiet_site.user(without={("namespaces", "get")})
    answer = await mcp.call(TOOL, namespace=quiet_site.namespace)
    assert "could not be checked" in answer.content["scope"]["note"]


async def test_several_clusters_show_what_the_operator_reports(quiet_site: Site) -> None:
    names = quiet_site.backend.fill(quiet_site.namespace, 3, {})
    mcp = await quiet_site.user()
    rows = (await mcp.call(TOOL)).rows("clusters")
    assert list(rows) == names
    row = rows["orders-db-001"]
    assert (row["ready"], row["instances"], row["primary"]) == (1, 1, "orders-db-001-1")
    assert row["phase"] == "Cluster in healthy state"
    assert "verdict" not in row


async def test_detailed_rows_carry_verdict_storage_and_backup(quiet_site: Site) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 1, {})
    mcp = await quiet_site.user()
    row = (await mcp.call(TOOL, detail_level="detailed")).rows("clusters")["orders-db-000"]
    assert (row["verdict"], row["storage"]) == ("healthy", "1Gi")
    assert row["backup"]


async def test_text_names_every_cluster(quiet_site: Site) -> None:
    names = quiet_site.backend.fill(quiet_site.namespace, 3, {})
    mcp = await quiet_site.user()
    for level in ("concise", "detailed"):
        text = (await mcp.call(TOOL, detail_level=level)).text
        assert all(name in text for name in names)


async def test_label_selector_chooses(quiet_site: Site) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 2, {"team": "shop"})
    labels = {"metadata": {"labels": {"team": "other"}}}
    await quiet_site.admin.patch("clusters", quiet_site.namespace, "orders-db-001", labels)
    mcp = await quiet_site.user()
    for level in ("concise", "detailed"):
        answer = await mcp.call(TOOL, label_selector="team=shop", detail_level=level)
        assert list(answer.rows("clusters")) == ["orders-db-000"]


async def test_malformed_label_selector_is_invalid(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    error = await mcp.refused(TOOL, label_selector="team==shop==")
    assert error["code"] == "invalid"


async def test_row_whose_columns_do_not_add_up_carries_a_note(quiet_site: Site) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 2, {})
    unready = {"readyInstances": 0}
    await quiet_site.admin.patch_status("clusters", quiet_site.namespace, "orders-db-001", unready)
    mcp = await quiet_site.user()
    rows = (await mcp.call(TOOL)).rows("clusters")
    assert "note" in rows["orders-db-001"]
    assert "note" not in rows["orders-db-000"]


async def test_detailed_rows_are_filtered_by_verdict(quiet_site: Site) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 3, {})
    await quiet_site.admin.annotate("clusters", quiet_site.namespace, "orders-db-001", FENCED)
    mcp = await quiet_site.user()
    answer = await mcp.call(TOOL, detail_level="detailed", verdict="down")
    assert list(answer.rows("clusters")) == ["orders-db-001"]
    assert (answer.content["filter"], answer.content["looked_at"]) == ("verdict down", 3)


async def test_empty_filtered_list_names_the_filter_and_what_was_looked_at(
    quiet_site: Site,
) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 2, {"team": "shop"})
    mcp = await quiet_site.user()
    labels = "team=shop"
    answer = await mcp.call(TOOL, detail_level="detailed", verdict="down", label_selector=labels)
    assert answer.rows("clusters") == {}
    assert answer.content["looked_at"] == 2
    assert 'with labels "team=shop" and verdict down, of 2 looked at' in answer.text
    assert "may say otherwise" in answer.text


async def test_page_filtered_by_verdict_may_be_short_while_more_follow(quiet_site: Site) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 5, {})
    for name in ("orders-db-000", "orders-db-004"):
        await quiet_site.admin.annotate("clusters", quiet_site.namespace, name, FENCED)
    mcp = await quiet_site.user()
    pages = await mcp.pages(TOOL, detail_level="detailed", verdict="down", limit=2)
    assert [list(page.rows("clusters")) for page in pages] == [
        ["orders-db-000"],
        [],
        ["orders-db-004"],
    ]


async def test_verdict_without_detailed_is_refused_instead_of_ignored(quiet_site: Site) -> None:
    mcp = await quiet_site.user()
    error = await mcp.refused(TOOL, verdict="down")
    assert error["code"] == "invalid"


async def test_filtered_pages_of_several_namespaces_are_complete(quiet_site: Site) -> None:
    other = quiet_site.another_namespace()
    spaces = sorted([quiet_site.namespace, other])
    for namespace in spaces:
        quiet_site.backend.fill(namespace, 5, {})
        await quiet_site.admin.annotate("clusters", namespace, "orders-db-003", FENCED)
    mcp = await quiet_site.user(namespaces=spaces, allowed_namespaces=tuple(spaces))
    pages = await mcp.pages(
        TOOL, all_namespaces=True, detail_level="detailed", verdict="down", limit=2
    )
    found = [row["namespace"] for page in pages for row in page.content["clusters"]]
    assert found == spaces
    assert sum(page.content["looked_at"] for page in pages) == 10


async def test_allowed_namespace_that_does_not_exist_is_not_found(quiet_site: Site) -> None:
    mcp = await quiet_site.user(cluster_facts=True, allowed_namespaces=("no-such-namespace",))
    error = await mcp.refused(TOOL, all_namespaces=True)
    assert error["code"] == "not_found"


# --- all namespaces ---


@pytest.fixture
def neighbour(quiet_site: Site) -> str:
    """A second namespace; both have two clusters with the first one's name as label."""
    other = quiet_site.another_namespace()
    for namespace in (quiet_site.namespace, other):
        quiet_site.backend.fill(namespace, 2, {"of": quiet_site.namespace})
    return other


async def test_all_namespaces_with_permission_shows_each_with_its_namespace(
    quiet_site: Site, neighbour: str
) -> None:
    mcp = await quiet_site.user(cluster_facts=True)
    selector = f"of={quiet_site.namespace}"
    for level in ("concise", "detailed"):
        answer = await mcp.call(
            TOOL, all_namespaces=True, label_selector=selector, detail_level=level
        )
        shown = {(row["namespace"], row["name"]) for row in answer.content["clusters"]}
        spaces = (quiet_site.namespace, neighbour)
        assert shown == {
            (space, name) for space in spaces for name in ("orders-db-000", "orders-db-001")
        }
        assert answer.content["scope"] == {}


async def test_all_namespaces_without_permission_falls_back_to_the_default_one_and_says_so(
    quiet_site: Site, neighbour: str
) -> None:
    mcp = await quiet_site.user()
    answer = await mcp.call(TOOL, all_namespaces=True)
    assert answer.content["scope"]["namespaces"] == [quiet_site.namespace]
    assert answer.content["scope"]["note"]
    assert {row["namespace"] for row in answer.content["clusters"]} == {quiet_site.namespace}


async def test_all_namespaces_without_permission_looks_in_the_allowed_ones(
    quiet_site: Site, neighbour: str
) -> None:
    spaces = (quiet_site.namespace, neighbour)
    mcp = await quiet_site.user(namespaces=spaces, allowed_namespaces=spaces)
    answer = await mcp.call(TOOL, all_namespaces=True)
    assert answer.content["scope"]["namespaces"] == sorted(spaces)
    assert {row["namespace"] for row in answer.content["clusters"]} == set(spaces)


async def test_allowed_namespaces_bound_all_namespaces_whatever_the_permission(
    quiet_site: Site, neighbour: str
) -> None:
    mcp = await quiet_site.user(cluster_facts=True, allowed_namespaces=(neighbour,))
    answer = await mcp.call(TOOL, all_namespaces=True)
    assert {row["namespace"] for row in answer.content["clusters"]} == {neighbour}


async def test_allowed_namespace_without_rights_is_named_in_the_note(
    quiet_site: Site, neighbour: str
) -> None:
    mcp = await quiet_site.user(allowed_namespaces=(quiet_site.namespace, neighbour))
    answer = await mcp.call(TOOL, all_namespaces=True)
    note = answer.content["scope"]["note"]
    assert f"Namespace {neighbour} may not be looked at." in note
    assert {row["namespace"] for row in answer.content["clusters"]} == {quiet_site.namespace}


async def test_nothing_but_namespaces_without_rights_is_forbidden_not_empty(
    quiet_site: Site, neighbour: str
) -> None:
    mcp = await quiet_site.user(namespaces=(), default_namespace=neighbour)
    error = await mcp.refused(TOOL, all_namespaces=True)
    assert error["code"] == "forbidden"


# --- the default namespace ---


async def test_default_namespace_of_the_settings_is_used_and_named(
    quiet_site: Site, neighbour: str
) -> None:
    spaces = (quiet_site.namespace, neighbour)
    mcp = await quiet_site.user(namespaces=spaces, default_namespace=neighbour)
    answer = await mcp.call(TOOL)
    assert answer.content["scope"].pop("note")
    assert answer.content["scope"] == {"namespace": neighbour}
    assert neighbour in answer.text


async def test_default_namespace_that_nobody_asked_for_is_said_not_to_be_all(
    quiet_site: Site, neighbour: str
) -> None:
    mcp = await quiet_site.user(namespaces=(quiet_site.namespace, neighbour))
    assert "all_namespaces=true" in (await mcp.call(TOOL)).text
    asked_for = await mcp.call(TOOL, namespace=quiet_site.namespace)
    assert "all_namespaces" not in asked_for.text


async def test_only_allowed_namespace_is_not_said_to_be_one_of_several(quiet_site: Site) -> None:
    mcp = await quiet_site.user(allowed_namespaces=(quiet_site.namespace,))
    assert "all_namespaces" not in (await mcp.call(TOOL)).text


async def test_allowed_namespace_that_does_not_exist_is_named_as_a_namespace(
    quiet_site: Site,
) -> None:
    allowed = (quiet_site.namespace, "no-such-namespace")
    mcp = await quiet_site.user(cluster_facts=True, allowed_namespaces=allowed)
    note = (await mcp.call(TOOL, all_namespaces=True)).content["scope"]["note"]
    assert "Namespace no-such-namespace does not exist." in note


@pytest.mark.parametrize("tool", CALLS)
async def test_namespace_outside_the_allowed_ones_is_blocked(
    quiet_site: Site, neighbour: str, tool: str
) -> None:
    spaces = (quiet_site.namespace, neighbour)
    mcp = await quiet_site.user(namespaces=spaces, allowed_namespaces=(quiet_site.namespace,))
    error = await mcp.refused(tool, **CALLS[tool], namespace=neighbour)
    assert error["code"] == "blocked"
