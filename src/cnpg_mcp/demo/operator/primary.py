"""Who is the primary: switchover as asked, failover when it is lost, and the labels that tell."""

from cnpg_mcp.demo.operator import phases
from cnpg_mcp.demo.operator.conditions import phase
from cnpg_mcp.demo.operator.scene import Scene, leaving
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world import now_precise
from cnpg_mcp.demo.world.instances import is_fenced

LOST_SECONDS, UNREADY_SECONDS, ELECTION_SECONDS = 1.0, 60.0, 1.5
RELABEL_SECONDS, SETTLE_SECONDS = 4.0, 9.5
"""After a switchover: until `-rw` is served again, and until the old primary follows the new."""
ROLE = "cnpg.io/instanceRole"
PENDING = "pending"


async def change(world: World, scene: Scene) -> bool:
    """Whether the primary is changing: then nothing else is done."""
    if not scene.current:
        return False
    if scene.target == PENDING:
        return await _elect(world, scene)
    if scene.target == scene.current:
        return _settling(world, scene) or await _fail_over(world, scene)
    if scene.target not in scene.names:
        await scene.report(world, targetPrimary=scene.current)
    elif scene.phase == phases.FAILOVER:
        if not scene.ready(scene.target):
            await scene.report(world, targetPrimary=PENDING)
    else:
        reason = f"Switching over to {scene.target}"
        await scene.report(world, **phase(scene, phases.SWITCHOVER, reason))
    return True


def _settling(world: World, scene: Scene) -> bool:
    """After a switchover it takes a moment until the old primary follows."""
    since = str(scene.status.get("currentPrimaryTimestamp"))
    switched = scene.phase == phases.SWITCHOVER
    return switched and not world.timers.passed(SETTLE_SECONDS, scene.uid, "settle", since)


# --- failover ---


async def _fail_over(world: World, scene: Scene) -> bool:
    """Whether a failover begins, or will in a moment; a primary that is not ready has time."""
    lost, patience = _lost(scene)
    key = (scene.uid, "lost", scene.current, str(patience))
    if not lost or not _candidates(scene):
        for seconds in (LOST_SECONDS, UNREADY_SECONDS):
            world.timers.clear(scene.uid, "lost", scene.current, str(seconds))
        return False
    if not world.timers.passed(patience + scene.spec.get("failoverDelay", 0), *key):
        return patience == LOST_SECONDS
    old = scene.current
    failing = {
        "targetPrimary": PENDING,
        "targetPrimaryTimestamp": now_precise(),
        "currentPrimaryFailingSinceTimestamp": now_precise(),
    }
    reason = f"Initiating a failover from {old}"
    await scene.report(world, **phase(scene, phases.FAILOVER, reason), **failing)
    message = f"Current primary isn't healthy, initiating a failover from {old}"
    await world.tell(scene.cluster, "FailingOver", message)
    return True


def _lost(scene: Scene) -> tuple[bool, float]:
    """Whether the primary does not serve, and how long the operator bears with that."""
    name = scene.current
    if scene.phase in phases.PRIMARY_RESTARTS or is_fenced(scene.cluster, name):
        return False, LOST_SECONDS
    pod = scene.pods.get(name)
    if pod is None or leaving(pod):
        return True, LOST_SECONDS
    return scene.started(name) and not scene.ready(name), UNREADY_SECONDS


async def _elect(world: World, scene: Scene) -> bool:
    since = str(scene.status.get("targetPrimaryTimestamp"))
    candidates = _candidates(scene)
    if not candidates or not world.timers.passed(ELECTION_SECONDS, scene.uid, "election", since):
        return True
    chosen = candidates[-1]
    message = f"Failing over from {scene.current} to {chosen}"
    target = {"targetPrimary": chosen, "targetPrimaryTimestamp": now_precise()}
    cleared = {"currentPrimaryFailingSinceTimestamp": None}
    await scene.report(world, **phase(scene, phases.FAILOVER, message), **target, **cleared)
    await world.tell(scene.cluster, "FailoverTarget", message)
    return True


def _candidates(scene: Scene) -> list[str]:
    names = [name for name in scene.names if name != scene.current and scene.ready(name)]
    return [name for name in names if not is_fenced(scene.cluster, name)]


# --- labels ---


async def label(world: World, scene: Scene) -> None:
    """Writes each instance's role on its pod and volumes; Services follow the pods' labels."""
    for name in scene.names:
        pod = scene.pods.get(name)
        role = _role(world, scene, name)
        if not pod or leaving(pod) or not role:
            continue
        wanted = {ROLE: role, "role": role}
        if not wanted.items() <= pod["metadata"]["labels"].items():
            await world.patch("pods", pod, {"metadata": {"labels": wanted}})
        if role == "unhealthy":
            continue
        for claim in scene.claims_of(name):
            if not wanted.items() <= claim["metadata"]["labels"].items():
                body = {"metadata": {"labels": wanted}}
                await world.patch("persistentvolumeclaims", claim, body)


def _role(world: World, scene: Scene, name: str) -> str:
    """The role to write; nothing while what is written stays."""
    labelled = ROLE in scene.pods[name]["metadata"]["labels"] if name in scene.pods else False
    if not scene.current or not (labelled or scene.ready(name)):
        return ""
    if name != scene.current:
        return "replica"
    if scene.target != scene.current:
        return "unhealthy"
    since = str(scene.status.get("currentPrimaryTimestamp"))
    waits = scene.phase == phases.SWITCHOVER and not world.timers.passed(
        RELABEL_SECONDS, scene.uid, "relabel", since
    )
    return "" if waits else "primary"
