"""A recorded situation, put into a simulation as it was: nobody works on it, and it stays."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from cnpg_mcp.demo import recordings
from cnpg_mcp.demo.kinds import BY_PLURAL, Kind, KubeObject
from cnpg_mcp.demo.kubernetes.failures import Failure
from cnpg_mcp.demo.kubernetes.storage import Storage
from cnpg_mcp.demo.notation import timestamp

NAMESPACE = "incident"
_OPERATOR_PREFIX = "operator_"


@dataclass(frozen=True)
class Planted:
    """What stands where, and what its instance managers answer, by pod."""

    cluster_name: str
    namespace: str
    reports: dict[str, KubeObject]
    operator_ready: bool


def plant(storage: Storage, situation: str, namespace: str = NAMESPACE) -> Planted:
    """Stores a situation's objects with their uids, times and states, moved to now.

    Raises:
        FileNotFoundError: there is no such situation.
    """
    recording = recordings.load(situation)
    by = datetime.now(UTC) - datetime.fromisoformat(recording["recorded_at"])
    scene = recordings.shifted(recording, recordings.Shift(by))
    old = scene["namespace"]
    storage.put(BY_PLURAL["namespaces"], _namespace(namespace))
    for plural, obj in _objects(scene):
        kind = BY_PLURAL[plural]
        storage.put(kind, _placed(kind, obj, old, namespace))
    deployments = scene.get("operator_deployments") or []
    return Planted(
        scene["cluster_name"],
        namespace,
        scene.get("instance_reports") or {},
        any((each.get("status") or {}).get("readyReplicas") for each in deployments),
    )


def answered(reports: dict[str, KubeObject], pod: str) -> KubeObject:
    """What an instance manager has answered.

    Raises:
        Failure: it has not, or it has refused; 403 where none was asked in the recording.
    """
    if not reports:
        message = "what instances answer is not recorded of this situation"
        raise Failure(HTTPStatus.FORBIDDEN, "Forbidden", message)
    recorded = reports.get(pod) or {}
    if not recorded.get("http"):
        raise no_answer()
    if recorded["http"] != HTTPStatus.OK:
        status = HTTPStatus(recorded["http"])
        raise Failure(status, "InternalError", str(recorded.get("body")))
    found: KubeObject = recorded["body"]
    return found


def no_answer() -> Failure:
    """What the API server says of a pod that it does not reach."""
    message = "error trying to reach service: no answer"
    return Failure(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", message)


def _objects(scene: KubeObject) -> Iterator[tuple[str, KubeObject]]:
    yield "clusters", scene["cluster"]
    for key, found in scene.items():
        plural = key.removeprefix(_OPERATOR_PREFIX)
        if plural in BY_PLURAL and isinstance(found, list):
            yield from ((plural, obj) for obj in found)


def _placed(kind: Kind, obj: KubeObject, old: str, new: str) -> KubeObject:
    """The object in its new namespace, with the type that a list leaves out."""
    meta = dict(obj["metadata"])
    if meta.get("namespace") == old:
        meta["namespace"] = new
    placed = {**obj, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta}
    if kind.kind == "Event":
        placed["involvedObject"] = {**obj["involvedObject"], "namespace": new}
    if kind.kind == "Secret":
        placed["data"] = dict.fromkeys(placed.pop("keys", []), "")
    return placed


def _namespace(name: str) -> KubeObject:
    meta = {
        "name": name,
        "uid": f"namespace-{name}",
        "creationTimestamp": timestamp(datetime.now(UTC)),
        "labels": {"kubernetes.io/metadata.name": name},
    }
    spec, status = {"finalizers": ["kubernetes"]}, {"phase": "Active"}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": meta,
        "spec": spec,
        "status": status,
    }
