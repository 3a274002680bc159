"""From inside: every right, asked of a real API server as users that lack it."""

from pathlib import Path
from typing import Any

import pytest

from cnpg_mcp.doctor.findings import Report, Severity
from cnpg_mcp.doctor.inside.kubernetes import api_server, cnpg
from cnpg_mcp.doctor.inside.permissions import impersonation, permissions
from cnpg_mcp.doctor.inside.rights import IN_NAMESPACE, RIGHTS, Bound, Right
from cnpg_tools import REGISTRY
from test.contract.test_permissions import FORBIDDEN
from test.controlplane import access
from test.controlplane.api import KubeClient, until
from test.controlplane.plane import Plane
from test.doctor.inside import look_inside
from test.doctor.test_outside import faults, notes

CHECKS = (api_server, cnpg, permissions, impersonation)
IN_ROLE = [right for right in RIGHTS if right.bound in IN_NAMESPACE]
OPTIONAL = [right for right in RIGHTS if right.bound is Bound.CLUSTER]
WRITING = {(right.resource.plural, right.verb) for right in RIGHTS if right.bound is Bound.WRITE}
UNSERVED = {"objectstores"}
"""Kinds of a plugin that the control plane does not have."""


@pytest.fixture(scope="session")
def somewhere(bare_plane: Plane) -> str:
    """A namespace."""
    return bare_plane.create_namespace()


@pytest.fixture(scope="session")
def usual(bare_plane: Plane, somewhere: str) -> Path:
    """A user with all of the chart's rights there."""
    return bare_plane.restricted_kubeconfig([somewhere], cluster_facts=True)


async def examined(kubeconfig: Path, **settings: Any) -> Report:
    """What is found with a kubeconfig."""
    return await look_inside(CHECKS, kubeconfig=str(kubeconfig), **settings)


def _named(right: Right) -> str:
    return f"{right.verb}-{right.resource.plural}"


def _triples(rights: list[Right]) -> list[tuple[str, str, str]]:
    return sorted((each.resource.group, each.resource.plural, each.verb) for each in rights)


@pytest.mark.parametrize("bound", Bound)
def test_table_has_exactly_the_rights_of_the_chart(bound: Bound) -> None:
    kind, name = bound.value.split()
    role = access.shipped(name)
    assert role["kind"] == kind
    given = sorted((p.group, p.resource, p.verb) for p in access.permissions(role["rules"]))
    assert _triples([right for right in RIGHTS if right.bound is bound]) == given


def test_every_right_says_what_is_lost() -> None:
    assert all(right.consequence for right in RIGHTS)
    assert {tool for right in RIGHTS for tool in right.stops} <= set(REGISTRY.tools)


def test_tools_that_stop_without_a_right_are_named() -> None:
    stops = {(right.resource.plural, right.verb): set(right.stops) for right in IN_ROLE}
    unnamed = {right: tools - stops[right] for right, tools in FORBIDDEN.items()}
    assert not any(unnamed.values())


async def test_the_charts_rights_are_enough(usual: Path) -> None:
    report = await examined(usual)
    assert faults(report) == []


@pytest.mark.parametrize(
    "right", [each for each in IN_ROLE if each.resource.plural not in UNSERVED], ids=_named
)
async def test_missing_right_is_found_alone(
    bare_plane: Plane, somewhere: str, right: Right
) -> None:
    dropped = (right.resource.plural, right.verb)
    kubeconfig = bare_plane.restricted_kubeconfig([somewhere], without={dropped})
    report = await examined(kubeconfig)
    (found,) = report.of(Severity.ERROR, Severity.WARNING)
    assert found.seen == f"Denied: {right} in namespace {somewhere}."
    assert found.breaks == right.consequence
    assert found.code == ("right-missing" if right.stops else "fact-hidden")


async def test_optional_rights_are_only_noted(bare_plane: Plane, somewhere: str) -> None:
    report = await examined(bare_plane.restricted_kubeconfig([somewhere]))
    assert faults(report) == []
    (note,) = [each for each in report.findings if each.code == "optional-fact-hidden"]
    assert all(f"Denied: {right} in all namespaces." in note.seen for right in OPTIONAL)


async def test_user_without_rights_is_told_in_one_finding(
    bare_plane: Plane, somewhere: str
) -> None:
    kubeconfig = bare_plane.restricted_kubeconfig()
    report = await examined(kubeconfig, default_namespace=somewhere)
    assert faults(report) == ["no-rights"]


async def test_server_that_changes_nothing_needs_no_rights_to(
    bare_plane: Plane, somewhere: str
) -> None:
    kubeconfig = bare_plane.restricted_kubeconfig([somewhere], without=WRITING)
    assert faults(await examined(kubeconfig, read_only=True)) == []


async def test_every_allowed_namespace_is_looked_at(
    bare_plane: Plane, somewhere: str, usual: Path
) -> None:
    other = bare_plane.create_namespace()
    report = await examined(usual, allowed_namespaces=f"{somewhere},{other}")
    (found,) = report.of(Severity.ERROR)
    assert found.code == "no-rights"
    assert other in found.seen
    assert "one-namespace-checked" not in notes(report)


async def test_absent_namespace_is_found(usual: Path, somewhere: str) -> None:
    report = await examined(usual, allowed_namespaces=f"{somewhere},absent")
    assert faults(report) == ["namespace-missing"]


IMPERSONATE = {"impersonate_user_claim": "sub", "impersonate_user_prefix": "oidc:"}


async def test_impersonation_without_the_right_is_found_alone(usual: Path) -> None:
    assert faults(await examined(usual, **IMPERSONATE)) == ["impersonation-forbidden"]


async def test_impersonation_of_named_people_is_right(bare_plane: Plane, somewhere: str) -> None:
    kubeconfig = bare_plane.restricted_kubeconfig([somewhere])
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"{kubeconfig.stem}-impersonates"},
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["users"],
                "verbs": ["impersonate"],
                "resourceNames": ["oidc:someone"],
            }
        ],
    }
    async with KubeClient(bare_plane.admin_kubeconfig) as admin:
        await admin.create(body)
        await admin.create(_binding(body["metadata"]["name"], kubeconfig.stem))
        await until(lambda: _is_right(kubeconfig), 60, lambda: "the right is not honoured")


async def _is_right(kubeconfig: Path) -> bool:
    return faults(await examined(kubeconfig, **IMPERSONATE)) == []


def _binding(role: str, user: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": role},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }


async def test_impersonation_with_the_right_is_right(bare_plane: Plane) -> None:
    report = await examined(bare_plane.admin_kubeconfig, **IMPERSONATE)
    assert faults(report) == []
    assert "acts-for-people" in notes(report)
