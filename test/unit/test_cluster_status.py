"""The status as a result: what is shown of a situation, beyond the verdict."""

import pytest

from cnpg_mcp.domain.cluster_status import status_result
from cnpg_mcp.domain.status.observe import Observation
from cnpg_mcp.domain.status.verdict import assess
from test.unit.recordings import load


def shown(name, *, detailed=False):
    recording = load(name)
    assessment = assess(recording.evidence, recording.now)
    return status_result(Observation(recording.evidence, assessment), detailed=detailed)


def test_version_is_what_the_primary_runs_while_an_update_is_stuck():
    assert shown("update-image-cannot-be-pulled").version == "15.20"


def test_concise_leaves_notes_out_when_there_are_problems():
    severities = {finding.severity for finding in shown("fenced-one-replica").findings}
    assert severities == {"warning"}


def test_detailed_has_every_instance_with_its_role():
    pods = shown("healthy-3", detailed=True).pods
    assert sorted((pod.name, pod.role, pod.ready) for pod in pods) == [
        ("shop-1", "primary", True),
        ("shop-2", "replica", True),
        ("shop-3", "replica", True),
    ]


@pytest.mark.parametrize(("name", "read_only"), [("healthy-1", None), ("healthy-3", "shop-ro")])
def test_read_only_service_is_named_only_where_it_leads_somewhere(name, read_only):
    host = shown(name).connection.services.read_only
    assert (host and host.partition(".")[0]) == read_only
