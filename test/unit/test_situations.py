"""The verdict on real situations: exactly the truth, its cause, and nothing besides."""

import dataclasses
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.demo.recordings import names as recorded_names
from cnpg_mcp.domain.status.assessment import Assessment, Verdict
from cnpg_mcp.domain.status.codes import FindingCode as Code
from cnpg_mcp.domain.status.evidence import INSTANCE_REPORTS, SOURCES
from cnpg_mcp.domain.status.verdict import assess
from test.unit.recordings import load

CONCISE_LIMIT = 1600
"""Bytes that all problems of a situation may take in the text of a concise status."""


class Row(NamedTuple):
    """What the findings of a situation must be."""

    problems: frozenset[Code] = frozenset()
    """The codes of all warnings and criticals, no more and no less."""
    tells: frozenset[Code] = frozenset()
    """Codes of information that must be there."""
    names: tuple[str, ...] = ()
    """Names that the findings must mention."""


def row(*problems: Code, tells: tuple[Code, ...] = (), names: tuple[str, ...] = ()) -> Row:
    return Row(frozenset(problems), frozenset(tells), names)


EXPECTED = {
    "all-volumes-lost": row(Code.VOLUMES_LOST, names=("bootstrap.recovery",)),
    "archiving-failing": row(Code.ARCHIVING_FAILING, names=("barmanObjectStore",)),
    "certificate-near-expiry-edited": row(Code.CERTIFICATES_EXPIRING, names=("pg-server",)),
    "database-and-role-failing": row(
        Code.DATABASE_NOT_APPLIED,
        Code.ROLE_NOT_APPLIED,
        names=("d1", "d3", "d4", "dx", "dz", "r3", "r5b", "r6", "r8"),
    ),
    "deleting-held-by-finalizer": row(
        Code.DELETION_HELD, Code.ARCHIVING_FAILING, names=("example.com/hold",)
    ),
    "disk-full": row(Code.VOLUME_FULL, names=("full-1", "spec.storage.size", "pg_wal")),
    "failover-old-primary-rejoining": row(Code.FAILOVER_RECOVERING, names=("shop-3", "shop-1")),
    "failover-promoting": row(Code.FAILOVER, names=("shop-1", "shop-3")),
    "fenced-all": row(Code.INSTANCES_FENCED, names=("two-1", "two-2", "cnpg.io/fencedInstances")),
    "fenced-one-replica": row(Code.INSTANCES_FENCED, names=("shop-1", "cnpg.io/fencedInstances")),
    "healthy-1": row(tells=(Code.SINGLE_INSTANCE, Code.NO_BACKUP)),
    "healthy-3": row(tells=(Code.NO_BACKUP,)),
    "hibernated": row(tells=(Code.HIBERNATED,), names=("cnpg.io/hibernation",)),
    "hibernating": row(tells=(Code.HIBERNATING,)),
    "new-first-second": row(tells=(Code.BOOTSTRAPPING,)),
    "new-image-pull-fails": row(
        Code.IMAGE_PULL_FAILING,
        names=("badimage-1-initdb-mg4kg", "registry.example/postgresql:15.99", "spec.imageName"),
    ),
    "new-initdb-failed-for-good": row(
        Code.JOB_FAILED, names=("badsql-1-initdb", "badsql-1-initdb-mvhw2", "spec.bootstrap")
    ),
    "new-initdb-failing-retrying": row(
        Code.JOB_FAILING, names=("badsql-1-initdb", "badsql-1-initdb-h6nvk", "spec.bootstrap")
    ),
    "new-initdb-running": row(tells=(Code.BOOTSTRAPPING,), names=("shop-1-initdb",)),
    "new-missing-image-catalog": row(
        Code.IMAGE_CATALOG_INVALID, names=("ImageCatalog absent", "15", "spec.imageName")
    ),
    "new-missing-owner-secret": row(
        Code.CONTAINER_CONFIG, names=("shop-owner", "kubernetes.io/basic-auth")
    ),
    "new-pvc-unknown-storageclass": row(
        Code.STORAGE_CLASS_MISSING, names=("noclass-1", "fast-ssd", "local-path")
    ),
    "new-reconciliation-disabled-empty-status": row(
        Code.RECONCILIATION_DISABLED, names=("cnpg.io/reconciliationLoop",)
    ),
    "new-unknown-plugin": row(
        Code.PLUGIN_UNKNOWN, names=("barman-cloud.cloudnative-pg.io", "spec.plugins")
    ),
    "new-unschedulable-memory": row(
        Code.POD_UNSCHEDULABLE, names=("hugemem-1-initdb-v6w8d", "512Gi", "spec.resources.requests")
    ),
    "new-volume-being-provisioned": row(tells=(Code.BOOTSTRAPPING,)),
    "oom-killed": row(Code.OUT_OF_MEMORY, names=("oom-1", "256Mi", "spec.resources.limits.memory")),
    "operator-down-healthy": row(
        Code.OPERATOR_DOWN,
        Code.ROLE_NOT_APPLIED,
        names=("cnpg-controller-manager", "cnpg-system"),
    ),
    "operator-starting-new-cluster": row(tells=(Code.BOOTSTRAPPING,)),
    "phase-stale-switchover-done": row(
        Code.RESTART_PENDING, names=("shop-1", "max_connections", "unsupervised")
    ),
    "primary-postgres-frozen-failover-stuck": row(
        Code.FAILOVER_STUCK, names=("Delete pod shop-2",)
    ),
    "reconciliation-disabled-spec-differs": row(
        Code.RECONCILIATION_DISABLED, names=("cnpg.io/reconciliationLoop", "spec.instances 3")
    ),
    "replica-joining": row(tells=(Code.CREATING_REPLICA,), names=("shop-2",)),
    "replica-postgres-frozen": row(Code.INSTANCE_NOT_READY, names=("shop-1",)),
    "restart-rolling-replica": row(tells=(Code.RESTARTING,)),
    "scale-below-sync-quorum": row(
        Code.INVALID_DEFINITION,
        names=("spec.instances 2", "synchronous.number 2", "to 3", "to 1"),
    ),
    "scale-down-2-of-3": row(tells=(Code.SCALING_DOWN,), names=("shop-3",)),
    "scale-up-join-running": row(tells=(Code.CREATING_REPLICA,), names=("shop-3",)),
    "switchover-finished": row(),
    "switchover-just-asked": row(tells=(Code.SWITCHOVER,), names=("shop-1", "shop-2")),
    "sync-standby-gone-writes-blocked": row(
        Code.SYNCHRONOUS_STANDBYS_MISSING,
        Code.QUOTA_EXCEEDED,
        names=("two-2", "ResourceQuota stop", "spec.postgresql.synchronous", "preferred"),
    ),
    "update-image-cannot-be-pulled": row(
        Code.IMAGE_PULL_FAILING,
        names=("upd-2", "registry.example/postgresql:15.99", "spec.imageName", "delete pod upd-2"),
    ),
    "waiting-for-user-supervised": row(
        Code.WAITING_FOR_USER, names=("max_connections", "unsupervised")
    ),
    "waking-from-hibernation": row(tells=(Code.WAKING,), names=("shop-2",)),
}

PARTS = (*SOURCES, INSTANCE_REPORTS)

ONLY_THE_CLUSTER = {
    "new-image-pull-fails": Verdict.PROGRESSING,
    "new-missing-owner-secret": Verdict.PROGRESSING,
    "new-pvc-unknown-storageclass": Verdict.PROGRESSING,
    "new-unschedulable-memory": Verdict.PROGRESSING,
}
"""What the Cluster object alone cannot tell: these clusters look like new ones whose first
instance takes its time; only pods, volumes or events show that nothing will come of it."""

WITHOUT = (
    ("events",),
    ("operator_deployments",),
    (INSTANCE_REPORTS,),
    ("jobs",),
    ("pods",),
    ("persistent_volume_claims",),
    ("storage_classes",),
    ("endpoint_slices",),
    ("pods", "endpoint_slices"),
    ("events", "operator_deployments", INSTANCE_REPORTS),
    ("events", "jobs", INSTANCE_REPORTS, "storage_classes"),
)


def text(assessment: Assessment) -> str:
    return "\n".join(
        " ".join((one.message, one.cause or "", one.next_step or "")) for one in assessment.findings
    )


def less(name: str, *parts: str):
    recording = load(name)
    evidence = dataclasses.replace(recording.evidence, **dict.fromkeys(parts))
    return recording, assess(evidence, recording.now)


@pytest.mark.parametrize("name", recorded_names())
class TestSituation:
    def test_verdict_is_the_truth(self, name):
        recording, assessment = less(name)
        assert assessment.verdict is recording.verdict

    def test_findings_are_exactly_the_causes(self, name):
        assert name in EXPECTED, f"{name}.json has no row in EXPECTED: say what must be found"
        _, assessment = less(name)
        assert {one.code for one in assessment.findings if one.is_problem} == EXPECTED[
            name
        ].problems
        assert EXPECTED[name].tells <= {one.code for one in assessment.findings}

    def test_findings_name_what_they_are_about(self, name):
        _, assessment = less(name)
        told = text(assessment)
        assert [one for one in EXPECTED[name].names if one not in told] == []

    def test_problems_say_what_to_do(self, name):
        _, assessment = less(name)
        assert [
            one.code for one in assessment.findings if one.is_problem and not one.next_step
        ] == []

    def test_worst_comes_first(self, name):
        _, assessment = less(name)
        ranks = [one.rank for one in assessment.findings]
        assert ranks == sorted(ranks)

    def test_problems_fit_a_concise_status(self, name):
        _, assessment = less(name)
        problems = [one for one in assessment.findings if one.is_problem]
        size = sum(
            len(f"{one.code} {one.severity} {one.message} {one.cause} {one.next_step}".encode())
            for one in problems
        )
        assert size <= CONCISE_LIMIT

    @pytest.mark.parametrize("missing", WITHOUT, ids="+".join)
    def test_less_evidence_gives_an_acceptable_verdict(self, name, missing):
        recording, assessment = less(name, *missing)
        assert assessment.verdict in {recording.verdict, *recording.also_acceptable}
        assert set(missing) <= set(assessment.unseen)

    def test_cluster_alone_gives_what_it_allows(self, name):
        recording, assessment = less(name, *PARTS)
        allowed = {recording.verdict, *recording.also_acceptable}
        if name in ONLY_THE_CLUSTER:
            allowed = {ONLY_THE_CLUSTER[name]}
        assert assessment.verdict in allowed
        assert set(assessment.unseen) == set(PARTS)


def test_every_row_has_its_recording():
    assert set(EXPECTED) == set(recorded_names())


def test_reason_for_a_missing_part_is_kept():
    recording = load("healthy-1")
    evidence = dataclasses.replace(recording.evidence, events=None, unseen={"events": "forbidden"})
    assert assess(evidence, recording.now).unseen["events"] == "forbidden"


@given(name=st.sampled_from(recorded_names()), missing=st.sets(st.sampled_from(PARTS)))
def test_any_part_may_be_missing(name, missing):
    recording, assessment = less(name, *missing)
    assert missing <= set(assessment.unseen)
    optimistic = {Verdict.HEALTHY, Verdict.HIBERNATED}
    if recording.verdict not in optimistic and assessment.verdict in optimistic:
        assert recording.also_acceptable & optimistic
    if assessment.verdict is Verdict.DOWN:
        assert any(one.severity == "critical" for one in assessment.findings)
    if assessment.verdict is Verdict.DEGRADED:
        assert any(one.is_problem for one in assessment.findings)
