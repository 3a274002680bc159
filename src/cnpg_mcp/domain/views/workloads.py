"""Typed views of what Kubernetes runs for a Cluster: pods, volumes, jobs, events, endpoints."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime, Field

from cnpg_mcp.domain.views.base import Condition, ObjectView, View

INSTANCE_NAME = "cnpg.io/instanceName"
INSTANCE_ROLE = "cnpg.io/instanceRole"
JOB_NAME = "batch.kubernetes.io/job-name"
JOB_ROLE = "cnpg.io/jobRole"
POD_ROLE = "cnpg.io/podRole"
POOLER_NAME = "cnpg.io/poolerName"
SERVICE_NAME = "kubernetes.io/service-name"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"

Quantity = str | int | float


class Waiting(View):
    """Why a container has not started."""

    reason: str = ""
    message: str = ""


class Running(View):
    """Since when a container runs."""

    started_at: AwareDatetime | None = None


class Terminated(View):
    """How a container ended."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""
    finished_at: AwareDatetime | None = None


class ContainerState(View):
    """One of three, or nothing yet."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class Container(View):
    """The state of one container of a pod."""

    name: str = ""
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    state: ContainerState = Field(default_factory=ContainerState)
    last_state: ContainerState = Field(default_factory=ContainerState)

    @property
    def last_end(self) -> Terminated | None:
        """How it ended the last time, if it ever did."""
        return self.state.terminated or self.last_state.terminated


class PodSpec(View):
    """`spec` of a Pod."""

    node_name: str = ""


class PodStatus(View):
    """`status` of a Pod."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    init_container_statuses: tuple[Container, ...] = ()
    container_statuses: tuple[Container, ...] = ()


class Pod(ObjectView):
    """A pod of an instance, of a bootstrap or join job, or of a pooler."""

    spec: PodSpec = Field(default_factory=PodSpec)
    status: PodStatus = Field(default_factory=PodStatus)

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type, if reported."""
        return next((one for one in self.status.conditions if one.type == kind), None)

    @property
    def containers(self) -> tuple[Container, ...]:
        """Init containers, then containers."""
        return self.status.init_container_statuses + self.status.container_statuses

    @property
    def postgres(self) -> Container | None:
        """The container that runs PostgreSQL, once kubelet reports it."""
        return next((one for one in self.status.container_statuses if one.name == "postgres"), None)

    @property
    def restarts(self) -> int:
        """How often its containers were restarted."""
        return sum(one.restart_count for one in self.containers)

    @property
    def is_ready(self) -> bool:
        """Whether its readiness probes pass."""
        ready = self.condition("Ready")
        return ready is not None and ready.is_true

    @property
    def is_terminating(self) -> bool:
        """Whether it was told to go."""
        return self.metadata.deletion_timestamp is not None

    @property
    def is_instance(self) -> bool:
        """Whether it runs PostgreSQL for the cluster."""
        return self.metadata.labels.get(POD_ROLE) == "instance"

    @property
    def instance_role(self) -> str:
        """`primary`, `replica`, `unhealthy`, or empty while the operator has not decided."""
        return self.metadata.labels.get(INSTANCE_ROLE, "")

    @property
    def instance_name(self) -> str:
        """The instance it works for; a job's pod carries the name of the instance it makes."""
        return self.metadata.labels.get(INSTANCE_NAME, self.name)

    @property
    def job_role(self) -> str:
        """What kind of job it belongs to, empty for none."""
        return self.metadata.labels.get(JOB_ROLE, "")

    @property
    def job_name(self) -> str:
        """The job it belongs to, empty for none."""
        labels = self.metadata.labels
        return labels.get(JOB_NAME, labels.get("job-name", ""))

    @property
    def pooler_name(self) -> str:
        """The Pooler it belongs to, empty for none."""
        return self.metadata.labels.get(POOLER_NAME, "")


class VolumeRequests(View):
    """`spec.resources` of a claim."""

    requests: Mapping[str, Quantity] = Field(default_factory=dict)


class ClaimSpec(View):
    """`spec` of a PersistentVolumeClaim."""

    storage_class_name: str | None = None
    resources: VolumeRequests = Field(default_factory=VolumeRequests)


class ClaimStatus(View):
    """`status` of a PersistentVolumeClaim."""

    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class PersistentVolumeClaim(ObjectView):
    """A volume of an instance."""

    spec: ClaimSpec = Field(default_factory=ClaimSpec)
    status: ClaimStatus = Field(default_factory=ClaimStatus)

    @property
    def instance_name(self) -> str:
        """The instance whose data or WAL it holds."""
        return self.metadata.labels.get(INSTANCE_NAME, "")

    @property
    def is_terminating(self) -> bool:
        """Whether it was deleted; it stays until no pod uses it."""
        return self.metadata.deletion_timestamp is not None


class JobStatus(View):
    """`status` of a Job."""

    active: int = 0
    failed: int = 0
    succeeded: int = 0
    conditions: tuple[Condition, ...] = ()


class Job(ObjectView):
    """A job that makes an instance: initdb, join, a recovery."""

    status: JobStatus = Field(default_factory=JobStatus)

    def _has(self, kind: str) -> bool:
        return any(one.type == kind and one.is_true for one in self.status.conditions)

    @property
    def role(self) -> str:
        """What it does."""
        return self.metadata.labels.get(JOB_ROLE, "")

    @property
    def instance_name(self) -> str:
        """The instance that it makes."""
        return self.metadata.labels.get(INSTANCE_NAME, "")

    @property
    def has_failed(self) -> bool:
        """Whether it gave up."""
        return self._has("Failed")

    @property
    def is_done(self) -> bool:
        """Whether it ended well."""
        return self.status.succeeded > 0 or self._has("Complete")


class ObjectReference(View):
    """The object an event is about."""

    kind: str = ""
    name: str = ""
    uid: str = ""


class EventSeries(View):
    """The newer way of counting repeated events."""

    last_observed_time: AwareDatetime | None = None


class Event(ObjectView):
    """A core/v1 Event."""

    reason: str = ""
    message: str = ""
    involved_object: ObjectReference = Field(default_factory=ObjectReference)
    last_timestamp: AwareDatetime | None = None
    event_time: AwareDatetime | None = None
    series: EventSeries = Field(default_factory=EventSeries)

    @property
    def last_seen(self) -> datetime | None:
        """When it happened last."""
        return (
            self.series.last_observed_time
            or self.last_timestamp
            or self.event_time
            or self.metadata.creation_timestamp
        )


class EndpointConditions(View):
    """Whether an endpoint takes traffic; an absent `ready` counts as ready (discovery/v1)."""

    ready: bool = True


class Endpoint(View):
    """One address behind a Service."""

    conditions: EndpointConditions = Field(default_factory=EndpointConditions)


class EndpointSlice(ObjectView):
    """Addresses behind a Service."""

    endpoints: tuple[Endpoint, ...] = ()

    @property
    def service(self) -> str:
        """The Service it belongs to."""
        return self.metadata.labels.get(SERVICE_NAME, "")

    @property
    def has_ready_endpoint(self) -> bool:
        """Whether the Service leads anywhere."""
        return any(one.conditions.ready for one in self.endpoints)


class QuotaStatus(View):
    """`status` of a ResourceQuota."""

    hard: Mapping[str, Quantity] = Field(default_factory=dict)
    used: Mapping[str, Quantity] = Field(default_factory=dict)


class ResourceQuota(ObjectView):
    """What a namespace may use."""

    status: QuotaStatus = Field(default_factory=QuotaStatus)


class StorageClass(ObjectView):
    """How volumes are made."""

    allow_volume_expansion: bool = False

    @property
    def is_default(self) -> bool:
        """Whether claims that name no class get this one."""
        return self.metadata.annotations.get(DEFAULT_CLASS) == "true"


class DeploymentStatus(View):
    """`status` of a Deployment."""

    ready_replicas: int = 0


class Deployment(ObjectView):
    """A Deployment, here of the operator."""

    status: DeploymentStatus = Field(default_factory=DeploymentStatus)
