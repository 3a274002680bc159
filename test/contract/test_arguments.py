"""Whatever the arguments: a clean result or a coded error, and no value that may be a secret."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.client import CallToolResult
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnpg_mcp.domain.creation.manifest import draft
from cnpg_mcp.domain.creation.order import ClusterOrder, Profile
from cnpg_mcp.errors import ToolFailure
from cnpg_tools import REGISTRY
from test.contract.caller import Caller, failure, fields, server
from test.controlplane.loop import LoopThread

CANARY = "canary-7c1e"
SECRETIVE = ("password", "token", "api_key", "secret", "Passwort", "owner_password")
REACHED = {"unavailable", "invalid", "blocked"}
"""What a call can come to where no API server is: nothing of it is a defect."""

bounded = settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=70),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3)
    ),
    max_leaves=6,
)
plausible = st.sampled_from(
    ["orders", "production", "detailed", "3", "17", "2Gi", 1, 2, True, {"work_mem": "8MB"}]
)
tools = st.sampled_from(sorted(REGISTRY.tools))
words = st.text(max_size=70)
sizes = st.from_regex(r"\A[0-9.eEkKmMgGiI+-]{1,8}\Z") | words
pairs = st.dictionaries(words, words, max_size=3)
numbers = st.integers(0, 10**6)
orders = st.fixed_dictionaries(
    {"name": st.just("orders")},
    optional={
        "profile": st.sampled_from(["dev", "production"]),
        "instances": numbers,
        "storage_size": sizes,
        "wal_storage_size": sizes,
        "storage_class": words,
        "postgres_version": st.from_regex(r"\A[0-9.]{1,6}\Z") | words,
        "cpu": sizes,
        "memory": sizes,
        "parameters": pairs | st.just({"work_mem": "8MB"}),
        "synchronous_replicas": numbers,
        "database": words,
        "owner": words,
        "labels": pairs,
    },
)
"""Orders whose values have the right types."""


class Unconnected:
    """A server whose kubeconfig does not exist, asked from tests that are not asynchronous."""

    def __init__(self, folder: Path) -> None:
        self._loop = LoopThread("unconnected")
        self._client = Client(server(folder / "absent", default_namespace="shop"))
        self._loop.run(self._client.__aenter__())

    def ask(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """The result of a call."""
        return self._loop.run(Caller(self._client).ask(tool, arguments))

    def close(self) -> None:
        """Ends server and loop."""
        self._loop.run(self._client.__aexit__(None, None, None))
        self._loop.close()


@pytest.fixture(scope="module")
def unconnected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unconnected]:
    """A server without a Kubernetes cluster."""
    made = Unconnected(tmp_path_factory.mktemp("unconnected"))
    yield made
    made.close()


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A tool, with arguments of its own, made-up ones, and values of any kind."""
    tool = draw(tools)
    known = st.sampled_from(sorted(REGISTRY.tools[tool].arguments.model_fields))
    names = known | known | st.text(max_size=30)
    return tool, draw(st.dictionaries(names, plausible | anything, max_size=8))


@bounded
@given(call=calls())
def test_any_arguments_give_a_coded_error(
    unconnected: Unconnected, call: tuple[str, dict[str, Any]]
) -> None:
    assert failure(unconnected.ask(*call))["code"] in REACHED


@bounded
@given(order=orders, dry_run=st.booleans())
def test_any_well_typed_order_gives_a_coded_error(
    unconnected: Unconnected, order: dict[str, Any], dry_run: bool
) -> None:
    result = unconnected.ask("create_postgres_cluster", {**order, "dry_run": dry_run})
    assert failure(result)["code"] in REACHED


@bounded
@given(order=orders)
def test_any_order_that_passes_its_check_becomes_an_object(order: dict[str, Any]) -> None:
    made = ClusterOrder(**{**order, "profile": Profile(order.get("profile", "dev"))})
    try:
        made.check()
    except ToolFailure:
        return
    assert json.dumps(draft(made, "shop", None).body)


@bounded
@given(name=st.sampled_from(SECRETIVE), call=calls())
def test_value_of_an_unknown_argument_is_never_echoed(
    unconnected: Unconnected, name: str, call: tuple[str, dict[str, Any]]
) -> None:
    tool, arguments = call
    result = unconnected.ask(tool, {**arguments, name: CANARY})
    assert CANARY not in f"{result.content}{result.meta}"
    assert any(name in field for field in fields(failure(result)))


@pytest.mark.parametrize("value", [[CANARY], {"a": CANARY}, {CANARY: 1}], ids=str)
@pytest.mark.parametrize("argument", ["name", "instances", "labels", "profile", "wait_seconds"])
def test_value_of_the_wrong_type_is_never_echoed(
    unconnected: Unconnected, argument: str, value: object
) -> None:
    result = unconnected.ask("create_postgres_cluster", {"name": "orders", argument: value})
    assert failure(result)["code"] in REACHED
    if argument != "labels":
        assert CANARY not in f"{result.content}{result.meta}"


def test_values_do_not_reach_the_log(
    unconnected: Unconnected, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        unconnected.ask("create_postgres_cluster", {"name": "orders", "password": CANARY})
    assert CANARY not in caplog.text


def test_missing_kubeconfig_is_unavailable_and_tried_again(tmp_path: Path) -> None:
    async def twice() -> list[str]:
        async with Client(server(tmp_path / "absent")) as client:
            asked = [await Caller(client).refused("list_postgres_clusters") for _ in range(2)]
            return [error["code"] for error in asked]

    assert asyncio.run(twice()) == ["unavailable", "unavailable"]
