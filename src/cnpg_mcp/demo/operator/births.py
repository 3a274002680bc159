"""How instances come to be: volumes, then a job that fills them, then a pod."""

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import instances, phases
from cnpg_mcp.demo.operator.conditions import phase
from cnpg_mcp.demo.operator.scene import CLAIM_STATUS, Scene, leaving
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world import now_precise

VOLUMES_LOST = (
    "One or more instances were previously created, but no PersistentVolumeClaims (PVCs) exist. "
    "The cluster is in an unrecoverable state. To resolve this, restore the cluster from a recent "
    "backup."
)
_FIRST_JOBS = {"recovery": "full-recovery", "pg_basebackup": "pgbasebackup"}


async def first(world: World, scene: Scene) -> bool:
    """The first instance's volumes, where there is nothing yet."""
    if scene.names:
        return False
    if scene.claims:  # all of them are going: until they are gone nothing new is made
        return True
    if scene.condition("Initialized").get("status") == "True":
        await scene.report(world, **phase(scene, phases.UNRECOVERABLE, VOLUMES_LOST))
        return True
    name = f"{scene.name}-1"
    asked_for = {"targetPrimary": name, "targetPrimaryTimestamp": now_precise()}
    reason = f"Creating primary instance {name}"
    await scene.report(world, **phase(scene, phases.SETTING_UP, reason), **asked_for)
    message = f"Primary instance ({first_job(scene)})"
    await world.tell(scene.cluster, "CreatingInstance", message)
    await _make_claims(world, scene, name)
    return True


async def replica(world: World, scene: Scene) -> bool:
    """The next replica's volumes, where one more is wanted."""
    if len(scene.names) >= scene.spec["instances"]:
        return False
    taken = {each["metadata"]["name"] for each in scene.claims}
    numbers = range(1, len(taken) + 2)
    name = next(n for n in (f"{scene.name}-{i}" for i in numbers) if n not in taken)
    reason = f"Creating replica {name}-join"
    await scene.report(world, **phase(scene, phases.CREATING_REPLICA, reason))
    await world.tell(scene.cluster, "CreatingInstance", f"Creating instance {name}")
    await _make_claims(world, scene, name)
    return True


async def jobs(world: World, scene: Scene, image: str) -> bool:
    """Whether a data directory is being made; what is finished is noted as ready."""
    making = [name for name in scene.names if scene.initializing(name)]
    for name in making:
        await _advance(world, scene, name, image)
    return bool(making)


async def _advance(world: World, scene: Scene, name: str, image: str) -> None:
    job = scene.job_of(name)
    if job is None:
        role = "join" if scene.current else first_job(scene)
        await world.create(instances.job(scene, name, role, image))
    elif _done(job, "Complete"):
        for claim in scene.claims_of(name):
            ready = {"metadata": {"annotations": {CLAIM_STATUS: "ready"}}}
            await world.patch("persistentvolumeclaims", claim, ready)
    elif _done(job, "Failed"):
        reason = (
            f"Instance creation failed for the following jobs: {job['metadata']['name']}."
            " Check the job logs to investigate the cause of the failure."
        )
        await scene.report(world, **phase(scene, phases.UNRECOVERABLE, reason))


async def pods(world: World, scene: Scene, image: str) -> bool:
    """The pod of an instance that has none: the primary's first, and one at a time."""
    missing = [name for name in scene.names if name not in scene.pods]
    coming = any(not scene.started(name) for name in scene.pods)
    first_of_all = scene.target if scene.target in scene.names else next(iter(missing), "")
    if first_of_all not in missing:
        first_of_all = "" if coming else next(iter(missing), "")
    if not first_of_all:
        return False
    if not scene.target:
        chosen = {"targetPrimary": first_of_all, "targetPrimaryTimestamp": now_precise()}
        await scene.report(world, **chosen)
    await world.create(instances.pod(scene, first_of_all, image))
    return True


async def clean(world: World, scene: Scene) -> None:
    """Removes the jobs of instances that run."""
    for name in scene.names:
        job = scene.job_of(name)
        if job and scene.ready(name) and not leaving(job):
            await world.remove("jobs", job, propagationPolicy="Background")


def first_job(scene: Scene) -> str:
    """The role of the job that makes the first instance."""
    method = next(iter(scene.spec.get("bootstrap") or {}), "initdb")
    return _FIRST_JOBS.get(method, method)


def _done(job: KubeObject, kind: str) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or []
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


async def _make_claims(world: World, scene: Scene, name: str) -> None:
    for claim in instances.claims(scene, name, state="initializing"):
        await world.create(claim)
