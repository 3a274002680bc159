"""Arranging as the admin: clusters with roles and databases, and what to wait for."""

from cnpg_mcp.demo.kinds import KubeObject
from test.contract.site import Site
from test.controlplane.api import Predicate
from test.controlplane.clusters import healthy_cluster, wait_endpoints


async def cluster_with(site: Site, *roles: KubeObject, **spec: object) -> KubeObject:
    """A healthy cluster `pg` with these inline roles."""
    managed = {"managed": {"roles": list(roles)}} if roles else {}
    return await healthy_cluster(site.admin, site.namespace, **managed, **spec)


async def reachable_cluster(site: Site) -> None:
    """A healthy cluster `pg` of one instance whose -rw Service leads to it by now."""
    await healthy_cluster(site.admin, site.namespace)
    await wait_endpoints(site.admin, site.namespace, "pg-rw", {"pg-1"})


async def set_roles(site: Site, *roles: KubeObject) -> None:
    """Replaces the inline roles of `pg`."""
    body = {"spec": {"managed": {"roles": list(roles)}}}
    await site.admin.patch("clusters", site.namespace, "pg", body)


async def roles_reported(site: Site, state: str, *names: str) -> None:
    """Waits until the operator reports these inline roles of `pg` under a state."""

    def reported(found: KubeObject) -> bool:
        by_status = _managed(found).get("byStatus") or {}
        return set(names) <= set(by_status.get(state) or ())

    await site.admin.wait_for("clusters", site.namespace, "pg", reported)


async def role_not_reconciled(site: Site, name: str) -> None:
    """Waits until the operator reports an error on an inline role of `pg`."""

    def reported(found: KubeObject) -> bool:
        return name in (_managed(found).get("cannotReconcile") or {})

    await site.admin.wait_for("clusters", site.namespace, "pg", reported)


async def declare(site: Site, plural: str, body: KubeObject, reached: Predicate) -> KubeObject:
    """Creates an object and waits until it is as it should be."""
    await site.admin.create(body)
    return await site.admin.wait_for(plural, site.namespace, body["metadata"]["name"], reached)


def terminating(found: KubeObject) -> bool:
    """The object is being deleted, and something holds it."""
    return "deletionTimestamp" in found["metadata"]


def _managed(cluster: KubeObject) -> KubeObject:
    return (cluster.get("status") or {}).get("managedRolesStatus") or {}
