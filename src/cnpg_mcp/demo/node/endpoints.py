"""EndpointSlices that follow the pods' labels and readiness."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.notation import suffix
from cnpg_mcp.demo.world.conditions import is_true

SERVICE_LABEL = "kubernetes.io/service-name"
MANAGED_BY = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}


async def maintain(world: World) -> None:
    """One slice for every service with a selector."""
    slices = {
        (each["metadata"]["namespace"], each["metadata"]["labels"].get(SERVICE_LABEL)): each
        for each in world.store.all("endpointslices")
        if each["metadata"].get("labels")
    }
    for service in world.store.all("services"):
        meta = service["metadata"]
        if (service.get("spec") or {}).get("selector") and not meta.get("deletionTimestamp"):
            await _maintain_one(world, service, slices.get((meta["namespace"], meta["name"])))


async def _maintain_one(world: World, service: KubeObject, known: KubeObject | None) -> None:
    endpoints = _endpoints(world, service)
    if known is None:
        created = await world.api.create(_slice(service, endpoints))
        world.store.put("endpointslices", created)
    elif (known.get("endpoints") or []) != endpoints:
        await world.patch("endpointslices", known, {"endpoints": endpoints})


def _endpoints(world: World, service: KubeObject) -> list[KubeObject]:
    selector = service["spec"]["selector"].items()
    pods = [
        pod
        for pod in world.store.all("pods", service["metadata"]["namespace"])
        if selector <= (pod["metadata"].get("labels") or {}).items() and pod["status"].get("podIP")
    ]
    return [_endpoint(pod) for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))]


def _endpoint(pod: KubeObject) -> KubeObject:
    meta = pod["metadata"]
    serving = is_true(pod, "Ready")
    terminating = bool(meta.get("deletionTimestamp"))
    return {
        "addresses": [_routable(pod["status"]["podIP"])],
        "conditions": {
            "ready": serving and not terminating,
            "serving": serving,
            "terminating": terminating,
        },
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": {"kind": "Pod", **{key: meta[key] for key in ("name", "namespace", "uid")}},
    }


def _routable(address: str) -> str:
    """A slice refuses loopback addresses, where the simulated pods listen."""
    return "10." + address.removeprefix("127.")


def _slice(service: KubeObject, endpoints: list[KubeObject]) -> KubeObject:
    meta = service["metadata"]
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    labels = {**(meta.get("labels") or {}), SERVICE_LABEL: meta["name"], **MANAGED_BY}
    ports = [
        {
            "name": port.get("name", ""),
            "port": port.get("port"),
            "protocol": port.get("protocol", "TCP"),
        }
        for port in service["spec"].get("ports", [])
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{meta['name']}-{suffix()}",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [owner],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }
