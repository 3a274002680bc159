"""Rules about volumes: claims that are not bound, full, lost, going, or not growing."""

from collections.abc import Iterator

from cnpg_mcp.domain.quantities import amount
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import SETTLING, Situation, State
from cnpg_mcp.domain.status.wording import listed
from cnpg_mcp.domain.status.writes import writes_possible
from cnpg_mcp.domain.views.cluster import StorageSpec
from cnpg_mcp.domain.views.workloads import PersistentVolumeClaim, StorageClass

WAL_ROLE = "PG_WAL"
PVC_ROLE = "cnpg.io/pvcRole"
TEXT_LIMIT = 120
_RESIZE_ERRORS = frozenset({"ControllerResizeError", "NodeResizeError"})
_RESIZING = frozenset({"Resizing", "FileSystemResizePending"})


def _claims(situation: Situation) -> tuple[PersistentVolumeClaim, ...]:
    return situation.evidence.persistent_volume_claims or ()


def storage_class(situation: Situation, claim: PersistentVolumeClaim) -> StorageClass | None:
    """The class of a claim, if it was seen."""
    name = claim.spec.storage_class_name
    classes = situation.evidence.storage_classes or ()
    return next((one for one in classes if (one.name == name if name else one.is_default)), None)


def class_is_missing(situation: Situation, claim: PersistentVolumeClaim) -> bool:
    """Whether an unbound claim waits for a class that does not exist."""
    if claim.status.phase != "Pending" or situation.evidence.storage_classes is None:
        return False
    return storage_class(situation, claim) is None


def provisioning_error(situation: Situation, claim: PersistentVolumeClaim) -> str | None:
    """Why an unbound claim gets no volume, as an event tells it."""
    if claim.status.phase != "Pending":
        return None
    events = situation.events_on(claim, "ProvisioningFailed", "ProvisioningCleanupFailed")
    return events[-1].message if events else None


def broken_volume(situation: Situation, instance: str) -> PersistentVolumeClaim | None:
    """The claim that keeps an instance from being scheduled."""
    for claim in _claims(situation):
        of_instance = instance in {claim.instance_name, claim.name}
        if of_instance and (
            class_is_missing(situation, claim) or provisioning_error(situation, claim)
        ):
            return claim
    return None


def unbound(situation: Situation) -> Iterator[Finding]:
    """Claims that get no volume."""
    make = warning if writes_possible(situation) else critical
    for claim in _claims(situation):
        if class_is_missing(situation, claim):
            yield _missing_class(situation, claim)
        elif error := provisioning_error(situation, claim):
            yield make(
                FindingCode.VOLUME_PENDING,
                f"PersistentVolumeClaim {claim.name} gets no volume: {quoted(error, TEXT_LIMIT)}.",
                "The provisioner refuses or fails.",
                "Repair the StorageClass or its provisioner; it tries again by itself.",
            )
        elif _waits_unexplained(situation, claim):
            yield make(
                FindingCode.VOLUME_PENDING,
                f"PersistentVolumeClaim {claim.name} has been Pending for over a minute.",
                "The provisioner does not act, or no volume fits.",
                f"Look at the events of PersistentVolumeClaim {claim.name} and the provisioner.",
            )


def _missing_class(situation: Situation, claim: PersistentVolumeClaim) -> Finding:
    make = warning if writes_possible(situation) else critical
    name = claim.spec.storage_class_name
    existing = ", ".join(one.name for one in (situation.evidence.storage_classes or ())[:5])
    clean = ""
    if not situation.status.current_primary:
        clean = f" Or delete the cluster (nothing is in it yet) and create it with {existing}."
    wanted = (
        f"StorageClass {quoted(name, 63)} does not exist"
        if name
        else "it names no StorageClass, and none is the default"
    )
    return make(
        FindingCode.STORAGE_CLASS_MISSING,
        f"PersistentVolumeClaim {claim.name} is Pending: {wanted} (there are: "
        f"{existing or 'none'}).",
        "The name is misspelt in the Cluster's spec, or the class was never created."
        if name
        else "The Cluster's spec names none either.",
        f"{'Create the StorageClass' if name else 'Make a StorageClass the default one'}."
        f"{clean if existing else ''}",
    )


def _waits_unexplained(situation: Situation, claim: PersistentVolumeClaim) -> bool:
    if claim.status.phase != "Pending":
        return False
    if not situation.past(claim.metadata.creation_timestamp, SETTLING):
        return False
    pods = (*situation.instance_pods.values(), *situation.job_pods)
    using = [pod for pod in pods if pod.instance_name == claim.instance_name]
    return all(pod.spec.node_name for pod in using)


def full(situation: Situation) -> Iterator[Finding]:
    """The operator reports a full volume and no pod shows which."""
    if situation.phase != Phase.DISK_FULL:
        return
    shown = [one for one in situation.instances if one.trouble is not None]
    if any(one.trouble.code is FindingCode.VOLUME_FULL for one in shown if one.trouble):
        return
    names = [one.name for one in situation.instances if one.state is not State.READY]
    make = warning if writes_possible(situation) else critical
    yield make(
        FindingCode.VOLUME_FULL,
        f"The operator reports a full volume{' of ' + listed(names) if names else ''}; "
        "PostgreSQL cannot run there.",
        "The data or WAL grew to the size of the volume.",
        enlarge(situation, names[0] if names else ""),
    )


def enlarge(situation: Situation, instance: str) -> str:
    """How to make room on the volume that holds an instance's WAL."""
    field = "spec.walStorage.size" if situation.spec.wal_storage else "spec.storage.size"
    role = WAL_ROLE if situation.spec.wal_storage else "PG_DATA"
    claim = next(
        (
            one
            for one in _claims(situation)
            if one.instance_name == instance and one.metadata.labels.get(PVC_ROLE) == role
        ),
        None,
    )
    found = storage_class(situation, claim) if claim is not None else None
    if found is not None and found.allow_volume_expansion:
        how = f"Raise {field}: StorageClass {found.name} can expand."
    else:
        how = f"Enlarge the volume: raise {field} if its StorageClass can expand, else the volume "
        how += f"behind PersistentVolumeClaim {claim.name if claim else instance} by hand."
    return f"{how} Then let the pod start. Never delete files from pg_wal."


def lost(situation: Situation) -> Iterator[Finding]:
    """Volumes with data are gone."""
    if all_gone(situation):
        yield critical(
            FindingCode.VOLUMES_LOST,
            "Instances were created once and no PersistentVolumeClaim is left: the data is gone.",
            "The PersistentVolumeClaims were deleted.",
            "Create a new cluster from a backup (bootstrap.recovery).",
        )
    for claim in _claims(situation):
        if claim.status.phase == "Lost":
            yield warning(
                FindingCode.VOLUMES_LOST,
                f"PersistentVolumeClaim {claim.name} is Lost: its PersistentVolume is gone.",
                "The volume was deleted behind the claim.",
                f"Delete PersistentVolumeClaim {claim.name} and its pod; a replica is cloned anew. "
                "For the only instance restore from a backup.",
            )


def all_gone(situation: Situation) -> bool:
    """Whether there was a primary once and no volume is left."""
    if not situation.status.current_primary:
        return False
    seen = situation.evidence.persistent_volume_claims
    if seen is not None:
        return not seen
    return situation.phase == Phase.UNRECOVERABLE and situation.status.pvc_count == 0


def going(situation: Situation) -> Iterator[Finding]:
    """A volume was deleted under an instance that is to stay."""
    if situation.cluster.being_deleted:
        return
    staying = {one.name for one in situation.instances if one.state is State.READY}
    for claim in _claims(situation):
        if claim.is_terminating and claim.instance_name in staying:
            yield warning(
                FindingCode.VOLUME_TERMINATING,
                f"PersistentVolumeClaim {claim.name} was deleted while instance "
                f"{claim.instance_name} uses it: it goes when that pod stops, its data too.",
                "Somebody deleted it; the deletion cannot be taken back.",
                f"Take a backup now, and do not restart {claim.instance_name} before "
                "another instance has the data.",
            )


def unusable(situation: Situation) -> Iterator[Finding]:
    """The operator cannot use a volume."""
    names = situation.status.unusable_pvc
    if names:
        yield warning(
            FindingCode.VOLUME_UNUSABLE,
            f"The operator cannot use the volumes {listed(names)}.",
            "A volume of that instance is missing or was not initialised to the end.",
            "Look at these PersistentVolumeClaims; deleting them and their pod makes the operator "
            "clone the replica anew.",
        )


def resizing(situation: Situation) -> Iterator[Finding]:
    """Volumes that grow, or should and do not."""
    for claim in _claims(situation):
        errors = [one for one in claim.status.conditions if one.type in _RESIZE_ERRORS]
        if errors:
            yield warning(
                FindingCode.VOLUME_RESIZE_FAILING,
                f"PersistentVolumeClaim {claim.name} does not grow: "
                f"{quoted(errors[0].message, TEXT_LIMIT)}.",
                next_step="Repair what the message names; the events of PersistentVolumeClaim "
                f"{claim.name} tell more.",
            )
        elif any(one.type in _RESIZING and one.is_true for one in claim.status.conditions):
            yield info(
                FindingCode.VOLUME_RESIZING,
                f"PersistentVolumeClaim {claim.name} is being enlarged.",
                next_step="Wait; some providers need the pod to restart.",
            )
        elif _cannot_grow(situation, claim):
            yield warning(
                FindingCode.VOLUME_RESIZE_FAILING,
                f"PersistentVolumeClaim {claim.name} stays smaller than asked for.",
                "Its StorageClass does not allow expansion.",
                "Set allowVolumeExpansion on that StorageClass if its provisioner can expand; "
                "else delete PersistentVolumeClaim and pod of one replica after another (each is "
                "cloned anew at the new size). The size cannot be lowered again.",
            )


def _cannot_grow(situation: Situation, claim: PersistentVolumeClaim) -> bool:
    found = storage_class(situation, claim)
    if found is None or found.allow_volume_expansion or claim.is_terminating:
        return False
    wanted = amount(_storage_of(situation, claim).size)
    asked = amount(claim.spec.resources.requests.get("storage"))
    return wanted is not None and asked is not None and wanted > asked


def _storage_of(situation: Situation, claim: PersistentVolumeClaim) -> StorageSpec:
    role = claim.metadata.labels.get(PVC_ROLE)
    if role == WAL_ROLE:
        return situation.spec.wal_storage or StorageSpec()
    return situation.spec.storage if role == "PG_DATA" else StorageSpec()


RULES = (unbound, full, lost, going, unusable, resizing)
