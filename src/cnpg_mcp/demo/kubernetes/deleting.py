"""Deletes: at once, or marked until nothing holds the object any longer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from cnpg_mcp.demo.kinds import BY_PLURAL, Kind, KubeObject
from cnpg_mcp.demo.kubernetes import options
from cnpg_mcp.demo.kubernetes.failures import Failure, failed_precondition, group
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.storage import Storage
from cnpg_mcp.demo.notation import timestamp

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_NAMESPACES, _PODS = BY_PLURAL["namespaces"], BY_PLURAL["pods"]
_PROTECTED = ("default", "kube-public", "kube-system")
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True)
class Deleter:
    """Takes objects away."""

    storage: Storage
    now: Callable[[], datetime]

    def delete(self, request: Request, kind: Kind, current: KubeObject) -> KubeObject:
        """Removes an object, or marks it where something holds it. A `Status`, or the object.

        Raises:
            Failure: 400, 403, 422, or 409 where a precondition does not hold.
        """
        asked = options.delete_options(request)
        _check_protection(kind, current)
        _check_preconditions(kind, asked, current)
        dry = bool(asked.get("dryRun"))
        marked = self._marked(kind, asked, current)
        if kind == _NAMESPACES or is_held(kind, marked):
            return marked if dry or marked is current else self.storage.put(kind, marked)
        removed = current if dry else self.storage.remove(kind, current)
        if kind == _PODS:
            version = {"resourceVersion": removed["metadata"]["resourceVersion"]}
            return {**marked, "metadata": {**marked["metadata"], **version}}
        return _success(kind, current)

    def _marked(self, kind: Kind, asked: KubeObject, current: KubeObject) -> KubeObject:
        """The object as one that is being deleted; itself where it is already."""
        meta, grace = current["metadata"], _grace(kind, asked, current)
        if "deletionTimestamp" in meta:
            left = meta.get("deletionGracePeriodSeconds", 0)
            return self._ending(current, grace) if grace < left else current
        marked = self._ending(current, grace)
        finalizers = [*(meta.get("finalizers") or ()), *_propagation(asked)]
        if finalizers:
            marked["metadata"]["finalizers"] = list(dict.fromkeys(finalizers))
        if "generation" in meta:
            marked["metadata"]["generation"] = meta["generation"] + 1
        if kind == _NAMESPACES:
            marked["status"] = {**(current.get("status") or {}), "phase": "Terminating"}
            del marked["metadata"]["deletionGracePeriodSeconds"]
        return marked

    def _ending(self, current: KubeObject, grace: int) -> KubeObject:
        """The object with the time at which it ends."""
        marks = {
            "deletionTimestamp": timestamp(_later(self.now(), grace)),
            "deletionGracePeriodSeconds": grace,
        }
        return {**current, "metadata": {**current["metadata"], **marks}}


def is_held(kind: Kind, obj: KubeObject) -> bool:
    """Whether something keeps an object that is being deleted."""
    finalizers = obj["metadata"].get("finalizers")
    if kind == _NAMESPACES:
        finalizers = finalizers or (obj.get("spec") or {}).get("finalizers")
    return bool(finalizers or obj["metadata"].get("deletionGracePeriodSeconds"))


def _check_protection(kind: Kind, current: KubeObject) -> None:
    name = current["metadata"]["name"]
    if kind == _NAMESPACES and name in _PROTECTED:
        message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
        details = {"name": name, "kind": "namespaces"}
        raise Failure(HTTPStatus.FORBIDDEN, "Forbidden", message, details)


def _check_preconditions(kind: Kind, asked: KubeObject, current: KubeObject) -> None:
    wanted, known = asked.get("preconditions") or {}, current["metadata"]
    for key, told, happened in (
        ("uid", "UID", "deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "modified"),
    ):
        if wanted.get(key) and wanted[key] != known[key]:
            why = (
                f"the {told} in the precondition ({wanted[key]}) does not match the {told} in"
                f" record ({known[key]}). The object might have been {happened}"
            )
            raise failed_precondition(kind, known["name"], why)


def _propagation(asked: KubeObject) -> Sequence[str]:
    policy = "Orphan" if asked.get("orphanDependents") else asked.get("propagationPolicy")
    return (_FINALIZERS[policy],) if policy in _FINALIZERS else ()


def _grace(kind: Kind, asked: KubeObject, current: KubeObject) -> int:
    """Seconds that a pod has to end: none where it never ran."""
    spec = current.get("spec") or {}
    if kind != _PODS or not spec.get("nodeName"):
        return 0
    wanted = asked.get("gracePeriodSeconds")
    seconds = int(spec.get("terminationGracePeriodSeconds", 30) if wanted is None else wanted)
    return seconds if seconds >= 0 else 1


def _later(moment: datetime, seconds: int) -> datetime:
    """The moment so many seconds later, counted in nanoseconds of 64 bits, as the real one does."""
    nanoseconds = (seconds * 10**9 + 2**63) % 2**64 - 2**63
    return moment + timedelta(microseconds=nanoseconds // 1000)


def _success(kind: Kind, obj: KubeObject) -> KubeObject:
    meta = obj["metadata"]
    about = {"name": meta["name"], "group": group(kind), "kind": kind.plural, "uid": meta["uid"]}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in about.items() if value},
    }
