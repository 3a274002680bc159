"""The evidence with the facts that several rules need, each worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

from cnpg_mcp.domain.quoting import is_object_name
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.troubles import Trouble, find_trouble
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.cluster import EVERY_INSTANCE, Cluster, ClusterSpec, ClusterStatus
from cnpg_mcp.domain.views.reports import InstanceReport, InstanceState
from cnpg_mcp.domain.views.workloads import Event, Pod

SETTLING = timedelta(seconds=60)
"""What has not settled after so long is worth a look."""

STARTING = timedelta(seconds=120)
"""An instance normally is ready within this time after its container started."""

NOTICED = timedelta(seconds=10)
"""Kubelet tells of a container's end, and of its next start, within this time."""

RECENT = timedelta(minutes=10)
"""Older events tell of things that are over, or are repeated."""

FIRST_PASS = timedelta(seconds=10)
"""Between the first conditions that the operator writes, all in its first pass."""


class State(Enum):
    """How an instance is."""

    READY = "ready"
    STARTING = "starting"
    NOT_READY = "not ready"
    FAILING = "failing"
    TERMINATING = "terminating"
    MISSING = "missing"
    FENCED = "fenced"


@dataclass(frozen=True)
class Instance:
    """One instance: its volume's or pod's name, how it is, and its pod where there is one."""

    name: str
    state: State
    pod: Pod | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True)
class Situation:
    """A cluster at one moment, as far as the evidence shows it."""

    evidence: Evidence
    now: datetime

    @property
    def cluster(self) -> Cluster:
        """The Cluster object."""
        return self.evidence.cluster

    @property
    def spec(self) -> ClusterSpec:
        """What was asked for."""
        return self.evidence.cluster.spec

    @property
    def status(self) -> ClusterStatus:
        """What the operator reports."""
        return self.evidence.cluster.status

    @property
    def phase(self) -> str:
        """What the operator says it is doing."""
        return self.evidence.cluster.status.phase

    def since(self, moment: datetime | None) -> timedelta | None:
        """How long ago a moment was, `None` for an unknown one."""
        return None if moment is None else self.now - moment

    def within(self, moment: datetime | None, limit: timedelta) -> bool:
        """Whether a known moment is no longer ago than that."""
        return moment is not None and self.now - moment <= limit

    def past(self, moment: datetime | None, limit: timedelta) -> bool:
        """Whether a known moment is longer ago than that."""
        return moment is not None and self.now - moment > limit

    # --- instances

    @cached_property
    def sees_pods(self) -> bool:
        """Whether pods could be looked at."""
        return self.evidence.pods is not None

    @cached_property
    def instance_pods(self) -> Mapping[str, Pod]:
        """Pods that run PostgreSQL, by instance."""
        return {pod.name: pod for pod in self.evidence.pods or () if pod.is_instance}

    @cached_property
    def job_pods(self) -> tuple[Pod, ...]:
        """Pods of jobs that make instances."""
        return tuple(pod for pod in self.evidence.pods or () if pod.job_role)

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """Every instance that has a volume or a pod to stay."""
        staying = (name for name, pod in self.instance_pods.items() if not pod.is_terminating)
        names = dict.fromkeys((*self._instances_with_data, *staying))
        return tuple(self._instance(name) for name in names if is_object_name(name))

    @cached_property
    def _instances_with_data(self) -> tuple[str, ...]:
        empty = set(self.status.initializing_pvc) - set(self.instance_pods)
        return tuple(name for name in self.status.instance_names if name not in empty)

    def _instance(self, name: str) -> Instance:
        if self.is_fenced(name):
            return Instance(name, State.FENCED, self.instance_pods.get(name))
        if not self.sees_pods:
            return Instance(name, self._reported_state(name))
        pod = self.instance_pods.get(name)
        if pod is None:
            return Instance(name, State.MISSING)
        trouble = find_trouble(pod, self.now)
        return Instance(name, self._pod_state(pod, trouble), pod, trouble)

    def _pod_state(self, pod: Pod, trouble: Trouble | None) -> State:
        if pod.is_terminating:
            return State.TERMINATING
        if trouble is not None:
            return State.FAILING
        if pod.is_ready:
            return State.READY
        starting = self.within(_started(pod), STARTING) and not _was_ready(pod)
        return State.STARTING if starting else State.NOT_READY

    def _reported_state(self, name: str) -> State:
        reported = self.status.instances_status
        if name in reported.healthy:
            return State.READY
        if self.phase == Phase.HEALTHY:
            return State.NOT_READY if name in reported.replicating else State.MISSING
        if name in reported.failed and not self.within(self.not_ready_since, SETTLING / 2):
            return State.NOT_READY
        return State.STARTING

    @cached_property
    def not_ready_since(self) -> datetime | None:
        """Since when the operator reports the cluster as not ready."""
        ready = self.cluster.condition("Ready")
        return ready.last_transition_time if ready is not None and not ready.is_true else None

    @cached_property
    def fenced(self) -> frozenset[str]:
        """Instances told to keep PostgreSQL stopped; `*` stands for all."""
        return self.cluster.fenced

    def is_fenced(self, name: str) -> bool:
        """Whether that instance is told to keep PostgreSQL stopped."""
        return name in self.fenced or EVERY_INSTANCE in self.fenced

    @cached_property
    def all_ready(self) -> bool:
        """Whether as many instances as asked for exist, and all of them are ready."""
        return len(self.instances) == self.spec.instances and all(
            one.state is State.READY for one in self.instances
        )

    # --- the primary

    @cached_property
    def primary(self) -> Instance | None:
        """The instance that the operator names as current primary."""
        name = self.status.current_primary
        return self._instance(name) if name else None

    @cached_property
    def changing_primary(self) -> bool:
        """Whether another primary is wanted than the current one."""
        target = self.status.target_primary
        return bool(target) and target != self.status.current_primary

    @cached_property
    def never_ready(self) -> bool:
        """Whether the cluster has not been ready since it was created."""
        ready, first = self.cluster.condition("Ready"), self.cluster.condition("Initialized")
        if ready is None or ready.is_true or not ready.last_transition_time:
            return ready is None
        begun = self.cluster.metadata.creation_timestamp
        if first is not None and first.last_transition_time is not None:
            begun = first.last_transition_time
        return begun is not None and ready.last_transition_time - begun <= FIRST_PASS

    @cached_property
    def write_endpoint(self) -> bool | None:
        """Whether the -rw Service leads to a ready pod, `None` when that was not seen."""
        if self.evidence.endpoint_slices is None:
            return None
        service = self.status.write_service or f"{self.cluster.name}-rw"
        slices = [one for one in self.evidence.endpoint_slices if one.service == service]
        return any(one.has_ready_endpoint for one in slices) if slices else None

    # --- who acts on the cluster

    @cached_property
    def operator_down(self) -> bool:
        """Whether the operator is visible and has no ready pod."""
        seen = self.evidence.operator_deployments or ()
        return bool(seen) and not any(one.status.ready_replicas for one in seen)

    @property
    def status_frozen(self) -> bool:
        """Whether nobody keeps the Cluster's status up to date."""
        return self.operator_down or self.cluster.reconciliation_disabled

    # --- events and reports

    def events_on(self, view: ObjectView, *reasons: str) -> tuple[Event, ...]:
        """Recent events about an object that exists now, with one of the reasons (or any)."""
        return tuple(
            event
            for event in self.evidence.events or ()
            if event.involved_object.name == view.name
            and event.involved_object.uid in {"", view.metadata.uid}
            and (not reasons or event.reason in reasons)
            and self.within(event.last_seen, RECENT)
        )

    @cached_property
    def _reports(self) -> Mapping[str, InstanceReport]:
        return {report.pod: report for report in self.evidence.instance_reports or ()}

    def report(self, name: str) -> InstanceReport | None:
        """What an instance answered when asked for its state."""
        return self._reports.get(name)

    @cached_property
    def primary_state(self) -> InstanceState | None:
        """What the current primary says of itself, if it answers and believes to be primary."""
        report = self.report(self.status.current_primary)
        state = report.state if report is not None else None
        return state if state is not None and state.is_primary else None

    @cached_property
    def states(self) -> Mapping[str, InstanceState]:
        """What the instances that answer say of themselves."""
        return {one.pod: one.state for one in self._reports.values() if one.state is not None}


def _was_ready(pod: Pod) -> bool:
    """Whether a pod that is not ready was ready after its container started.

    Else Ready is false since the pod's first moment, or since the end of the container before.
    """
    ready, started = pod.condition("Ready"), _started(pod)
    if ready is None or ready.last_transition_time is None or started is None:
        return False
    return ready.last_transition_time - started > NOTICED


def _started(pod: Pod) -> datetime | None:
    postgres = pod.postgres
    running = postgres.state.running if postgres is not None else None
    if running is not None and running.started_at is not None:
        return running.started_at
    return pod.metadata.creation_timestamp
