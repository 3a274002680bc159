"""Instance pods: scheduled, running, ready, each with the status endpoint the operator asks."""

import base64

from cnpg_mcp.demo.client import ApiError
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node import instance, nodes, volumes
from cnpg_mcp.demo.node.injection import asked
from cnpg_mcp.demo.node.instance import Instances
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.world import now
from cnpg_mcp.demo.world.conditions import condition, is_true, updated
from cnpg_mcp.demo.world.instances import serial
from cnpg_mcp.demo.world.world import CONFLICT_OR_GONE

START_SECONDS = 9.0
"""From the pod's start until PostgreSQL serves and the readiness probe has seen it."""
UNBOUND = "pod has unbound immediate PersistentVolumeClaims"


class Pods:
    """The kubelet of all nodes."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._addresses: dict[str, str] = {}
        """Of the pods whose instance manager runs, by uid."""
        self._started: set[str] = set()
        """The pods where PostgreSQL has come up, by uid."""

    async def close(self) -> None:
        """Ends all instance managers."""
        for uid in list(self._addresses):
            await self._end(uid)

    async def _end(self, uid: str) -> None:
        del self._addresses[uid]
        self._started.discard(uid)
        await self._instances.stop(uid)

    def up(self, world: World, namespace: str, name: str) -> bool:
        """Whether the named instance runs and answers."""
        pod = world.store.get("pods", namespace, name)
        return bool(
            pod
            and pod["metadata"]["uid"] in self._started
            and asked("down", pod, world.cluster_of(pod)) is None
        )

    async def run(self, world: World) -> None:
        """Brings every instance pod to the state it should have, and ends deleted ones."""
        live = set()
        for pod in world.store.all("pods"):
            if pod["metadata"].get("deletionTimestamp"):
                await world.remove("pods", pod, gracePeriodSeconds=0)
                continue
            live.add(pod["metadata"]["uid"])
            cluster = world.cluster_of(pod)
            if cluster and pod["metadata"]["labels"].get("cnpg.io/podRole") == "instance":
                await self._advance(world, pod, cluster)
        for uid in self._addresses.keys() - live:
            await self._end(uid)

    async def _advance(self, world: World, pod: KubeObject, cluster: KubeObject) -> None:
        blocked = asked("pending", pod, cluster) or _waits_for_volume(world, pod)
        if blocked:
            await _leave_pending(world, pod, blocked)
            return
        await _bind(world, pod)
        unpullable = asked("image-pull", pod, cluster)
        if unpullable:
            await _leave_unpulled(world, pod, unpullable)
            return
        address = await self._serve(world, pod, cluster)
        if not address:
            return
        uid = pod["metadata"]["uid"]
        if world.timers.passed(START_SECONDS, uid, "start"):
            self._started.add(uid)
        started = uid in self._started
        ready = started and asked("down", pod, cluster) is None
        await _set_running(world, pod, address, started=started, ready=ready)

    async def _serve(self, world: World, pod: KubeObject, cluster: KubeObject) -> str:
        """Starts the pod's instance manager where it does not run; its address."""
        meta = pod["metadata"]
        if meta["uid"] not in self._addresses:
            secret = f"{cluster['metadata']['name']}-server"
            held = world.store.get("secrets", meta["namespace"], secret)
            if held is None:
                return ""
            pair = _decoded(held, "tls.crt"), _decoded(held, "tls.key")

            def report() -> KubeObject | None:
                return self._report(world, meta["namespace"], meta["name"])

            self._addresses[meta["uid"]] = await self._instances.start(meta["uid"], report, pair)
        return self._addresses[meta["uid"]]

    def _report(self, world: World, namespace: str, name: str) -> KubeObject | None:
        """What the instance says about itself now; None while it is down."""
        pod = world.store.get("pods", namespace, name)
        cluster = world.cluster_of(pod) if pod else None
        if pod is None or cluster is None or not self.up(world, namespace, name):
            return None
        primary = (cluster.get("status") or {}).get("currentPrimary")
        primary_up = bool(primary) and self.up(world, namespace, str(primary))
        standbys = [
            other
            for other in (cluster.get("status") or {}).get("instanceNames", [])
            if other != name and self.up(world, namespace, other)
        ]
        return instance.report(
            pod, cluster, world.postgres(cluster), standbys, primary_up=primary_up
        )


def _decoded(secret: KubeObject, key: str) -> bytes:
    return base64.b64decode((secret.get("data") or {}).get(key) or "")


def _waits_for_volume(world: World, pod: KubeObject) -> str:
    missing = volumes.unbound(world, volumes.claims(pod), pod["metadata"]["namespace"])
    return UNBOUND if missing and not pod["spec"].get("nodeName") else ""


async def _leave_pending(world: World, pod: KubeObject, message: str) -> None:
    known = pod["status"].get("conditions") or []
    if any(each.get("type") == "PodScheduled" for each in known):
        return
    unscheduled = condition("PodScheduled", "Unschedulable", message, true=False)
    status = {"phase": "Pending", "conditions": updated(known, unscheduled)}
    await world.set_status("pods", pod, status)
    await world.event(pod, "FailedScheduling", message, "default-scheduler")


async def _leave_unpulled(world: World, pod: KubeObject, message: str) -> None:
    if pod["status"].get("containerStatuses"):
        return
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": message}}
    containers = [
        {**_container(each, pod), "ready": False, "started": False, "state": waiting}
        for each in pod["spec"]["containers"]
    ]
    known = pod["status"].get("conditions") or []
    scheduled, unready = condition("PodScheduled", true=True), condition("Ready", true=False)
    conditions = updated(known, scheduled, unready)
    status = {"phase": "Pending", "containerStatuses": containers, "conditions": conditions}
    await world.set_status("pods", pod, status)
    await world.event(pod, "Failed", message, "kubelet")


async def _bind(world: World, pod: KubeObject) -> None:
    if pod["spec"].get("nodeName"):
        return
    meta = pod["metadata"]
    node = nodes.NAMES[serial(meta["name"]) % len(nodes.NAMES)]
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": meta["name"]},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/binding"
    try:
        await world.api.request("POST", path, binding)
    except ApiError as error:  # the cache lags behind: it is gone, or was bound already
        if error.status not in CONFLICT_OR_GONE:
            raise
    pod["spec"]["nodeName"] = node


async def _set_running(
    world: World, pod: KubeObject, address: str, *, started: bool, ready: bool
) -> None:
    status = pod["status"]
    known = (status.get("phase"), status.get("podIP"), is_true(pod, "Ready"), _has_started(pod))
    if known != ("Running", address, ready, started):
        await world.set_status("pods", pod, _running(pod, address, started=started, ready=ready))


def _has_started(pod: KubeObject) -> bool:
    containers = pod["status"].get("containerStatuses") or []
    return bool(containers) and all(each.get("started") for each in containers)


def _running(pod: KubeObject, address: str, *, started: bool, ready: bool) -> KubeObject:
    since = pod["status"].get("startTime") or now()
    finished = {"exitCode": 0, "reason": "Completed", "startedAt": since, "finishedAt": since}
    running = {
        "ready": ready,
        "started": started,
        "state": {"running": {"startedAt": since}},
    }
    done = {"ready": True, "state": {"terminated": finished}}
    spec = pod["spec"]
    lasting = dict.fromkeys(("PodScheduled", "Initialized"), True)
    conditions = {**lasting, **dict.fromkeys(("ContainersReady", "Ready"), ready)}
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "hostIP": "127.0.0.1",
        "startTime": since,
        "conditions": updated(
            pod["status"].get("conditions") or [],
            *(condition(kind, true=true) for kind, true in conditions.items()),
        ),
        "containerStatuses": [{**_container(each, pod), **running} for each in spec["containers"]],
        "initContainerStatuses": [
            {**_container(each, pod), **done} for each in spec.get("initContainers", [])
        ],
    }


def _container(container: KubeObject, pod: KubeObject) -> KubeObject:
    return {
        "name": container.get("name", ""),
        "image": container.get("image", ""),
        "imageID": container.get("image", ""),
        "containerID": f"sim://{pod['metadata']['uid']}/{container.get('name', '')}",
        "restartCount": 0,
    }
