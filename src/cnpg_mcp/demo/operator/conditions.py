"""What a phase sets in a Cluster's status."""

from typing import Any

from cnpg_mcp.demo.operator import phases
from cnpg_mcp.demo.operator.scene import Scene
from cnpg_mcp.demo.world.conditions import condition, updated


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
