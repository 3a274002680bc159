"""The Cluster object that an order becomes, and the assumptions made on the way."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cnpg_mcp.domain.creation.order import ClusterOrder, Profile
from cnpg_mcp.domain.creation.parameters import risking_data
from cnpg_mcp.domain.marks import made_by
from cnpg_mcp.domain.quantities import amount
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import CLUSTERS, SCHEDULED_BACKUPS
from cnpg_mcp.domain.status.wording import counted
from cnpg_mcp.kube.objects import KubeObject

BARMAN_PLUGIN = "barman-cloud.cloudnative-pg.io"
_BACKUP_HOURS = 6
"""Daily backups begin in the first hours of the day."""
_MIB = 1024 * 1024
_PRODUCTION_CPU = "2"
_PRODUCTION_MEMORY = "4Gi"
_INSTANCES_FOR_SYNCHRONOUS = 3
"""With two instances, losing the only replica would stop every commit."""
_SMALLEST_WAL_MIB = 2048
_SMALLEST_MEMORY = 256 * _MIB
"""The smallest in which PostgreSQL and its instance manager have been seen to run."""


@dataclass(frozen=True)
class Draft:
    """A Cluster object ready to be sent, with what was assumed where the order was silent."""

    body: KubeObject
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class _Plan:
    """The order with the profile's answers filled in."""

    instances: int
    storage_size: str
    wal_storage_size: str | None
    cpu: str | None
    memory: str | None
    synchronous: int


def draft(order: ClusterOrder, namespace: str, image: str | None) -> Draft:
    """The Cluster object for an order; `image` only where a version was asked for."""
    plan = _fill(order)
    spec: KubeObject = {
        "instances": plan.instances,
        "storage": _storage(plan.storage_size, order.storage_class),
        "enablePDB": order.profile is Profile.PRODUCTION,
    }
    if plan.wal_storage_size:
        spec["walStorage"] = _storage(plan.wal_storage_size, order.storage_class)
    if image or order.image:
        spec["imageName"] = order.image or image
    if order.backup_object_store:
        spec["plugins"] = [_archiver(order.backup_object_store)]
    if resources := _resources(plan):
        spec["resources"] = resources
    if postgresql := _postgresql(order, plan):
        spec["postgresql"] = postgresql
    if initdb := _initdb(order):
        spec["bootstrap"] = {"initdb": initdb}
    body = {
        "apiVersion": CLUSTERS.api_version,
        "kind": CLUSTERS.kind,
        "metadata": {
            "name": order.name,
            "namespace": namespace,
            "labels": dict(order.labels),
            "annotations": made_by(order.digest(namespace)),
        },
        "spec": spec,
    }
    return Draft(body, tuple(_assumptions(order, plan, image)))


def _archiver(object_store: str) -> Mapping[str, object]:
    """The plugin that archives WAL to an ObjectStore."""
    return {
        "name": BARMAN_PLUGIN,
        "isWALArchiver": True,
        "parameters": {"barmanObjectName": object_store},
    }


def daily_at(cluster: str) -> str:
    """The time of the daily backup: not all clusters begin at once."""
    minute = int(hashlib.sha256(cluster.encode()).hexdigest(), 16) % (_BACKUP_HOURS * 60)
    return f"{minute // 60:02}:{minute % 60:02}"


def schedule_name(cluster: str) -> str:
    """The name of the schedule that is made with a cluster."""
    return f"{cluster}-daily"


def daily_backup(order: ClusterOrder, namespace: str, uid: str) -> KubeObject:
    """The ScheduledBackup of a cluster; it goes with the Cluster of that uid."""
    hour, minute = (int(part) for part in daily_at(order.name).split(":"))
    owner = {
        "apiVersion": CLUSTERS.api_version,
        "kind": CLUSTERS.kind,
        "name": order.name,
        "uid": uid,
    }
    return {
        "apiVersion": SCHEDULED_BACKUPS.api_version,
        "kind": SCHEDULED_BACKUPS.kind,
        "metadata": {
            "name": schedule_name(order.name),
            "namespace": namespace,
            "annotations": made_by(order.digest(namespace)),
            "ownerReferences": [owner],
        },
        "spec": {
            "cluster": {"name": order.name},
            "schedule": f"0 {minute} {hour} * * *",  # six fields: seconds come first
            "method": "plugin",
            "pluginConfiguration": {"name": BARMAN_PLUGIN},
            "backupOwnerReference": "none",
        },
    }


def _fill(order: ClusterOrder) -> _Plan:
    production = order.profile is Profile.PRODUCTION
    instances = order.wanted_instances
    storage = order.storage_size or "1Gi"
    synchronous = order.synchronous_replicas
    if synchronous is None:
        synchronous = 1 if production and instances >= _INSTANCES_FOR_SYNCHRONOUS else 0
    return _Plan(
        instances=instances,
        storage_size=storage,
        wal_storage_size=order.wal_storage_size or (_wal_size(storage) if production else None),
        cpu=order.cpu or (_PRODUCTION_CPU if production else None),
        memory=order.memory or (_PRODUCTION_MEMORY if production else None),
        synchronous=synchronous,
    )


def _wal_size(storage: str) -> str:
    return f"{max(_quarter_in_mib(storage), _SMALLEST_WAL_MIB)}Mi"


def _storage(size: str, storage_class: str | None) -> Mapping[str, str]:
    return {"size": size, **({"storageClass": storage_class} if storage_class else {})}


def _resources(plan: _Plan) -> Mapping[str, object] | None:
    """Requests equal to limits: guaranteed quality of service, so the kernel kills others first."""
    amounts = {
        name: amount for name, amount in (("cpu", plan.cpu), ("memory", plan.memory)) if amount
    }
    return {"requests": amounts, "limits": amounts} if amounts else None


def _postgresql(order: ClusterOrder, plan: _Plan) -> Mapping[str, object] | None:
    section: dict[str, object] = {}
    parameters = dict(order.parameters)
    if plan.memory and not _sets_shared_buffers(order):
        parameters["shared_buffers"] = _shared_buffers(plan.memory)
    if parameters:
        section["parameters"] = parameters
    if plan.synchronous:
        section["synchronous"] = {"method": "any", "number": plan.synchronous}
    return section or None


def _shared_buffers(memory: str) -> str:
    """A quarter of the memory, as PostgreSQL's documentation recommends."""
    return f"{max(_quarter_in_mib(memory), 1)}MB"


def _quarter_in_mib(quantity: str) -> int:
    return int((amount(quantity) or 0) / 4 / _MIB)


def _initdb(order: ClusterOrder) -> Mapping[str, str] | None:
    owner = order.wanted_owner
    return {"database": order.database or "app", "owner": owner} if owner else None


def _assumptions(order: ClusterOrder, plan: _Plan, image: str | None) -> list[str]:
    """What the order did not say, in sentences for a person."""
    memory, risky = plan.memory or "", risking_data(order.parameters)
    silent = order.synchronous_replicas is None
    notes = (
        (True, f"profile {order.profile}"),
        (order.instances is None, counted(plan.instances, "instance")),
        (order.storage_size is None, f"a volume of {plan.storage_size} for each instance"),
        (
            plan.wal_storage_size and not order.wal_storage_size,
            f"a separate WAL volume of {plan.wal_storage_size}",
        ),
        (plan.cpu and not order.cpu, f"{plan.cpu} CPUs for each instance"),
        (memory and not order.memory, f"{memory} of memory for each instance"),
        (memory and not _sets_shared_buffers(order), "shared_buffers: a quarter of the memory"),
        (
            plan.synchronous and silent,
            "every commit waits for one replica (synchronous replication)",
        ),
        (
            order.profile is Profile.PRODUCTION and not plan.synchronous and silent,
            (
                "no synchronous replication, which the profile has with "
                f"{_INSTANCES_FOR_SYNCHRONOUS} instances or more"
            ),
        ),
        (
            memory and (amount(memory) or 0) < _SMALLEST_MEMORY,
            "with less than 256Mi of memory PostgreSQL may not start, or may be killed",
        ),
        (
            image,
            f"image {quoted(image or '')}, not looked up: the operator's, with postgres_version",
        ),
        (plan.instances == 1, "one instance: no failover"),
        (not order.backup_object_store, "no backup is configured"),
        (risky, f"a crash may cost data, as asked for by {', '.join(risky)}"),
        (
            order.backup_object_store,
            f"WAL archived to the object store, and a backup daily at {daily_at(order.name)} UTC",
        ),
    )
    return [text for applies, text in notes if applies]


def _sets_shared_buffers(order: ClusterOrder) -> bool:
    return "shared_buffers" in order.parameters
