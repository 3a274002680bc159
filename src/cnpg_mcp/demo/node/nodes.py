"""The Node objects that pods are bound to."""

from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.world import now

NAMES = ("sim-1", "sim-2", "sim-3")


async def register(api: ApiClient) -> None:
    """Creates the nodes, ready."""
    for name in NAMES:
        labels = {
            "kubernetes.io/hostname": name,
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "topology.kubernetes.io/zone": f"zone-{name[-1]}",
        }
        metadata = {"name": name, "labels": labels}
        await api.apply({"apiVersion": "v1", "kind": "Node", "metadata": metadata})
        await api.patch_status("nodes", None, name, _status())


def _status() -> dict[str, object]:
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastTransitionTime": now(),
        "lastHeartbeatTime": now(),
    }
    size = {"cpu": "8", "memory": "32Gi", "pods": "250"}
    return {"conditions": [condition], "capacity": size, "allocatable": size}
