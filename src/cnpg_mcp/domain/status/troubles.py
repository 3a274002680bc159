"""What keeps a single pod from working, read from the pod alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.views.workloads import Container, Pod, Terminated

SCHEDULING = timedelta(seconds=30)
"""A scheduler that has found no node for so long waits for a change; before, it may just be
waiting for the volume to be made."""

CRASHED = timedelta(minutes=5)
"""A container that crashed within this time and is not ready again is still in trouble."""

WAL_DISK_FULL = 4
"""The exit code of CNPG's instance manager when there is no space left for WAL."""

REPEATED = 2
"""So many restarts are no accident."""

_IMAGE = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
_CONFIG = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_OOM = "OOMKilled"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a pod: a code, and what kubelet or the scheduler say about it."""

    code: FindingCode
    text: str
    container: Container | None = None


def find_trouble(pod: Pod, now: datetime) -> Trouble | None:
    """What keeps the pod from working, `None` while nothing shows."""
    if pod.status.phase == "Failed" and pod.is_instance:
        return Trouble(FindingCode.POD_FAILED, pod.status.message or pod.status.reason)
    if pod.status.phase in {"Failed", "Succeeded"} or pod.is_terminating:
        return None
    return _unscheduled(pod, now) or next(
        (found for one in pod.containers if (found := _container_trouble(one, now))), None
    )


def _unscheduled(pod: Pod, now: datetime) -> Trouble | None:
    scheduled = pod.condition("PodScheduled")
    if scheduled is None or scheduled.status != "False":
        return None
    since = scheduled.last_transition_time or pod.metadata.creation_timestamp
    if since is None or now - since <= SCHEDULING:
        return None
    return Trouble(FindingCode.POD_UNSCHEDULABLE, scheduled.message)


def _container_trouble(container: Container, now: datetime) -> Trouble | None:
    waiting = container.state.waiting
    if waiting is not None and waiting.reason in _IMAGE:
        return Trouble(FindingCode.IMAGE_PULL_FAILING, waiting.message, container)
    if waiting is not None and waiting.reason in _CONFIG:
        return Trouble(FindingCode.CONTAINER_CONFIG, waiting.message, container)
    return _crash(container, now)


def _crash(container: Container, now: datetime) -> Trouble | None:
    end = container.last_end
    if container.ready or end is None or end.exit_code == 0:
        return None
    code = crash_code(end)
    stopped = container.state.running is None
    again = code is not FindingCode.CRASH_LOOPING or container.restart_count >= REPEATED
    if stopped or (again and _is_recent(end, now)):
        return Trouble(code, end.message, container)
    return None


def crash_code(end: Terminated) -> FindingCode:
    """What kind of crash it was."""
    if end.reason == _OOM:
        return FindingCode.OUT_OF_MEMORY
    if end.exit_code == WAL_DISK_FULL:
        return FindingCode.VOLUME_FULL
    return FindingCode.CRASH_LOOPING


def _is_recent(end: Terminated, now: datetime) -> bool:
    return end.finished_at is not None and now - end.finished_at <= CRASHED


def recent_crash(pod: Pod, now: datetime) -> Container | None:
    """The container that crashed a short while ago and is ready again."""
    for container in pod.status.container_statuses:
        end = container.last_state.terminated
        if container.ready and end and end.exit_code != 0 and _is_recent(end, now):
            return container
    return None
