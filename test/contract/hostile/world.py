"""One small world that every call meets: what it is about, and what is none of its business."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.domain.names import object_name
from test.controlplane.api import KubeClient
from test.controlplane.clusters import (
    HEALTHY,
    cluster,
    database,
    database_role,
    password_secret,
)

KINDS = ("clusters", "databases", "databaseroles", "secrets", "scheduledbackups")
"""All that the server may write."""
CREATED_BY = "cnpg-mcp.io/created-by"
OURS = {CREATED_BY: "cnpg-mcp"}
TOUCHED = "cnpg-mcp.io/touched-at"
CLERK = object_name("pg", "clerk")
TAKEN = object_name("pg", "taken")
_LABELS = {"cnpg.io/cluster": "pg", "cnpg.io/reload": "true"}
_RANDOM = re.compile(r"(-[0-9a-f]{10})-[0-9a-f]{8}\b")

Key = tuple[str, str]
Shape = tuple[str, str, str]
"""Kind, name and content of an object, without what differs from run to run."""


@dataclass(frozen=True)
class View:
    """Everything in a namespace that the server may write, at one moment."""

    objects: dict[Key, KubeObject]
    _shapes: dict[Key, Shape] = field(default_factory=dict)

    def shapes(self, before: "View") -> Counter[Shape]:
        """What is there, comparable with other runs; a Secret only tells whether it changed."""
        return Counter(_shape(key, each, before) for key, each in self.objects.items())

    def dangling(self) -> set[str]:
        """Secrets that something declares and that are not there."""
        return self._referred() - {name for kind, name in self.objects if kind == "secrets"}

    def orphans(self) -> set[str]:
        """Secrets that this server made and nothing refers to."""
        ours = {
            name
            for (kind, name), each in self.objects.items()
            if kind == "secrets" and CREATED_BY in (each["metadata"].get("annotations") or {})
        }
        return ours - self._referred()

    def _referred(self) -> set[str]:
        found = set()
        for (kind, _), each in self.objects.items():
            spec = each.get("spec") or {}
            declared = [spec] if kind == "databaseroles" else []
            declared += (spec.get("managed") or {}).get("roles") or []
            found |= {one["passwordSecret"]["name"] for one in declared if "passwordSecret" in one}
        return found


def versions(view: View) -> dict[Key, tuple[str, str]]:
    """Which object each one is, and its version."""
    return {
        key: (each["metadata"]["uid"], each["metadata"]["resourceVersion"])
        for key, each in view.objects.items()
    }


def _shape(key: Key, found: KubeObject, before: View) -> Shape:
    kind, name = key
    metadata = found["metadata"]
    annotations = sorted(set(metadata.get("annotations") or {}) - {TOUCHED})
    content = {
        "spec": found.get("spec"),
        "annotations": annotations,
        "labels": metadata.get("labels"),
        "going": "deletionTimestamp" in metadata,
    }
    if kind == "secrets":
        then = before.objects.get(key)
        content["same"] = then is not None and then.get("data") == found.get("data")
    told = _RANDOM.sub(r"\1", json.dumps(content, sort_keys=True))
    return kind, _RANDOM.sub(r"\1", name), told


@dataclass
class World:
    """The objects of a namespace as they are arranged; `inline` says where our roles are.

    `admin` belongs to one event loop, the rest of it does not.
    """

    namespace: str
    user: Path
    """Kubeconfig of the user with the chart's rights in it."""
    inline: bool = False
    view: View = field(default_factory=lambda: View({}))
    _admin: KubeClient | None = None

    @property
    def admin(self) -> KubeClient:
        """Who arranges and judges."""
        if self._admin is None:
            raise RuntimeError("enter the world first")
        return self._admin

    async def enter(self, admin: KubeClient, *, inline: bool) -> None:
        """Makes everything as a scene needs it."""
        self._admin = admin
        if inline is not self.inline:
            self.inline, self.view = inline, View({})
        if not await admin.list("pods", self.namespace):
            await self._arrange_instances()
        await self.arrange()

    async def look(self) -> View:
        """What is there now, without what the garbage collector, if there were one, would take."""
        found = await self._all()
        return View({key: each for key, each in found.items() if not _is_garbage(each, found)})

    async def _all(self) -> dict[Key, KubeObject]:
        lists = await asyncio.gather(*(self.admin.list(kind, self.namespace) for kind in KINDS))
        return {
            (kind, each["metadata"]["name"]): each
            for kind, objects in zip(KINDS, lists, strict=True)
            for each in objects
        }

    async def arrange(self) -> None:
        """Makes everything, where it is not there as it should be already."""
        wanted = {(plural, body["metadata"]["name"]): body for plural, body in self._bodies()}
        now = await self._all()
        known = versions(self.view)
        changed = {key for key, each in versions(View(now)).items() if known.get(key) != each}
        await asyncio.gather(*(self._remove(key, now[key]) for key in changed))
        made = [wanted[key] for key in wanted if key in changed or key not in now]
        await asyncio.gather(*(self._make(body) for body in made))
        self.view = await self.look() if changed or made else View(now)

    async def _arrange_instances(self) -> None:
        """Pods and volumes of `pg`, all ready; the server may not write those."""
        account = {"name": "default", "namespace": self.namespace}
        await self.admin.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
        for number in (1, 2, 3):
            name = f"pg-{number}"
            labels = {
                "cnpg.io/cluster": "pg",
                "cnpg.io/instanceName": name,
                "cnpg.io/podRole": "instance",
                "cnpg.io/pvcRole": "PG_DATA",
            }
            await self.admin.create(_pod(self.namespace, name, labels))
            ready = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
            await self.admin.patch_status("pods", self.namespace, name, ready)
            await self.admin.create(_claim(self.namespace, name, labels))

    async def let_go(self, plural: str, name: str) -> None:
        """Takes the finalizers away, as the operator does when it has dropped what was declared."""
        nothing = {"metadata": {"finalizers": None}}
        await self.admin.patch(plural, self.namespace, name, nothing)

    async def drop(self, role: str) -> None:
        """Reports an inline role as dropped where that is asked for, as the operator does."""
        found = await self.admin.get("clusters", self.namespace, "pg")
        entries = found["spec"]["managed"]["roles"]
        for states in ({"pending-reconciliation": [role]}, {"reconciled": [role]}):
            if any(each["name"] == role and each["ensure"] == "absent" for each in entries):
                nothing = dict.fromkeys(("pending-reconciliation", "reconciled"))
                status = {"managedRolesStatus": {"byStatus": {**nothing, **states}}}
                await self.admin.patch_status("clusters", self.namespace, "pg", status)

    async def _remove(self, key: Key, found: KubeObject) -> None:
        if "finalizers" in found["metadata"]:
            await self.let_go(*key)
        if "deletionTimestamp" not in found["metadata"]:
            await self.admin.delete(key[0], self.namespace, key[1])

    async def _make(self, body: KubeObject) -> None:
        body = dict(body)
        status = body.pop("status", None)
        await self.admin.create(body)
        if status:
            plural, name = f"{body['kind'].lower()}s", body["metadata"]["name"]
            await self.admin.patch_status(plural, self.namespace, name, status)

    def _bodies(self) -> list[tuple[str, KubeObject]]:
        made = [*self._clusters(), *self._roles(), *self._databases(), *self._secrets()]
        return [(f"{each['kind'].lower()}s", each) for each in made]

    def _clusters(self) -> list[KubeObject]:
        entries = [
            {"name": "theirs_inline", "login": True, "passwordSecret": {"name": "theirs-inline"}}
        ]
        if self.inline:
            entries += [
                {"name": "clerk", "login": True, "passwordSecret": {"name": CLERK}},
                {"name": "readers", "login": False},
            ]
        names = [each["name"] for each in entries]
        roles = {"byStatus": {"reconciled": names}}
        pg = cluster(self.namespace, instances=3, managed={"roles": entries})
        pg["status"] = _cluster_status("pg", 3) | {"managedRolesStatus": roles}
        lone = cluster(self.namespace, "lone")
        lone["status"] = _cluster_status("lone", 1)
        return [pg, lone]

    def _roles(self) -> list[KubeObject]:
        role = partial(_named, database_role, self.namespace)
        made = [role("theirs", passwordSecret={"name": "pg-theirs"})]
        for gone in ("lone", "gone"):
            secret = {"name": f"{gone}-ours"}
            made += [_ours(role("ours", gone, passwordSecret=secret)), role("theirs", gone)]
        if not self.inline:
            clerk = _ours(role("clerk", login=True, passwordSecret={"name": CLERK}))
            clerk["metadata"]["finalizers"] = ["cnpg.io/deleteDatabaseRole"]
            made += [clerk, _ours(role("readers", login=False))]
        return [_applied(each) for each in made]

    def _databases(self) -> list[KubeObject]:
        named = partial(_named, database, self.namespace)
        shop = named("shop", owner="clerk", databaseReclaimPolicy="delete")
        made = [named("theirs"), _ours(shop), _ours(named("dropped", ensure="absent"))]
        for gone in ("lone", "gone"):
            made += [_ours(named("ours", gone)), named("theirs", gone)]
        return [_applied(each) for each in made]

    def _secrets(self) -> list[KubeObject]:
        names = ("pg-theirs", "theirs-inline", TAKEN, CLERK, "lone-ours", "gone-ours")
        made = {name: password_secret(self.namespace, name, name, "known") for name in names}
        for each in made.values():
            each["metadata"]["labels"] = dict(_LABELS)
        for name in (CLERK, "lone-ours", "gone-ours"):
            _ours(made[name])
        clerk = ("Cluster", "pg") if self.inline else ("DatabaseRole", "pg-clerk")
        _owned(made[CLERK], *clerk)
        _owned(made["lone-ours"], "DatabaseRole", "lone-ours")  # gone-ours: that has failed once
        return list(made.values())


def _named(
    make: Callable[..., KubeObject],
    namespace: str,
    name: str,
    cluster_name: str = "pg",
    **spec: object,
) -> KubeObject:
    """An object that is called after its cluster and what it declares."""
    body = make(namespace, f"{cluster_name}-{name}", cluster_name, **spec)
    body["spec"]["name"] = name
    return body


def _is_garbage(found: KubeObject, objects: dict[Key, KubeObject]) -> bool:
    """Whether it belongs to something that is gone."""
    owners = found["metadata"].get("ownerReferences") or []
    there = [(f"{each['kind'].lower()}s", each["name"]) in objects for each in owners]
    return bool(there) and not any(there)


def _owned(secret: KubeObject, kind: str, name: str) -> KubeObject:
    """As the server makes it; nothing looks at the uid here."""
    api = "postgresql.cnpg.io/v1"
    owner = {"apiVersion": api, "kind": kind, "name": name, "uid": "not-looked-at"}
    secret["metadata"]["ownerReferences"] = [owner]
    return secret


def _ours(body: KubeObject) -> KubeObject:
    body["metadata"]["annotations"] = dict(OURS)
    return body


def _applied(body: KubeObject) -> KubeObject:
    body["status"] = {"applied": True, "observedGeneration": 1}
    return body


def _cluster_status(name: str, instances: int) -> KubeObject:
    names = [f"{name}-{number}" for number in range(1, instances + 1)]
    return {
        "phase": HEALTHY,
        "instances": instances,
        "readyInstances": instances,
        "currentPrimary": names[0],
        "targetPrimary": names[0],
        "instanceNames": names,
        "instancesStatus": {"healthy": names},
    }


def _pod(namespace: str, name: str, labels: dict[str, str]) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "containers": [{"name": "postgres", "image": "registry.example/postgresql:18.4"}],
            "automountServiceAccountToken": False,
        },
    }


def _claim(namespace: str, name: str, labels: dict[str, str]) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
