"""Rules about the primary: failover, switchover, and whether it can be reached."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cnpg_mcp.domain.quoting import named
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import RECENT, SETTLING, Instance, Situation, State
from cnpg_mcp.domain.status.wording import WAIT, agreeing, listed
from cnpg_mcp.domain.status.writes import (
    SWITCHING,
    pause_planned,
    primary_serves,
    switching_over,
)

_ELECTING = "pending"
"""What `status.targetPrimary` says while the new primary is being chosen."""
_TOO_MANY_CLIENTS = "53300"
_LAG = timedelta(seconds=10)
"""Between the event of a failover and the condition that goes with it."""


def failover(situation: Situation) -> Iterator[Finding]:
    """The primary was lost and another one is to take over."""
    if situation.phase != Phase.FAILING_OVER:
        return
    if primary_serves(situation):
        yield _recovering(situation)
    elif _failover_stuck(situation):
        yield _stuck(situation)
    else:
        target = situation.status.target_primary
        chosen = target if target not in {"", _ELECTING, situation.status.current_primary} else ""
        yield critical(
            FindingCode.FAILOVER,
            f"Unplanned failover from {named(situation.status.current_primary)}"
            f"{' to ' + named(chosen) if chosen else ''}: no primary serves writes at this moment.",
            "The primary failed.",
            "Wait; a new primary is expected within seconds. Ask again in about 10 s.",
        )


def _failover_stuck(situation: Situation) -> bool:
    primary = situation.primary
    if primary is not None and primary.pod is not None:
        ready = primary.pod.condition("Ready")
        lost = ready.last_transition_time if ready is not None and not ready.is_true else None
        return situation.past(lost, SETTLING)
    return situation.past(situation.status.target_primary_timestamp, SETTLING)


def _stuck(situation: Situation) -> Finding:
    name = named(situation.status.current_primary)
    has_pod = situation.primary is not None and situation.primary.pod is not None
    return critical(
        FindingCode.FAILOVER_STUCK,
        f"The failover from {name} does not get on; no primary serves writes.",
        f"Pod {name} still runs and keeps its connections, so replicas wait for it to stop."
        if has_pod
        else "No replica can be promoted.",
        f"Delete pod {name} (its volume is kept) so that the failover can complete."
        if has_pod
        else "Look at the replicas' pods and the operator's log.",
    )


def recovering(situation: Situation) -> Iterator[Finding]:
    """A failover is over, and not every instance is back since."""
    if situation.phase == Phase.FAILING_OVER or not primary_serves(situation):
        return
    failovers = situation.events_on(situation.cluster, "FailingOver", "FailoverTarget")
    moments = [event.last_seen for event in failovers if event.last_seen is not None]
    if not moments or not situation.within(max(moments), RECENT / 2):
        return
    if _healthy_since(situation, max(moments)):
        return
    if any(one.state in {State.STARTING, State.TERMINATING} for one in situation.instances):
        yield _recovering(situation)


def _healthy_since(situation: Situation, failover: datetime) -> bool:
    """Whether the cluster was reported ready again after a failover: what is amiss now is new.

    The operator takes Ready away in the second in which it tells of a failover, at the latest.
    """
    ready = situation.cluster.condition("Ready")
    if ready is None or ready.last_transition_time is None:
        return False
    if ready.is_true:
        return ready.last_transition_time > failover
    return ready.last_transition_time - failover > _LAG


def _recovering(situation: Situation) -> Finding:
    back = [one.name for one in situation.instances if one.state is not State.READY]
    ready = len(situation.instances) - len(back)
    return warning(
        FindingCode.FAILOVER_RECOVERING,
        f"After a failover {named(situation.status.current_primary)} is primary and serves writes; "
        f"{listed(back) or 'an instance'} {agreeing(len(back) or 1, 'is', 'are')} coming back "
        f"({ready} of {situation.spec.instances} ready).",
        "The former primary failed.",
        WAIT,
    )


def switchover(situation: Situation) -> Iterator[Finding]:
    """A planned change of the primary is under way, or overdue."""
    if situation.phase != Phase.SWITCHOVER or not situation.changing_primary:
        return
    old, new = named(situation.status.current_primary), named(situation.status.target_primary)
    if switching_over(situation):
        yield info(
            FindingCode.SWITCHOVER,
            f"Planned switchover from {old} to {new}; writes pause for some seconds.",
            next_step=WAIT,
        )
        return
    make = warning if primary_serves(situation) else critical
    yield make(
        FindingCode.SWITCHOVER_STUCK,
        f"The switchover from {old} to {new} takes more than {int(SWITCHING.total_seconds())} s.",
        f"{old} does not shut down (long transactions, WAL not archived), or {new} does not "
        "take over.",
        f"Look at the logs of {old} and {new}.",
    )


def write_endpoint(situation: Situation) -> Iterator[Finding]:
    """The primary is ready and the -rw Service leads nowhere."""
    primary = situation.primary
    ready = primary is not None and primary.state is State.READY
    moving = situation.changing_primary or situation.phase == Phase.FAILING_OVER
    if primary is None or not ready or moving or not situation.sees_pods:
        return
    if situation.write_endpoint is False and not pause_planned(situation):
        yield critical(
            FindingCode.NO_WRITE_ENDPOINT,
            f"Pod {primary.name} is ready and Service {situation.cluster.name}-rw has no endpoint.",
            "The pod is not labelled as primary: the operator does not trust it, or does not run.",
            "Look at the operator's log and the pod's label cnpg.io/instanceRole.",
        )


def answering(situation: Situation) -> Iterator[Finding]:
    """Instances that look ready and do not answer when asked for their state."""
    for one in situation.instances:
        report = situation.report(one.name)
        if one.state is not State.READY:
            continue
        if report is None:
            yield from _silent_to_operator(situation, one)
        elif _TOO_MANY_CLIENTS in report.error:
            yield critical(
                FindingCode.CONNECTIONS_EXHAUSTED,
                f"Instance {one.name} takes no more connections (SQLSTATE {_TOO_MANY_CLIENTS}).",
                "Clients hold all of max_connections.",
                "End idle sessions, put a Pooler in front, or raise max_connections.",
            )
        elif report.http is None or report.http >= 500:  # noqa: PLR2004 - HTTP server errors
            yield _silent(one.name, "does not answer /pg/status")
        elif report.state is not None and report.state.might_be_unavailable:
            yield _silent(one.name, "says that its PostgreSQL may be unavailable")


def _silent_to_operator(situation: Situation, instance: Instance) -> Iterator[Finding]:
    if instance.name != situation.status.current_primary:
        return
    told = situation.events_on(situation.cluster, "PrimaryStatusCheckFailed")
    if any(situation.within(event.last_seen, SETTLING) for event in told):
        yield _silent(instance.name, "does not answer the operator (PrimaryStatusCheckFailed)")


def _silent(name: str, what: str) -> Finding:
    return warning(
        FindingCode.INSTANCE_NOT_ANSWERING,
        f"Pod {name} is Ready and {what}.",
        "PostgreSQL hangs or restarts, or port 8000 is blocked.",
        f"Ask again in a minute; if it stays, look at the log and the node of {name}.",
    )


def primary_unavailable(situation: Situation) -> Finding:
    """No primary serves, and no other finding says why."""
    primary, name = situation.primary, named(situation.status.current_primary)
    if primary is None:
        seen = "No instance has become primary yet."
    elif primary.state is State.READY:
        seen = f"The primary {name} is ready and does not serve writes."
    else:
        seen = f"No primary serves writes: {name} is {primary.state.value}."
    return critical(
        FindingCode.PRIMARY_UNAVAILABLE,
        seen,
        "The operator is down or told to leave the cluster alone, so nobody fails over."
        if situation.status_frozen
        else None,
        "Wait some seconds for a failover or restart; if nothing changes, look at the pod, its "
        "events and the operator's log.",
    )


def primary_unknown() -> Finding:
    """Nothing that was seen tells whether a primary serves."""
    return warning(
        FindingCode.PRIMARY_UNKNOWN,
        "What was seen does not tell whether a primary serves.",
        next_step="Look at the pods and the endpoints of the -rw Service.",
    )


RULES = (failover, recovering, switchover, write_endpoint, answering)
