"""Recorded situations, put back onto an API server and read through the tool."""

import asyncio
from dataclasses import dataclass

import pytest
from fastmcp import Client

from test.contract.backend import Backend
from test.contract.caller import Answer, Caller, server, size
from test.controlplane import situations
from test.controlplane.situations import Arranged

CONCISE_TEXT, CONCISE_CONTENT = 2 * 1024, 4 * 1024
DETAILED_TEXT, DETAILED_CONTENT = 6 * 1024, 12 * 1024

WEAKER = {
    "phase-stale-switchover-done": (
        "progressing",
        "the restart that is pending stands in the instances' own reports, which no pod serves",
    ),
}
"""Verdicts that differ from the truth, each with the reason."""


@dataclass(frozen=True)
class Seen:
    """What the tool says about an arranged situation."""

    name: str
    arranged: Arranged
    concise: Answer
    detailed: Answer


@pytest.fixture(scope="module", params=situations.names())
def seen(request: pytest.FixtureRequest, quiet: Backend) -> Seen:
    """One situation: arranged and asked about once."""
    return asyncio.run(_look(quiet, request.param))


async def _look(backend: Backend, name: str) -> Seen:
    async with backend.admin() as admin:
        for operator in await admin.list("deployments"):  # of the situation before
            meta = operator["metadata"]
            await admin.delete("deployments", meta["namespace"], meta["name"])
        arranged = await situations.arrange(admin, situations.load(name))
    user = backend.user([arranged.namespace], cluster_facts=True)
    async with Client(server(user)) as client:
        answers = [
            await Caller(client).call(
                "get_cluster_status", name=arranged.cluster_name, detail_level=level
            )
            for level in ("concise", "detailed")
        ]
    return Seen(name, arranged, *answers)


def test_verdict_is_the_truth(seen: Seen) -> None:
    truth = seen.arranged.recording["truth"]["verdict"]
    expected, _ = WEAKER.get(seen.name, (truth, "as recorded"))
    assert seen.concise.content["verdict"] == expected


def test_weaker_expectations_are_among_those_recorded_as_acceptable() -> None:
    for name, (verdict, _) in WEAKER.items():
        truth = situations.load(name)["truth"]
        assert verdict != truth["verdict"]
        assert verdict in truth["also_acceptable"]


def test_detail_does_not_change_the_verdict(seen: Seen) -> None:
    assert seen.detailed.content["verdict"] == seen.concise.content["verdict"]


def test_every_problem_has_a_next_step(seen: Seen) -> None:
    problems = [each for each in seen.detailed.content["findings"] if each["severity"] != "info"]
    assert [each["code"] for each in problems if not each.get("next_step")] == []


def test_text_alone_tells_verdict_and_findings(seen: Seen) -> None:
    for answer in (seen.concise, seen.detailed):
        assert answer.content["verdict"] in answer.text.lower()
        assert all(each["code"] in answer.text for each in answer.content["findings"])


def test_concise_status_fits_the_budget(seen: Seen) -> None:
    assert len(seen.concise.text.encode()) <= CONCISE_TEXT
    assert size(seen.concise.content) <= CONCISE_CONTENT


def test_detailed_status_fits_the_budget(seen: Seen) -> None:
    assert len(seen.detailed.text.encode()) <= DETAILED_TEXT
    assert size(seen.detailed.content) <= DETAILED_CONTENT
