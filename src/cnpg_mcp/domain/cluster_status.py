"""The status of one cluster: verdict, findings, instances, and how to connect."""

from datetime import datetime

from cnpg_mcp.domain.backups import completed_at, configured, newest_end, reported_at
from cnpg_mcp.domain.cluster_rows import declared_version, storage, version_of
from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.quoting import cut
from cnpg_mcp.domain.results import ClusterStatus, InstanceRow
from cnpg_mcp.domain.shaping import connection_result, finding_results
from cnpg_mcp.domain.status.evidence import NOT_READ, Evidence
from cnpg_mcp.domain.status.observe import Observation, observe
from cnpg_mcp.domain.views.workloads import Pod

_CONCISE_FINDINGS = 6


async def cluster_status(
    estate: Estate, namespace: str | None, name: str, *, detailed: bool
) -> ClusterStatus:
    """One look at a cluster. Concise: the worst findings, and what is needed to connect.

    Raises:
        ToolFailure: `not_found`, `invalid`, `unsupported`.
    """
    seen = await observe(estate, await estate.namespace(namespace), name)
    return status_result(seen, detailed=detailed)


def status_result(seen: Observation, *, detailed: bool) -> ClusterStatus:
    """One look at a cluster as the tool's result."""
    cluster, assessment = seen.evidence.cluster, seen.assessment
    status = cluster.status
    findings = assessment.findings
    if not detailed:
        findings = tuple(each for each in findings if each.is_problem) or findings
    shown = findings if detailed else findings[:_CONCISE_FINDINGS]
    unseen = {part: why for part, why in assessment.unseen.items() if why != NOT_READ}
    return ClusterStatus(
        namespace=cluster.namespace,
        name=cluster.name,
        verdict=assessment.verdict,
        findings=finding_results(shown),
        more_findings=len(findings) - len(shown) or None,
        phase=cut(status.phase) or None,
        ready=status.ready_instances,
        instances=cluster.spec.instances,
        primary=cut(status.current_primary) or None,
        version=_version(seen.evidence),
        image=(cut(status.image) or None) if detailed else None,
        storage=storage(cluster),
        backup=configured(cluster),
        newest_backup=_newest_backup(seen),
        connection=connection_result(connection_facts(cluster)),
        pods=_instances(seen.evidence) if detailed else None,
        unseen=unseen or None,
    )


def _newest_backup(seen: Observation) -> datetime | None:
    """When the newest completed backup ended, as far as Backups could be looked at."""
    cluster = seen.evidence.cluster
    ends = [*map(completed_at, seen.evidence.backups or ()), reported_at(cluster)]
    return newest_end(cluster, ends, seen.moment)


def _version(evidence: Evidence) -> str | None:
    """The version that the primary runs, where its pod is seen; else the one that is wanted."""
    primary = evidence.cluster.status.current_primary
    for pod in evidence.pods or ():
        if pod.name == primary and pod.postgres is not None:
            return version_of(pod.postgres.image)
    return declared_version(evidence.cluster)


def _instances(evidence: Evidence) -> tuple[InstanceRow, ...] | None:
    """The instances' pods, if they could be seen."""
    if evidence.pods is None:
        return None
    return tuple(_instance(pod) for pod in evidence.pods if pod.is_instance)


def _instance(pod: Pod) -> InstanceRow:
    return InstanceRow(
        name=pod.name,
        role=pod.instance_role or None,
        ready=pod.is_ready,
        node=cut(pod.spec.node_name) or None,
        restarts=pod.restarts or None,
    )
