"""The status as a result: what is shown of a situation, beyond the verdict."""

from datetime import timedelta

import pytest

from cnpg_mcp.domain.cluster_status import status_result
from cnpg_mcp.domain.status.observe import Observation
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.toolkit import text
from test.unit.build_cluster import DAY, NOW, ago, healthy, meta
from test.unit.recordings import load


def shown(name, *, detailed=False):
    recording = load(name)
    assessment = assess(recording.evidence, recording.now)
    return status_result(
        Observation(recording.evidence, assessment, recording.now), detailed=detailed
    )


def test_version_is_what_the_primary_runs_while_an_update_is_stuck():
    assert shown("update-image-cannot-be-pulled").version == "15.20"


def test_concise_leaves_notes_out_when_there_are_problems():
    severities = {finding.severity for finding in shown("fenced-one-replica").findings}
    assert severities == {"warning"}


def test_detailed_has_every_instance_with_its_role():
    pods = shown("healthy-3", detailed=True).pods
    assert sorted((pod.name, pod.role, pod.ready) for pod in pods) == [
        ("shop-1", "primary", True),
        ("shop-2", "replica", True),
        ("shop-3", "replica", True),
    ]


STORE = {"barmanObjectStore": {"destinationPath": "s3://backups"}}


def completed(name, ended, **spec):
    return {
        "metadata": meta(name),
        "spec": {"cluster": {"name": "db"}, **spec},
        "status": {"phase": "completed", "stoppedAt": ago(ended)},
    }


def backup_of(scene):
    seen = Observation(scene.evidence(), scene.assess(), NOW)
    result = status_result(seen, detailed=False)
    line = text.cluster_status(result).split("\n")[1]
    return result.newest_backup, next(
        each for each in line.split(" | ") if each.startswith("backup")
    )


def test_newest_completed_backup_is_told():
    scene = healthy(backup=STORE).add("backups", completed("a", 7200), completed("b", 3600))
    running = {**completed("c", 60), "status": {"phase": "running"}}
    newest, told = backup_of(scene.add("backups", running))
    assert newest == NOW - timedelta(hours=1)
    assert told.endswith("the newest completed backup is of 2026-03-01T11:00:00+00:00")


def test_backup_that_would_go_with_the_cluster_is_the_newest_all_the_same():
    snapshots = {"volumeSnapshot": {"snapshotOwnerReference": "cluster"}}
    scene = healthy(backup=snapshots)
    newest, told = backup_of(scene.add("backups", completed("a", 60, method="volumeSnapshot")))
    assert newest == NOW - timedelta(minutes=1)
    assert told.startswith("backup: volume snapshots configured, ")


@pytest.mark.parametrize("ended", [-60, 2 * DAY])
def test_backup_of_the_future_or_of_an_earlier_cluster_is_none(ended):
    newest, told = backup_of(healthy(backup=STORE).add("backups", completed("a", ended)))
    assert newest is None
    assert told == "backup: WAL archive configured, no completed backup is known"


def test_backup_that_the_operator_reports_counts():
    newest, _ = backup_of(healthy(backup=STORE).status(lastSuccessfulBackup=ago(60)))
    assert newest == NOW - timedelta(minutes=1)


def test_no_backup_configured_is_told():
    _, told = backup_of(healthy())
    assert told == "backup: none configured, no completed backup is known"


def test_backups_that_may_not_be_seen_are_not_called_absent():
    scene = healthy(backup=STORE)
    scene.parts["backups"], scene.unseen = None, {"backups": "forbidden"}
    newest, told = backup_of(scene)
    assert newest is None
    assert told == "backup: WAL archive configured, Backups could not be looked at"


def test_reports_that_may_not_be_read_are_explained():
    scene = healthy()
    scene.unseen = {"instance_reports": "forbidden", "jobs": "forbidden"}
    scene.parts["jobs"] = None
    seen = Observation(scene.evidence(), scene.assess(), NOW)
    told = text.cluster_status(status_result(seen, detailed=False))
    assert "instance_reports (forbidden; optional: what each instance says" in told
    assert "jobs (forbidden)" in told


@pytest.mark.parametrize(("name", "read_only"), [("healthy-1", None), ("healthy-3", "shop-ro")])
def test_read_only_service_is_named_only_where_it_leads_somewhere(name, read_only):
    host = shown(name).connection.services.read_only
    assert (host and host.partition(".")[0]) == read_only
