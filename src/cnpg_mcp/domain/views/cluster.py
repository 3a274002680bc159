"""A typed view of the Cluster object: what was asked for, and what the operator reports."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from cnpg_mcp.domain.views.base import Condition, ObjectView, View
from cnpg_mcp.domain.views.declarative import ManagedRole, ManagedRolesStatus, SecretReference

FENCED_INSTANCES = "cnpg.io/fencedInstances"
HIBERNATION = "cnpg.io/hibernation"
RECONCILIATION_LOOP = "cnpg.io/reconciliationLoop"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

EVERY_INSTANCE = "*"
"""In the fencing annotation: all instances of the cluster."""


_TIME: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class StorageSpec(View):
    """`spec.storage` and `spec.walStorage`."""

    size: str = ""
    storage_class: str = ""


class ImageCatalogReference(View):
    """`spec.imageCatalogRef`: where the image of a PostgreSQL major version is looked up."""

    kind: str = ""
    name: str = ""
    major: int = 0


class BootstrapMethod(View):
    """What every method of `spec.bootstrap` says of the application's database and its owner."""

    database: str = ""
    owner: str = ""
    secret: SecretReference | None = None


class Bootstrap(View):
    """`spec.bootstrap`: at most one method is set, and only creation looks at it."""

    initdb: BootstrapMethod | None = None
    recovery: BootstrapMethod | None = None
    pg_basebackup: BootstrapMethod | None = Field(None, alias="pg_basebackup")

    @property
    def method(self) -> BootstrapMethod:
        """The method that is set; an empty one for none."""
        return self.initdb or self.recovery or self.pg_basebackup or BootstrapMethod()


class Synchronous(View):
    """`spec.postgresql.synchronous`."""

    number: int = 0
    data_durability: str = "required"
    standby_names_pre: tuple[str, ...] = ()
    standby_names_post: tuple[str, ...] = ()

    @property
    def blocks_commits(self) -> bool:
        """Whether commits wait while fewer than `number` standbys confirm."""
        return self.number > 0 and self.data_durability == "required"

    @property
    def names_outsiders(self) -> bool:
        """Whether standbys outside this cluster may confirm as well."""
        return bool(self.standby_names_pre or self.standby_names_post)


class PostgresSpec(View):
    """`spec.postgresql`."""

    parameters: Mapping[str, str] = Field(default_factory=dict)
    synchronous: Synchronous | None = None


class BackupSpec(View):
    """`spec.backup`."""

    barman_object_store: Mapping[str, Any] | None = None
    volume_snapshot: Mapping[str, Any] | None = None


class Plugin(View):
    """One entry of `spec.plugins`."""

    name: str = ""
    enabled: bool = True
    is_wal_archiver: bool = Field(default=False, alias="isWALArchiver")


class ManagedServices(View):
    """`spec.managed.services`."""

    disabled_default_services: tuple[str, ...] = ()


class ManagedSpec(View):
    """`spec.managed`."""

    roles: tuple[ManagedRole, ...] = ()
    services: ManagedServices = Field(default_factory=ManagedServices)


class ConnectionParameters(View):
    """Where an external cluster is reached."""

    host: str = ""


class ExternalCluster(View):
    """One entry of `spec.externalClusters`."""

    name: str = ""
    connection_parameters: ConnectionParameters = Field(default_factory=ConnectionParameters)


class ReplicaCluster(View):
    """`spec.replica`: this cluster follows another one."""

    enabled: bool | None = None
    primary: str = ""
    source: str = ""
    self_name: str = Field("", alias="self")


class Resources(View):
    """`spec.resources`: quantities as the user wrote them."""

    requests: Mapping[str, str | int | float] = Field(default_factory=dict)
    limits: Mapping[str, str | int | float] = Field(default_factory=dict)


class CertificatesSpec(View):
    """`spec.certificates`: Secrets that the user supplies; the operator does not renew these."""

    server_ca_secret: str = Field("", alias="serverCASecret")
    server_tls_secret: str = Field("", alias="serverTLSSecret")
    client_ca_secret: str = Field("", alias="clientCASecret")
    replication_tls_secret: str = Field("", alias="replicationTLSSecret")

    @property
    def supplied(self) -> frozenset[str]:
        """The names of all Secrets that the user supplies."""
        names = (
            self.server_ca_secret,
            self.server_tls_secret,
            self.client_ca_secret,
            self.replication_tls_secret,
        )
        return frozenset(name for name in names if name)


class ClusterSpec(View):
    """`spec` of a Cluster."""

    instances: int = 1
    image_name: str = ""
    image_catalog_ref: ImageCatalogReference | None = None
    storage: StorageSpec = Field(default_factory=StorageSpec)
    wal_storage: StorageSpec | None = None
    resources: Resources = Field(default_factory=Resources)
    bootstrap: Bootstrap = Field(default_factory=Bootstrap)
    postgresql: PostgresSpec = Field(default_factory=PostgresSpec)
    backup: BackupSpec = Field(default_factory=BackupSpec)
    plugins: tuple[Plugin, ...] = ()
    managed: ManagedSpec = Field(default_factory=ManagedSpec)
    replica: ReplicaCluster = Field(default_factory=ReplicaCluster)
    external_clusters: tuple[ExternalCluster, ...] = ()
    certificates: CertificatesSpec = Field(default_factory=CertificatesSpec)
    enable_superuser_access: bool = False
    max_sync_replicas: int = 0
    superuser_secret: SecretReference | None = None


class InstancesStatus(View):
    """`status.instancesStatus`: pod names; `replicating` means active but not ready."""

    healthy: tuple[str, ...] = ()
    replicating: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class CertificatesStatus(View):
    """`status.certificates`: Secret names, and when what is in them expires."""

    server_ca_secret: str = Field("", alias="serverCASecret")
    server_tls_secret: str = Field("", alias="serverTLSSecret")
    client_ca_secret: str = Field("", alias="clientCASecret")
    replication_tls_secret: str = Field("", alias="replicationTLSSecret")
    expirations: Mapping[str, str] = Field(default_factory=dict)


class PgDataImage(View):
    """`status.pgDataImageInfo`: what wrote the data directory."""

    major_version: int | None = None


class ClusterStatus(View):
    """`status` of a Cluster; it freezes when the operator is down or told to leave it alone."""

    phase: str = ""
    phase_reason: str = ""
    instances: int = 0
    ready_instances: int = 0
    instance_names: tuple[str, ...] = ()
    instances_status: InstancesStatus = Field(default_factory=InstancesStatus)
    current_primary: str = ""
    target_primary: str = ""
    current_primary_timestamp: AwareDatetime | None = None
    target_primary_timestamp: AwareDatetime | None = None
    conditions: tuple[Condition, ...] = ()
    certificates: CertificatesStatus = Field(default_factory=CertificatesStatus)
    image: str = ""
    pg_data_image_info: PgDataImage = Field(default_factory=PgDataImage)
    managed_roles_status: ManagedRolesStatus = Field(default_factory=ManagedRolesStatus)
    write_service: str = ""
    last_successful_backup: str = ""
    pvc_count: int = 0
    initializing_pvc: tuple[str, ...] = Field((), alias="initializingPVC")
    unusable_pvc: tuple[str, ...] = Field((), alias="unusablePVC")


class Cluster(ObjectView):
    """A PostgreSQL cluster (`clusters.postgresql.cnpg.io`)."""

    spec: ClusterSpec = Field(default_factory=ClusterSpec)
    status: ClusterStatus = Field(default_factory=ClusterStatus)

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type, if the operator reports it."""
        return next((one for one in self.status.conditions if one.type == kind), None)

    @property
    def being_deleted(self) -> bool:
        """Whether deletion was asked for; it cannot be taken back."""
        return self.metadata.deletion_timestamp is not None

    @property
    def hibernation_asked(self) -> bool:
        """Whether the hibernation annotation says `on`."""
        return self.metadata.annotations.get(HIBERNATION) == "on"

    @property
    def reconciliation_disabled(self) -> bool:
        """Whether the operator is told to leave this cluster alone; its status is frozen then."""
        return self.metadata.annotations.get(RECONCILIATION_LOOP) == "disabled"

    @property
    def restarted_at(self) -> datetime | None:
        """When a rolling restart was asked for."""
        try:
            return _TIME.validate_python(self.metadata.annotations.get(RESTARTED_AT))
        except ValidationError:
            return None

    @property
    def fenced(self) -> frozenset[str]:
        """Instances told to stop PostgreSQL; `*` stands for all. Anything but names fences none."""
        try:
            names = json.loads(self.metadata.annotations.get(FENCED_INSTANCES, "[]"))
        except (ValueError, RecursionError):
            return frozenset()
        is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return frozenset(names) if is_list else frozenset()

    @property
    def is_replica_cluster(self) -> bool:
        """Whether it follows another cluster and takes no writes by design."""
        replica = self.spec.replica
        if replica.enabled is not None:
            return replica.enabled
        return bool(replica.primary) and replica.primary != (replica.self_name or self.name)

    def follows(self, other: "Cluster") -> bool:
        """Whether it replicates from another cluster of its namespace."""
        if not self.is_replica_cluster:
            return False
        hosts = {f"{other.name}-{kind}" for kind in ("rw", "r", "ro")}
        return any(
            source.name == self.spec.replica.source
            and source.connection_parameters.host.partition(".")[0] in hosts
            for source in self.spec.external_clusters
        )

    @property
    def archives_wal(self) -> bool:
        """Whether a WAL archive is configured; without one the archive command does nothing."""
        if self.spec.backup.barman_object_store is not None:
            return True
        return any(plugin.enabled and plugin.is_wal_archiver for plugin in self.spec.plugins)

    @property
    def backs_up(self) -> bool:
        """Whether a way of backing up is configured: a WAL archive, or volume snapshots."""
        return self.archives_wal or self.spec.backup.volume_snapshot is not None
