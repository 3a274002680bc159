"""Recorded objects made fit to be created again: names of this place, times of this hour."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.recordings import mapped

_JOB_UIDS = ("controller-uid", "batch.kubernetes.io/controller-uid")


def references(obj: KubeObject) -> list[KubeObject]:
    """The object's owner references."""
    found: list[KubeObject] = obj["metadata"].get("ownerReferences") or []
    return found


def describe(reference: KubeObject) -> str:
    """An owner in words."""
    return f"{reference['kind']}/{reference['name']}"


def pruned(obj: KubeObject, plural: str, namespace: str | None) -> KubeObject:
    """A copy that can be created: without what the API server gives, in another namespace."""
    body: KubeObject = mapped(obj, lambda text: text)
    kept = ("name", "labels", "annotations", "finalizers", "ownerReferences")
    body["metadata"] = {key: obj["metadata"][key] for key in kept if key in obj["metadata"]}
    if namespace:
        body["metadata"]["namespace"] = namespace
    special = _SPECIAL.get(plural)
    if special:
        special(body, namespace)
    return body


def _service(body: KubeObject, _: str | None) -> None:
    """Cluster IPs are of the other cluster's range."""
    if body["spec"].get("clusterIP") != "None":
        for key in ("clusterIP", "clusterIPs"):
            body["spec"].pop(key, None)


def _job(body: KubeObject, _: str | None) -> None:
    """The selector by the job's own uid is made anew."""
    body["spec"].pop("selector", None)
    for labels in (body["metadata"].get("labels"), body["spec"]["template"]["metadata"]["labels"]):
        for key in _JOB_UIDS:
            (labels or {}).pop(key, None)


def _event(body: KubeObject, namespace: str | None) -> None:
    body["involvedObject"]["namespace"] = namespace


def _endpoint_slice(body: KubeObject, namespace: str | None) -> None:
    for endpoint in body.get("endpoints") or []:
        if "targetRef" in endpoint:
            endpoint["targetRef"]["namespace"] = namespace


def _secret(body: KubeObject, _: str | None) -> None:
    """Values were never recorded: every key gets an empty one."""
    body["data"] = dict.fromkeys(body.pop("keys", []), "")


_SPECIAL = {
    "services": _service,
    "jobs": _job,
    "events": _event,
    "endpointslices": _endpoint_slice,
    "secrets": _secret,
}
