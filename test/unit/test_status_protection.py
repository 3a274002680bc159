"""The verdict on replication, backups, certificates, and what is declared for the cluster."""

import asyncio

import pytest

from cnpg_mcp.domain.databases.listing import list_databases
from cnpg_mcp.domain.declared import CLUSTER_GONE
from cnpg_mcp.domain.paging import ListQuery
from cnpg_mcp.domain.roles.listing import list_roles
from cnpg_mcp.domain.status.assessment import Verdict
from cnpg_mcp.domain.status.codes import FindingCode as Code
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.protection import go_time
from test.unit.build_cluster import DAY, NOW, ago, find, healthy, meta, problems
from test.unit.served import Served, estate

REQUIRED = {"synchronous": {"method": "any", "number": 1, "dataDurability": "required"}}
PREFERRED = {"synchronous": {"method": "any", "number": 1, "dataDurability": "preferred"}}
STORE = {"barmanObjectStore": {"destinationPath": "s3://backups"}}


@pytest.mark.parametrize(
    ("postgresql", "verdict"), [(REQUIRED, Verdict.DOWN), (PREFERRED, Verdict.DEGRADED)]
)
def test_lost_synchronous_standby_blocks_writes_only_when_required(postgresql, verdict):
    scene = healthy(2, postgresql=postgresql).remove_pod("db-2")
    assert scene.assess().verdict is verdict


def test_commits_that_wait_for_the_first_replicas_are_no_emergency():
    scene = healthy(3, postgresql=REQUIRED).phase(Phase.CREATING_REPLICA, age=3)
    scene.status(instances=1, readyInstances=1, instanceNames=["db-1"])
    scene.condition("Initialized", "True", 60).condition("Ready", "False", 55)
    scene.status(currentPrimaryTimestamp=ago(40))
    scene.remove_pod("db-2").remove_pod("db-3")
    assessment = scene.assess()
    found = find(assessment, Code.SYNCHRONOUS_STANDBYS_MISSING)
    assert assessment.verdict is Verdict.PROGRESSING
    assert "still being made" in found.cause
    assert "emergency" not in found.next_step


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "1 synchronous standby has"), (2, "2 synchronous standbys have")],
)
def test_standbys_that_have_to_confirm_are_counted_in_words(number, told):
    synchronous = {**REQUIRED["synchronous"], "number": number}
    scene = healthy(3, postgresql={"synchronous": synchronous})
    scene.remove_pod("db-2").remove_pod("db-3")
    found = find(scene.assess(), Code.SYNCHRONOUS_STANDBYS_MISSING)
    assert told in found.message
    assert "In an emergency" in found.next_step


def test_synchronous_standby_that_still_confirms_does_not_block():
    scene = healthy(2, postgresql=REQUIRED).unready("db-2")
    streaming = {"applicationName": "db-2", "state": "streaming", "syncState": "quorum"}
    scene.report("db-1", isPrimary=True, replicationInfo=[streaming])
    assert scene.assess().verdict is Verdict.DEGRADED


def test_primary_without_synchronous_standby_is_down_although_the_pod_is_ready():
    scene = healthy(2, postgresql=REQUIRED).report("db-1", isPrimary=True, replicationInfo=[])
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DOWN
    assert Code.SYNCHRONOUS_STANDBYS_MISSING in problems(assessment)


def test_synchronous_setting_that_has_not_arrived_does_not_block():
    scene = healthy(2, postgresql=REQUIRED)
    streaming = {"applicationName": "db-2", "state": "streaming", "syncState": "async"}
    scene.report("db-1", isPrimary=True, replicationInfo=[streaming])
    assert scene.assess().verdict is Verdict.HEALTHY


def test_other_receiver_of_wal_does_not_confirm():
    scene = healthy(2, postgresql=REQUIRED).remove_pod("db-2")
    other = {"applicationName": "pg_receivewal", "state": "streaming", "syncState": "async"}
    scene.report("db-1", isPrimary=True, replicationInfo=[other])
    assert scene.assess().verdict is Verdict.DOWN


def test_standby_elsewhere_may_confirm():
    outside = {"synchronous": {**REQUIRED["synchronous"], "standbyNamesPost": ["elsewhere"]}}
    assert healthy(2, postgresql=outside).remove_pod("db-2").assess().verdict is Verdict.DEGRADED


def test_one_of_two_standbys_is_enough_for_any_one():
    assert healthy(3, postgresql=REQUIRED).remove_pod("db-3").assess().verdict is Verdict.DEGRADED


def test_ready_replica_that_does_not_stream_is_told():
    streaming = {"applicationName": "db-2", "state": "streaming"}
    scene = healthy().report("db-1", isPrimary=True, replicationInfo=[streaming])
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert "db-3" in find(assessment, Code.REPLICA_NOT_STREAMING).message


def test_different_system_ids_are_critical():
    scene = healthy().condition("ConsistentSystemID", "False", 60, "Mismatch")
    assert problems(scene.assess()) == {Code.SYSTEM_ID_MISMATCH}


def test_archiving_condition_means_nothing_without_an_archive():
    scene = healthy().condition("ContinuousArchiving", "False", 600, "ContinuousArchivingFailing")
    assert scene.assess().verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    "spec",
    [{"backup": STORE}, {"plugins": [{"name": "archiver.example", "isWALArchiver": True}]}],
    ids=["object store", "plugin"],
)
def test_failing_archive_degrades(spec):
    scene = healthy(**spec).condition("ContinuousArchiving", "False", 600, message="no bucket")
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert "no bucket" in find(assessment, Code.ARCHIVING_FAILING).message


@pytest.mark.parametrize(
    ("spec", "means"),
    [
        ({"backup": STORE}, "spec.backup.barmanObjectStore"),
        ({"plugins": [{"name": "archiver.example", "isWALArchiver": True}]}, "spec.plugins"),
    ],
    ids=["object store", "plugin"],
)
def test_failing_archive_tells_its_consequence_apart_from_its_cause(spec, means):
    scene = healthy(**spec).condition("ContinuousArchiving", "False", 600, message="no bucket")
    found = find(scene.assess(), Code.ARCHIVING_FAILING)
    assert "WAL piles up" in found.message
    assert "credentials" in found.cause
    assert "WAL piles up" not in found.cause
    assert "log of pod db-1" in found.next_step
    assert means in found.next_step


def test_archiving_may_pause_after_a_change_of_primary():
    scene = healthy(backup=STORE).condition("ContinuousArchiving", "False", 5)
    assert scene.status(currentPrimaryTimestamp=ago(8)).assess().verdict is Verdict.HEALTHY


def backup(name: str, age: float, **status):
    return {
        "metadata": meta(name, age),
        "spec": {"cluster": {"name": "db"}},
        "status": status,
    }


def test_newest_backup_counts():
    scene = healthy(backup=STORE)
    scene.add("backups", backup("old", DAY, phase="completed"))
    scene.add("backups", backup("new", 600, phase="failed", error="denied"))
    assessment = scene.assess()
    assert assessment.verdict is Verdict.DEGRADED
    assert "new" in find(assessment, Code.BACKUP_FAILING).message


def test_failed_backup_is_forgiven_after_a_good_one():
    scene = healthy(backup=STORE)
    scene.add("backups", backup("old", DAY, phase="failed"))
    scene.add("backups", backup("new", 600, phase="completed"))
    assert scene.assess().verdict is Verdict.HEALTHY


def test_backup_that_never_starts_is_told():
    scene = healthy(backup=STORE).add("backups", backup("hung", 7200, phase="running"))
    assert problems(scene.assess()) == {Code.BACKUP_FAILING}


def test_backup_without_an_error_sends_to_the_logs():
    scene = healthy(backup=STORE).add("backups", backup("hung", 7200, phase="running"))
    assert "logs of pod db-1" in find(scene.assess(), Code.BACKUP_FAILING).next_step


def test_failed_backup_is_told_by_the_condition_alone():
    scene = healthy(backup=STORE)
    scene.condition("LastBackupSucceeded", "False", 60, "LastBackupFailed", "denied")
    assert problems(scene.assess()) == {Code.BACKUP_FAILING}


def test_suspended_schedule_is_told():
    schedule = {"metadata": meta("daily"), "spec": {"cluster": {"name": "db"}, "suspend": True}}
    assessment = healthy(backup=STORE).add("scheduled_backups", schedule).assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert "daily" in find(assessment, Code.SCHEDULED_BACKUP_SUSPENDED).message


@pytest.mark.parametrize(
    ("expires", "code", "verdict"),
    [
        ("2026-03-01 11:00:00 +0000 UTC", Code.CERTIFICATES_EXPIRED, Verdict.DEGRADED),
        ("2026-03-03 12:00:00 +0000 UTC", Code.CERTIFICATES_EXPIRING, Verdict.HEALTHY),
        ("2026-03-08 11:00:00 +0000 UTC", None, Verdict.HEALTHY),
        ("no date", None, Verdict.HEALTHY),
        ("", None, Verdict.HEALTHY),
    ],
)
def test_certificates_are_judged_by_their_expiry(expires, code, verdict):
    assessment = healthy().status(certificates={"expirations": {"db-ca": expires}}).assess()
    assert assessment.verdict is verdict
    assert problems(assessment) == ({code} if code else set())


def test_go_time_is_utc():
    assert go_time("2026-03-01 12:00:00 +0000 UTC") == NOW


def declaration(name: str, age: float = DAY, deleted: float | None = None, **status):
    metadata = meta(name, age)
    if deleted is not None:
        metadata["deletionTimestamp"] = ago(deleted)
    return {
        "metadata": metadata,
        "spec": {"name": name, "cluster": {"name": "db"}},
        "status": status,
    }


@pytest.mark.parametrize(
    ("part", "code"),
    [("databases", Code.DATABASE_NOT_APPLIED), ("database_roles", Code.ROLE_NOT_APPLIED)],
)
def test_refused_declaration_is_told_and_the_cluster_is_healthy(part, code):
    refused = declaration("bad", applied=False, message="ERROR: no")
    fine = declaration("good", applied=True, observedGeneration=1)
    assessment = healthy().add(part, refused, fine).assess()
    assert assessment.verdict is Verdict.HEALTHY
    assert "bad" in find(assessment, code).message
    assert "good" not in find(assessment, code).message


def test_first_try_of_a_role_with_a_secret_is_pending():
    role = declaration("new", 5, applied=False, message='secrets "new" is forbidden')
    role["spec"]["passwordSecret"] = {"name": "new"}
    assessment = healthy().add("database_roles", role).assess()
    assert problems(assessment) == set()
    assert "new" in find(assessment, Code.DECLARATION_PENDING).message


@pytest.mark.parametrize(
    ("names", "told"),
    [(["a"], "1 Database object is not applied"), (["a", "b"], "2 Database objects are not")],
)
def test_refused_declarations_are_counted_in_words(names, told):
    refused = [declaration(name, applied=False, message="ERROR: no") for name in names]
    found = find(healthy().add("databases", *refused).assess(), Code.DATABASE_NOT_APPLIED)
    assert told in found.message


@pytest.mark.parametrize(
    ("part", "cause"), [("databases", "sessions"), ("database_roles", "owns something")]
)
def test_stuck_deletion_names_the_cause_of_its_kind(part, cause):
    assessment = healthy().add(part, declaration("held", deleted=90, applied=True)).assess()
    assert cause in find(assessment, Code.DECLARATION_STUCK_DELETING).cause


def test_database_that_does_not_go_is_told():
    held = declaration("held", deleted=90, applied=True)
    assert problems(healthy().add("databases", held).assess()) == {Code.DECLARATION_STUCK_DELETING}


def test_refused_inline_role_is_told_only_while_it_is_declared():
    refused = {"cannotReconcile": {"a\u202eb": ["ERROR"], "gone": ["ERROR"]}}
    scene = healthy(managed={"roles": [{"name": "a\u202eb"}]}).status(managedRolesStatus=refused)
    found = find(scene.assess(), Code.ROLE_NOT_APPLIED)
    assert found.message.startswith("1 inline")
    assert "\u202e" not in found.message


def listed_states(scene):
    """What the lists say of each declared object."""
    objects = {part.replace("_", ""): objects for part, objects in scene.parts.items()}
    served, query = estate(Served(scene.cluster, objects)), ListQuery("shop", "db", 50)
    roles = asyncio.run(list_roles(served, query)).roles
    databases = asyncio.run(list_databases(served, query)).databases
    return {row.object: row.state for row in (*roles, *databases) if row.object}


PENDING, NOT_APPLIED = "declaration-pending", "not-applied"


@pytest.mark.parametrize("part", ["databases", "database_roles"])
@pytest.mark.parametrize(
    ("status", "spec", "listed", "told"),
    [
        ({"applied": False, "message": CLUSTER_GONE}, {}, "in_progress", PENDING),
        ({"applied": False, "message": "x"}, {"ensure": "absent"}, "dropping", "drop-pending"),
        ({"applied": False, "message": "x"}, {}, "failed", NOT_APPLIED),
        ({"applied": True}, {}, "in_progress", PENDING),
        ({"applied": True, "observedGeneration": 1}, {}, "applied", None),
        ({}, {}, "in_progress", PENDING),
    ],
)
def test_status_and_lists_agree(part, status, spec, listed, told):
    one = declaration("one", **status)
    one["spec"] |= {"name": "one", **spec}
    scene = healthy().add(part, one)
    codes = {str(code.code) for code in scene.assess().findings}
    assert listed_states(scene) == {"one": listed}
    expected = DECLARED[part] if told is NOT_APPLIED else told
    known = {*DECLARED.values(), PENDING, "drop-pending"}
    assert codes & known == ({expected} if expected else set())


DECLARED = {"databases": "database-not-applied", "database_roles": "role-not-applied"}


@pytest.mark.parametrize(("age", "listed"), [(44, "in_progress"), (46, "failed")])
def test_status_and_lists_agree_on_when_the_first_try_is_over(age, listed):
    role = declaration("new", age, applied=False, message="forbidden")
    role["spec"]["passwordSecret"] = {"name": "new"}
    scene = healthy().add("database_roles", role)
    assert listed_states(scene) == {"new": listed}
    assert (Code.ROLE_NOT_APPLIED in problems(scene.assess())) is (listed == "failed")


@pytest.mark.parametrize("configured", [{"volumeSnapshot": {}}, {"barmanObjectStore": {}}])
def test_snapshots_are_backups_as_well(configured):
    assessment = healthy(backup=configured).assess()
    codes = {one.code for one in assessment.findings}
    assert Code.NO_BACKUP not in codes
    assert Code.NO_BASE_BACKUP in codes
