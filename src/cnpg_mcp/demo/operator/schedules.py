"""ScheduledBackups make Backups by the clock."""

from datetime import UTC, datetime

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.notation import parsed_time, timestamp
from cnpg_mcp.demo.operator import cron
from cnpg_mcp.demo.operator.cron import Schedule
from cnpg_mcp.demo.operator.labels import owner
from cnpg_mcp.demo.operator.scene import CLUSTER_LABEL, leaving
from cnpg_mcp.demo.operator.world import World

SOURCE = "cloudnative-pg-scheduledbackup"
KEPT = 10
"""So many Backups of one schedule stay; the operator itself would keep all."""
SCHEDULE_LABEL = "cnpg.io/scheduled-backup"
_COPIED = ("cluster", "method", "target", "online", "onlineConfiguration", "pluginConfiguration")


async def reconcile(world: World, scheduled: KubeObject) -> None:
    """Makes the Backup that is due, if one is."""
    if scheduled["spec"].get("suspend") or leaving(scheduled):
        return
    schedule = cron.parsed(scheduled["spec"]["schedule"])
    if schedule is None:  # it came past admission
        return
    moment = datetime.now(UTC).replace(microsecond=0)
    checked = parsed_time((scheduled.get("status") or {}).get("lastCheckTime") or "")
    if checked is None:
        await _begin(world, scheduled, schedule, moment)
        return
    due = schedule.after(min(checked, moment))
    if due and due <= moment:
        await _make(world, scheduled, moment, immediate=False)
        await _note(world, scheduled, schedule, moment, made=True)
        await _prune(world, scheduled)


async def _begin(world: World, scheduled: KubeObject, schedule: Schedule, moment: datetime) -> None:
    immediate = bool(scheduled["spec"].get("immediate"))
    if immediate:
        message = f"Scheduled immediate backup now: {_shown(moment)}"
        await _make(world, scheduled, moment, immediate=True)
    else:
        message = f"Scheduled first backup by {_shown(schedule.after(moment))}"
    await world.tell(scheduled, "BackupSchedule", message, source=SOURCE)
    await _note(world, scheduled, schedule, moment, made=immediate)


async def _note(
    world: World, scheduled: KubeObject, schedule: Schedule, moment: datetime, *, made: bool
) -> None:
    status = {"lastCheckTime": timestamp(moment)}
    due = schedule.after(moment)
    if made:
        status["lastScheduleTime"] = timestamp(moment)
    if made and due:
        status["nextScheduleTime"] = timestamp(due)
    await world.set_status("scheduledbackups", scheduled, status)


async def _make(world: World, scheduled: KubeObject, moment: datetime, *, immediate: bool) -> None:
    meta, spec = scheduled["metadata"], scheduled["spec"]
    cluster = spec["cluster"]["name"]
    labels = {
        CLUSTER_LABEL: cluster,
        "cnpg.io/immediateBackup": str(immediate).lower(),
        SCHEDULE_LABEL: meta["name"],
    }
    named = {"name": f"{meta['name']}-{moment:%Y%m%d%H%M%S}", "namespace": meta["namespace"]}
    made = {
        "apiVersion": scheduled["apiVersion"],
        "kind": "Backup",
        "metadata": {**named, "labels": labels, "ownerReferences": _owners(world, scheduled)},
        "spec": {key: spec[key] for key in _COPIED if key in spec},
    }
    await world.create(made)


def _owners(world: World, scheduled: KubeObject) -> list[KubeObject]:
    wanted = scheduled["spec"].get("backupOwnerReference")
    if wanted == "self":
        return [owner(scheduled)]
    namespace, name = scheduled["metadata"]["namespace"], scheduled["spec"]["cluster"]["name"]
    cluster = world.store.get("clusters", namespace, name)
    return [owner(cluster)] if wanted == "cluster" and cluster else []


async def _prune(world: World, scheduled: KubeObject) -> None:
    meta = scheduled["metadata"]
    made = [
        each
        for each in world.store.all("backups", meta["namespace"])
        if (each["metadata"].get("labels") or {}).get(SCHEDULE_LABEL) == meta["name"]
    ]
    made.sort(key=lambda each: str(each["metadata"]["name"]))
    for each in made[:-KEPT]:
        await world.remove("backups", each)


def _shown(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S +0000 UTC") if moment else "never"
