"""Metrics tell numbers by kind of thing, and nobody can write names into them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import cnpg_mcp
from cnpg_mcp.domain.outcomes import Outcome
from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.serving.metrics import SIGN_INS, HttpMetrics, Metrics
from test.unit.serving.asgi import Echo, ask, http_scope

TOOLS = ("get_cluster_status", "delete_postgres_cluster")


def _samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Each sample under its name and the values of its labels, in the order of their names."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def _value(metrics: Metrics, *key: str) -> float:
    return _samples(metrics)[key]


@pytest.mark.parametrize("outcome", [*Outcome, *ErrorCode, "read", "cancelled"])
def test_call_counts_by_tool_and_outcome(outcome: str) -> None:
    metrics = Metrics(TOOLS)
    metrics.call("get_cluster_status", outcome, 0.2)
    assert _value(metrics, "cnpg_mcp_calls_total", outcome, "get_cluster_status") == 1


def test_time_of_a_call_goes_into_the_histogram_of_its_tool() -> None:
    metrics = Metrics(TOOLS)
    metrics.call("get_cluster_status", "read", 0.2)
    assert _value(metrics, "cnpg_mcp_call_seconds_sum", "get_cluster_status") == 0.2
    assert _value(metrics, "cnpg_mcp_call_seconds_bucket", "0.1", "get_cluster_status") == 0
    assert _value(metrics, "cnpg_mcp_call_seconds_bucket", "0.25", "get_cluster_status") == 1


def test_longest_wait_of_a_tool_is_within_the_histogram() -> None:
    metrics = Metrics(TOOLS)
    metrics.call("get_cluster_status", "read", 46)
    assert _value(metrics, "cnpg_mcp_call_seconds_bucket", "60.0", "get_cluster_status") == 1


@pytest.mark.parametrize(("status", "label"), [(200, "200"), (409, "409"), (None, "none")])
def test_api_call_counts_by_method_and_status(status: int | None, label: str) -> None:
    metrics = Metrics(TOOLS)
    metrics.api_call("GET", status, 0.01)
    assert _value(metrics, "cnpg_mcp_api_calls_total", "GET", label) == 1
    assert _value(metrics, "cnpg_mcp_api_call_seconds_count", "GET") == 1


@pytest.mark.parametrize("outcome", sorted(SIGN_INS))
def test_sign_in_counts_by_outcome(outcome: str) -> None:
    metrics = Metrics(TOOLS)
    metrics.sign_in(outcome)
    assert _value(metrics, "cnpg_mcp_sign_ins_total", outcome) == 1


def test_counters_are_there_before_the_first_event() -> None:
    samples = _samples(Metrics(TOOLS))
    assert samples["cnpg_mcp_sign_ins_total", "granted"] == 0
    assert samples["cnpg_mcp_refusals_total", "rate_limited"] == 0


def test_build_is_told() -> None:
    build = [key for key in _samples(Metrics(TOOLS)) if key[0] == "cnpg_mcp_build_info"]
    assert cnpg_mcp.__version__ in build[0]


def test_servers_in_one_process_count_for_themselves() -> None:
    one, other = Metrics(TOOLS), Metrics(TOOLS)
    one.sign_in("granted")
    assert _value(other, "cnpg_mcp_sign_ins_total", "granted") == 0


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(NAMES, NAMES, NAMES, NAMES, st.integers())
def test_names_from_outside_never_become_labels(
    tool: str, outcome: str, method: str, sign_in: str, status: int
) -> None:
    metrics = Metrics(TOOLS)
    metrics.call(f"{tool}Q", f"{outcome}Q", 1)
    metrics.api_call(f"{method}Q", status if not 100 <= status < 600 else 0, 1)
    metrics.sign_in(f"{sign_in}Q")
    metrics.refused(status if status not in {400, 401, 403} else 0)
    values = set(re.findall(r'(?:tool|outcome|method|status)="(.*?)"', _text(metrics)))
    assert values == {"other", *SIGN_INS}


def _text(metrics: Metrics) -> str:
    return metrics.exposition().decode()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "malformed"),
        (401, "unauthenticated"),
        (403, "forbidden"),
        (408, "too_slow"),
        (413, "too_large"),
        (421, "wrong_host"),
        (429, "rate_limited"),
        (503, "unavailable"),
        (418, "other"),
    ],
)
async def test_refusal_counts_by_reason(status: int, reason: str) -> None:
    metrics = Metrics(TOOLS)
    await ask(HttpMetrics(Echo(status), metrics))
    assert _value(metrics, "cnpg_mcp_refusals_total", reason) == 1


async def test_answer_is_no_refusal() -> None:
    metrics = Metrics(TOOLS)
    await ask(HttpMetrics(Echo(302), metrics))
    refusals = {k: v for k, v in _samples(metrics).items() if k[0] == "cnpg_mcp_refusals_total"}
    assert not any(refusals.values())


async def test_failure_counts_as_internal() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError

    metrics = Metrics(TOOLS)
    with pytest.raises(RuntimeError):
        await ask(HttpMetrics(broken, metrics))
    assert _value(metrics, "cnpg_mcp_refusals_total", "internal") == 1
    assert _value(metrics, "cnpg_mcp_requests_in_flight") == 0


async def test_request_is_in_flight_while_it_is_at_work() -> None:
    metrics = Metrics(TOOLS)
    seen = []

    async def app(*_: Any) -> None:
        seen.append(_value(metrics, "cnpg_mcp_requests_in_flight"))

    await ask(HttpMetrics(app, metrics))
    assert seen == [1]
    assert _value(metrics, "cnpg_mcp_requests_in_flight") == 0


async def test_lifespan_is_no_request() -> None:
    metrics = Metrics(TOOLS)

    async def app(*_: Any) -> None:
        assert _value(metrics, "cnpg_mcp_requests_in_flight") == 0

    await ask(HttpMetrics(app, metrics), {"type": "lifespan"})


async def test_number_of_series_does_not_grow_with_what_is_asked() -> None:
    metrics = Metrics(TOOLS)
    app = HttpMetrics(Echo(404), metrics)
    await ask(app)
    before = len(_samples(metrics))
    for number in range(50):
        await ask(app, http_scope(f"/{number}", method=f"M{number}"))
    assert len(_samples(metrics)) == before
