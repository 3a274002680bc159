"""The conditions in a status, and since when they are as they are."""

from collections.abc import Iterable

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.world.world import now


def condition(kind: str, reason: str = "", message: str = "", *, true: bool) -> KubeObject:
    """A condition without its time; reason and message where there are any."""
    told = {"reason": reason, "message": message}
    said = {key: text for key, text in told.items() if text}
    return {"type": kind, "status": str(true), **said}


def updated(known: Iterable[KubeObject], *changes: KubeObject) -> list[KubeObject]:
    """The list with these conditions; one keeps its time while its status stays."""
    found = {each.get("type"): each for each in known}
    for change in changes:
        before = found.get(change["type"]) or {}
        same = before.get("status") == change["status"]
        since = before.get("lastTransitionTime") if same else None
        found[change["type"]] = {**change, "lastTransitionTime": since or now()}
    return list(found.values())


def is_true(obj: KubeObject, kind: str) -> bool:
    """Whether the object's condition of that type is true."""
    found = (obj.get("status") or {}).get("conditions") or []
    return any(each.get("type") == kind and each.get("status") == "True" for each in found)
