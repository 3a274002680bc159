"""A recorded situation is served again as it was recorded."""

from collections.abc import AsyncIterator

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.api import KubeClient
from test.controlplane.plane import Plane
from test.controlplane.situations import arrange, load

SOME = ("healthy-3", "hibernating", "new-initdb-failed-for-good", "oom-killed")


@pytest.fixture
async def bare(bare_plane: Plane) -> AsyncIterator[KubeClient]:
    """A client of the control plane without operator and node."""
    async with KubeClient(bare_plane.admin_kubeconfig) as client:
        yield client


@pytest.mark.parametrize("situation", SOME)
async def test_objects_and_their_states_are_as_recorded(bare: KubeClient, situation: str) -> None:
    arranged = await arrange(bare, load(situation))
    recorded = arranged.recording
    for plural in ("pods", "persistentvolumeclaims", "jobs", "events", "endpointslices"):
        served = await bare.list(plural, arranged.namespace)
        assert _names(served) >= _names(recorded[plural])  # the API server has events of its own
    found = await bare.get("clusters", arranged.namespace, arranged.cluster_name)
    assert found["status"]["phase"] == recorded["cluster"]["status"]["phase"]
    served = await bare.list("pods", arranged.namespace)
    assert _phases(served) == _phases(recorded["pods"])


async def test_nothing_is_left_out_unsaid(bare: KubeClient) -> None:
    arranged = await arrange(bare, load("deleting-held-by-finalizer"))
    assert arranged.missing == [
        "metadata.uid and metadata.creationTimestamp of every object",
        "operator_pods",
        "instance_reports",
    ]
    found = await bare.get("clusters", arranged.namespace, arranged.cluster_name)
    assert found["metadata"]["deletionTimestamp"]


async def test_recorded_times_are_moved_to_now(bare: KubeClient) -> None:
    arranged = await arrange(bare, load("healthy-1"))
    served = await bare.list("pods", arranged.namespace)
    found = await bare.get("clusters", arranged.namespace, arranged.cluster_name)
    assert served[0]["status"]["startTime"] > arranged.recording["recorded_at"]
    assert found["status"]["currentPrimaryTimestamp"] < served[0]["metadata"]["creationTimestamp"]


def _names(objects: list[KubeObject]) -> set[str]:
    return {each["metadata"]["name"] for each in objects}


def _phases(pods: list[KubeObject]) -> dict[str, tuple[str, bool]]:
    return {
        pod["metadata"]["name"]: (pod["status"]["phase"], "deletionTimestamp" in pod["metadata"])
        for pod in pods
    }
