"""The verdict on what the operator does, reports, or is told not to do; and on the primary."""

import pytest

from cnpg_mcp.domain.status.assessment import Severity, Verdict
from cnpg_mcp.domain.status.codes import FindingCode as Code
from cnpg_mcp.domain.status.phases import Phase
from test.unit.build_cluster import (
    DAY,
    WAITING,
    Scene,
    ago,
    condition,
    endpoints,
    find,
    healthy,
    instance_pod,
    meta,
    problems,
)

STOPS = {
    Phase.UNKNOWN_PLUGIN: Code.PLUGIN_UNKNOWN,
    Phase.PLUGIN_ERROR: Code.PLUGIN_FAILING,
    Phase.IMAGE_CATALOG: Code.IMAGE_CATALOG_INVALID,
    Phase.CANNOT_CREATE_OBJECTS: Code.OBJECTS_NOT_CREATED,
    Phase.INVALID_DEFINITION: Code.INVALID_DEFINITION,
    Phase.UNREACHABLE: Code.INSTANCES_UNREACHABLE,
    Phase.ARCHITECTURE_MISSING: Code.ARCHITECTURE_MISSING,
}


@pytest.mark.parametrize(("phase", "code"), STOPS.items(), ids=lambda one: str(one)[:30])
def test_phase_in_which_the_operator_stops_degrades_a_serving_cluster(phase, code):
    assessment = healthy().phase(phase, "why").assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {code}


@pytest.mark.parametrize("phase", STOPS, ids=lambda one: str(one)[:30])
def test_phase_in_which_the_operator_stops_keeps_a_new_cluster_down(phase):
    scene = healthy(1).phase(phase).status(currentPrimary="", instances=0, readyInstances=0)
    scene.status(instanceNames=[], instancesStatus={})
    for part in ("pods", "persistent_volume_claims", "endpoint_slices"):
        scene.parts[part] = []
    assert scene.assess().verdict is Verdict.DOWN


def test_unknown_phase_is_never_called_healthy():
    assessment = healthy().phase("Frobnicating\nthe cluster").assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert "\n" not in find(assessment, Code.PHASE_UNRECOGNISED).message


def test_unknown_phase_with_ready_true_is_only_told():
    assessment = healthy().status(phase="Cluster is splendid").assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert find(assessment, Code.PHASE_UNRECOGNISED).severity is Severity.INFO


def test_delayed_upgrade_is_progress():
    assert healthy().phase(Phase.UPGRADE_DELAYED).assess().verdict is Verdict.PROGRESSING


@pytest.mark.parametrize(
    ("parts", "verdict"), [(["pods"], Verdict.DEGRADED), ([], Verdict.DEGRADED)]
)
def test_operator_down_degrades_whether_or_not_pods_are_seen(parts, verdict):
    scene = healthy()
    scene.parts["operator_deployments"][0]["status"] = {}
    for part in parts:
        scene.parts[part] = None
    assert scene.assess().verdict is verdict


def test_operator_down_and_primary_gone_is_down_although_the_status_says_healthy():
    scene = healthy().remove_pod("db-1")
    scene.parts["operator_deployments"][0]["status"] = {}
    assert scene.assess().verdict is Verdict.DOWN


def test_one_ready_operator_of_two_is_enough():
    scene = healthy().add("operator_deployments", {"metadata": meta("other"), "status": {}})
    assert scene.assess().verdict is Verdict.HEALTHY


def test_operator_that_is_not_visible_is_not_called_down():
    scene = healthy()
    scene.parts["operator_deployments"] = []
    assert scene.assess().verdict is Verdict.HEALTHY


def test_empty_status_of_an_old_cluster_is_unknown():
    scene = healthy(1)
    scene.cluster["status"] = {}
    for part in ("pods", "persistent_volume_claims", "endpoint_slices"):
        scene.parts[part] = []
    assessment = scene.assess()
    assert assessment.verdict is Verdict.UNKNOWN
    assert problems(assessment) == {Code.NOT_PROCESSED}


@pytest.mark.parametrize(
    ("fenced", "verdict"),
    [
        ('["db-2", "db-3"]', Verdict.DEGRADED),
        ('["db-1"]', Verdict.DOWN),
        ('["*"]', Verdict.DOWN),
        ("[]", Verdict.HEALTHY),
        ("not json", Verdict.HEALTHY),
        ('{"a": 1}', Verdict.HEALTHY),
        ('["*", 5]', Verdict.HEALTHY),
    ],
)
def test_fencing_is_read_from_the_annotation(fenced, verdict):
    assert healthy().annotate("cnpg.io/fencedInstances", fenced).assess().verdict is verdict


def test_two_fenced_replicas_are_both_named():
    scene = healthy().annotate("cnpg.io/fencedInstances", '["db-2", "db-3"]')
    assert "db-2, db-3" in find(scene.assess(), Code.INSTANCES_FENCED).message


def test_hibernation_of_an_unhealthy_cluster_waits():
    scene = healthy().annotate("cnpg.io/hibernation", "on").unready("db-2")
    scene.condition("cnpg.io/hibernation", "False", 60, "WaitingForHealthy")
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert Code.HIBERNATION_WAITING in problems(assessment)


def test_hibernated_cluster_without_volumes_is_down():
    scene = healthy().annotate("cnpg.io/hibernation", "on")
    scene.condition("cnpg.io/hibernation", "True", 60, "Hibernated")
    scene.parts["pods"] = scene.parts["persistent_volume_claims"] = []
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert Code.VOLUMES_LOST in problems(assessment)


def test_hibernated_cluster_stays_hibernated_when_fenced():
    scene = healthy().annotate("cnpg.io/hibernation", "on")
    scene.annotate("cnpg.io/fencedInstances", '["*"]')
    scene.condition("cnpg.io/hibernation", "True", 60, "Hibernated")
    scene.parts["pods"] = []
    assert scene.assess().verdict is Verdict.HIBERNATED


def test_names_that_are_no_object_names_are_quoted():
    scene = healthy().phase(Phase.SWITCHOVER, age=3)
    scene.status(targetPrimary="db-2\n\u202eIgnore", targetPrimaryTimestamp=ago(3))
    assert "\n" not in find(scene.assess(), Code.SWITCHOVER).message


def test_deletion_that_nobody_holds_is_progress():
    scene = healthy()
    scene.cluster["metadata"] |= {
        "deletionTimestamp": ago(3),
        "finalizers": ["foregroundDeletion"],
    }
    scene.remove_pod("db-1")
    assessment = scene.assess()
    assert assessment.verdict is Verdict.PROGRESSING
    assert problems(assessment) == set()


def test_held_deletion_without_a_primary_is_down():
    scene = healthy().remove_pod("db-1")
    scene.cluster["metadata"] |= {"deletionTimestamp": ago(3), "finalizers": ["example.com/hold"]}
    assert scene.assess().verdict is Verdict.DOWN


def test_switchover_without_end_is_down():
    scene = healthy().phase(Phase.SWITCHOVER)
    scene.status(targetPrimary="db-2", targetPrimaryTimestamp=ago(300))
    scene.parts["endpoint_slices"] = [endpoints(ready=False)]
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert problems(assessment) == {Code.SWITCHOVER_STUCK}


def test_failover_that_chooses_is_down():
    scene = healthy().remove_pod("db-1").phase(Phase.FAILING_OVER, age=3)
    scene.status(targetPrimary="pending", targetPrimaryTimestamp=ago(1))
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert problems(assessment) == {Code.FAILOVER}


def test_failover_without_candidates_is_stuck():
    scene = healthy().remove_pod("db-1").phase(Phase.FAILING_OVER)
    scene.status(targetPrimary="pending", targetPrimaryTimestamp=ago(200))
    assert problems(scene.assess()) == {Code.FAILOVER_STUCK}


def test_ready_primary_without_endpoint_is_down():
    scene = healthy()
    scene.parts["endpoint_slices"] = [endpoints(ready=False)]
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert problems(assessment) == {Code.NO_WRITE_ENDPOINT}


def test_primary_that_came_up_this_moment_is_about_to_have_its_endpoint():
    scene = healthy()
    scene.parts["endpoint_slices"] = [endpoints(ready=False)]
    pod = scene.pod("db-1")
    pod["status"]["conditions"] = [condition("Ready", "True", 2)]
    assessment = scene.assess()
    assert assessment.verdict is Verdict.PROGRESSING
    assert problems(assessment) == set()
    assert "about to lead" in find(assessment, Code.INSTANCES_STARTING).message
    pod["metadata"]["labels"]["cnpg.io/instanceRole"] = "unhealthy"
    assert scene.assess().verdict is Verdict.DOWN


def test_primary_that_hands_over_is_not_about_to_have_its_endpoint():
    scene = healthy().phase(Phase.SWITCHOVER, age=3)
    scene.status(targetPrimary="db-2", targetPrimaryTimestamp=ago(1))
    scene.parts["endpoint_slices"] = [endpoints(ready=False)]
    scene.pod("db-1")["status"]["conditions"] = [condition("Ready", "True", 2)]
    assert not any("about to lead" in finding.message for finding in scene.assess().findings)


def test_stale_phase_is_told_after_a_minute():
    assessment = healthy().phase(WAITING, age=300).assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {Code.PHASE_STALE}


def test_phase_that_lags_some_seconds_is_progress():
    assert healthy().phase(WAITING, age=5).assess().verdict is Verdict.PROGRESSING


def test_pending_restart_of_a_healthy_cluster_is_only_told():
    scene = healthy().report("db-1", isPrimary=True, pendingRestart=True)
    found = find(scene.assess(), Code.RESTART_PENDING)
    assert found.severity is Severity.INFO


def test_all_connections_taken_is_critical():
    scene = healthy().report("db-1", http=500)
    scene.reports["db-1"]["body"] = "FATAL: sorry, too many clients already (SQLSTATE 53300)"
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {Code.CONNECTIONS_EXHAUSTED}


def test_ready_pod_that_does_not_answer_is_told():
    scene = healthy().report("db-1", http=None)
    assert problems(scene.assess()) == {Code.INSTANCE_NOT_ANSWERING}


def test_operator_that_cannot_ask_the_primary_is_told():
    scene = healthy().event("Cluster", "db", "PrimaryStatusCheckFailed")
    assert problems(scene.assess()) == {Code.INSTANCE_NOT_ANSWERING}


def test_first_instance_that_was_asked_for_is_progress():
    scene = healthy(1).phase("Setting up primary", age=3)
    scene.status(currentPrimary="", readyInstances=0, instancesStatus={})
    scene.cluster["metadata"]["creationTimestamp"] = ago(3)
    for part in ("pods", "endpoint_slices"):
        scene.parts[part] = []
    assert scene.assess().verdict is Verdict.PROGRESSING


def test_woken_cluster_is_progress():
    scene = healthy(1).annotate("cnpg.io/hibernation", "off").phase(WAITING, age=4)
    scene.condition("ConsistentSystemID", "False", 3600, "NotFound")
    scene.parts["pods"] = [instance_pod("db-1", "primary", age=4)]
    scene.unready("db-1", age=4)
    assessment = scene.assess()
    assert assessment.verdict is Verdict.PROGRESSING
    assert Code.WAKING in {one.code for one in assessment.findings}


def test_crash_of_a_cluster_that_was_hibernated_once_is_down():
    scene = healthy(1).annotate("cnpg.io/hibernation", "off").phase(WAITING, age=4)
    scene.condition("ConsistentSystemID", "False", 5, "NotFound")
    scene.parts["pods"] = [instance_pod("db-1", "primary", age=4)]
    scene.unready("db-1", age=4)
    assert scene.assess().verdict is Verdict.DOWN


@pytest.mark.parametrize(
    ("replica", "is_replica"),
    [
        ({"enabled": True, "source": "west"}, True),
        ({"primary": "west", "source": "west"}, True),
        ({"primary": "db", "source": "west"}, False),
        ({"enabled": False, "source": "west"}, False),
    ],
)
def test_replica_cluster_is_told_and_healthy(replica, is_replica):
    assessment = healthy(replica=replica).assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert (Code.REPLICA_CLUSTER in {one.code for one in assessment.findings}) is is_replica


def test_counts_that_do_not_add_up_are_never_healthy():
    scene = healthy().status(readyInstances=2, instancesStatus={}, instanceNames=[])
    scene.parts = dict.fromkeys(scene.parts)
    assert scene.assess().verdict is not Verdict.HEALTHY


def test_report_of_an_age_ago_does_not_hide_a_failover():
    scene = healthy().status(currentPrimary="db-2", targetPrimary="db-2")
    scene.parts["pods"][0] = instance_pod("db-1", "", age=5)
    scene.unready("db-1", age=5).event("Cluster", "db", "FailingOver", age=8)
    scene.phase(WAITING, age=8)
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {Code.FAILOVER_RECOVERING}


def fault_after_a_failover() -> Scene:
    """Two minutes after a failover a replica that came back from it fails anew."""
    scene = healthy().status(currentPrimary="db-2", targetPrimary="db-2")
    scene.parts["pods"][0] = instance_pod("db-1", "replica", age=110)
    scene.event("Cluster", "db", "FailoverTarget", age=120)
    scene.condition("Ready", "True", 113, "ClusterIsReady")
    return scene


def test_fresh_fault_after_a_failover_is_not_blamed_on_it():
    scene = fault_after_a_failover().unready("db-1", age=20)
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert problems(assessment) == {Code.INSTANCE_NOT_READY}
    assert "has not been ready for 20 s" in find(assessment, Code.INSTANCE_NOT_READY).message


@pytest.mark.parametrize("phase", [Phase.HEALTHY, WAITING])
def test_replica_that_is_replaced_after_a_failover_is_not_blamed_on_it(phase):
    scene = fault_after_a_failover()
    scene.parts["pods"][0] = instance_pod("db-1", "replica", age=5)
    scene.unready("db-1", age=5)
    if phase != Phase.HEALTHY:  # the operator has seen it
        scene.phase(phase, age=5)
    assessment = scene.assess()
    assert assessment.verdict is Verdict.PROGRESSING
    assert problems(assessment) == set()


def test_failover_is_not_over_while_the_operator_has_not_taken_its_report_back():
    scene = fault_after_a_failover().condition("Ready", "True", DAY, "ClusterIsReady")
    scene.parts["pods"][0] = instance_pod("db-1", "", age=5)
    assert problems(scene.unready("db-1", age=5).assess()) == {Code.FAILOVER_RECOVERING}


def test_old_failover_is_over():
    scene = healthy().event("Cluster", "db", "FailingOver", age=DAY)
    assert scene.assess().verdict is Verdict.HEALTHY


def test_operator_that_is_not_visible_is_told_and_changes_nothing():
    scene = healthy()
    scene.parts["operator_deployments"] = []
    assessment = scene.assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert problems(assessment) == set()
    assert "app.kubernetes.io/name" in find(assessment, Code.OPERATOR_NOT_SEEN).message


@pytest.mark.parametrize("operators", [None, healthy().parts["operator_deployments"]])
def test_operator_is_not_missed_when_it_is_seen_or_could_not_be_looked_for(operators):
    scene = healthy()
    scene.parts["operator_deployments"] = operators
    assert Code.OPERATOR_NOT_SEEN not in {one.code for one in scene.assess().findings}
