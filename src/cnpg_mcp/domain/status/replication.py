"""Rules about replication: synchronous standbys, streaming, system identifiers, restarts due."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.phases import WORKING, Phase
from cnpg_mcp.domain.status.situation import SETTLING, Instance, Situation, State
from cnpg_mcp.domain.status.wording import agreeing, counted, listed
from cnpg_mcp.domain.status.writes import (
    commits_blocked,
    pause_planned,
    primary_serves,
    standbys,
)

_STREAMING_BEGINS = SETTLING + timedelta(seconds=30)


def synchronous(situation: Situation) -> Iterator[Finding]:
    """Commits wait for synchronous standbys that are not there."""
    wanted = situation.spec.postgresql.synchronous
    if wanted is None or not primary_serves(situation) or not commits_blocked(situation):
        return
    gone = [
        one.name
        for one in situation.instances
        if one.state is not State.READY and one.name != situation.status.current_primary
    ]
    waits = (
        f"Every commit waits: {counted(wanted.number, 'synchronous standby')} "
        f"{agreeing(wanted.number, 'has', 'have')} to confirm and {standbys(situation)} can"
        f"{' (' + listed(gone) + ' missing)' if gone else ''}. Reads work."
    )
    if pause_planned(situation):
        yield info(
            FindingCode.SYNCHRONOUS_STANDBYS_MISSING,
            waits,
            "The replicas are still being made."
            if situation.never_ready
            else "Replicas restart or are replaced, as asked.",
            "Commits go on by themselves once enough replicas stream; ask again in a minute.",
        )
        return
    yield critical(
        FindingCode.SYNCHRONOUS_STANDBYS_MISSING,
        waits,
        "dataDurability is required and too few standbys run.",
        f"Bring {listed(gone) or 'the standbys'} back. In an emergency lower "
        "spec.postgresql.synchronous, or set its dataDurability to preferred.",
    )


def streaming(situation: Situation) -> Iterator[Finding]:
    """Replicas that are ready and get no WAL from the primary."""
    state = situation.primary_state
    if state is None or situation.changing_primary or situation.cluster.is_replica_cluster:
        return
    connected = {one.application_name for one in state.replication_info}
    for one in situation.instances:
        if one.name in connected or one.name == situation.status.current_primary:
            continue
        if _ready_for_long(situation, one):
            yield warning(
                FindingCode.REPLICA_NOT_STREAMING,
                f"Replica {one.name} is ready and does not stream from the primary: it falls "
                "behind.",
                "Its connection to the primary fails, or WAL it needs is gone.",
                f"Read the log of {one.name}; deleting its PersistentVolumeClaim and pod clones it "
                "anew.",
            )


def _ready_for_long(situation: Situation, instance: Instance) -> bool:
    ready = instance.pod.condition("Ready") if instance.pod is not None else None
    if instance.state is not State.READY or ready is None:
        return False
    return situation.past(ready.last_transition_time, _STREAMING_BEGINS)


def system_id(situation: Situation) -> Iterator[Finding]:
    """Instances that hold different databases."""
    consistent = situation.cluster.condition("ConsistentSystemID")
    if consistent is not None and consistent.reason == "Mismatch":
        yield critical(
            FindingCode.SYSTEM_ID_MISMATCH,
            "Instances report different system identifiers: they do not hold the same database.",
            "A volume of another cluster was attached, or an instance was initialised anew.",
            "Compare systemID in /pg/status of the instances; deleting the PersistentVolumeClaim "
            "and pod of the wrong one clones it anew.",
        )


def restart_pending(situation: Situation) -> Iterator[Finding]:
    """PostgreSQL needs a restart for a changed setting, and the operator does not get to it."""
    if situation.phase == Phase.WAITING_FOR_USER:
        return
    waiting = [name for name, state in situation.states.items() if state.pending_restart]
    if not waiting:
        return
    lowered = any(state.pending_restart_for_decrease for state in situation.states.values())
    stuck = _idle_at_work(situation) and situation.past(situation.not_ready_since, SETTLING)
    make = warning if stuck else info
    shown = f" The phase {quoted(situation.phase)} is stale, nothing is under way." if stuck else ""
    yield make(
        FindingCode.RESTART_PENDING,
        f"{listed(waiting)} must restart for a changed setting.{shown}",
        "A setting such as max_connections was lowered; the operator does not get out of that by "
        "itself."
        if lowered
        else "A setting was changed that needs a restart.",
        "Put the lowered setting (usually max_connections) back to its old value, which clears the "
        "phase, and lower it again under primaryUpdateStrategy unsupervised."
        if lowered
        else f"Wait for the operator, or run kubectl cnpg restart {situation.cluster.name}.",
    )


def visible_work(situation: Situation) -> bool:
    """Whether pods, volumes or jobs show that the operator changes something right now."""
    evidence = situation.evidence
    jobs = evidence.jobs or ()
    claims = evidence.persistent_volume_claims or ()
    return (
        any(one.status.active for one in jobs)
        or any(one.is_terminating for one in claims)
        or any(pod.is_terminating for pod in situation.instance_pods.values())
        or any(pod.status.phase in {"Pending", "Running"} for pod in situation.job_pods)
        or any(one.state is State.STARTING for one in situation.instances)
    )


def stale_phase(situation: Situation) -> Iterator[Finding]:
    """The phase tells of work, and everything looks done."""
    if not _idle_at_work(situation) or not primary_serves(situation):
        return
    if any(state.pending_restart for state in situation.states.values()):
        return
    settled = situation.past(_last_change(situation), SETTLING)
    make = warning if settled else info
    yield make(
        FindingCode.PHASE_STALE,
        f"The phase is {quoted(situation.phase)} although {_all(situation.spec.instances)} ready "
        "and the primary serves: it is stale.",
        "A restart may be pending, for example after lowering max_connections."
        if settled
        else "The operator has not caught up yet.",
        "Look for pending_restart in pg_settings, and at the operator's log."
        if settled
        else "Ask again in about 30 s.",
    )


def _all(instances: int) -> str:
    return f"all {instances} instances are" if instances > 1 else "the instance is"


def _idle_at_work(situation: Situation) -> bool:
    """Whether the phase tells of work and everything that can be seen is done."""
    return (
        situation.phase in WORKING
        and situation.sees_pods
        and situation.all_ready
        and not situation.changing_primary
        and not visible_work(situation)
    )


def _last_change(situation: Situation) -> datetime | None:
    status = situation.status
    moments = [
        status.current_primary_timestamp,
        status.target_primary_timestamp,
        situation.not_ready_since,
    ]
    for pod in situation.instance_pods.values():
        ready = pod.condition("Ready")
        moments.append(ready.last_transition_time if ready is not None else None)
    return max((moment for moment in moments if moment is not None), default=None)


def kind_of_cluster(situation: Situation) -> Iterator[Finding]:
    """What a reader should know about failover and writes."""
    if situation.cluster.is_replica_cluster:
        yield info(
            FindingCode.REPLICA_CLUSTER,
            "A replica cluster: it follows another cluster and takes no writes by design.",
        )
    elif situation.spec.instances == 1:
        yield info(
            FindingCode.SINGLE_INSTANCE,
            "One instance: no failover is possible, and the -ro Service has no endpoint.",
            next_step="For production use three instances.",
        )


RULES = (synchronous, streaming, system_id, restart_pending, stale_phase, kind_of_cluster)
