"""Volumes are bound and jobs complete, unless a test asked otherwise."""

from collections.abc import Sequence

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.injection import asked
from cnpg_mcp.demo.node.world import World
from cnpg_mcp.demo.world import now
from cnpg_mcp.demo.world.conditions import condition, updated

PROVISION_SECONDS = 4.0
JOB_SECONDS = 6.0


async def bind(world: World) -> None:
    """Binds every claim whose storage class exists; releases deleted ones that no pod uses."""
    for claim in world.store.all("persistentvolumeclaims"):
        if claim["metadata"].get("deletionTimestamp"):
            await _release(world, claim)
        elif claim["status"].get("phase") != "Bound" or _grows(claim):
            await _bind_one(world, claim)


async def _bind_one(world: World, claim: KubeObject) -> None:
    reason = asked("volume", claim, world.cluster_of(claim)) or _missing_class(world, claim)
    if reason:
        source = "persistentvolume-controller"
        await world.event(claim, "ProvisioningFailed", reason, source)
        return
    size = str(claim["spec"]["resources"]["requests"])
    if not world.timers.passed(PROVISION_SECONDS, claim["metadata"]["uid"], size):
        return
    status = {
        "phase": "Bound",
        "accessModes": claim["spec"]["accessModes"],
        "capacity": claim["spec"]["resources"]["requests"],
    }
    await world.set_status("persistentvolumeclaims", claim, status)


def _grows(claim: KubeObject) -> bool:
    return bool(claim["status"].get("capacity") != claim["spec"]["resources"]["requests"])


def _missing_class(world: World, claim: KubeObject) -> str:
    name = claim["spec"].get("storageClassName")
    if not name or world.store.get("storageclasses", "", name):
        return ""
    return f'storageclass.storage.k8s.io "{name}" not found'


async def _release(world: World, claim: KubeObject) -> None:
    meta = claim["metadata"]
    if meta.get("finalizers") == ["kubernetes.io/pvc-protection"] and not _used(world, claim):
        await world.set_finalizers("persistentvolumeclaims", claim, ())


def _used(world: World, claim: KubeObject) -> bool:
    meta = claim["metadata"]
    return any(meta["name"] in claims(pod) for pod in world.store.all("pods", meta["namespace"]))


def claims(pod: KubeObject) -> set[str]:
    """The names of the claims that a pod, or a job's template of one, mounts."""
    volumes = (pod.get("spec") or {}).get("volumes") or []
    mounted = (volume.get("persistentVolumeClaim") or {} for volume in volumes)
    return {each["claimName"] for each in mounted if each.get("claimName")}


def unbound(world: World, claim_names: set[str], namespace: str) -> bool:
    """Whether a volume that is needed is not there yet."""
    found = (world.store.get("persistentvolumeclaims", namespace, name) for name in claim_names)
    return any(claim is None or claim["status"].get("phase") != "Bound" for claim in found)


async def complete_jobs(world: World) -> None:
    """Completes every job whose volumes are there, or fails it where a test asked for that."""
    for job in world.store.all("jobs"):
        status = job.get("status") or {}
        finished = status.get("succeeded") or status.get("failed")
        if not finished and not job["metadata"].get("deletionTimestamp"):
            await _advance(world, job)


async def _advance(world: World, job: KubeObject) -> None:
    asked_for = asked("job", job, world.cluster_of(job))
    needed = claims(job["spec"].get("template") or {})
    waiting = asked_for == "running" or unbound(world, needed, job["metadata"]["namespace"])
    if waiting or not world.timers.passed(JOB_SECONDS, job["metadata"]["uid"]):
        started = {"startTime": job["metadata"]["creationTimestamp"], "active": 1, "ready": 0}
        await world.set_status("jobs", job, started)
        return
    await world.set_status("jobs", job, _failed(job, asked_for) if asked_for else _done(job))


def _done(job: KubeObject) -> KubeObject:
    reason, message = "CompletionsReached", "Reached expected number of succeeded pods"
    return {
        "succeeded": 1,
        "active": None,
        "ready": 0,
        "startTime": job["metadata"]["creationTimestamp"],
        "completionTime": now(),
        "conditions": _ended(("SuccessCriteriaMet", "Complete"), reason, message),
    }


def _failed(job: KubeObject, message: str) -> KubeObject:
    return {
        "failed": 7,
        "active": None,
        "ready": 0,
        "startTime": job["metadata"]["creationTimestamp"],
        "conditions": _ended(("FailureTarget", "Failed"), "BackoffLimitExceeded", message),
    }


def _ended(kinds: Sequence[str], reason: str, message: str) -> list[KubeObject]:
    """The conditions of a job that has ended."""
    made = updated((), *(condition(kind, reason, message, true=True) for kind in kinds))
    return [{**each, "lastProbeTime": each["lastTransitionTime"]} for each in made]
