"""What an assessment is made from, and where each part of it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cnpg_mcp.domain import resources
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole
from cnpg_mcp.domain.views.dependents import Backup, Pooler, ScheduledBackup
from cnpg_mcp.domain.views.reports import InstanceReport
from cnpg_mcp.domain.views.workloads import (
    Deployment,
    EndpointSlice,
    Event,
    Job,
    PersistentVolumeClaim,
    Pod,
    ResourceQuota,
    StorageClass,
)
from cnpg_mcp.kube.objects import Resource

OPERATOR_LABEL = "app.kubernetes.io/name=cloudnative-pg"
"""How the operator's Deployment is found, in whatever namespace it is."""

NOT_READ = "not read"
"""Why a part is missing when nobody tried to read it."""


@dataclass(frozen=True)
class Evidence:
    """What was seen of a cluster and around it.

    A part that is `None` could not be seen; `unseen` says why, by the name of the part. It names
    a part of which only the beginning was read as well. An empty tuple means that there is
    nothing, except for `operator_deployments`: the operator may run where it is not visible as a
    Deployment with the usual label.
    """

    cluster: Cluster
    pods: tuple[Pod, ...] | None = None
    persistent_volume_claims: tuple[PersistentVolumeClaim, ...] | None = None
    jobs: tuple[Job, ...] | None = None
    events: tuple[Event, ...] | None = None
    endpoint_slices: tuple[EndpointSlice, ...] | None = None
    resource_quotas: tuple[ResourceQuota, ...] | None = None
    storage_classes: tuple[StorageClass, ...] | None = None
    operator_deployments: tuple[Deployment, ...] | None = None
    backups: tuple[Backup, ...] | None = None
    scheduled_backups: tuple[ScheduledBackup, ...] | None = None
    poolers: tuple[Pooler, ...] | None = None
    databases: tuple[Database, ...] | None = None
    database_roles: tuple[DatabaseRole, ...] | None = None
    instance_reports: tuple[InstanceReport, ...] | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)

    def missing(self) -> Mapping[str, str]:
        """The parts that were not seen, or not wholly, and why."""
        return {
            part: self.unseen.get(part, NOT_READ)
            for part in (*SOURCES, INSTANCE_REPORTS)
            if part in self.unseen or getattr(self, part) is None
        }


BACKUPS = "backups"

Keep = Callable[[Cluster, Any], bool]


def _all(_cluster: Cluster, _view: ObjectView) -> bool:
    return True


def _refers(
    cluster: Cluster, view: Backup | ScheduledBackup | Pooler | Database | DatabaseRole
) -> bool:
    return view.spec.cluster.name == cluster.name


def _concerns(cluster: Cluster, event: Event) -> bool:
    name = event.involved_object.name
    return name == cluster.name or name.startswith(f"{cluster.name}-")


@dataclass(frozen=True)
class Source:
    """How one part of the evidence is read.

    Each entry of `selectors` is one list request: its query parameters, in whose values `{name}`
    stands for the cluster's name. `anywhere` asks in all namespaces, otherwise in the cluster's.
    What the API cannot select is filtered by `keep`. `partly`: when there is too much to be read,
    the beginning is of use, because rules never conclude from what is not in it.
    """

    resource: Resource
    view: type[ObjectView]
    selectors: tuple[Mapping[str, str], ...] = (MappingProxyType({}),)
    keep: Keep = _all
    anywhere: bool = False
    partly: bool = False


_OF_CLUSTER: tuple[Mapping[str, str], ...] = (
    MappingProxyType({"labelSelector": "cnpg.io/cluster={name}"}),
)

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "pods": Source(resources.PODS, Pod, _OF_CLUSTER),
        "persistent_volume_claims": Source(
            resources.PERSISTENT_VOLUME_CLAIMS, PersistentVolumeClaim, _OF_CLUSTER
        ),
        "jobs": Source(resources.JOBS, Job, _OF_CLUSTER),
        "events": Source(
            resources.EVENTS,
            Event,
            (
                {"fieldSelector": "involvedObject.kind=Cluster,involvedObject.name={name}"},
                {"fieldSelector": "involvedObject.kind!=Cluster,type=Warning"},
            ),
            _concerns,
            partly=True,
        ),
        "endpoint_slices": Source(
            resources.ENDPOINT_SLICES,
            EndpointSlice,
            ({"labelSelector": "kubernetes.io/service-name={name}-rw"},),
        ),
        "resource_quotas": Source(resources.RESOURCE_QUOTAS, ResourceQuota, partly=True),
        "storage_classes": Source(resources.STORAGE_CLASSES, StorageClass, anywhere=True),
        "operator_deployments": Source(
            resources.DEPLOYMENTS,
            Deployment,
            ({"labelSelector": OPERATOR_LABEL},),
            anywhere=True,
        ),
        BACKUPS: Source(resources.BACKUPS, Backup, keep=_refers),
        "scheduled_backups": Source(resources.SCHEDULED_BACKUPS, ScheduledBackup, keep=_refers),
        "poolers": Source(resources.POOLERS, Pooler, keep=_refers, partly=True),
        "databases": Source(resources.DATABASES, Database, keep=_refers, partly=True),
        "database_roles": Source(resources.DATABASE_ROLES, DatabaseRole, keep=_refers, partly=True),
    }
)
"""Every part that is a list of objects, by its name in `Evidence`."""

MAX_CHUNKS = 4
"""Requests to a selector; what is longer is not read to its end."""

PATIENCE = 10.0
"""Seconds that the reading of one part may take."""

INSTANCE_REPORTS = "instance_reports"
REPORT_PORT = 8000
REPORT_PATH = "/pg/status"
REPORT_TIMEOUT = 5.0
"""Each instance's report is one GET through the API server to its pod's https status port:
`pods/https:POD:8000/proxy/pg/status`. A frozen PostgreSQL does not answer; seconds to wait."""
