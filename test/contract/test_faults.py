"""What is broken around the server has its own code, and what comes back is used again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from test.contract.backend import (
    Backend,
    apiserver_frozen,
    apiserver_gone,
    operator_gone,
)
from test.contract.caller import Caller
from test.contract.calls import CALLS, READING
from test.contract.site import Site, open_site
from test.controlplane.api import until

PATIENCE = 0.5
"""Seconds that an impatient server allows a call."""


async def _codes(mcp: Caller) -> dict[str, str]:
    """The codes with which all tools fail, asked at once."""
    asked = (mcp.refused(tool, **arguments) for tool, arguments in CALLS.items())
    errors = await asyncio.gather(*asked)
    return {tool: error["code"] for tool, error in zip(CALLS, errors, strict=True)}


# --- CloudNativePG is not installed ---


@pytest.fixture
async def empty_site(unequipped: Backend) -> AsyncIterator[Site]:
    """A namespace of a cluster without CloudNativePG."""
    async with open_site(unequipped) as opened:
        yield opened


@pytest.mark.parametrize("cluster_facts", [False, True])
async def test_absent_cloudnativepg_is_unsupported(empty_site: Site, cluster_facts: bool) -> None:
    mcp = await empty_site.user(cluster_facts=cluster_facts)
    assert await _codes(mcp) == dict.fromkeys(CALLS, "unsupported")


async def test_absent_cloudnativepg_is_unsupported_in_all_namespaces(empty_site: Site) -> None:
    for facts in (False, True):
        mcp = await empty_site.user(cluster_facts=facts)
        error = await mcp.refused("list_postgres_clusters", all_namespaces=True)
        assert error["code"] == "unsupported"


# --- the operator ---


@pytest.fixture(scope="class")
def outage(backend: Backend, steady: str) -> Iterator[None]:
    """No operator while the tests of a class run; the steady cluster was made before."""
    with operator_gone(backend):
        yield


@pytest.mark.usefixtures("outage")
class TestWithoutOperator:
    @pytest.mark.parametrize(
        "arguments", [{}, {"dry_run": True}, {"postgres_version": "17"}], ids=str
    )
    async def test_create_is_operator_unavailable_and_makes_nothing(
        self, site: Site, arguments: dict[str, Any]
    ) -> None:
        mcp = await site.user()
        error = await mcp.refused("create_postgres_cluster", name="orders", **arguments)
        assert error["code"] == "operator_unavailable"
        assert await site.admin.list("clusters", site.namespace) == []

    @pytest.mark.parametrize("tool", sorted(READING))
    async def test_reading_tools_answer(self, site: Site, steady: str, tool: str) -> None:
        mcp = await site.user(namespaces=[steady])
        await mcp.call(tool, **CALLS[tool])

    async def test_status_sees_it_where_the_deployment_is_visible(
        self, site: Site, steady: str
    ) -> None:
        mcp = await site.user(namespaces=[steady], cluster_facts=True)
        answer = await mcp.call("get_cluster_status", name="pg")
        assert answer.content["verdict"] == "degraded"
        assert "operator-down" in [each["code"] for each in answer.content["findings"]]

    async def test_status_names_it_as_unseen_where_it_is_not(self, site: Site, steady: str) -> None:
        mcp = await site.user(namespaces=[steady])
        answer = await mcp.call("get_cluster_status", name="pg")
        assert answer.content["unseen"]["operator_deployments"] == "forbidden"


async def test_create_works_again_once_the_operator_is_back(site: Site) -> None:
    mcp = await site.user()
    with operator_gone(site.backend):
        await mcp.refused("create_postgres_cluster", name="orders")
    site.backend.wait_healthy()
    answer = await mcp.call("create_postgres_cluster", name="orders", wait_seconds=45)
    assert answer.content["outcome"] == "applied"


# --- the API server ---


async def test_absent_api_server_is_unavailable_and_used_again_when_it_is_back(
    quiet_site: Site,
) -> None:
    mcp = await quiet_site.user()
    await mcp.call("list_postgres_clusters")
    with apiserver_gone(quiet_site.backend):
        codes = await _codes(mcp)
    quiet_site.backend.wait_healthy()
    assert codes == dict.fromkeys(CALLS, "unavailable")
    await mcp.call("list_postgres_clusters")


async def test_slow_api_server_is_a_timeout(quiet_site: Site) -> None:
    mcp = await quiet_site.user(kube_timeout=PATIENCE)
    await until(lambda: _answers(mcp), 30, lambda: "no answer in time")
    with apiserver_frozen(quiet_site.backend):
        codes = await _codes(mcp)
    quiet_site.backend.wait_healthy()
    assert codes == dict.fromkeys(CALLS, "timeout")
    await until(lambda: _answers(mcp), 30, lambda: "what is back is not used again")


async def _answers(mcp: Caller) -> bool:
    """Whether it is answered within the time that an impatient server allows."""
    return not (await mcp.ask("list_postgres_clusters", {})).is_error


async def test_expired_cursor_is_invalid_and_says_how_to_go_on(quiet_site: Site) -> None:
    names = quiet_site.backend.fill(quiet_site.namespace, 3, {})
    mcp = await quiet_site.user()
    cursor = (await mcp.call("list_postgres_clusters", limit=2)).content["next_cursor"]
    quiet_site.backend.expire_continue_tokens()
    error = await mcp.refused("list_postgres_clusters", limit=2, cursor=cursor)
    assert error["code"] == "invalid"
    pages = await mcp.pages("list_postgres_clusters", limit=2)
    assert [row["name"] for page in pages for row in page.content["clusters"]] == names
