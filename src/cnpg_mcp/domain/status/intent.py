"""Rules about what somebody asked for: deletion, hibernation, fencing, hands off."""

from collections.abc import Iterator

from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.situation import Situation, State
from cnpg_mcp.domain.status.wording import LISTED, WAIT, listed
from cnpg_mcp.domain.status.writes import held_finalizers, primary_serves
from cnpg_mcp.domain.views.cluster import (
    EVERY_INSTANCE,
    FENCED_INSTANCES,
    HIBERNATION,
    RECONCILIATION_LOOP,
)

HIBERNATED_CONDITION = "cnpg.io/hibernation"


def deletion(situation: Situation) -> Iterator[Finding]:
    """The cluster was deleted, and goes or is held."""
    if not situation.cluster.being_deleted:
        return
    held = held_finalizers(situation)
    if not held:
        yield info(
            FindingCode.DELETING,
            "The cluster is being deleted, its volumes with it.",
            next_step=WAIT,
        )
        return
    names = ", ".join(quoted(name, 80) for name in held[:LISTED])
    yield warning(
        FindingCode.DELETION_HELD,
        f"The cluster is being deleted and the finalizer {names} holds it; when that is gone, the "
        "volumes go too.",
        "Whoever set the finalizer has not finished.",
        f"Find out who set {names} and let it finish. The deletion cannot be taken back.",
    )


def is_hibernated(situation: Situation) -> bool:
    """Whether hibernation is reached: the operator says so and no instance pod is left."""
    condition = situation.cluster.condition(HIBERNATED_CONDITION)
    reached = condition is not None and condition.is_true
    return situation.cluster.hibernation_asked and reached and not situation.instance_pods


def is_hibernating(situation: Situation) -> bool:
    """Whether pods are being removed for hibernation."""
    condition = situation.cluster.condition(HIBERNATED_CONDITION)
    waits = condition is not None and condition.reason == "WaitingForHealthy"
    asked = situation.cluster.hibernation_asked and bool(situation.status.current_primary)
    return asked and not waits and not is_hibernated(situation)


def hibernation(situation: Situation) -> Iterator[Finding]:
    """Hibernation was asked for."""
    if is_hibernated(situation):
        yield info(
            FindingCode.HIBERNATED,
            f"Hibernated on purpose (annotation {HIBERNATION}); the volumes are kept.",
            next_step=f"Set the annotation {HIBERNATION} to off to start it again.",
        )
    elif is_hibernating(situation):
        yield info(
            FindingCode.HIBERNATING,
            "Hibernation was asked for; the pods are being removed, the volumes are kept.",
            next_step=WAIT,
        )
    elif situation.cluster.hibernation_asked:
        yield warning(
            FindingCode.HIBERNATION_WAITING,
            "Hibernation was asked for and does not begin: it needs a healthy cluster.",
            next_step="Repair what the other findings name, or remove the annotation "
            f"{HIBERNATION}.",
        )


def reconciliation(situation: Situation) -> Iterator[Finding]:
    """The operator is told to leave the cluster alone."""
    if not situation.cluster.reconciliation_disabled:
        return
    wanted, existing = situation.spec.instances, situation.status.instances
    if not situation.phase:
        seen = "nothing was ever made and the status is empty"
    elif wanted != existing:
        seen = f"spec.instances {wanted} is not carried out ({existing} exist)"
    else:
        seen = "changes are not carried out"
    yield warning(
        FindingCode.RECONCILIATION_DISABLED,
        f"Reconciliation is disabled (annotation {RECONCILIATION_LOOP}): {seen}; no failover "
        "either. The reported status is frozen.",
        next_step=f"Remove the annotation {RECONCILIATION_LOOP} when its reason is gone.",
    )


def fencing(situation: Situation) -> Iterator[Finding]:
    """PostgreSQL is stopped on purpose on some instances; nothing but the annotation shows it."""
    fenced = situation.fenced
    if not fenced:
        return
    names = [one.name for one in situation.instances if one.state is State.FENCED]
    strange = fenced - set(names) - {EVERY_INSTANCE}
    which = listed((*names, *sorted(strange))) or "all"
    make = critical if primary_serves(situation) is False else warning
    yield make(
        FindingCode.INSTANCES_FENCED,
        f"Fenced: {which}. PostgreSQL is stopped there on purpose although pods may look ready; "
        "no failover happens for a fenced primary.",
        f"Somebody set the annotation {FENCED_INSTANCES}.",
        f"When the work on it is done, remove {which} from the annotation {FENCED_INSTANCES}.",
    )


RULES = (deletion, hibernation, reconciliation, fencing)
