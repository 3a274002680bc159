"""What is off unless asked for: network policy and monitoring."""

import pytest

from test.deploy.conftest import Render
from test.deploy.rendered import Rendered
from test.deploy.valuesets import SETS
from test.helm import Values

PEER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
PROMETHEUS = {"podSelector": {"matchLabels": {"app": "prometheus"}}}


def policy(render: Render, sidecar: bool = True, **values: object) -> Values:
    """The policy with these values."""
    chosen = {"enabled": True, **values}
    rendered = render({"networkPolicy": chosen, "testSidecar": {"enabled": sidecar}})
    return rendered.one("NetworkPolicy")["spec"]


def test_nothing_optional_is_there_by_default(render: Render) -> None:
    kinds = {kind for kind, _ in render().names}
    assert kinds.isdisjoint({"NetworkPolicy", "ServiceMonitor", "ClusterRole", "Secret"})


def test_policy_is_about_the_pods_of_the_deployment(render: Render) -> None:
    spec = policy(render)
    assert spec["podSelector"] == render().deployment["spec"]["selector"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]


def test_policy_lets_everybody_in_unless_peers_are_named(render: Render) -> None:
    assert [rule.keys() for rule in policy(render)["ingress"]] == [{"ports"}]


def test_policy_lets_only_those_in_who_are_named(render: Render) -> None:
    rules = policy(render, **{"from": [PEER], "metricsFrom": [PROMETHEUS]})["ingress"]
    assert [rule["from"] for rule in rules] == [[PEER], [PROMETHEUS]]


@pytest.mark.parametrize(("sidecar", "ports"), [(True, [3000, 3001]), (False, [3000])])
def test_policy_opens_the_ports_of_the_containers(
    render: Render, sidecar: bool, ports: list[int]
) -> None:
    for rule in policy(render, sidecar, metricsFrom=[PROMETHEUS])["ingress"]:
        assert [each["port"] for each in rule["ports"]] == ports


def test_policy_lets_out_to_dns_and_to_what_is_named(render: Render) -> None:
    dns, named = policy(render, egress=[{"cidr": "10.0.0.0/8", "ports": [443, 6379]}])["egress"]
    assert {(each["port"], each["protocol"]) for each in dns["ports"]} == {
        (53, "UDP"),
        (53, "TCP"),
    }
    assert named["to"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    assert [each["port"] for each in named["ports"]] == [443, 6379]


def selected(rendered: Rendered) -> list[Values]:
    """The Services that the monitor finds."""
    wanted = rendered.one("ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    services = rendered.kind("Service")
    return [each for each in services if wanted <= each["metadata"]["labels"].items()]


@pytest.mark.parametrize("sidecar", [True, False], ids=["pair", "production"])
def test_monitor_asks_each_container_once(render: Render, sidecar: bool) -> None:
    monitored = {"serviceMonitor": {"enabled": True}, "testSidecar": {"enabled": sidecar}}
    rendered = render(monitored)
    asked = [each["port"] for each in rendered.one("ServiceMonitor")["spec"]["endpoints"]]
    offered = [port["name"] for each in selected(rendered) for port in each["spec"]["ports"]]
    assert sorted(asked) == sorted(offered)
    assert len(asked) == len(rendered.containers)


def test_monitor_has_the_labels_by_which_prometheus_finds_it(render: Render) -> None:
    labels = render(SETS["everything"]).one("ServiceMonitor")["metadata"]["labels"]
    assert labels["release"] == "prometheus"
