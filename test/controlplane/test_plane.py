"""What tests may rely on: the control plane, its operator and its simulated node."""

from pathlib import Path

import pytest

from test.controlplane import access
from test.controlplane.api import ApiError, KubeClient
from test.controlplane.clusters import (
    applied,
    cluster,
    database,
    healthy,
    healthy_cluster,
    wait_endpoints,
    wait_event,
)
from test.controlplane.fixtures import RestrictedKubeconfig
from test.controlplane.kinds import KubeObject
from test.controlplane.plane import Plane

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")


async def test_dry_run_fills_the_operators_defaults_and_stores_nothing(
    admin: KubeClient, namespace: str
) -> None:
    answer = await admin.create(cluster(namespace), dryRun="All", fieldValidation="Strict")
    assert answer["spec"]["bootstrap"]["initdb"]["database"] == "app"
    assert await admin.list("clusters", namespace) == []


@pytest.mark.parametrize("instances", [1, 3])
async def test_cluster_becomes_healthy(admin: KubeClient, namespace: str, instances: int) -> None:
    found = await healthy_cluster(admin, namespace, instances=instances)
    assert found["status"]["currentPrimary"] == "pg-1"


async def test_services_have_the_endpoints_of_their_role(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await wait_endpoints(admin, namespace, "pg-rw", {"pg-1"})
    await wait_endpoints(admin, namespace, "pg-ro", {"pg-2"})
    await wait_endpoints(admin, namespace, "pg-r", {"pg-1", "pg-2"})


async def test_scaling_up_adds_and_scaling_down_removes_the_highest_serial(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=1)
    await _scale(admin, namespace, 3)
    shrunk = await _scale(admin, namespace, 2)
    assert shrunk["status"]["instanceNames"] == ["pg-1", "pg-2"]
    await admin.wait_gone("persistentvolumeclaims", namespace, "pg-3")


async def test_switchover_as_the_kubectl_plugin_asks_for_it_finishes(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    wanted = {
        "targetPrimary": "pg-2",
        "targetPrimaryTimestamp": "2026-01-01T00:00:00.000000Z",
        "phase": "Switchover in progress",
        "phaseReason": "Switching over to pg-2",
    }
    await admin.patch_status("clusters", namespace, "pg", wanted)

    def switched(found: KubeObject) -> bool:
        return healthy(found) and found["status"]["currentPrimary"] == "pg-2"

    await admin.wait_for("clusters", namespace, "pg", switched)
    await wait_endpoints(admin, namespace, "pg-rw", {"pg-2"})


async def test_lost_primary_fails_over(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await admin.delete("pods", namespace, "pg-1", gracePeriodSeconds=0)

    def failed_over(found: KubeObject) -> bool:
        return healthy(found) and found["status"]["currentPrimary"] == "pg-2"

    await admin.wait_for("clusters", namespace, "pg", failed_over)


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
async def test_deleted_cluster_is_collected_with_everything_it_owns(
    admin: KubeClient, namespace: str, policy: str
) -> None:
    await healthy_cluster(admin, namespace)
    await admin.delete("clusters", namespace, "pg", propagationPolicy=policy)
    await admin.wait_gone("clusters", namespace, "pg")
    for plural, name in (
        ("pods", "pg-1"),
        ("persistentvolumeclaims", "pg-1"),
        ("services", "pg-rw"),
        ("secrets", "pg-app"),
        ("poddisruptionbudgets", "pg-primary"),
    ):
        await admin.wait_gone(plural, namespace, name)


async def test_orphaned_volume_stays(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace)
    await admin.delete("clusters", namespace, "pg", propagationPolicy="Orphan")
    await admin.wait_gone("clusters", namespace, "pg")
    volume = await admin.get("persistentvolumeclaims", namespace, "pg-1")
    assert "ownerReferences" not in volume["metadata"]


async def test_deleted_namespace_goes(plane: Plane, admin: KubeClient) -> None:
    name = plane.create_namespace()
    await healthy_cluster(admin, name)
    await admin.create(database(name, "shop", databaseReclaimPolicy="delete"))
    await admin.wait_for("databases", name, "shop", applied)
    plane.delete_namespace(name)
    await admin.wait_gone("namespaces", None, name)


# --- pods that a test breaks ---


async def test_pod_without_a_node_stays_pending_with_its_reason(
    admin: KubeClient, namespace: str
) -> None:
    body = cluster(namespace)
    body["metadata"]["annotations"] = {"nodesim/pending": "0/3 nodes are available"}
    await admin.create(body)
    pod = await admin.wait_for(
        "pods", namespace, "pg-1", lambda pod: pod["status"].get("conditions")
    )
    assert pod["status"]["conditions"][0]["message"] == "0/3 nodes are available"
    await wait_event(admin, namespace, "Pod", "FailedScheduling")


async def test_image_that_cannot_be_pulled(admin: KubeClient, namespace: str) -> None:
    body = cluster(namespace)
    body["metadata"]["annotations"] = {"nodesim/image-pull.pg-1": "not found"}
    await admin.create(body)
    pod = await admin.wait_for(
        "pods", namespace, "pg-1", lambda pod: pod["status"].get("containerStatuses")
    )
    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting == {"reason": "ImagePullBackOff", "message": "not found"}


async def test_unknown_storage_class_leaves_the_volume_pending(
    admin: KubeClient, namespace: str
) -> None:
    storage = {"size": "1Gi", "storageClass": "nowhere"}
    await admin.create(cluster(namespace, storage=storage))
    await wait_event(admin, namespace, "PersistentVolumeClaim", "ProvisioningFailed")
    claim = await admin.get("persistentvolumeclaims", namespace, "pg-1")
    assert claim["status"]["phase"] == "Pending"


async def test_replica_that_is_down_is_not_ready_and_not_served(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await admin.annotate("pods", namespace, "pg-2", nodesim__down="true")
    await wait_endpoints(admin, namespace, "pg-ro", set())


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


async def _scale(admin: KubeClient, namespace: str, instances: int) -> KubeObject:
    await admin.patch("clusters", namespace, "pg", {"spec": {"instances": instances}})

    def reached(found: KubeObject) -> bool:
        return healthy(found) and len(found["status"]["instanceNames"]) == instances

    return await admin.wait_for("clusters", namespace, "pg", reached)
