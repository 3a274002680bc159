"""A namespace where nothing works, with all that a destructive call can be about; and its state."""

import asyncio
import base64
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from test.contract.site import Site
from test.controlplane.api import ApiError, KubeClient
from test.controlplane.clusters import HEALTHY, cluster, database, database_role

OURS = {"cnpg-mcp.io/created-by": "cnpg-mcp"}
WATCHED = ("clusters", "databases", "databaseroles", "secrets", "pods", "persistentvolumeclaims")
INSTANCES = ("pg-1", "pg-2", "pg-3")
CLERK_SECRET, TELLER_SECRET, FOREIGN_SECRET = "pg-clerk-own", "pg-teller-own", "pg-guest"
ROLES = (
    {"name": "teller", "login": True, "passwordSecret": {"name": TELLER_SECRET}},
    {"name": "guest", "login": True, "passwordSecret": {"name": FOREIGN_SECRET}},
    {"name": "boss", "superuser": True},
    {"name": "below_boss", "inRoles": ["boss"]},
    {"name": "plain"},
    {"name": "below_plain", "inRoles": ["plain"]},
    {"name": "below_object", "inRoles": ["chief"]},
    {"name": "loop", "inRoles": ["pool"]},
    {"name": "pool", "inRoles": ["loop"]},
    {"name": "twice"},
    {"name": "unreported"},
    {"name": "leaving", "ensure": "absent"},
    {"name": "pg_signal_backend"},
)
OBJECTS: tuple[dict[str, Any], ...] = (
    {"name": "chief", "createrole": True},
    {"name": "below-inline", "inRoles": ["below_boss"]},
    {"name": "below-fine", "inRoles": ["below_plain"]},
    {"name": "twice"},
)
UNREPORTED = "unreported"
PASSWORD = "canary-that-nobody-may-see-4f1c"
State = dict[tuple[str, str], tuple[str, str]]


async def plant(admin: KubeClient, namespace: str) -> None:
    """A cluster `pg` that looks healthy, with declared roles, a database, and their Secrets.

    `clerk` is a DatabaseRole and `teller` an inline role, both with a Secret of ours; that of the
    inline role `guest` is somebody else's. `shop` is a Database.
    """
    first = {"initdb": {"database": "app", "owner": "app"}}
    managed = {"roles": [*ROLES]}
    body = cluster(namespace, instances=len(INSTANCES), managed=managed, bootstrap=first)
    made = await admin.create(body)
    await admin.create(_account(namespace))
    owner = reference(made)
    await asyncio.gather(
        admin.patch_status("clusters", namespace, "pg", _status()),
        *(_instance(admin, namespace, name) for name in INSTANCES),
        admin.create(secret(namespace, TELLER_SECRET, ours=True, owner=owner)),
        admin.create(secret(namespace, CLERK_SECRET, ours=True)),
        admin.create(secret(namespace, FOREIGN_SECRET)),
        *(declare_role(admin, namespace, **role) for role in OBJECTS),
        declare_clerk(admin, namespace),
        declare_shop(admin, namespace),
    )


async def declare_clerk(admin: KubeClient, namespace: str) -> None:
    """The DatabaseRole `clerk`, applied."""
    await declare_role(
        admin, namespace, name="clerk", login=True, passwordSecret={"name": CLERK_SECRET}
    )


async def declare_role(admin: KubeClient, namespace: str, name: str, **spec: Any) -> None:
    """A DatabaseRole, applied."""
    await admin.create(database_role(namespace, name, **spec))
    await admin.patch_status("databaseroles", namespace, name, _applied())


async def declare_shop(admin: KubeClient, namespace: str) -> None:
    """The Database `shop`, applied."""
    await admin.create(database(namespace, "shop"))
    await admin.patch_status("databases", namespace, "shop", _applied())


def secret(
    namespace: str,
    name: str,
    *,
    ours: bool = False,
    owner: KubeObject | None = None,
    user: str = "",
    password: str = PASSWORD,
) -> KubeObject:
    """A basic-auth Secret with the cluster's labels; with our annotation where it is `ours`."""
    meta: KubeObject = {
        "name": name,
        "namespace": namespace,
        "labels": {"cnpg.io/cluster": "pg", "cnpg.io/reload": "true"},
        "annotations": OURS if ours else {},
        "ownerReferences": [owner] if owner else [],
    }
    data = {
        key: base64.b64encode(value.encode()).decode()
        for key, value in {"username": user or name, "password": password}.items()
    }
    kind = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth"}
    return {**kind, "metadata": meta, "data": data}


def reference(owner: KubeObject) -> KubeObject:
    """An object as the owner of others."""
    meta = owner["metadata"]
    named = {"name": meta["name"], "uid": meta["uid"]}
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], **named}


async def state(site: Site) -> State:
    """Uid and resourceVersion of everything that a call could touch."""
    lists = await asyncio.gather(*(_listed(site, plural) for plural in WATCHED))
    return {
        (plural, meta["name"]): (meta["uid"], meta["resourceVersion"])
        for plural, found in zip(WATCHED, lists, strict=True)
        for meta in (each["metadata"] for each in found)
    }


async def _listed(site: Site, plural: str) -> list[KubeObject]:
    try:
        return await site.admin.list(plural, site.namespace)
    except ApiError as error:  # the older API has no DatabaseRole
        if error.status != 404:
            raise
        return []


def roles_status(**names: list[str]) -> dict[str, Any]:
    """The operator's report on inline roles, by state."""
    return {"managedRolesStatus": {"byStatus": names}}


def _status() -> dict[str, Any]:
    reported = [role["name"] for role in ROLES if role["name"] != UNREPORTED]
    return {
        "phase": HEALTHY,
        "instances": len(INSTANCES),
        "readyInstances": len(INSTANCES),
        "currentPrimary": "pg-1",
        "targetPrimary": "pg-1",
        "instanceNames": [*INSTANCES],
        "instancesStatus": {"healthy": [*INSTANCES]},
        **roles_status(reconciled=reported),
    }


def _applied() -> dict[str, Any]:
    return {"applied": True, "observedGeneration": 1}


def _account(namespace: str) -> KubeObject:
    meta = {"name": "default", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}


async def _instance(admin: KubeClient, namespace: str, name: str) -> None:
    """A ready pod with its volume."""
    labels = {
        "cnpg.io/cluster": "pg",
        "cnpg.io/instanceName": name,
        "cnpg.io/podRole": "instance",
        "cnpg.io/pvcRole": "PG_DATA",
    }
    meta = {"name": name, "namespace": namespace, "labels": labels}
    container = {"name": "postgres", "image": "registry.example/postgresql:18.4"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta}
    size = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await admin.create({**claim, "spec": size})
    await admin.create(pod)
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
    await admin.patch_status("pods", namespace, name, ready)
