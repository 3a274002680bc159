"""The chart passes Helm's lint, and gives what was reviewed."""

import pytest

from test.controlplane.binaries import KUBERNETES_VERSION
from test.deploy.conftest import Render
from test.deploy.golden import golden_file, golden_text
from test.deploy.valuesets import GOLDEN, SETS, minimal
from test.helm import CHART, Helm


@pytest.mark.parametrize("name", SETS)
def test_chart_passes_lint(helm: Helm, name: str) -> None:
    version = ("--kube-version", KUBERNETES_VERSION)
    helm.run("lint", "--strict", *version, str(CHART), values=minimal(SETS[name]))


@pytest.mark.parametrize("name", GOLDEN)
def test_render_is_the_reviewed_one(helm: Helm, name: str) -> None:
    reviewed = golden_file(name).read_text()
    assert golden_text(helm, name) == reviewed, "review, and run python -m test.deploy.golden"


@pytest.mark.parametrize("name", SETS)
def test_no_object_is_there_twice(render: Render, name: str) -> None:
    objects = render(SETS[name]).objects
    places = [
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in objects
    ]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", SETS)
def test_no_secret_has_data(render: Render, name: str) -> None:
    for secret in render(SETS[name]).kind("Secret"):
        assert secret["type"] == "kubernetes.io/service-account-token"
        assert not {"data", "stringData"} & secret.keys()
