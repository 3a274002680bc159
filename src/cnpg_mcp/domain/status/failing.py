"""Rules about instances: what keeps their pods from working."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from cnpg_mcp.domain.quantities import shown_amount
from cnpg_mcp.domain.quoting import named, quoted
from cnpg_mcp.domain.status.assessment import Finding, critical, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import SETTLING, STARTING, Instance, Situation, State
from cnpg_mcp.domain.status.troubles import Trouble, crash_code, find_trouble, recent_crash
from cnpg_mcp.domain.status.volumes import broken_volume, enlarge
from cnpg_mcp.domain.status.writes import writes_possible
from cnpg_mcp.domain.views.workloads import Pod

TEXT_LIMIT = 120
_OPERATORS_CONTAINER = "bootstrap-controller"


class _Explanation(NamedTuple):
    """A trouble in words."""

    message: str
    cause: str | None
    next_step: str


_Explain = Callable[[Situation, Pod, Trouble], _Explanation]


def _image(situation: Situation, pod: Pod, trouble: Trouble) -> _Explanation:
    container = trouble.container
    image = quoted(container.image, 150) if container is not None else "an image"
    message = f"Pod {pod.name}: image {image} cannot be pulled."
    cause = "The image does not exist, or the registry or its credentials do not let it through."
    if container is not None and container.name == _OPERATORS_CONTAINER:
        return _Explanation(message, cause, "Let this namespace pull the operator's own image.")
    if not situation.status.current_primary:
        step = (
            "Set spec.imageName to an image that exists and can be pulled (or repair registry "
            "access, imagePullSecrets). Nothing is initialised yet: deleting the cluster and "
            "creating it again is the clean way."
        )
    else:
        step = (
            "Set spec.imageName to an image that exists (or repair registry access) AND delete "
            f"pod {pod.name}: the operator does not replace the stuck pod by itself."
        )
    return _Explanation(message, cause, step)


def _config(situation: Situation, pod: Pod, trouble: Trouble) -> _Explanation:
    message = f"Pod {pod.name} cannot start: {quoted(trouble.text, TEXT_LIMIT)}."
    method = situation.spec.bootstrap.method
    secret = method.secret.name if method.secret is not None else ""
    if secret and secret in trouble.text:
        return _Explanation(
            message,
            f"Secret {named(secret)}, which spec.bootstrap names, does not exist or lacks a key.",
            f"Create Secret {named(secret)} of type kubernetes.io/basic-auth with username "
            f"{quoted(method.owner, 63)} and a password; the pod then starts by itself.",
        )
    return _Explanation(
        message,
        "The pod refers to a Secret or ConfigMap that does not exist or lacks a key.",
        "Create what the message names, or remove the reference from the Cluster.",
    )


_SCHEDULING_HINTS = (
    ("insufficient", "Lower spec.resources.requests or add a node with enough room."),
    ("affinity", "Relax spec.affinity or add a node that matches it."),
    ("taint", "Add spec.affinity.tolerations or a node without that taint."),
    ("persistentvolumeclaim", "Look at the PersistentVolumeClaims of this pod and their class."),
    ("volume node", "The volume is tied to a node that is gone or full; bring that node back."),
)
"""The scheduler explains itself only in words."""


def _unschedulable(situation: Situation, pod: Pod, trouble: Trouble) -> _Explanation:
    text = trouble.text.lower()
    steps = [step for word, step in _SCHEDULING_HINTS if word in text]
    requests = ", ".join(
        f"{name} {amount}" for name, amount in situation.spec.resources.requests.items()
    )
    asks = requests and "insufficient" in text
    return _Explanation(
        f"Pod {pod.name} finds no node: {quoted(trouble.text, TEXT_LIMIT)}.",
        f"spec.resources.requests is {quoted(requests, 100)}, more than a node has left."
        if asks
        else None,
        steps[0] if steps else "Read the scheduler's message and make room for the pod.",
    )


def _memory(situation: Situation, pod: Pod, trouble: Trouble) -> _Explanation:
    limit = situation.spec.resources.limits.get("memory")
    restarts = trouble.container.restart_count if trouble.container is not None else 0
    return _Explanation(
        f"Pod {pod.name}: PostgreSQL was OOMKilled and is not back (restarts: {restarts}).",
        f"The memory limit of {shown_amount(limit)} is too low for its queries."
        if limit is not None
        else "The node ran out of memory.",
        "Raise spec.resources.limits.memory (and requests), or lower work_mem; the pod restarts "
        "by itself after the back-off.",
    )


def _full(situation: Situation, pod: Pod, _trouble: Trouble) -> _Explanation:
    which = "WAL volume" if situation.spec.wal_storage else "volume"
    return _Explanation(
        f"The {which} of {pod.instance_name} is full; PostgreSQL cannot run there.",
        "Data or WAL grew to its size: failing archiving, an unused replication slot, too small.",
        enlarge(situation, pod.instance_name),
    )


def _crash(_situation: Situation, pod: Pod, trouble: Trouble) -> _Explanation:
    container = trouble.container
    end = container.last_end if container is not None else None
    name = named(container.name) if container is not None else ""
    code = end.exit_code if end is not None else "unknown"
    restarts = container.restart_count if container is not None else 0
    return _Explanation(
        f"Pod {pod.name}: container {name} keeps ending (exit code {code}, restarts: {restarts}).",
        None,
        f"Read the log of the previous run of container {name} in pod {pod.name}.",
    )


def _node(pod: Pod) -> str:
    return f"node {named(pod.spec.node_name)}" if pod.spec.node_name else "node"


def _failed(_situation: Situation, pod: Pod, trouble: Trouble) -> _Explanation:
    return _Explanation(
        f"Pod {pod.name} failed: {quoted(trouble.text or 'no reason given', TEXT_LIMIT)}.",
        "Evicted by its node, or refused by it.",
        f"Look at {_node(pod)}; deleting the pod starts it anew (its volume is kept).",
    )


_EXPLAIN: Mapping[FindingCode, _Explain] = MappingProxyType(
    {
        FindingCode.IMAGE_PULL_FAILING: _image,
        FindingCode.CONTAINER_CONFIG: _config,
        FindingCode.POD_UNSCHEDULABLE: _unschedulable,
        FindingCode.OUT_OF_MEMORY: _memory,
        FindingCode.VOLUME_FULL: _full,
        FindingCode.CRASH_LOOPING: _crash,
        FindingCode.POD_FAILED: _failed,
    }
)


def troubled_pods(situation: Situation) -> Iterator[Finding]:
    """Pods of instances and of the jobs that make them, each with what keeps it from working."""
    make = warning if writes_possible(situation) else critical
    instances = [one.pod for one in situation.instances if one.state is State.FAILING]
    for pod in (*instances, *situation.job_pods):
        trouble = find_trouble(pod, situation.now) if pod is not None else None
        if pod is None or trouble is None:
            continue
        homeless = trouble.code is FindingCode.POD_UNSCHEDULABLE
        if not (homeless and broken_volume(situation, pod.instance_name)):
            yield make(trouble.code, *_EXPLAIN[trouble.code](situation, pod, trouble))


def not_ready(situation: Situation) -> Iterator[Finding]:
    """Instances that run and do not answer their readiness probe."""
    for one in situation.instances:
        failing_over = situation.phase == Phase.FAILING_OVER and _is_primary(situation, one)
        if one.state is not State.NOT_READY or failing_over:
            continue
        make = critical if _is_primary(situation, one) else warning
        yield make(
            FindingCode.INSTANCE_NOT_READY,
            f"Instance {one.name} {_since(situation, one)}.",
            _node_lost(situation, one) or _mount_error(situation, one),
            f"Look at the log and the node of {one.name}; deleting the pod restarts it (its volume "
            "is kept).",
        )


def _is_primary(situation: Situation, instance: Instance) -> bool:
    return instance.name == situation.status.current_primary


def _since(situation: Situation, instance: Instance) -> str:
    ready = instance.pod.condition("Ready") if instance.pod is not None else None
    since = situation.since(ready.last_transition_time) if ready is not None else None
    if not since:
        return "is not ready"
    return f"has not been ready for {int(since.total_seconds())} s, although its pod is there"


def _node_lost(situation: Situation, instance: Instance) -> str | None:
    pod = instance.pod
    if pod is not None and situation.events_on(pod, "NodeNotReady"):
        return f"Its {_node(pod)} is not ready."
    return None


def _mount_error(situation: Situation, instance: Instance) -> str | None:
    pod = instance.pod
    events = situation.events_on(pod, "FailedMount", "FailedAttachVolume") if pod else ()
    return f"Its volume cannot be mounted: {quoted(events[-1].message, 100)}." if events else None


def crashed_lately(situation: Situation) -> Iterator[Finding]:
    """Instances that crashed a short while ago and are back."""
    for one in situation.instances:
        container = recent_crash(one.pod, situation.now) if one.pod is not None else None
        end = container.last_state.terminated if container is not None else None
        if one.state is not State.READY or container is None or end is None:
            continue
        memory = crash_code(end) is FindingCode.OUT_OF_MEMORY
        yield warning(
            FindingCode.RECENT_CRASH,
            f"Instance {one.name} crashed minutes ago (exit code {end.exit_code}) and is back; "
            f"restarts: {container.restart_count}.",
            "It was OOMKilled: its memory limit is too low." if memory else None,
            "Raise spec.resources.limits.memory, or lower work_mem."
            if memory
            else f"Read the log of the previous run in pod {one.name}.",
        )


def unseen_pods(situation: Situation) -> Iterator[Finding]:
    """Pods that could not be looked at, and that cannot start as events tell."""
    if situation.sees_pods or writes_possible(situation):
        return
    told = [
        event
        for event in situation.evidence.events or ()
        if event.involved_object.kind == "Pod"
        and event.reason == "Failed"
        and situation.within(event.last_seen, STARTING)
    ]
    if told:
        newest = max(told, key=lambda event: str(event.last_seen))
        yield critical(
            FindingCode.POD_NOT_STARTING,
            f"Pod {named(newest.involved_object.name)} does not start, as an event tells (the pod "
            f"itself could not be looked at): {quoted(newest.message, TEXT_LIMIT)}.",
            next_step="Repair what the event names: an image, a Secret, a ConfigMap.",
        )


def stuck_terminating(situation: Situation) -> Iterator[Finding]:
    """Pods that should be gone by now (their deletionTimestamp already counts the grace period)."""
    for pod in situation.instance_pods.values():
        if situation.past(pod.metadata.deletion_timestamp, SETTLING):
            yield warning(
                FindingCode.POD_STUCK_TERMINATING,
                f"Pod {pod.name} should be gone and is still there.",
                f"Its {_node(pod)} does not answer, or a finalizer holds it.",
                f"Look at the node; force-delete pod {pod.name} only when it surely does not run.",
            )


RULES = (troubled_pods, not_ready, crashed_lately, unseen_pods, stuck_terminating)
