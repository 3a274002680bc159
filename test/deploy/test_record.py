"""What the decision record names stays as it says."""

import pytest

from test.deploy.conftest import Render
from test.deploy.rendered import MAIN, TEST, Rendered


@pytest.fixture(scope="module")
def pair(render: Render) -> Rendered:
    """The chart as it comes."""
    return render()


def test_pod_has_both_containers_by_default(pair: Rendered) -> None:
    assert list(pair.containers) == ["mcp-server", "mcp-test-sidecar"]


def test_main_container_starts_as_the_record_says(pair: Rendered) -> None:
    main = pair.containers[MAIN]
    assert "command" not in main
    assert main["args"] == ["--transport", "http", "--port", "3000"]
    assert main["ports"] == [{"containerPort": 3000, "name": "mcp"}]


def test_sidecar_starts_as_the_record_says(pair: Rendered) -> None:
    sidecar = pair.containers[TEST]
    assert sidecar["command"] == ["python", "src/cnpg_mcp_test_server.py"]
    assert sidecar["args"] == ["--port", "3001"]
    assert sidecar["ports"] == [{"containerPort": 3001, "name": "test"}]


def test_sidecar_has_the_resources_of_the_record(pair: Rendered) -> None:
    assert pair.containers[TEST]["resources"] == {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"cpu": "200m", "memory": "256Mi"},
    }


@pytest.mark.parametrize(("name", "port"), [("cnpg-mcp-main", 3000), ("cnpg-mcp-test", 3001)])
def test_services_have_the_names_and_ports_of_the_record(
    pair: Rendered, name: str, port: int
) -> None:
    spec = pair.one("Service", name)["spec"]
    assert [(each["port"], each["targetPort"]) for each in spec["ports"]] == [(port, port)]
    assert spec["selector"] == {"app": "cnpg-mcp-server"}


def test_deployment_finds_its_pods_by_the_label_of_the_record(pair: Rendered) -> None:
    assert pair.deployment["spec"]["selector"]["matchLabels"] == {"app": "cnpg-mcp-server"}
    assert pair.pod["metadata"]["labels"]["app"] == "cnpg-mcp-server"


def test_endpoints_are_prefixes_and_all_else_is_exact(pair: Rendered) -> None:
    prefixes = {path for path, kind, *_ in pair.paths if kind == "Prefix"}
    assert prefixes == {"/mcp", "/test"}
    assert {kind for _, kind, *_ in pair.paths} == {"Prefix", "Exact"}


def test_only_the_main_container_decides_whether_the_pod_is_ready(pair: Rendered) -> None:
    assert pair.containers[MAIN]["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert not {"readinessProbe", "startupProbe"} & pair.containers[TEST].keys()
