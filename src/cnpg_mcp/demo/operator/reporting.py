"""What the operator reports of a Cluster at every look: instances, volumes, certificates."""

from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.injection import asked
from cnpg_mcp.demo.operator import credentials
from cnpg_mcp.demo.operator.labels import major
from cnpg_mcp.demo.operator.scene import CLUSTER_LABEL, Scene, leaving, role_of
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world.conditions import condition, updated

OPERATOR_HASH = "sim"
_SECRETS = {
    "applicationSecretVersion": "app",
    "clientCaSecretVersion": "ca",
    "replicationSecretVersion": "replication",
    "serverCaSecretVersion": "ca",
    "serverSecretVersion": "server",
}


async def observe(world: World, scene: Scene, image: str) -> None:
    """Writes down what is there now."""
    reports = {name: _report(world, scene, name) for name in scene.names}
    await scene.report(
        world,
        **_fixed(scene, image),
        **_instances(scene, reports),
        **_volumes(scene),
        **_secrets(world, scene),
        conditions=updated(scene.status.get("conditions") or [], *_conditions(scene, reports)),
    )


def _report(world: World, scene: Scene, name: str) -> KubeObject | None:
    pod = scene.pods.get(name)
    return world.ask(pod["metadata"]["uid"]) if pod and not leaving(pod) else None


def _fixed(scene: Scene, image: str) -> dict[str, Any]:
    return {
        "image": image,
        "pgDataImageInfo": {"image": image, "majorVersion": major(image)},
        "readService": f"{scene.name}-r",
        "writeService": f"{scene.name}-rw",
        "selector": f"{CLUSTER_LABEL}={scene.name},cnpg.io/podRole=instance",
        "availableArchitectures": [{"goArch": "amd64", "hash": OPERATOR_HASH}],
        "cloudNativePGCommitHash": "none",
        "cloudNativePGOperatorHash": OPERATOR_HASH,
        "poolerIntegrations": {"pgBouncerIntegration": {}},
        "switchReplicaClusterStatus": {},
    }


# --- instances ---


def _instances(scene: Scene, reports: dict[str, KubeObject | None]) -> dict[str, Any]:
    names = scene.names
    ready = [name for name in names if scene.ready(name)]
    system = {str(each["systemID"]) for each in reports.values() if each and each["systemID"]}
    states = _states(scene, ready)
    nodes = {pod["spec"].get("nodeName") for pod in scene.pods.values()}
    topology = _replaced(scene.status.get("topology"), "instances", {n: {} for n in scene.pods})
    return {
        "instances": len(names) or None,
        "instanceNames": names or None,
        "readyInstances": len(ready) or None,
        "instancesStatus": states if any(states.values()) else None,
        "instancesReportedState": _reported(scene, reports),
        "systemID": next(iter(system)) if len(system) == 1 else scene.status.get("systemID"),
        "timelineID": _timeline(scene, reports),
        "topology": {
            "successfullyExtracted": True,
            "nodesUsed": len(nodes) or None,
            "instances": topology,
        },
    }


def _states(scene: Scene, ready: list[str]) -> dict[str, list[str] | None]:
    """`replicating` means that PostgreSQL runs and is not ready, `failed` that it does not run."""
    others = [name for name in scene.names if name in scene.pods and name not in ready]
    here = [name for name in others if not leaving(scene.pods[name])]
    running = [name for name in here if scene.pods[name]["status"].get("podIP")]
    failed = [name for name in here if name not in running]
    return {"healthy": ready or None, "replicating": running or None, "failed": failed or None}


def _reported(scene: Scene, reports: dict[str, KubeObject | None]) -> dict[str, Any] | None:
    found = {
        name: {
            "ip": scene.pods[name]["status"].get("podIP", ""),
            "isPrimary": report["isPrimary"],
            "timeLineID": report["timeLineID"],
        }
        for name, report in reports.items()
        if report
    }
    return _replaced(scene.status, "instancesReportedState", found)


def _replaced(held: KubeObject | None, key: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """A merge patch that replaces a map; None for an empty one."""
    before: dict[str, Any] = dict.fromkeys((held or {}).get(key) or {})
    return {**before, **wanted} if wanted else None


def _timeline(scene: Scene, reports: dict[str, KubeObject | None]) -> int | None:
    primary = reports.get(scene.current)
    return primary["timeLineID"] if primary else scene.status.get("timelineID")


# --- volumes and jobs ---


def _volumes(scene: Scene) -> dict[str, Any]:
    groups: dict[str, list[str]] = {kind: [] for kind in ("healthy", "dangling", "initializing")}
    for name in scene.names:
        claims = [each["metadata"]["name"] for each in scene.claims_of(name)]
        if scene.initializing(name):
            groups["initializing"] += claims
        elif name in scene.pods:
            groups["healthy"] += claims
        else:
            groups["dangling"] += claims
    counted = [each for each in scene.claims if role_of(each)]
    return {
        **{f"{kind}PVC": found or None for kind, found in groups.items()},
        "pvcCount": len(counted) or None,
        "resizingPVC": [c["metadata"]["name"] for c in counted if _resizing(c)] or None,
        "jobCount": len(scene.jobs) or None,
    }


def _resizing(claim: KubeObject) -> bool:
    capacity = (claim.get("status") or {}).get("capacity")
    return bool(capacity and capacity != claim["spec"]["resources"]["requests"])


# --- Secrets ---


def _secrets(world: World, scene: Scene) -> dict[str, Any]:
    found = {
        kind: world.store.get("secrets", scene.namespace, f"{scene.name}-{kind}")
        for kind in ("app", "ca", "server", "replication")
    }
    versions = {
        key: secret["metadata"]["resourceVersion"] if (secret := found[kind]) else None
        for key, kind in _SECRETS.items()
    }
    known = scene.status.get("secretsResourceVersion") or {}
    if all(known.get(key) == version for key, version in versions.items()):
        return {}
    until = {
        f"{scene.name}-{kind}": credentials.expiration(secret)
        for kind, secret in found.items()
        if secret and kind != "app"
    }
    return {"secretsResourceVersion": versions, "certificates": _certificates(scene, until)}


def _certificates(scene: Scene, until: dict[str, str]) -> dict[str, Any]:
    supplied = scene.spec.get("certificates") or {}
    usual = {
        "clientCASecret": "ca",
        "serverCASecret": "ca",
        "serverTLSSecret": "server",
        "replicationTLSSecret": "replication",
    }
    names = {key: supplied.get(key) or f"{scene.name}-{kind}" for key, kind in usual.items()}
    alternatives = credentials.service_names(scene)
    return {**names, "expirations": until, "serverAltDNSNames": alternatives}


# --- conditions ---


def _conditions(scene: Scene, reports: dict[str, KubeObject | None]) -> list[KubeObject]:
    found = [_system_id(scene, reports)]
    if scene.names:
        message = "Cluster has been bootstrapped"
        found.insert(0, condition("Initialized", "BootstrapCompleted", message, true=True))
    elif not scene.condition("Initialized"):
        message = "Cluster has not been bootstrapped yet"
        found.insert(0, condition("Initialized", "BootstrapPending", message, true=False))
    if scene.current:
        found.append(_archiving(scene))
    return found


def _system_id(scene: Scene, reports: dict[str, KubeObject | None]) -> KubeObject:
    kind = "ConsistentSystemID"
    if any(each and each["systemID"] for each in reports.values()):
        message = "A single, unique system ID was found across reporting instances."
        return condition(kind, "Unique", message, true=True)
    message = (
        "Instances are present, but none have reported a system ID."
        if scene.pods
        else "No instances are present in the cluster to report a system ID."
    )
    return condition(kind, "NotFound", message, true=False)


def _archiving(scene: Scene) -> KubeObject:
    failure = asked("archiving", scene.cluster)
    kind = "ContinuousArchiving"
    if failure:
        return condition(kind, "ContinuousArchivingFailing", failure, true=False)
    message = "Continuous archiving is working"
    return condition(kind, "ContinuousArchivingSuccess", message, true=True)
