"""Whether writes are possible now, and whether a pause of them was asked for."""

from datetime import timedelta

from cnpg_mcp.domain.status import phases
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import RECENT, SETTLING, STARTING, Situation, State
from cnpg_mcp.domain.views.cluster import HIBERNATION

SWITCHING = timedelta(seconds=120)
"""A switchover normally takes some seconds; the old primary may take longer to shut down."""

ARRIVING = timedelta(seconds=10)
"""From a ready pod to the endpoint of its Service; usually it takes less than one."""

UNATTENDED = timedelta(seconds=10)
"""Without instances for longer than this before the first pod came: woken, not crashed."""

_OWN_FINALIZERS = frozenset({"foregroundDeletion", "orphan"})
"""Kubernetes' own; they go by themselves."""


def writes_possible(situation: Situation) -> bool | None:
    """Whether a client can commit now; `None` when nothing tells.

    For a replica cluster: whether its designated primary runs.
    """
    serving = primary_serves(situation)
    return serving and not commits_blocked(situation)


def primary_serves(situation: Situation) -> bool | None:
    """Whether a primary runs and is reachable; `None` when nothing tells."""
    primary = situation.primary
    if primary is None:
        return None if situation.cluster.is_replica_cluster and situation.all_ready else False
    if primary.state is State.FENCED:
        return False
    if situation.write_endpoint is not None:
        return situation.write_endpoint
    if situation.sees_pods:
        pod = primary.pod
        return primary.state is State.READY and pod is not None and pod.instance_role != "unhealthy"
    return _reported_as_serving(situation)


def _reported_as_serving(situation: Situation) -> bool | None:
    status = situation.status
    if situation.phase == Phase.FAILING_OVER or situation.changing_primary:
        return False
    reported = status.instances_status
    if reported.healthy or reported.replicating or reported.failed:
        return status.current_primary in reported.healthy
    if status.ready_instances == 0:
        return False
    return True if status.ready_instances >= status.instances else None


def commits_blocked(situation: Situation) -> bool:
    """Whether every commit waits for a synchronous standby that cannot confirm.

    Only claimed for sure: from what the primary itself reports, else when fewer instances run
    than have to confirm.
    """
    synchronous = situation.spec.postgresql.synchronous
    if synchronous is None or not synchronous.blocks_commits:
        return False
    if situation.cluster.is_replica_cluster:
        return False
    return standbys(situation) < synchronous.number


def standbys(situation: Situation) -> int:
    """How many standbys may confirm a synchronous commit, at most.

    One of this cluster's own that streams counts in any case: where PostgreSQL does not call it
    synchronous, the setting has not arrived there yet, and commits do not wait.
    """
    state = situation.primary_state
    if state is not None:
        own = set(_names(situation))
        return sum(
            one.confirms_commits or (one.is_streaming and one.application_name in own)
            for one in state.replication_info
        )
    synchronous = situation.spec.postgresql.synchronous
    outsiders = synchronous.number if synchronous and synchronous.names_outsiders else 0
    return outsiders + sum(
        _runs(situation, name) for name in _names(situation) if not situation.is_fenced(name)
    )


def _names(situation: Situation) -> tuple[str, ...]:
    primary = situation.status.current_primary
    return tuple(one.name for one in situation.instances if one.name != primary)


def _runs(situation: Situation, name: str) -> bool:
    if not situation.sees_pods:
        reported = situation.status.instances_status
        return name in reported.healthy or name in reported.replicating
    pod = situation.instance_pods.get(name)
    if pod is None:
        return False
    return pod.is_ready or (pod.postgres is not None and pod.postgres.state.running is not None)


def held_finalizers(situation: Situation) -> tuple[str, ...]:
    """Finalizers that somebody has to take away before a deleted cluster goes."""
    return tuple(
        name for name in situation.cluster.metadata.finalizers if name not in _OWN_FINALIZERS
    )


def bootstrapping(situation: Situation) -> bool:
    """Whether the cluster has not served yet: its first instance is made, or starts."""
    return not situation.status.current_primary or (
        situation.never_ready
        and situation.within(situation.status.current_primary_timestamp, STARTING)
    )


def waking(situation: Situation) -> bool:
    """Whether instances start after a hibernation: there was none for a while, then a new pod."""
    annotations = situation.cluster.metadata.annotations
    if annotations.get(HIBERNATION) != "off" or situation.write_endpoint:
        return False
    seen = situation.cluster.condition("ConsistentSystemID")
    born = [pod.metadata.creation_timestamp for pod in situation.instance_pods.values()]
    first = min((moment for moment in born if moment is not None), default=None)
    if first is None or seen is None or seen.is_true or seen.last_transition_time is None:
        return False
    return first - seen.last_transition_time > UNATTENDED and situation.within(first, STARTING)


def restart_asked(situation: Situation) -> bool:
    """Whether instances restart because somebody asked for it, lately."""
    if situation.phase not in phases.WORKING:
        return False
    return situation.within(situation.cluster.restarted_at, RECENT / 2) or any(
        situation.within(event.last_seen, STARTING)
        for event in situation.events_on(situation.cluster, "UpgradingInstance")
    )


def arriving(situation: Situation) -> bool:
    """Whether the primary became ready a moment ago, and its Service does not lead to it yet."""
    primary = situation.primary
    if primary is None or primary.state is not State.READY or primary.pod is None:
        return False
    if situation.changing_primary or situation.phase == Phase.FAILING_OVER:
        return False
    ready = primary.pod.condition("Ready")
    return (
        situation.write_endpoint is False
        and primary.pod.instance_role == "primary"
        and ready is not None
        and situation.within(ready.last_transition_time, ARRIVING)
    )


def switching_over(situation: Situation) -> bool:
    """Whether a planned change of the primary is under way and not overdue."""
    return (
        situation.phase == Phase.SWITCHOVER
        and situation.changing_primary
        and not situation.past(situation.status.target_primary_timestamp, SWITCHING)
    )


def just_switched(situation: Situation) -> bool:
    """Whether the primary changed, as planned, a moment ago."""
    status = situation.status
    return situation.phase == Phase.SWITCHOVER and situation.within(
        status.current_primary_timestamp or status.target_primary_timestamp, SETTLING
    )


def pause_planned(situation: Situation) -> bool:
    """Whether writes pause, or have not begun, because of something that was asked for.

    Or because the primary has come up this very moment.
    """
    if situation.phase == Phase.FAILING_OVER:
        return False
    return (
        bootstrapping(situation)
        or (situation.never_ready and bool(primary_serves(situation)))
        or situation.phase in phases.UPDATING
        or situation.phase == Phase.MAJOR_UPGRADE
        or switching_over(situation)
        or just_switched(situation)
        or waking(situation)
        or restart_asked(situation)
        or arriving(situation)
        or (situation.cluster.being_deleted and not held_finalizers(situation))
    )
