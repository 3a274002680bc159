"""The demo's definitions decide as a real API server with CloudNativePG does."""

from collections.abc import Iterator
from copy import deepcopy
from http import HTTPStatus
from typing import Any

import json_merge_patch
import pytest

from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from test.controlplane.api import KubeClient
from test.demo import bodies, other_bodies
from test.demo.deciding import Decision, ours, really

CREATES = {
    "Cluster": bodies.CLUSTERS,
    "Database": other_bodies.DATABASES,
    "DatabaseRole": other_bodies.ROLES,
    "Backup": other_bodies.BACKUPS,
    "ScheduledBackup": other_bodies.SCHEDULED,
    "Pooler": other_bodies.POOLERS,
    "ImageCatalog": other_bodies.CATALOGS,
    "Publication": other_bodies.PUBLICATIONS,
    "Subscription": other_bodies.SUBSCRIPTIONS,
}
CHANGES = {
    "Cluster": (bodies.STORED_CLUSTER, bodies.CLUSTER_CHANGES),
    "Database": (other_bodies.STORED_DATABASE, other_bodies.DATABASE_CHANGES),
    "DatabaseRole": (other_bodies.ROLES["plain"], other_bodies.ROLE_CHANGES),
    "Backup": (other_bodies.BACKUPS["plugin"], other_bodies.BACKUP_CHANGES),
    "ScheduledBackup": (other_bodies.SCHEDULED["plain"], other_bodies.SCHEDULED_CHANGES),
    "Pooler": (other_bodies.POOLERS["plain"], other_bodies.POOLER_CHANGES),
}
DIFFERENT = {
    ("Cluster", "catalog empty"): "the operator writes a missing apiGroup as null",
    ("Pooler", "negative"): "refused as the scale subresource's number, which is not modelled",
}
"""What is decided otherwise, by kind and case, with the reason."""
LEFT_ALONE = {"cnpg.io/reconciliationLoop": "disabled"}


def _cases(table: dict[str, Any]) -> Iterator[Any]:
    for kind, cases in table.items():
        named = cases[1] if isinstance(cases, tuple) else cases
        for case in named:
            yield pytest.param(kind, case, id=f"{kind}: {case}")


@pytest.mark.parametrize(("kind", "case"), [*_cases(CREATES)])
async def test_decides_alike_on_a_new_object(admin, namespace, kind, case):
    spec = CREATES[kind][case]
    if kind == "Cluster":
        spec = {"instances": 1, "storage": {"size": "1Gi"}, **spec}
    body = _object(kind, namespace, spec)
    _compare(kind, case, await really(admin, body), ours(body))


@pytest.mark.parametrize("case", bodies.CLUSTER_METADATA)
async def test_decides_alike_on_metadata(admin, namespace, case):
    spec = {"instances": 1, "storage": {"size": "1Gi"}}
    body = _object("Cluster", namespace, spec, **bodies.CLUSTER_METADATA[case])
    _compare("Cluster", case, await really(admin, body), ours(body))


@pytest.mark.parametrize(("kind", "case"), [*_cases(CHANGES)])
async def test_decides_alike_on_a_change(admin, namespace, kind, case):
    stored, changes = CHANGES[kind]
    await _store(admin, kind, namespace, stored)
    real, found = await _decisions(admin, kind, namespace, changes[case])
    _compare(kind, case, real, found)


def test_what_differs_is_in_the_tables():
    for kind, case in DIFFERENT:
        assert case in {**CREATES[kind], **CHANGES.get(kind, ({}, {}))[1]}


def _compare(kind: str, case: str, real: Decision, found: Decision) -> None:
    if (kind, case) in DIFFERENT:
        assert real.outcome != found.outcome, "no longer different: take it off the list"
        return
    assert found.outcome == real.refusal_without_warnings.outcome
    assert found.introduction == real.introduction


async def _decisions(
    admin: KubeClient, kind: str, namespace: str, change: KubeObject
) -> tuple[Decision, Decision]:
    """Both decisions on one and the same object: the operator may write between two looks."""
    while True:
        old = await admin.get(BY_KIND[kind].plural, namespace, "new")
        body = {**old, "spec": json_merge_patch.merge(deepcopy(old["spec"]), change)}
        real = await really(admin, body, change=True)
        if real.status != HTTPStatus.CONFLICT:
            return real, ours(body, old)


def _object(kind: str, namespace: str, spec: KubeObject, **meta: Any) -> KubeObject:
    return {
        "apiVersion": BY_KIND[kind].api_version,
        "kind": kind,
        "metadata": {"name": "new", "namespace": namespace, **meta},
        "spec": deepcopy(spec),
    }


async def _store(admin: KubeClient, kind: str, namespace: str, spec: KubeObject) -> None:
    """An object that nobody works on; a Cluster with a data directory of PostgreSQL 16."""
    annotations = LEFT_ALONE if kind == "Cluster" else {}
    base = {"instances": 1, "storage": {"size": "1Gi"}} if kind == "Cluster" else {}
    body = _object(kind, namespace, {**base, **spec}, annotations=annotations)
    await admin.create(body)
    plural = BY_KIND[kind].plural
    if kind == "Cluster":
        status = {"pgDataImageInfo": {"image": "x:16.2", "majorVersion": 16}}
        await admin.patch_status(plural, namespace, "new", status)
