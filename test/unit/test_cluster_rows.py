"""What a row says of a cluster's version, volumes and backups."""

import pytest

from cnpg_mcp.domain.cluster_rows import backup, storage, version_of
from cnpg_mcp.domain.views.cluster import Cluster

NEWEST = "2026-03-01T10:00:00.123Z"


@pytest.mark.parametrize(
    ("configured", "newest", "told"),
    [
        ({}, "", "none configured"),
        ({"volumeSnapshot": {}}, "", "volume snapshots configured"),
        ({"barmanObjectStore": {}}, "", "WAL archive configured"),
        ({"volumeSnapshot": {}}, NEWEST, f"last {NEWEST}"),
        ({"barmanObjectStore": {}}, "now | PRIMARY", 'last "now | PRIMARY"'),
    ],
)
def test_backup(configured, newest, told):
    status = {"lastSuccessfulBackup": newest}
    assert backup(Cluster.parse({"spec": {"backup": configured}, "status": status})) == told


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({}, None),
        ({"storage": {"size": "1Gi"}}, "1Gi"),
        ({"storage": {"size": "1Gi"}, "walStorage": {"size": "2Gi"}}, "1Gi + 2Gi for WAL"),
        ({"storage": {"size": "1Gi | x"}}, '"1Gi | x"'),
    ],
)
def test_storage(spec, told):
    assert storage(Cluster.parse({"spec": spec})) == told


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.example:5000/postgresql:17.2-bookworm@sha256:00", "17.2"),
        ("registry.example/postgresql:18", "18"),
        ("registry.example/postgresql:latest", None),
        ("registry.example/postgresql:\u0661\u0667", None),
        ("", None),
    ],
)
def test_version(image, version):
    assert version_of(image) == version
