"""The operator from before the DatabaseRole kind (1.30 refuses to start without that CRD)."""

from collections.abc import AsyncIterator

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.api import ApiError, KubeClient
from test.controlplane.clusters import applied, database, database_role, healthy_cluster
from test.controlplane.plane import Plane


@pytest.fixture
async def older_admin(older_plane: Plane) -> AsyncIterator[KubeClient]:
    """A client with all rights on the older control plane."""
    async with KubeClient(older_plane.admin_kubeconfig) as client:
        yield client


async def test_cluster_database_and_inline_roles_work_without_the_databaserole_kind(
    older_plane: Plane, older_admin: KubeClient
) -> None:
    namespace = older_plane.create_namespace()
    managed = {"roles": [{"name": "clerk", "login": True}]}
    await healthy_cluster(older_admin, namespace, managed=managed)
    await older_admin.wait_for("clusters", namespace, "pg", _reconciled)
    await older_admin.create(database(namespace, "shop", owner="clerk"))
    await older_admin.wait_for("databases", namespace, "shop", applied)
    assert older_plane.postgres(namespace, "pg").databases["shop"].owner == "clerk"
    assert older_plane.simulator.errors == []


async def test_databaserole_is_not_served(older_plane: Plane, older_admin: KubeClient) -> None:
    with pytest.raises(ApiError) as refused:
        await older_admin.create(database_role("default", "clerk"))
    assert refused.value.status == 404


def _reconciled(found: KubeObject) -> bool:
    states = (found["status"].get("managedRolesStatus") or {}).get("byStatus") or {}
    return states.get("reconciled") == ["clerk"]
