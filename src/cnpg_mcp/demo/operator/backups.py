"""Backups: each runs for a while and completes, or fails with what keeps it from that."""

from collections.abc import Iterable

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.injection import asked
from cnpg_mcp.demo.operator.scene import Scene, Stale, leaving
from cnpg_mcp.demo.operator.world import World
from cnpg_mcp.demo.world import now
from cnpg_mcp.demo.world.conditions import condition, updated

PENDING, RUNNING, COMPLETED, FAILED = "pending", "running", "completed", "failed"
BACKUP_SECONDS = 20.0
SOURCE = "cloudnative-pg-backup"
CONDITION = "LastBackupSucceeded"
PLUGIN = "plugin"
_SECTIONS = {"barmanObjectStore": "barmanObjectStore", "volumeSnapshot": "volumeSnapshot"}


async def reconcile(world: World, backup: KubeObject) -> None:
    """One step further with a Backup."""
    status = backup.get("status") or {}
    if status.get("phase") in (COMPLETED, FAILED) or leaving(backup):
        return
    meta, name = backup["metadata"], backup["spec"]["cluster"]["name"]
    cluster = world.store.get("clusters", meta["namespace"], name)
    if cluster is None:
        await _wait_for_cluster(world, backup, name)
        return
    try:
        await _advance(world, backup, Scene.of(world, cluster))
    except Stale:
        return


async def _wait_for_cluster(world: World, backup: KubeObject, name: str) -> None:
    if (backup.get("status") or {}).get("phase") != PENDING:
        message = f"Unknown cluster {name}, will retry in 30 seconds"
        await world.tell(backup, "FindingCluster", message, kind="Warning", source=SOURCE)
        await world.set_status("backups", backup, {"phase": PENDING})


async def _advance(world: World, backup: KubeObject, scene: Scene) -> None:
    refusal = _refusal(backup, scene)
    phase = (backup.get("status") or {}).get("phase")
    if refusal:
        reason, message = refusal
        await world.tell(backup, reason, message, kind="Warning", source=SOURCE)
        await _end(world, backup, {"phase": FAILED, "error": message})
    elif phase != RUNNING:
        await _begin(world, backup, scene)
    elif world.timers.passed(BACKUP_SECONDS, backup["metadata"]["uid"], "backup"):
        failure = asked("backup", backup, scene.cluster) or ""
        await _finish(world, backup, scene, failure)


def _method(backup: KubeObject) -> str:
    return str(backup["spec"].get("method") or "barmanObjectStore")


def _refusal(backup: KubeObject, scene: Scene) -> tuple[str, str] | None:
    method, doing = _method(backup), "cannot proceed with the backup as the cluster has"
    if method == PLUGIN:
        wanted = (backup["spec"].get("pluginConfiguration") or {}).get("name")
        named = {each["name"] for each in scene.spec.get("plugins") or []}
        if wanted not in named:
            return "ClusterHasNoBackupExecutorPlugin", f"{doing} no plugin configured"
    elif not scene.spec.get("backup"):
        return "ClusterHasBackupConfigured", f"{doing} no backup section"
    elif not scene.spec["backup"].get(_SECTIONS[method]):
        return "ClusterHasBackupConfigured", f"{doing} no {method} section"
    return None


async def _begin(world: World, backup: KubeObject, scene: Scene) -> None:
    ready = [name for name in scene.names if scene.ready(name)]
    if not ready or not scene.current:
        await world.set_status("backups", backup, {"phase": PENDING})
        return
    standbys = [name for name in ready if name != scene.current]
    chosen = (standbys or ready)[-1]
    message = f"Starting backup for cluster {scene.name}"
    await world.tell(backup, "Starting", message, source=SOURCE)
    started = now()
    status = {
        "phase": RUNNING,
        "method": _method(backup),
        "backupName": f"backup-{_digits(started)}",
        "startedAt": started,
        "reconciliationStartedAt": started,
        "instanceID": _instance(scene, chosen),
        "majorVersion": (scene.status.get("pgDataImageInfo") or {}).get("majorVersion"),
        **_destination(backup, scene),
    }
    await world.set_status("backups", backup, status)
    if _method(backup) != PLUGIN:
        starting = condition(CONDITION, "BackupStarted", "New Backup starting up", true=False)
        await _tell_cluster(world, scene, starting)


def _instance(scene: Scene, name: str) -> KubeObject:
    pod = scene.pods[name]
    containers = pod["status"].get("containerStatuses") or [{}]
    session = pod["metadata"]["uid"]
    container = containers[0].get("containerID", "")
    return {"podName": name, "ContainerID": container, "sessionID": session}


def _destination(backup: KubeObject, scene: Scene) -> KubeObject:
    if _method(backup) != "barmanObjectStore":
        return {}
    store = scene.spec["backup"]["barmanObjectStore"]
    kept = {key: store[key] for key in ("destinationPath", "endpointURL") if key in store}
    return {"serverName": store.get("serverName") or scene.name, **kept}


async def _finish(world: World, backup: KubeObject, scene: Scene, failure: str) -> None:
    """The Cluster is told first: where it has changed meanwhile all of this is done anew."""
    stopped = now()
    if failure:
        last = condition(CONDITION, "LastBackupFailed", failure, true=False)
        summary = {"lastFailedBackup": stopped}
    else:
        last = condition(CONDITION, "LastBackupSucceeded", "Backup was successful", true=True)
        summary = _recoverable(world, scene, _method(backup), stopped)
    if _method(backup) != PLUGIN:
        await _tell_cluster(world, scene, last, **summary)
    if failure:
        await _end(world, backup, {"phase": FAILED, "error": failure, "stoppedAt": stopped})
        return
    lsn, wal = "0/7000028", f"{scene.status.get('timelineID') or 1:08X}0000000000000007"
    done = {"phase": COMPLETED, "stoppedAt": stopped, "backupId": _digits(stopped)}
    places = {"beginLSN": lsn, "endLSN": lsn, "beginWal": wal, "endWal": wal}
    await _end(world, backup, {**done, **places})
    await world.tell(backup, "Completed", "Backup completed", source=SOURCE)


def _recoverable(world: World, scene: Scene, method: str, stopped: str) -> KubeObject:
    """What the Cluster tells of its backups; nothing of this is filled with plugins."""
    ends = [*_ends(world.store.all("backups", scene.namespace), scene.name), stopped]
    oldest = min(ends)
    return {
        "firstRecoverabilityPoint": oldest,
        "firstRecoverabilityPointByMethod": {method: oldest},
        "lastSuccessfulBackup": stopped,
        "lastSuccessfulBackupByMethod": {method: stopped},
    }


def _ends(backups: Iterable[KubeObject], cluster: str) -> list[str]:
    states = (
        each.get("status") or {}
        for each in backups
        if each["spec"]["cluster"]["name"] == cluster and _method(each) != PLUGIN
    )
    return [each["stoppedAt"] for each in states if each.get("phase") == COMPLETED]


async def _end(world: World, backup: KubeObject, status: KubeObject) -> None:
    ended = {**status, "method": _method(backup), "reconciliationTerminatedAt": now()}
    await world.set_status("backups", backup, ended)


async def _tell_cluster(
    world: World, scene: Scene, last: KubeObject, **summary: KubeObject | str
) -> None:
    known = scene.status.get("conditions") or []
    await scene.report(world, conditions=updated(known, last), **summary)


def _digits(moment: str) -> str:
    return "".join(each for each in moment if each.isdigit())
