"""What tests may rely on: programs that come and go, and users with exactly their rights."""

from pathlib import Path

import pytest

from test.controlplane import access
from test.controlplane.api import ApiError, KubeClient
from test.controlplane.clusters import cluster, healthy_cluster
from test.controlplane.fixtures import RestrictedKubeconfig
from test.controlplane.plane import Plane

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")


async def test_dry_run_fills_the_operators_defaults_and_stores_nothing(
    admin: KubeClient, namespace: str
) -> None:
    answer = await admin.create(cluster(namespace), dryRun="All", fieldValidation="Strict")
    assert answer["spec"]["bootstrap"]["initdb"]["database"] == "app"
    assert await admin.list("clusters", namespace) == []


# --- the operator and the API server, gone and back ---


async def test_without_the_operator_writes_fail_at_its_webhook(
    plane: Plane, admin: KubeClient, namespace: str
) -> None:
    plane.operator_stop()
    try:
        with pytest.raises(ApiError, match="failed calling webhook") as refused:
            await admin.create(cluster(namespace))
        assert refused.value.status == 500
        shown = await admin.get("deployments", "cnpg-system", "cnpg-controller-manager")
        assert "readyReplicas" not in shown["status"]
    finally:
        plane.operator_start()
    await healthy_cluster(admin, namespace)


async def test_api_server_comes_back_at_the_same_address(
    plane: Plane, admin: KubeClient, namespace: str
) -> None:
    plane.apiserver_stop()
    plane.apiserver_start()
    await healthy_cluster(admin, namespace)


async def test_frozen_api_server_does_not_answer_until_it_is_resumed(
    plane: Plane, namespace: str
) -> None:
    async with KubeClient(plane.admin_kubeconfig, timeout=0.3) as impatient:
        plane.apiserver_pause()
        try:
            with pytest.raises(TimeoutError):
                await impatient.get("namespaces", None, namespace)
        finally:
            plane.apiserver_resume()
    async with KubeClient(plane.admin_kubeconfig) as patient:
        await patient.get("namespaces", None, namespace)


# --- users ---


@pytest.fixture
def every_permission() -> set[access.Permission]:
    """All verbs on everything that either role of the chart mentions, and on Secrets."""
    rules = [*access.shipped_rules("Role"), *access.shipped_rules("ClusterRole")]
    named = {(each.group, each.resource) for each in access.permissions(rules)} | {("", "secrets")}
    return {access.Permission(*each, verb) for each in named for verb in VERBS}


async def test_restricted_user_may_exactly_what_the_role_says(
    namespace: str,
    restricted_kubeconfig: RestrictedKubeconfig,
    every_permission: set[access.Permission],
) -> None:
    user = restricted_kubeconfig([namespace])
    expected = set(access.permissions(access.shipped_rules("Role")))
    assert await _allowed(user, every_permission, namespace) == expected
    assert await _allowed(user, every_permission, "default") == set()


async def test_cluster_facts_hold_everywhere(
    namespace: str,
    restricted_kubeconfig: RestrictedKubeconfig,
    every_permission: set[access.Permission],
) -> None:
    user = restricted_kubeconfig([namespace], cluster_facts=True)
    expected = set(access.permissions(access.shipped_rules("ClusterRole")))
    assert await _allowed(user, every_permission, None) == expected


async def test_single_rules_can_be_dropped(
    namespace: str,
    restricted_kubeconfig: RestrictedKubeconfig,
    every_permission: set[access.Permission],
) -> None:
    user = restricted_kubeconfig([namespace], without={("clusters", "list"), ("pods", "list")})
    expected = set(access.permissions(access.shipped_rules("Role")))
    dropped = expected - await _allowed(user, every_permission, namespace)
    assert {(each.resource, each.verb) for each in dropped} == {
        ("clusters", "list"),
        ("pods", "list"),
    }


async def test_user_without_rights_may_nothing(
    namespace: str,
    restricted_kubeconfig: RestrictedKubeconfig,
    every_permission: set[access.Permission],
) -> None:
    assert await _allowed(restricted_kubeconfig(), every_permission, namespace) == set()


async def test_simulated_node_had_no_mishap(plane: Plane) -> None:
    assert plane.simulator.errors == []


async def _allowed(
    kubeconfig: Path, asked: set[access.Permission], namespace: str | None
) -> set[access.Permission]:
    async with KubeClient(kubeconfig) as user:
        return {each for each in asked if await access.allowed(user, each, namespace)}
