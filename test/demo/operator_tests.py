"""What the stand-in does beyond the lives of clusters that every control plane plays."""

import asyncio
import base64
from typing import Any

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.api import PATIENCE_SECONDS, KubeClient, until
from test.controlplane.clusters import (
    API_VERSION,
    HEALTHY,
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

STORE = {
    "barmanObjectStore": {
        "destinationPath": "s3://backups/",
        "s3Credentials": {"inheritFromIAMRole": True},
    }
}
_OLD = "2001-01-01T00:00:00Z"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def _object(kind: str, namespace: str, name: str, **spec: object) -> KubeObject:
    meta = {"name": name, "namespace": namespace}
    wanted = {"cluster": {"name": "pg"}, **spec}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": wanted}


def _phase(wanted: str):
    def reached(found: KubeObject) -> bool:
        return (found.get("status") or {}).get("phase") == wanted

    return reached


async def _uids(admin: KubeClient, namespace: str) -> dict[str, str]:
    pods = await admin.list("pods", namespace)
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in pods}


async def _all_replaced(admin: KubeClient, namespace: str, before: dict[str, str]) -> None:
    async def of(name: str) -> None:
        await admin.wait_for(
            "pods", namespace, name, lambda pod: pod["metadata"]["uid"] != before[name]
        )

    for name in before:
        await of(name)
    await admin.wait_for("clusters", namespace, "pg", healthy)


# --- what belongs to a cluster ---


async def test_application_secret_has_all_ways_to_connect(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace)
    data = (await admin.get("secrets", namespace, "pg-app"))["data"]
    held = {key: base64.b64decode(value).decode() for key, value in data.items()}
    assert (held["username"], held["dbname"], held["host"]) == ("app", "app", "pg-rw")
    assert held["uri"].endswith(f"@pg-rw.{namespace}:5432/app")
    assert {"fqdn-jdbc-uri", "fqdn-uri", "jdbc-uri", "password", "pgpass", "port", "user"} < set(
        held
    )


async def test_status_tells_of_certificates_services_and_instances(
    admin: KubeClient, namespace: str
) -> None:
    status = (await healthy_cluster(admin, namespace))["status"]
    assert set(status["certificates"]["expirations"]) == {"pg-ca", "pg-server", "pg-replication"}
    assert (status["writeService"], status["readService"]) == ("pg-rw", "pg-r")
    assert (status["instancesStatus"], status["healthyPVC"]) == ({"healthy": ["pg-1"]}, ["pg-1"])
    assert all(each["status"] == "True" for each in status["conditions"])


async def test_wal_volume_is_made_for_every_instance(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, walStorage={"size": "1Gi"})
    claim = await admin.get("persistentvolumeclaims", namespace, "pg-1-wal")
    assert claim["metadata"]["labels"]["cnpg.io/pvcRole"] == "PG_WAL"


# --- what keeps it from working ---


async def test_disabled_cluster_has_no_status(admin: KubeClient, namespace: str) -> None:
    body = cluster(namespace)
    body["metadata"]["annotations"] = {"cnpg.io/reconciliationLoop": "disabled"}
    await admin.create(body)
    await healthy_cluster(admin, namespace, "other")
    assert not (await admin.get("clusters", namespace, "pg")).get("status")


@pytest.mark.parametrize(
    ("spec", "phase"),
    [
        (
            {"plugins": [{"name": "nobody.example"}]},
            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
        ),
        (
            {
                "imageCatalogRef": {
                    "apiGroup": "postgresql.cnpg.io",
                    "kind": "ImageCatalog",
                    "name": "absent",
                    "major": 18,
                }
            },
            "Cluster has incomplete or invalid image catalog",
        ),
    ],
)
async def test_definition_that_cannot_be_worked_with(
    admin: KubeClient, namespace: str, spec: KubeObject, phase: str
) -> None:
    await admin.create(cluster(namespace, **spec))
    found = await admin.wait_for("clusters", namespace, "pg", _phase(phase))
    assert found["status"]["conditions"][0]["reason"] == "ClusterIsNotReady"
    assert await admin.list("persistentvolumeclaims", namespace) == []


async def test_failed_first_job_is_for_good(admin: KubeClient, namespace: str) -> None:
    body = cluster(namespace)
    body["metadata"]["annotations"] = {"nodesim/job": "psql: error"}
    await admin.create(body)
    lost = _phase("Cluster is unrecoverable and needs manual intervention")
    found = await admin.wait_for("clusters", namespace, "pg", lost)
    assert "pg-1-initdb" in found["status"]["phaseReason"]


async def test_replica_that_is_down_holds_up_scaling(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await wait_endpoints(admin, namespace, "pg-ro", {"pg-2"})
    await admin.annotate("pods", namespace, "pg-2", {"nodesim/down": "true"})
    await admin.wait_for("clusters", namespace, "pg", _one_ready)
    await admin.patch("clusters", namespace, "pg", {"spec": {"instances": 1}})
    await healthy_cluster(admin, namespace, "other")
    found = await admin.get("clusters", namespace, "pg")
    assert found["status"]["instanceNames"] == ["pg-1", "pg-2"]
    assert found["status"]["phase"] == HEALTHY


def _one_ready(found: KubeObject) -> bool:
    """The operator, and not the node alone, has seen that an instance is down."""
    return found["status"].get("readyInstances") == 1


async def test_objects_of_a_cluster_that_never_was(admin: KubeClient, namespace: str) -> None:
    await admin.create(database(namespace, "alone", "another"))
    await admin.create(database_role(namespace, "reader"))
    found = await admin.wait_for("databaseroles", namespace, "reader", failed)
    assert "cluster resource has been deleted" in found["status"]["message"]
    assert "finalizers" not in found["metadata"]
    assert not (await admin.get("databases", namespace, "alone")).get("status")


async def test_instance_that_cannot_be_promoted_is_no_primary(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await admin.patch_status("clusters", namespace, "pg", {"targetPrimary": "pg-9"})

    def back(found: KubeObject) -> bool:
        return healthy(found) and found["status"]["targetPrimary"] == "pg-1"

    await admin.wait_for("clusters", namespace, "pg", back)


async def test_count_below_the_quorum_is_not_worked_on(
    plane: Any, admin: KubeClient, namespace: str
) -> None:
    synchronous = {"synchronous": {"method": "any", "number": 1}}
    await healthy_cluster(admin, namespace, instances=2, postgresql=synchronous)
    await _set_count(plane, admin, namespace, 1)
    found = await admin.wait_for("clusters", namespace, "pg", _phase("Invalid cluster definition"))
    assert "spec.postgresql.synchronous" in found["status"]["phaseReason"]
    assert found["status"]["instanceNames"] == ["pg-1", "pg-2"]
    await _set_count(plane, admin, namespace, 2)
    await admin.wait_for("clusters", namespace, "pg", healthy)


async def _set_count(plane: Any, admin: KubeClient, namespace: str, count: int) -> None:
    """By the subresource that no webhook sees; the simulation has its own way past it."""
    if hasattr(plane, "set_count"):
        await asyncio.to_thread(plane.set_count, namespace, "pg", count)
        return
    body = {"spec": {"replicas": count}}
    await admin.patch("clusters", namespace, "pg", body, subresource="scale")


async def test_fenced_primary_is_not_failed_over(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    await admin.annotate("clusters", namespace, "pg", {"cnpg.io/fencedInstances": '["*"]'})

    def unheard(found: KubeObject) -> bool:
        conditions = {each["type"]: each for each in found["status"]["conditions"]}
        return conditions["ConsistentSystemID"]["reason"] == "NotFound"

    found = await admin.wait_for("clusters", namespace, "pg", unheard)
    assert (found["status"]["phase"], found["status"]["currentPrimary"]) == (HEALTHY, "pg-1")


async def test_stopped_operator_is_shown_and_replaces_no_primary(
    plane: Plane, admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    where = "deployments", "cnpg-system", "cnpg-controller-manager"
    plane.operator_stop()
    try:
        assert not (await admin.get(*where))["status"].get("readyReplicas")
        await admin.delete("pods", namespace, "pg-1", gracePeriodSeconds=0)
        await admin.wait_gone("pods", namespace, "pg-1")
        assert healthy(await admin.get("clusters", namespace, "pg"))
    finally:
        plane.operator_start()
    assert (await admin.get(*where))["status"]["readyReplicas"] == 1

    def failed_over(found: KubeObject) -> bool:
        return healthy(found) and found["status"]["currentPrimary"] == "pg-2"

    await admin.wait_for("clusters", namespace, "pg", failed_over)


async def test_only_the_condition_that_changes_gets_a_new_time(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace)
    pod = await admin.get("pods", namespace, "pg-1")
    old = [{**each, "lastTransitionTime": _OLD} for each in pod["status"]["conditions"]]
    await admin.patch_status("pods", namespace, "pg-1", {"conditions": old})
    await admin.annotate("pods", namespace, "pg-1", {"nodesim/down": "true"})

    def down(found: KubeObject) -> bool:
        return _since(found)["Ready"] != _OLD

    times = _since(await admin.wait_for("pods", namespace, "pg-1", down))
    assert (times["PodScheduled"], times["Initialized"]) == (_OLD, _OLD)


def _since(pod: KubeObject) -> dict[str, str]:
    return {each["type"]: each["lastTransitionTime"] for each in pod["status"]["conditions"]}


# --- rolling out ---


async def test_restart_by_annotation_replaces_every_pod(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, instances=2)
    before = await _uids(admin, namespace)
    await admin.annotate("clusters", namespace, "pg", {RESTARTED_AT: "2026-01-01T00:00:00Z"})
    await _all_replaced(admin, namespace, before)
    found = await admin.get("clusters", namespace, "pg")
    assert found["status"]["currentPrimary"] == "pg-1"
    await wait_event(admin, namespace, "Cluster", "UpgradingInstance")


async def test_new_image_is_rolled_out(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace)
    before = await _uids(admin, namespace)
    image = "registry.example/postgresql:18.5"
    await admin.patch("clusters", namespace, "pg", {"spec": {"imageName": image}})
    await _all_replaced(admin, namespace, before)
    pod = await admin.get("pods", namespace, "pg-1")
    assert pod["spec"]["containers"][0]["image"] == image


async def test_setting_that_needs_a_restart_waits_for_a_person_when_supervised(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, instances=2, primaryUpdateStrategy="supervised")
    parameters = {"postgresql": {"parameters": {"max_connections": "200"}}}
    await admin.patch("clusters", namespace, "pg", {"spec": parameters})
    await admin.wait_for("clusters", namespace, "pg", _phase("Waiting for user action"))


async def test_volume_of_an_orphaned_cluster_is_taken_over(
    plane: Plane, admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace)
    volume = await admin.get("persistentvolumeclaims", namespace, "pg-1")
    await admin.create(database(namespace, "shop"))
    await admin.wait_for("databases", namespace, "shop", applied)
    await admin.delete("clusters", namespace, "pg", propagationPolicy="Orphan")
    await admin.wait_gone("clusters", namespace, "pg")
    found = await healthy_cluster(admin, namespace)
    assert "shop" in plane.postgres(namespace, "pg").databases
    kept = await admin.get("persistentvolumeclaims", namespace, "pg-1")
    assert kept["metadata"]["uid"] == volume["metadata"]["uid"]
    assert kept["metadata"]["ownerReferences"][0]["uid"] == found["metadata"]["uid"]
    assert await admin.list("jobs", namespace) == []


# --- backups and poolers ---


async def test_backup_completes_and_the_cluster_tells_of_it(
    admin: KubeClient, namespace: str
) -> None:
    await healthy_cluster(admin, namespace, backup=STORE)
    await admin.create(_object("Backup", namespace, "first"))
    done = await admin.wait_for("backups", namespace, "first", _phase("completed"))
    assert done["status"]["instanceID"]["podName"] == "pg-1"

    def told(found: KubeObject) -> bool:
        return bool(found["status"].get("lastSuccessfulBackup"))

    found = await admin.wait_for("clusters", namespace, "pg", told)
    assert found["status"]["firstRecoverabilityPoint"] == done["status"]["stoppedAt"]


async def test_backup_without_a_store_fails(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace)
    await admin.create(_object("Backup", namespace, "first"))
    failed = await admin.wait_for("backups", namespace, "first", _phase("failed"))
    assert "no backup section" in failed["status"]["error"]


async def test_schedule_makes_backups_and_keeps_ten(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace, backup=STORE)
    for number in range(12):
        old = _object("Backup", namespace, f"often-2026010100{number:04d}")
        old["metadata"]["labels"] = {"cnpg.io/scheduled-backup": "often"}
        await admin.create(old)
    await admin.create(_object("ScheduledBackup", namespace, "often", schedule="* * * * * *"))
    await admin.wait_gone("backups", namespace, "often-20260101000000")
    await admin.patch("scheduledbackups", namespace, "often", {"spec": {"suspend": True}})
    kept: list[str] = []

    async def pruned() -> bool:
        nonlocal kept
        kept = [each["metadata"]["name"] for each in await admin.list("backups", namespace)]
        return len(kept) <= 10

    await until(pruned, PATIENCE_SECONDS, lambda: f"kept: {kept}")
    assert len(kept) == 10
    assert not {"often-20260101000000", "often-20260101000001"} & set(kept)


async def test_pooler_is_active(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace)
    pooler = _object("Pooler", namespace, "pool", type="rw", instances=2, pgbouncer={})
    pooler["spec"]["pgbouncer"]["poolMode"] = "session"
    await admin.create(pooler)
    found = await admin.wait_for("poolers", namespace, "pool", _phase("active"))
    assert found["status"]["instances"] == 2
    assert (await admin.get("deployments", namespace, "pool"))["status"]["readyReplicas"] == 2


async def test_archiving_that_fails_is_told(admin: KubeClient, namespace: str) -> None:
    await healthy_cluster(admin, namespace)
    await admin.annotate("clusters", namespace, "pg", {"nodesim/archiving": "no such bucket"})

    def told(found: KubeObject) -> bool:
        conditions = {each["type"]: each for each in found["status"]["conditions"]}
        return conditions["ContinuousArchiving"]["message"] == "no such bucket"

    await admin.wait_for("clusters", namespace, "pg", told)
