"""Recorded objects made fit to be created again: names of this place, times of this hour."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cnpg_mcp.demo.kinds import KubeObject

T = TypeVar("T")

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CERTIFICATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC")
_JOB_UIDS = ("controller-uid", "batch.kubernetes.io/controller-uid")


@dataclass(frozen=True)
class Shift:
    """How far recorded times are moved."""

    by: timedelta

    def __call__(self, text: str) -> str:
        """The text, moved where it is a time."""
        if match := _RFC3339.fullmatch(text):
            moved = datetime.fromisoformat(text) + self.by
            fraction = "%S.%fZ" if match[1] else "%SZ"
            return moved.strftime("%Y-%m-%dT%H:%M:" + fraction)
        if _CERTIFICATE.fullmatch(text):
            moved = datetime.fromisoformat(text.removesuffix(" UTC")) + self.by
            return moved.strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
        return text


def shifted(value: T, shift: Shift) -> T:
    """The value with every time in it moved."""
    moved: T = _mapped(value, shift)
    return moved


def remapped(value: T, uids: dict[str, str]) -> T:
    """The value with every text that is an old uid replaced by the new one."""
    renamed: T = _mapped(value, lambda text: uids.get(text, text))
    return renamed


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    return value


def references(obj: KubeObject) -> list[KubeObject]:
    """The object's owner references."""
    found: list[KubeObject] = obj["metadata"].get("ownerReferences") or []
    return found


def describe(reference: KubeObject) -> str:
    """An owner in words."""
    return f"{reference['kind']}/{reference['name']}"


def pruned(obj: KubeObject, plural: str, namespace: str | None) -> KubeObject:
    """A copy that can be created: without what the API server gives, in another namespace."""
    body: KubeObject = _mapped(obj, lambda text: text)
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
