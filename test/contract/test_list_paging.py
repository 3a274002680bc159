"""Long lists of clusters: complete through pages, whatever their number, and within budget."""

import math
from dataclasses import dataclass

import pytest

from test.contract.backend import Backend
from test.contract.caller import Answer, size
from test.contract.site import Site

TOOL = "list_postgres_clusters"
SIZES = (1, 50, 500)
LABEL = "crowd"


@dataclass(frozen=True)
class Crowds:
    """Namespaces by the number of clusters in them; all carry one label."""

    namespaces: dict[int, str]
    names: dict[int, list[str]]
    label: str

    @property
    def everything(self) -> set[tuple[str, str]]:
        """Namespace and name of every cluster."""
        return {
            (self.namespaces[size], name) for size, names in self.names.items() for name in names
        }


@pytest.fixture(scope="module")
def crowds(quiet: Backend) -> Crowds:
    """One namespace of each size."""
    namespaces = {size: quiet.create_namespace() for size in SIZES}
    label = namespaces[1]
    names = {size: quiet.fill(namespaces[size], size, {LABEL: label}) for size in SIZES}
    return Crowds(namespaces, names, label)


def shown(pages: list[Answer]) -> list[tuple[str, str]]:
    """Namespace and name of every row."""
    return [
        (row.get("namespace") or page.content["scope"]["namespace"], row["name"])
        for page in pages
        for row in page.content["clusters"]
    ]


def complete(pages: list[Answer], expected: set[tuple[str, str]]) -> bool:
    """Whether the pages have everything, and nothing twice."""
    rows = shown(pages)
    return set(rows) == expected and len(rows) == len(expected)


@pytest.mark.parametrize("level", ["concise", "detailed"])
@pytest.mark.parametrize(("count", "limit"), [(1, 50), (50, 50), (50, 20), (500, 50), (500, 500)])
async def test_namespace_is_complete_through_pages(
    quiet_site: Site, crowds: Crowds, count: int, limit: int, level: str
) -> None:
    namespace = crowds.namespaces[count]
    mcp = await quiet_site.user(namespaces=[namespace])
    pages = await mcp.pages(TOOL, limit=limit, detail_level=level)
    assert complete(pages, {(namespace, name) for name in crowds.names[count]})
    assert len(pages) == math.ceil(count / limit)


async def test_all_namespaces_with_permission_are_complete_through_pages(
    quiet_site: Site, crowds: Crowds
) -> None:
    mcp = await quiet_site.user(cluster_facts=True)
    selector = f"{LABEL}={crowds.label}"
    pages = await mcp.pages(TOOL, all_namespaces=True, label_selector=selector, limit=60)
    assert complete(pages, crowds.everything)


@pytest.mark.parametrize("limit", [1, 7, 50])
async def test_allowed_namespaces_are_complete_through_pages(
    quiet_site: Site, crowds: Crowds, limit: int
) -> None:
    spaces = [crowds.namespaces[1], crowds.namespaces[50]]
    empty = quiet_site.namespace
    mcp = await quiet_site.user(
        namespaces=[*spaces, empty], allowed_namespaces=(*spaces, empty, "no-rights")
    )
    pages = await mcp.pages(TOOL, all_namespaces=True, limit=limit)
    assert complete(pages, {each for each in crowds.everything if each[0] in spaces})


async def test_page_size_may_change_on_the_way(quiet_site: Site, crowds: Crowds) -> None:
    mcp = await quiet_site.user(namespaces=[crowds.namespaces[50]])
    first = await mcp.call(TOOL, limit=10)
    rest = await mcp.call(TOOL, limit=50, cursor=first.content["next_cursor"])
    assert [name for _, name in shown([first, rest])] == crowds.names[50]


async def test_text_carries_the_cursor(quiet_site: Site, crowds: Crowds) -> None:
    mcp = await quiet_site.user(namespaces=[crowds.namespaces[50]])
    answer = await mcp.call(TOOL, limit=10)
    assert answer.content["next_cursor"] in answer.text


@pytest.mark.parametrize(
    "changed",
    [{"label_selector": "a=b"}, {"detail_level": "detailed"}, {"all_namespaces": True}],
    ids=str,
)
async def test_cursor_with_other_arguments_is_invalid(
    quiet_site: Site, crowds: Crowds, changed: dict[str, object]
) -> None:
    mcp = await quiet_site.user(namespaces=[crowds.namespaces[50]], cluster_facts=True)
    cursor = (await mcp.call(TOOL, limit=10)).content["next_cursor"]
    error = await mcp.refused(TOOL, cursor=cursor, **changed)
    assert error["code"] == "invalid"


@pytest.mark.parametrize("cursor", ["x", "not a cursor!", "e30", "W10", "bnVsbA", "é" * 40])
async def test_cursor_that_nobody_gave_is_invalid(quiet_site: Site, cursor: str) -> None:
    mcp = await quiet_site.user()
    error = await mcp.refused(TOOL, cursor=cursor)
    assert error["code"] == "invalid"


async def test_fifty_clusters_fit_the_budget(quiet_site: Site, crowds: Crowds) -> None:
    mcp = await quiet_site.user(namespaces=[crowds.namespaces[500]])
    answer = await mcp.call(TOOL, limit=50)
    assert len(answer.content["clusters"]) == 50
    assert len(answer.text.encode()) <= 5 * 1024
    assert size(answer.content) <= 8 * 1024


async def test_fifty_clusters_of_several_namespaces_fit_the_budget(
    quiet_site: Site, crowds: Crowds
) -> None:
    mcp = await quiet_site.user(cluster_facts=True)
    selector = f"{LABEL}={crowds.label}"
    answer = await mcp.call(TOOL, all_namespaces=True, label_selector=selector)
    assert len(answer.content["clusters"]) == 50
    assert len(answer.text.encode()) <= 5 * 1024
    assert size(answer.content) <= 8 * 1024
