"""What tests may rely on: clusters live, move and die with the operator and the simulated node."""

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.api import KubeClient
from test.controlplane.clusters import (
    applied,
    cluster,
    database,
    database_role,
    failed,
    healthy,
    healthy_cluster,
    wait_endpoints,
    wait_event,
)
from test.controlplane.plane import Plane


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


@pytest.mark.parametrize("written", ["not json", "5", '["pg-1", 5]'])
async def test_malformed_fencing_fences_nobody(
    admin: KubeClient, namespace: str, written: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await admin.annotate("clusters", namespace, "pg", {"cnpg.io/fencedInstances": written})
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
    await admin.annotate("pods", namespace, "pg-2", {"nodesim/down": "true"})
    await wait_endpoints(admin, namespace, "pg-ro", set())


async def test_primary_that_is_down_fails_over_and_comes_back_as_a_replica(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await admin.annotate("pods", namespace, "pg-1", {"nodesim/down": "true"})
    await wait_endpoints(admin, namespace, "pg-rw", {"pg-2"})
    await admin.annotate("pods", namespace, "pg-1", {"nodesim/down": None})
    await wait_endpoints(admin, namespace, "pg-ro", {"pg-1"})
    await admin.wait_for("clusters", namespace, "pg", healthy)


async def test_hibernation_takes_the_pods_and_waking_brings_them_back(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace)
    await admin.annotate("clusters", namespace, "pg", {"cnpg.io/hibernation": "on"})
    await admin.wait_for("clusters", namespace, "pg", _hibernated)
    await admin.wait_gone("pods", namespace, "pg-1")
    await wait_endpoints(admin, namespace, "pg-rw", set())
    await admin.annotate("clusters", namespace, "pg", {"cnpg.io/hibernation": "off"})
    await wait_endpoints(admin, namespace, "pg-rw", {"pg-1"})


def _hibernated(found: KubeObject) -> bool:
    conditions = found["status"].get("conditions") or []
    states = {each["type"]: each["status"] for each in conditions}
    return states.get("cnpg.io/hibernation") == "True"


async def test_volume_grows(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace)
    await admin.patch("clusters", namespace, "pg", {"spec": {"storage": {"size": "2Gi"}}})

    def grown(claim: KubeObject) -> bool:
        return bool(claim["status"]["capacity"]["storage"] == "2Gi")

    await admin.wait_for("persistentvolumeclaims", namespace, "pg-1", grown)


async def test_objects_left_by_a_cluster_are_applied_to_the_next_of_its_name(
    plane: Plane, admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace)
    await admin.create(database(namespace, "shop"))
    await admin.create(database_role(namespace, "reader"))
    await admin.wait_for("databases", namespace, "shop", applied)
    await admin.wait_for("databaseroles", namespace, "reader", applied)
    await admin.delete("clusters", namespace, "pg")
    await admin.wait_for("databases", namespace, "shop", failed)
    await admin.wait_for("databaseroles", namespace, "reader", failed)
    for plural, name in (("pods", "pg-1"), ("persistentvolumeclaims", "pg-1")):
        await admin.wait_gone(plural, namespace, name)
    await admin.wait_gone("secrets", namespace, "pg-app")
    await healthy_cluster(admin, namespace)
    await admin.wait_for("databases", namespace, "shop", applied)
    await admin.wait_for("databaseroles", namespace, "reader", applied)
    assert "shop" in plane.postgres(namespace, "pg").databases


async def _scale(admin: KubeClient, namespace: str, instances: int) -> KubeObject:
    await admin.patch("clusters", namespace, "pg", {"spec": {"instances": instances}})

    def reached(found: KubeObject) -> bool:
        return healthy(found) and len(found["status"]["instanceNames"]) == instances

    return await admin.wait_for("clusters", namespace, "pg", reached)
