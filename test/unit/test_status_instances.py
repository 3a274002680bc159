"""The verdict when instances, their pods, jobs or volumes do not work."""

import pytest

from cnpg_mcp.domain.status.assessment import Severity, Verdict
from cnpg_mcp.domain.status.codes import FindingCode as Code
from test.unit.build_cluster import (
    DAY,
    WAITING,
    ago,
    condition,
    find,
    healthy,
    instance_pod,
    job,
    job_pod,
    meta,
    problems,
    volume,
)


@pytest.mark.parametrize("instances", [1, 2, 3])
def test_healthy_cluster_has_no_problem(instances):
    assessment = healthy(instances).assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert problems(assessment) == set()


def test_two_replicas_not_ready_are_both_named():
    scene = healthy().unready("db-2").unready("db-3")
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    told = " ".join(one.message for one in assessment.findings)
    assert "db-2" in told
    assert "db-3" in told


def test_many_alike_findings_are_counted():
    scene = healthy(6)
    for serial in range(2, 7):
        scene.unready(f"db-{serial}")
    found = [one for one in scene.assess().findings if one.code is Code.INSTANCE_NOT_READY]
    assert len(found) == 2
    assert "3 more" in found[-1].message


def test_all_instances_not_ready_is_down():
    scene = healthy().unready("db-1").unready("db-2").unready("db-3")
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert assessment.findings[0].severity is Severity.CRITICAL


def test_primary_pod_gone_is_down_while_the_phase_says_healthy():
    assessment = healthy().remove_pod("db-1").assess()
    assert assessment.verdict is Verdict.DOWN
    assert Code.INSTANCE_POD_MISSING in problems(assessment)


def test_pods_that_nobody_will_make_are_not_promised_within_seconds():
    scene = healthy().remove_pod("db-2").remove_pod("db-3")
    scene.parts["operator_deployments"][0]["status"] = {}
    found = find(scene.assess(), Code.INSTANCE_POD_MISSING)
    assert found.message == "db-2, db-3 have a volume and no pod."
    assert "within seconds" not in found.next_step


def test_broken_instances_that_block_scaling_are_named_with_the_means():
    scene = healthy().spec(instances=4).unready("db-2").unready("db-3")
    found = find(scene.assess(), Code.SCALING_BLOCKED)
    assert "db-2, db-3 are not ready" in found.message
    assert "highest serial" in found.next_step


@pytest.mark.parametrize(
    ("names", "told"), [(["db-2"], "db-2 is starting"), (["db-2", "db-3"], "db-2, db-3 are")]
)
def test_starting_instances_are_told_in_their_number(names, told):
    scene = healthy().phase(WAITING, age=10)
    for name in names:
        scene.unready(name, age=10, state={"running": {"startedAt": ago(10)}})
    assert told in find(scene.assess(), Code.INSTANCES_STARTING).message


def test_replica_that_was_ready_since_it_started_is_not_starting():
    scene = healthy().unready("db-3", age=20, state={"running": {"startedAt": ago(100)}})
    assert problems(scene.assess()) == {Code.INSTANCE_NOT_READY}


def test_starting_replica_is_progress():
    scene = healthy().phase(WAITING, age=10)
    scene.unready("db-3", age=10, state={"running": {"startedAt": ago(10)}})
    assert scene.assess().verdict is Verdict.PROGRESSING


def test_primary_that_restarts_unasked_is_down():
    scene = healthy(1).phase(WAITING, age=10)
    scene.unready("db-1", age=10, state={"running": {"startedAt": ago(10)}})
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert problems(assessment) == {Code.PRIMARY_UNAVAILABLE}


def test_primary_that_restarts_as_asked_is_progress():
    scene = healthy(1).phase(WAITING, age=10)
    scene.annotate("kubectl.kubernetes.io/restartedAt", ago(20))
    scene.unready("db-1", age=10, state={"running": {"startedAt": ago(10)}})
    assert scene.assess().verdict is Verdict.PROGRESSING


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("ErrImagePull", Code.IMAGE_PULL_FAILING),
        ("InvalidImageName", Code.IMAGE_PULL_FAILING),
        ("CreateContainerConfigError", Code.CONTAINER_CONFIG),
    ],
)
def test_waiting_container_is_explained(reason, code):
    assessment = healthy().waiting("db-3", reason, "why").assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {code}


def test_image_of_an_existing_instance_needs_the_pod_deleted_too():
    found = find(healthy().waiting("db-3", "ImagePullBackOff").assess(), Code.IMAGE_PULL_FAILING)
    assert "db-3" in found.next_step
    assert "spec.imageName" in found.next_step


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ({"exitCode": 137, "reason": "OOMKilled"}, Code.OUT_OF_MEMORY),
        ({"exitCode": 4, "reason": "Error"}, Code.VOLUME_FULL),
        ({"exitCode": 1, "reason": "Error"}, Code.CRASH_LOOPING),
    ],
)
@pytest.mark.parametrize(("name", "verdict"), [("db-1", Verdict.DOWN), ("db-2", Verdict.DEGRADED)])
def test_crash_is_told_by_how_it_ended(name, verdict, ended, code):
    last = {"terminated": {**ended, "finishedAt": ago(20)}}
    scene = healthy().waiting(name, "CrashLoopBackOff", lastState=last, restartCount=3)
    assessment = scene.assess()
    assert assessment.verdict is verdict
    assert problems(assessment) == {code}


def test_crash_between_two_back_offs_is_seen():
    last = {"terminated": {"exitCode": 1, "finishedAt": ago(20)}}
    running = {"running": {"startedAt": ago(5)}}
    scene = healthy().unready("db-2", age=5, state=running, lastState=last, restartCount=4)
    assert problems(scene.assess()) == {Code.CRASH_LOOPING}


def test_orderly_restart_after_a_switchover_is_no_crash():
    last = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": ago(20)}}
    scene = healthy().waiting("db-2", "CrashLoopBackOff", lastState=last, restartCount=2)
    scene.pod("db-2")["metadata"]["creationTimestamp"] = ago(60)
    assert Code.CRASH_LOOPING not in problems(scene.assess())


def test_recovered_crash_is_told_and_the_cluster_is_healthy():
    scene = healthy()
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": ago(120)}}
    scene.pod("db-1")["status"]["containerStatuses"][0]["lastState"] = last
    assessment = scene.assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert problems(assessment) == {Code.RECENT_CRASH}


def test_full_wal_volume_names_the_wal_storage():
    last = {"terminated": {"exitCode": 4, "finishedAt": ago(20)}}
    scene = healthy(1, walStorage={"size": "1Gi"})
    scene.add("persistent_volume_claims", volume("db-1-wal", "PG_WAL", "db-1"))
    scene.waiting("db-1", "CrashLoopBackOff", lastState=last)
    found = find(scene.assess(), Code.VOLUME_FULL)
    assert "WAL volume of db-1" in found.message
    assert "spec.walStorage.size" in found.next_step


def test_full_volume_is_told_by_the_phase_alone():
    scene = (
        healthy(1)
        .phase("Not enough disk space")
        .status(readyInstances=0, instancesStatus={"replicating": ["db-1"]})
    )
    scene.parts["pods"] = scene.parts["endpoint_slices"] = None
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert Code.VOLUME_FULL in problems(assessment)


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("0/3 nodes: 3 Insufficient cpu.", "requests"),
        ("0/3 nodes: didn't match pod anti-affinity rules.", "affinity"),
        ("0/3 nodes: had untolerated taint {a: b}.", "tolerations"),
    ],
)
def test_unschedulable_pod_says_what_to_change(message, step):
    scene = healthy().phase(WAITING)
    pod = scene.pod("db-3")
    pod["metadata"]["creationTimestamp"] = ago(90)
    unscheduled = condition("PodScheduled", "False", 90, "Unschedulable", message)
    pod["status"] = {"phase": "Pending", "conditions": [unscheduled]}
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert step in find(assessment, Code.POD_UNSCHEDULABLE).next_step


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("3 Insufficient cpu.", 'spec.resources.requests is "cpu 9", more than a node has left.'),
        ("had untolerated taint {a: b}.", None),
    ],
)
def test_requests_are_the_cause_only_where_a_node_has_too_little(message, cause):
    scene = healthy(resources={"requests": {"cpu": "9"}}).phase(WAITING)
    unscheduled = condition("PodScheduled", "False", 90, "Unschedulable", message)
    scene.pod("db-3")["status"] = {"phase": "Pending", "conditions": [unscheduled]}
    assert find(scene.assess(), Code.POD_UNSCHEDULABLE).cause == cause


def test_failed_pod_is_told():
    scene = healthy().unready("db-2")
    scene.pod("db-2")["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "disk"}
    assert problems(scene.assess()) == {Code.POD_FAILED}


def test_pod_that_outlives_its_grace_period_is_told():
    scene = healthy().unready("db-2")
    scene.pod("db-2")["metadata"]["deletionTimestamp"] = ago(120)
    assert Code.POD_STUCK_TERMINATING in problems(scene.assess())


def test_lost_node_explains_an_instance():
    scene = healthy().unready("db-2").event("Pod", "db-2", "NodeNotReady")
    assert "node-a" in find(scene.assess(), Code.INSTANCE_NOT_READY).cause


def test_events_of_an_earlier_pod_of_that_name_do_not_count():
    scene = healthy().unready("db-2").event("Pod", "db-2", "NodeNotReady")
    scene.parts["events"][0]["involvedObject"]["uid"] = "gone"
    assert find(scene.assess(), Code.INSTANCE_NOT_READY).cause is None


def test_scaling_waits_for_a_broken_replica():
    assessment = healthy().spec(instances=4).unready("db-2").assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert Code.SCALING_BLOCKED in problems(assessment)


def test_scaling_up_is_progress():
    assert healthy().spec(instances=4).assess().verdict is Verdict.PROGRESSING


def test_quota_explains_a_missing_pod():
    scene = healthy().remove_pod("db-3")
    quota = {"hard": {"requests.memory": "1Gi"}, "used": {"requests.memory": "1024Mi"}}
    scene.add("resource_quotas", {"metadata": meta("tight"), "status": quota})
    assert "tight" in find(scene.assess(), Code.QUOTA_EXCEEDED).message


def test_quota_on_storage_does_not_explain_a_missing_pod():
    full = {"requests.storage": "3Gi"}
    quota = {"metadata": meta("disks"), "status": {"hard": full, "used": full}}
    scene = healthy().remove_pod("db-3").add("resource_quotas", quota)
    assert problems(scene.assess()) == {Code.INSTANCE_POD_MISSING}


def test_pod_that_is_about_to_come_is_progress():
    scene = healthy().remove_pod("db-3").phase("Creating a new replica", age=5)
    assert scene.assess().verdict is Verdict.PROGRESSING


def test_pod_that_does_not_come_degrades():
    scene = healthy().remove_pod("db-3").phase("Creating a new replica", age=500)
    assert problems(scene.assess()) == {Code.INSTANCE_POD_MISSING}


@pytest.mark.parametrize("role", ["join", "snapshot-recovery"])
def test_failing_job_of_a_replica_degrades(role):
    scene = healthy(2).spec(instances=3).phase("Creating a new replica")
    scene.add("jobs", job(f"db-3-{role}", role, failed=2, active=1))
    scene.add("pods", job_pod(f"db-3-{role}", "db-3-x", "Failed", role))
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert "db-3-x" in find(assessment, Code.JOB_FAILING).next_step


def test_failing_job_is_seen_by_its_pods_alone():
    scene = healthy(2).spec(instances=3).phase("Creating a new replica")
    scene.add("pods", job_pod("db-3-join", "db-3-x", "Failed"))
    scene.parts["jobs"] = None
    assert Code.JOB_FAILING in problems(scene.assess())


def test_major_upgrade_is_progress_without_pods():
    scene = healthy().phase("Upgrading Postgres major version")
    for name in ("db-1", "db-2", "db-3"):
        scene.remove_pod(name)
    scene.add("jobs", job("db-1-major-upgrade", "major-upgrade", active=1))
    assessment = scene.assess()
    assert assessment.verdict is Verdict.PROGRESSING
    assert Code.MAJOR_UPGRADE in {one.code for one in assessment.findings}


def test_failed_major_upgrade_is_down():
    scene = healthy().phase("Upgrading Postgres major version").remove_pod("db-1")
    scene.add("jobs", job("db-1-major-upgrade", "major-upgrade", failed=3))
    assert scene.assess().verdict is Verdict.DOWN


def test_lost_volume_is_told():
    scene = healthy()
    scene.volume("db-3")["status"]["phase"] = "Lost"
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {Code.VOLUMES_LOST}


def test_volume_deleted_under_a_running_instance_is_told():
    scene = healthy()
    scene.volume("db-1")["metadata"]["deletionTimestamp"] = ago(30)
    assert Code.VOLUME_TERMINATING in problems(scene.assess())


def test_volume_that_grows_is_progress():
    scene = healthy()
    scene.volume("db-1")["status"]["conditions"] = [condition("Resizing", "True", 5)]
    assert scene.assess().verdict is Verdict.PROGRESSING


def test_volume_whose_class_cannot_grow_is_told():
    scene = healthy(storage={"size": "2Gi"})
    scene.parts["storage_classes"][0]["allowVolumeExpansion"] = False
    assessment = scene.assess()
    assert problems(assessment) == {Code.VOLUME_RESIZE_FAILING}
    assert "allowVolumeExpansion" in find(assessment, Code.VOLUME_RESIZE_FAILING).next_step


def test_provisioner_error_is_told():
    scene = healthy(2).spec(instances=3).phase("Creating a new replica")
    claim = volume("db-3", phase="Pending")
    scene.add("persistent_volume_claims", claim)
    scene.event("PersistentVolumeClaim", "db-3", "ProvisioningFailed", "no space on array")
    assert "no space on array" in find(scene.assess(), Code.VOLUME_PENDING).message


def test_no_default_storage_class_is_told():
    scene = healthy(2).spec(instances=3).phase("Creating a new replica")
    claim = volume("db-3", phase="Pending")
    del claim["spec"]["storageClassName"]
    scene.add("persistent_volume_claims", claim)
    found = find(scene.assess(), Code.STORAGE_CLASS_MISSING)
    assert "none is the default (there are: fast)" in found.message
    assert "default" in found.next_step


def test_misspelt_storage_class_is_told_beside_those_that_exist():
    scene = healthy(2).spec(instances=3).phase("Creating a new replica")
    claim = volume("db-3", phase="Pending")
    claim["spec"]["storageClassName"] = "fats"
    found = find(scene.add("persistent_volume_claims", claim).assess(), Code.STORAGE_CLASS_MISSING)
    assert 'StorageClass "fats" does not exist (there are: fast)' in found.message
    assert "misspelt" in found.cause


def test_hanging_image_pull_is_told_by_events_when_pods_are_unseen():
    scene = healthy(1).status(currentPrimary="", readyInstances=0).phase("Setting up primary")
    scene.event("Pod", "db-1-initdb-x", "Failed", 'Failed to pull image "nope"')
    scene.parts["pods"] = None
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert problems(assessment) == {Code.POD_NOT_STARTING}
    assert find(assessment, Code.POD_NOT_STARTING).cause is None


def test_text_from_the_cluster_stays_on_one_line():
    scene = healthy().waiting("db-3", "CreateContainerConfigError", "a\nb\u202e" + "x" * 500)
    found = find(scene.assess(), Code.CONTAINER_CONFIG)
    assert "\n" not in found.message
    assert "\u202e" not in found.message
    assert len(found.message) < 300


def test_first_start_is_progress_until_the_primary_is_ready():
    scene = healthy(1).phase(WAITING, age=20)
    scene.cluster["metadata"]["creationTimestamp"] = ago(20)
    scene.condition("Initialized", "True", 20).status(
        currentPrimaryTimestamp=ago(3), readyInstances=0
    )
    scene.parts["pods"] = [instance_pod("db-1", "primary", age=5)]
    scene.unready("db-1", age=5)
    assert scene.assess().verdict is Verdict.PROGRESSING


def test_pooler_without_ready_pods_degrades():
    pooler = {"metadata": meta("front", DAY), "spec": {"cluster": {"name": "db"}, "instances": 2}}
    assessment = healthy().add("poolers", pooler).assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {Code.POOLER_NOT_READY}
