"""Rules about what should be there and is not: pods of instances, and the jobs that make them."""

from collections.abc import Callable, Iterator, Sequence

from cnpg_mcp.domain.quantities import amount
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.status import phases
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.situation import SETTLING, Situation, State
from cnpg_mcp.domain.status.volumes import all_gone
from cnpg_mcp.domain.status.wording import WAIT, agreeing, listed
from cnpg_mcp.domain.status.writes import restart_asked, waking, writes_possible
from cnpg_mcp.domain.views.workloads import Job, ResourceQuota

_JOINS = frozenset({"join"})
_OF_PODS = frozenset(
    {
        "pods",
        "count/pods",
        "cpu",
        "memory",
        "requests.cpu",
        "requests.memory",
        "limits.cpu",
        "limits.memory",
    }
)


def exhausted(quota: ResourceQuota) -> bool:
    """Whether a quota leaves no room for another pod."""
    for resource, hard in quota.status.hard.items():
        used, limit = amount(quota.status.used.get(resource)), amount(hard)
        if resource not in _OF_PODS or used is None or limit is None:
            continue
        if used >= limit:
            return True
    return False


def _make(situation: Situation) -> Callable[..., Finding]:
    return warning if writes_possible(situation) else critical


def _spent_quotas(situation: Situation) -> str:
    return listed(
        quota.name for quota in situation.evidence.resource_quotas or () if exhausted(quota)
    )


def missing_pods(situation: Situation) -> Iterator[Finding]:
    """Instances whose volume is there and whose pod is not."""
    absent_by_design = phases.UPDATING | {Phase.MAJOR_UPGRADE, Phase.UNRECOVERABLE}
    if situation.phase in absent_by_design or restart_asked(situation) or waking(situation):
        return
    names = [one.name for one in situation.instances if one.state is State.MISSING]
    if situation.phase == Phase.FAILING_OVER:
        names = [name for name in names if name != situation.status.current_primary]
    if names and situation.sees_pods:
        yield _pods_missing(situation, names)
    elif names:
        yield _reported_missing(situation, names)


def _pods_missing(situation: Situation, names: Sequence[str]) -> Finding:
    which, quotas = listed(names), _spent_quotas(situation)
    have = agreeing(len(names), "has", "have")
    if not quotas and _about_to_come(situation):
        return info(FindingCode.INSTANCES_STARTING, f"{which} {have} no pod yet.", next_step=WAIT)
    if quotas:
        return _make(situation)(
            FindingCode.QUOTA_EXCEEDED,
            f"{which} {have} no pod, and ResourceQuota {quotas} of the namespace is used up.",
            "The quota forbids another pod.",
            f"Raise ResourceQuota {quotas}, or remove what counts towards it, so that {which} can "
            "start.",
        )
    return _make(situation)(
        FindingCode.INSTANCE_POD_MISSING,
        f"{which} {have} a volume and no pod.",
        "The operator is down or told to leave the cluster alone."
        if situation.status_frozen
        else "The pod was lost, or may not be created (quota, admission policy).",
        "Let the operator work again, as the other findings say: it makes the pod anew."
        if situation.status_frozen
        else "The operator makes it anew within seconds; if it does not, read its log and the "
        "events.",
    )


def _about_to_come(situation: Situation) -> bool:
    return situation.phase in phases.WORKING and situation.within(
        situation.not_ready_since, SETTLING
    )


def _reported_missing(situation: Situation, names: Sequence[str]) -> Finding:
    return _make(situation)(
        FindingCode.INSTANCE_NOT_READY,
        f"{listed(names)} {agreeing(len(names), 'is', 'are')} not among the ready instances the "
        "operator reports.",
        None,
        "Look at the pods of these instances and their events.",
    )


def counts(situation: Situation) -> Iterator[Finding]:
    """The operator reports health, and fewer ready instances than there are."""
    status = situation.status
    fenced = any(one.state is State.FENCED for one in situation.instances)
    if situation.sees_pods or fenced or situation.phase != Phase.HEALTHY:
        return
    named = any(one.state is not State.READY for one in situation.instances)
    if status.ready_instances < status.instances and not named:
        yield _make(situation)(
            FindingCode.INSTANCE_NOT_READY,
            f"The operator reports a healthy cluster and {status.ready_instances} of "
            f"{status.instances} instances ready.",
            None,
            "Look at the pods of the instances and their events.",
        )


def jobs(situation: Situation) -> Iterator[Finding]:
    """Jobs that make instances and fail."""
    if situation.evidence.jobs is None:
        yield from _failed_job_pods(situation)
        return
    for job in situation.evidence.jobs:
        if job.has_failed:
            yield _job_finding(situation, FindingCode.JOB_FAILED, job.name, job.status.failed)
        elif job.status.failed and not job.is_done:
            yield _job_finding(situation, FindingCode.JOB_FAILING, job.name, job.status.failed)
        elif _cannot_make_pod(situation, job):
            yield _pods_missing(situation, [job.name])


def _failed_job_pods(situation: Situation) -> Iterator[Finding]:
    by_job: dict[str, list[str]] = {}
    for pod in situation.job_pods:
        by_job.setdefault(pod.job_name, []).append(pod.status.phase)
    for name, seen in by_job.items():
        failed = seen.count("Failed")
        if failed and "Succeeded" not in seen:
            gave_up = situation.phase == Phase.UNRECOVERABLE
            code = FindingCode.JOB_FAILED if gave_up else FindingCode.JOB_FAILING
            yield _job_finding(situation, code, name, failed)


def _cannot_make_pod(situation: Situation, job: Job) -> bool:
    status = job.status
    if job.is_done or status.active or not _spent_quotas(situation):
        return False
    return situation.past(job.metadata.creation_timestamp, SETTLING)


def _job_finding(situation: Situation, code: FindingCode, job: str, failures: int) -> Finding:
    pods = [pod for pod in situation.job_pods if pod.job_name == job]
    role = pods[0].job_role if pods else _role(situation, job)
    newest = _newest_failed(situation, job)
    given_up = "gave up" if code is FindingCode.JOB_FAILED else "fails and is retried"
    return _make(situation)(
        code,
        f"Job {job} {given_up} (failed pods: {failures}).",
        _cause(situation, role),
        f"Read the log of {newest}{_after_reading(situation, role)}",
    )


def _role(situation: Situation, job: str) -> str:
    return next((one.role for one in situation.evidence.jobs or () if one.name == job), "")


def _newest_failed(situation: Situation, job: str) -> str:
    failed = [
        pod for pod in situation.job_pods if pod.job_name == job and pod.status.phase == "Failed"
    ]
    newest = max(failed, key=lambda pod: str(pod.metadata.creation_timestamp), default=None)
    return f"pod {newest.name}" if newest is not None else "its newest failed pod"


def _cause(situation: Situation, role: str) -> str:
    if role in _JOINS:
        return "Cloning from the primary fails: network, certificates, or space."
    if situation.spec.bootstrap.recovery is not None:
        return "Restoring fails: the backup, its credentials or the recovery target."
    return "Usually an invalid statement or option in bootstrap.initdb; the pod's log tells."


def _after_reading(situation: Situation, role: str) -> str:
    if role in _JOINS or situation.status.current_primary:
        return "; the operator tries again when the cause is gone and the job is deleted."
    return (
        ", correct spec.bootstrap, delete the cluster (it never held data) and create it again: "
        "bootstrap cannot be changed afterwards."
    )


def unrecoverable(situation: Situation) -> Iterator[Finding]:
    """The operator gave up, for a reason that nothing else here shows."""
    if situation.phase != Phase.UNRECOVERABLE or all_gone(situation) or any(jobs(situation)):
        return
    yield critical(
        FindingCode.UNRECOVERABLE,
        f"The operator gave up: {quoted(situation.status.phase_reason, 160)}.",
        "The bootstrap failed for good, or no instance can run any more.",
        "Read the logs of the jobs and pods; restore from a backup, or create the cluster "
        "again if it never held data.",
    )


RULES = (missing_pods, counts, jobs, unrecoverable)
