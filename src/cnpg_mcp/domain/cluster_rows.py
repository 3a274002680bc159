"""One cluster as one row: what the operator reports, or what the whole object tells."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from cnpg_mcp.domain.backups import configured
from cnpg_mcp.domain.quantities import shown_amount
from cnpg_mcp.domain.quoting import LIMIT, cut, plain
from cnpg_mcp.domain.results import ClusterRow
from cnpg_mcp.domain.status.assessment import Severity
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.kube.objects import KubeObject
from cnpg_mcp.kube.tables import Table

_HEALTHY = Phase.HEALTHY.value
_NOT_ALL_READY = "reported healthy, but not all instances are ready"
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,18}(Z|[+-]\d\d:\d\d)", re.ASCII)
"""As RFC 3339 writes it."""
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def reported_rows(table: Table) -> Sequence[ClusterRow]:
    """Rows of print columns: reported phases, which prove nothing."""
    cells = table.select("Name", "Instances", "Ready", "Status", "Primary", "Age")
    return [
        ClusterRow(
            namespace=metadata.get("namespace"),
            name=name,
            instances=instances,
            ready=ready or 0,
            phase=cut(phase) if phase and len(phase) > LIMIT else phase or None,
            primary=cut(primary) if primary and len(primary) > LIMIT else primary or None,
            age=age,
            note=_NOT_ALL_READY if phase == _HEALTHY and ready != instances else None,
        )
        for (name, instances, ready, phase, primary, age), metadata in zip(
            cells, table.metadata(), strict=True
        )
    ]


def detailed_row(item: KubeObject, now: datetime, *, with_namespace: bool) -> ClusterRow:
    """A row from the whole object, with the verdict that it alone allows."""
    cluster = Cluster.parse(item)
    assessment = assess(Evidence(cluster), now)
    spec, status = cluster.spec, cluster.status
    problems = [each.code for each in assessment.findings if each.severity is not Severity.INFO]
    created = cluster.metadata.creation_timestamp
    return ClusterRow(
        namespace=cluster.namespace if with_namespace else None,
        name=cluster.name,
        instances=spec.instances,
        ready=status.ready_instances,
        phase=cut(status.phase) or None,
        primary=cut(status.current_primary) or None,
        age=printed_age(now - created) if created else None,
        verdict=assessment.verdict,
        findings=tuple(problems) or None,
        version=declared_version(cluster),
        storage=storage(cluster),
        backup=backup(cluster),
    )


def declared_version(cluster: Cluster) -> str | None:
    """The PostgreSQL version of the image that is wanted; an update may not have got there yet."""
    major = cluster.status.pg_data_image_info.major_version
    return version_of(cluster.status.image) or (str(major) if major else None)


def version_of(image: str) -> str | None:
    """The version at the start of an image's tag."""
    number = image.partition("@")[0].rpartition(":")[2].partition("-")[0]
    return number if _VERSION.fullmatch(number) else None


def storage(cluster: Cluster) -> str | None:
    """Volume sizes of one instance, as asked for."""
    data, wal = cluster.spec.storage, cluster.spec.wal_storage
    sizes = [shown_amount(data.size)] if data.size else []
    if wal and wal.size:
        sizes.append(f"{shown_amount(wal.size)} for WAL")
    return " + ".join(sizes) or None


def backup(cluster: Cluster) -> str:
    """What is configured for backups, and the newest one that the object names."""
    newest = cluster.status.last_successful_backup
    return f"last {plain(newest, _TIME)}" if cluster.backs_up and newest else configured(cluster)


def printed_age(passed: timedelta) -> str:
    """A duration as kubectl prints it, in its largest unit."""
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if passed >= unit:
            return f"{passed // unit}{letter}"
    return f"{max(int(passed.total_seconds()), 0)}s"
