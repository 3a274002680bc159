"""Rules about the operator: whether it runs, and what its phase says that keeps it from working."""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from cnpg_mcp.domain.quoting import named, plain, quoted
from cnpg_mcp.domain.status import phases
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.evidence import OPERATOR_LABEL
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import SETTLING, Situation
from cnpg_mcp.domain.status.wording import LISTED
from cnpg_mcp.domain.status.writes import writes_possible

REASON_LIMIT = 160
_CATALOG_KIND = re.compile("(Cluster)?ImageCatalog")


def operator_presence(situation: Situation) -> Iterator[Finding]:
    """The operator is visible and has no ready pod, or is not visible at all."""
    if situation.evidence.operator_deployments == ():
        yield info(
            FindingCode.OPERATOR_NOT_SEEN,
            f"No Deployment with label {OPERATOR_LABEL} is visible: whether the operator runs is "
            "not known.",
            next_step="If it is installed in another way, look at its pods.",
        )
    if not situation.operator_down:
        return
    names = ", ".join(
        f"{one.name} in {one.namespace}" for one in situation.evidence.operator_deployments or ()
    )
    yield warning(
        FindingCode.OPERATOR_DOWN,
        "The operator has no ready pod: no failover, no changes, and writes to Cluster objects are "
        "refused (webhook unreachable). The reported status is frozen.",
        next_step=f"Look at the pods of the operator (Deployment {names}); scale it up if it has "
        "none.",
    )


def never_processed(situation: Situation) -> Iterator[Finding]:
    """No operator took the cluster up."""
    if situation.phase or situation.cluster.reconciliation_disabled:
        return
    if situation.within(situation.cluster.metadata.creation_timestamp, SETTLING):
        return
    yield warning(
        FindingCode.NOT_PROCESSED,
        "The operator has not taken up this cluster: its status is empty.",
        "The operator does not watch this namespace, or does not run.",
        "Check the operator's Deployment, its log and its WATCH_NAMESPACE.",
    )


class _Stop(NamedTuple):
    """What a phase in which the operator does not go on means."""

    code: FindingCode
    cause: str
    next_step: Callable[[Situation], str]


def _plugins(situation: Situation) -> str:
    enabled = [one.name for one in situation.spec.plugins if one.enabled]
    return ", ".join(quoted(name, 80) for name in enabled[:LISTED]) or "the plugin"


def _catalog(situation: Situation) -> str:
    reference = situation.spec.image_catalog_ref
    if reference is None:
        return "Correct spec.imageCatalogRef, or set spec.imageName instead."
    kind, name = plain(reference.kind, _CATALOG_KIND), named(reference.name)
    entry = f"an entry for major {reference.major}"
    return f"Create the {kind} {name} with {entry}, or set spec.imageName instead."


def _definition(situation: Situation) -> str:
    synchronous, instances = situation.spec.postgresql.synchronous, situation.spec.instances
    if synchronous is not None and synchronous.number >= instances > 0:
        number = synchronous.number
        return (
            f"spec.instances {instances} is too few for spec.postgresql.synchronous.number {number}"
            f": set spec.instances to {number + 1} or more, or lower the number"
            f"{f' to {instances - 1}' if instances > 1 else ''} first."
        )
    return "Correct the fields named; the operator's log has the details."


_STOPS: Mapping[str, _Stop] = MappingProxyType(
    {
        Phase.UNKNOWN_PLUGIN: _Stop(
            FindingCode.PLUGIN_UNKNOWN,
            "The plugin is not installed, or not registered with the operator.",
            lambda one: (
                f"Install {_plugins(one)} in the operator's namespace, or remove it from "
                "spec.plugins."
            ),
        ),
        Phase.PLUGIN_ERROR: _Stop(
            FindingCode.PLUGIN_FAILING,
            "A plugin answers with errors, or does not answer.",
            lambda one: f"Read the logs of {_plugins(one)} and of the operator.",
        ),
        Phase.IMAGE_CATALOG: _Stop(
            FindingCode.IMAGE_CATALOG_INVALID,
            "The catalog does not exist or has no image for that major version.",
            _catalog,
        ),
        Phase.CANNOT_CREATE_OBJECTS: _Stop(
            FindingCode.OBJECTS_NOT_CREATED,
            "A Secret, Service, ServiceAccount, Role or PodDisruptionBudget could not be made: "
            "often RBAC, a policy, or a foreign object of that name.",
            lambda _: "Read the reason and the operator's log, and remove the obstacle.",
        ),
        Phase.INVALID_DEFINITION: _Stop(
            FindingCode.INVALID_DEFINITION,
            "The spec contradicts itself.",
            _definition,
        ),
        Phase.UNREACHABLE: _Stop(
            FindingCode.INSTANCES_UNREACHABLE,
            "Something between the operator and the pods' port 8000, such as a NetworkPolicy.",
            lambda _: "Allow traffic from the operator to port 8000 of the instance pods.",
        ),
        Phase.ARCHITECTURE_MISSING: _Stop(
            FindingCode.ARCHITECTURE_MISSING,
            "The operator's image has no binary for the architecture of an instance's node.",
            lambda _: "Use a multi-architecture image of the operator.",
        ),
    }
)


def stopped(situation: Situation) -> Iterator[Finding]:
    """The phase says that the operator does not go on."""
    stop = _STOPS.get(situation.phase)
    if stop is None:
        return
    make = warning if writes_possible(situation) else critical
    message = f"The operator does not go on: {_reported(situation)}."
    yield make(stop.code, message, stop.cause, stop.next_step(situation))


def _reported(situation: Situation) -> str:
    reason = situation.status.phase_reason
    return f"phase {quoted(situation.phase, 120)}" + (
        f", reason {quoted(reason, REASON_LIMIT)}" if reason else ""
    )


def waiting_for_user(situation: Situation) -> Iterator[Finding]:
    """A supervised update waits for a person."""
    if situation.phase != Phase.WAITING_FOR_USER:
        return
    yield warning(
        FindingCode.WAITING_FOR_USER,
        "A change needs the primary to be restarted and the operator waits for a person; the "
        "cluster serves with the old configuration.",
        "primaryUpdateStrategy is supervised.",
        "Switch over to a replica (kubectl cnpg promote) or restart the primary (kubectl cnpg "
        "restart). If the change lowers max_connections, that does not end it: put the old value "
        "back and lower it under primaryUpdateStrategy unsupervised.",
    )


def other_phase(situation: Situation) -> Iterator[Finding]:
    """A rollout is delayed, or the phase is none that is known here."""
    if situation.phase == Phase.UPGRADE_DELAYED:
        yield info(
            FindingCode.UPGRADE_DELAYED,
            "A rolling update is due and the operator's rollout delay holds it back.",
            next_step="Wait; the delay is a setting of the operator.",
        )
    if situation.phase in phases.KNOWN:
        return
    ready = situation.cluster.condition("Ready")
    make = info if ready is not None and ready.is_true else warning
    yield make(
        FindingCode.PHASE_UNRECOGNISED,
        f"The operator reports what is not known here: {_reported(situation)}.",
        "A version of CloudNativePG newer than this server.",
        "Read what the phase says; the other findings rest on pods and counts.",
    )


RULES = (operator_presence, never_processed, stopped, waiting_for_user, other_phase)
