"""Who is bound to which rights, and that the rights are those of the file that is tested."""

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.access import (
    CLUSTER_FACTS,
    INSTANCE_REPORTS,
    READ,
    WRITE,
    shipped,
)
from test.deploy.conftest import Render
from test.deploy.rendered import Rendered
from test.deploy.valuesets import SETS
from test.helm import Values

MAIN, TEST = "cnpg-mcp-server", "cnpg-mcp-test"
PARTS = (READ, WRITE, CLUSTER_FACTS, INSTANCE_REPORTS)
EVERYWHERE = None
Grant = tuple[str, str | None]
"""A part of the rights, and the namespace where it is given."""


def role_of(binding: KubeObject, rendered: Rendered) -> KubeObject:
    """The role that a binding gives."""
    reference = binding["roleRef"]
    namespace = binding["metadata"].get("namespace")
    (role,) = [
        role
        for role in rendered.kind(reference["kind"])
        if role["metadata"]["name"] == reference["name"]
        and role["metadata"].get("namespace") == namespace
    ]
    return role


def part_of(role: KubeObject) -> str:
    """The part of files/rbac.yaml with exactly these rules."""
    matching = [part for part in PARTS if shipped(part)["rules"] == role["rules"]]
    return matching[0] if matching else "impersonation"


def grants(rendered: Rendered) -> dict[str, set[Grant]]:
    """What each account may do, and where."""
    found: dict[str, set[Grant]] = {}
    for binding in rendered.kind("RoleBinding") + rendered.kind("ClusterRoleBinding"):
        grant = part_of(role_of(binding, rendered)), binding["metadata"].get("namespace")
        for subject in binding["subjects"]:
            assert (subject["kind"], subject["namespace"]) == ("ServiceAccount", "cnpg-mcp")
            found.setdefault(subject["name"], set()).add(grant)
    return found


OWN = {(READ, "cnpg-mcp"), (WRITE, "cnpg-mcp")}
TIERS: dict[str, tuple[Values, set[Grant]]] = {
    "own namespace": ({}, OWN),
    "target namespaces": (
        {"targetNamespaces": ["shop", "orders"]},
        {(part, namespace) for part in (READ, WRITE) for namespace in ("shop", "orders")},
    ),
    "cluster-wide": ({"clusterWide": True}, {(READ, EVERYWHERE), (WRITE, EVERYWHERE)}),
    "read-only": ({"readOnly": True}, {(READ, "cnpg-mcp")}),
    "read-only everywhere": ({"readOnly": True, "clusterWide": True}, {(READ, EVERYWHERE)}),
    "cluster facts": ({"clusterFacts": True}, {*OWN, (CLUSTER_FACTS, EVERYWHERE)}),
    "instance reports": ({"instanceReports": True}, {*OWN, (INSTANCE_REPORTS, "cnpg-mcp")}),
    "impersonation": (
        {"impersonate": {"users": ["sso:dba"]}},
        {*OWN, ("impersonation", EVERYWHERE)},
    ),
}


@pytest.mark.parametrize(("values", "granted"), TIERS.values(), ids=TIERS)
def test_account_has_exactly_the_rights_of_its_tier(
    render: Render, values: Values, granted: set[Grant]
) -> None:
    assert grants(render({"rbac": values})) == {MAIN: granted}


@pytest.mark.parametrize("name", SETS)
def test_every_role_is_bound(render: Render, name: str) -> None:
    rendered = render(SETS[name])
    roles = rendered.kind("Role") + rendered.kind("ClusterRole")
    bindings = rendered.kind("RoleBinding") + rendered.kind("ClusterRoleBinding")
    assert len(roles) == len(bindings)
    for binding in bindings:
        role_of(binding, rendered)


@pytest.mark.parametrize(
    "values",
    [{"readOnly": True}, {"readOnly": True, "targetNamespaces": ["shop"]}],
    ids=["own", "targets"],
)
def test_servers_know_that_they_may_only_read(render: Render, values: Values) -> None:
    rendered = render({"rbac": values})
    for name in ("cnpg-mcp-main", "cnpg-mcp-test"):
        assert rendered.settings(name)["READ_ONLY"] == "true"


@pytest.mark.parametrize(
    ("values", "namespaces"),
    [({}, "cnpg-mcp"), ({"targetNamespaces": ["shop", "orders"]}, "orders,shop")],
    ids=["own", "targets"],
)
def test_servers_are_limited_to_the_namespaces_of_their_rights(
    render: Render, values: Values, namespaces: str
) -> None:
    rendered = render({"rbac": values})
    for name in ("cnpg-mcp-main", "cnpg-mcp-test"):
        assert rendered.settings(name)["ALLOWED_NAMESPACES"] == namespaces


def test_servers_with_rights_everywhere_are_not_limited(render: Render) -> None:
    assert "ALLOWED_NAMESPACES" not in render(SETS["cluster-wide"]).settings("cnpg-mcp-main")


def test_own_account_of_the_test_server_may_only_read(render: Render) -> None:
    rendered = render({"testSidecar": {"serviceAccount": {"create": True}}})
    assert grants(rendered) == {MAIN: OWN, TEST: {(READ, "cnpg-mcp")}}
    assert rendered.settings("cnpg-mcp-test")["READ_ONLY"] == "true"
    assert "READ_ONLY" not in rendered.settings("cnpg-mcp-main")


def test_own_account_of_the_test_server_may_write_where_that_is_asked_for(render: Render) -> None:
    account = {"create": True, "readOnly": False}
    rendered = render({"testSidecar": {"serviceAccount": account}})
    assert grants(rendered) == {MAIN: OWN, TEST: OWN}
    assert "READ_ONLY" not in rendered.settings("cnpg-mcp-test")


def test_each_container_has_the_token_of_its_own_account(render: Render) -> None:
    rendered = render({"testSidecar": {"serviceAccount": {"create": True}}})
    tokens = {
        name: mount["name"]
        for name, container in rendered.containers.items()
        for mount in container["volumeMounts"]
        if mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
    }
    assert tokens == {"mcp-server": "kube-api-access", "mcp-test-sidecar": "test-account"}
    volumes = {each["name"]: each for each in rendered.pod["spec"]["volumes"]}
    secret = rendered.one("Secret", volumes["test-account"]["secret"]["secretName"])
    assert secret["metadata"]["annotations"] == {"kubernetes.io/service-account.name": TEST}


def test_nobody_may_be_impersonated_but_those_who_are_named(render: Render) -> None:
    people = {"users": ["sso:dba"], "groups": ["sso:team"]}
    role = render({"rbac": {"impersonate": people}}).one("ClusterRole")
    assert role["rules"] == [
        {
            "apiGroups": [""],
            "resources": [kind],
            "verbs": ["impersonate"],
            "resourceNames": names,
        }
        for kind, names in people.items()
    ]


def test_chart_gives_no_rights_where_others_do(render: Render) -> None:
    rendered = render(SETS["rights-from-elsewhere"])
    assert grants(rendered) == {}
    assert rendered.kind("Role") == rendered.kind("ClusterRole") == []


def test_account_that_exists_is_used_and_not_made(render: Render) -> None:
    rendered = render(SETS["account-that-exists"])
    assert rendered.kind("ServiceAccount") == []
    assert {spec["serviceAccountName"] for spec in rendered.pod_specs} == {"dba"}
    assert grants(rendered).keys() == {"dba"}
