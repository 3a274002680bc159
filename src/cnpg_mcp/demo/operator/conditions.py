"""The list of conditions in a status."""

from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import phases
from cnpg_mcp.demo.operator.scene import Scene
from cnpg_mcp.demo.world import now


def condition(kind: str, reason: str, message: str, *, true: bool) -> KubeObject:
    """A condition without its time."""
    return {"type": kind, "status": str(true), "reason": reason, "message": message}


def updated(known: list[KubeObject], *changes: KubeObject) -> list[KubeObject]:
    """The list with these conditions; one keeps its time while its status stays."""
    found = {each["type"]: each for each in known}
    for change in changes:
        before = found.get(change["type"]) or {}
        same = before.get("status") == change["status"]
        since = before.get("lastTransitionTime") if same else None
        found[change["type"]] = {**change, "lastTransitionTime": since or now()}
    return list(found.values())


def phase(scene: Scene, name: str, reason: str = "") -> dict[str, Any]:
    """The fields of a Cluster's status that a phase sets."""
    healthy = name == phases.HEALTHY
    ready = condition(
        "Ready",
        "ClusterIsReady" if healthy else "ClusterIsNotReady",
        "Cluster is Ready" if healthy else "Cluster Is Not Ready",
        true=healthy,
    )
    conditions = updated(scene.status.get("conditions") or [], ready)
    return {"phase": name, "phaseReason": reason or None, "conditions": conditions}
