"""What the operator is doing as asked, and what waits for instances that are not ready."""

from collections.abc import Iterator

from cnpg_mcp.domain.quoting import named
from cnpg_mcp.domain.status import phases
from cnpg_mcp.domain.status.assessment import Finding, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import SETTLING, Situation, State
from cnpg_mcp.domain.status.wording import WAIT, WAIT_LONGER, agreeing, counted, listed
from cnpg_mcp.domain.status.writes import (
    arriving,
    bootstrapping,
    restart_asked,
    switching_over,
    waking,
)

_MAJOR_UPGRADE_JOB = "major-upgrade"


def first_instance(situation: Situation) -> Iterator[Finding]:
    """The first instance is being made."""
    if not bootstrapping(situation) or situation.status.ready_instances:
        return
    if situation.status_frozen or situation.phase == Phase.UNRECOVERABLE:
        return
    created = situation.cluster.metadata.creation_timestamp
    if not situation.phase and not situation.within(created, SETTLING):
        return
    running = [one.name for one in situation.evidence.jobs or () if one.status.active]
    seen = "nothing has failed" if situation.sees_pods else "its pods were not looked at"
    doing = f"job {listed(running)} {agreeing(len(running), 'runs', 'run')}" if running else seen
    yield info(
        FindingCode.BOOTSTRAPPING,
        f"The cluster is new and its first instance is being made; {doing}.",
        next_step=WAIT,
    )


def new_replicas(situation: Situation) -> Iterator[Finding]:
    """Replicas are being cloned, or are about to be."""
    if not situation.status.current_primary:
        return
    jobs = [one for one in situation.evidence.jobs or () if one.role != _MAJOR_UPGRADE_JOB]
    joining = [one.instance_name or one.name for one in jobs if one.status.active]
    wanted, existing = situation.spec.instances, situation.status.instances
    if joining or situation.phase == Phase.CREATING_REPLICA:
        yield info(
            FindingCode.CREATING_REPLICA,
            f"{agreeing(len(joining), 'Replica', 'Replicas')} {listed(joining)} "
            f"{agreeing(len(joining), 'is', 'are')} being cloned from the primary "
            f"({situation.status.ready_instances} of {wanted} instances ready)."
            if joining
            else f"A replica is being made ({situation.status.ready_instances} of {wanted} ready).",
            next_step=WAIT_LONGER,
        )
    elif existing < wanted and situation.status.ready_instances and not _blocked(situation):
        yield info(
            FindingCode.SCALING_UP,
            _asked_for(wanted, existing),
            next_step=WAIT_LONGER,
        )


def scaling_down(situation: Situation) -> Iterator[Finding]:
    """Instances are being removed, or are about to be."""
    wanted, existing = situation.spec.instances, situation.status.instances
    claims = situation.evidence.persistent_volume_claims or ()
    staying = {one.name for one in situation.instances}
    leaving = {one.instance_name for one in claims if one.is_terminating} - staying
    leaving |= {
        pod.name
        for pod in situation.instance_pods.values()
        if pod.is_terminating and pod.name not in staying
    }
    if leaving:
        yield info(
            FindingCode.SCALING_DOWN,
            f"Scaling down to {wanted}: {listed(sorted(leaving))} and "
            f"{agreeing(len(leaving), 'its volume', 'their volumes')} are being removed.",
            next_step=WAIT,
        )
    elif existing > wanted and not _blocked(situation):
        yield info(
            FindingCode.SCALING_DOWN,
            _asked_for(wanted, existing),
            next_step=WAIT,
        )


def _asked_for(wanted: int, existing: int) -> str:
    return (
        f"{counted(wanted, 'instance')} {agreeing(wanted, 'is', 'are')} asked for and {existing} "
        f"{agreeing(existing, 'exists', 'exist')}."
    )


def _blocked(situation: Situation) -> bool:
    return (
        situation.phase == Phase.INVALID_DEFINITION
        or situation.cluster.reconciliation_disabled
        or any(one.state in {State.NOT_READY, State.FAILING} for one in situation.instances)
    )


def scaling_blocked(situation: Situation) -> Iterator[Finding]:
    """The operator does not scale, silently, while an instance is not ready."""
    wanted, existing = situation.spec.instances, situation.status.instances
    broken = [
        one.name for one in situation.instances if one.state in {State.NOT_READY, State.FAILING}
    ]
    if wanted == existing or not broken or not situation.status.current_primary:
        return
    if situation.phase in {Phase.HEALTHY, Phase.WAITING_FOR_INSTANCES}:
        yield warning(
            FindingCode.SCALING_BLOCKED,
            f"Scaling from {existing} to {wanted} waits: {listed(broken)} "
            f"{agreeing(len(broken), 'is', 'are')} not ready.",
            "The operator scales only while every instance is ready.",
            f"Repair {listed(broken)} first, as the other findings say. Scaling down takes the "
            "highest serial, not the broken instance.",
        )


def rollout(situation: Situation) -> Iterator[Finding]:
    """Instances restart or are updated because somebody asked for it."""
    if situation.phase == Phase.MAJOR_UPGRADE:
        yield info(
            FindingCode.MAJOR_UPGRADE,
            "PostgreSQL is being upgraded to another major version; the cluster is offline "
            "meanwhile.",
            next_step="Wait; take a new base backup afterwards.",
        )
    elif situation.phase in phases.UPDATING:
        yield info(
            FindingCode.UPDATING,
            "A change is being rolled out, replicas first, the primary last.",
            next_step=WAIT,
        )
    elif restart_asked(situation) and _incomplete(situation) and not waking(situation):
        yield info(
            FindingCode.RESTARTING,
            f"A rolling restart is under way, replicas first ({_ready(situation)} of "
            f"{situation.spec.instances} ready).",
            next_step=WAIT,
        )


def starting(situation: Situation) -> Iterator[Finding]:
    """Instances start, or the phase says that the operator waits for them."""
    names = [one.name for one in situation.instances if one.state is State.STARTING]
    are = agreeing(len(names) or 1, "is", "are")
    if waking(situation):
        yield info(
            FindingCode.WAKING,
            f"The cluster is waking from hibernation; {listed(names) or 'the primary'} "
            f"{are} starting.",
            next_step=WAIT,
        )
    elif names and not bootstrapping(situation) and not restart_asked(situation):
        yield info(
            FindingCode.INSTANCES_STARTING,
            f"{listed(names)} {are} starting.",
            next_step=WAIT,
        )


def opening(situation: Situation) -> Iterator[Finding]:
    """The primary is up, and clients are about to be let at it."""
    if arriving(situation):
        yield info(
            FindingCode.INSTANCES_STARTING,
            f"{named(situation.status.current_primary)} is ready since a moment, and the Service "
            "for writes is about to lead to it.",
            next_step=WAIT,
        )


def _incomplete(situation: Situation) -> bool:
    return any(one.state is not State.READY for one in situation.instances)


def _ready(situation: Situation) -> int:
    return sum(one.state is State.READY for one in situation.instances)


def otherwise(situation: Situation) -> Iterator[Finding]:
    """The phase or the target primary tell of work that nothing else shows."""
    if situation.phase in phases.WORKING or switching_over(situation):
        yield info(
            FindingCode.OPERATOR_WORKING,
            f"The operator is at work (phase {situation.phase}).",
            next_step=WAIT,
        )
    elif situation.changing_primary and situation.status.current_primary:
        yield info(
            FindingCode.OPERATOR_WORKING,
            f"The primary is to change from {named(situation.status.current_primary)} to "
            f"{named(situation.status.target_primary)}.",
            next_step=WAIT,
        )


RULES = (first_instance, new_replicas, scaling_down, scaling_blocked, rollout, starting, opening)
