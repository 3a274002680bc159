"""Status and creation of a cluster as text."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from cnpg_mcp.domain.outcomes import ClusterCreation, ClusterWrite, Outcome
from cnpg_mcp.domain.quoting import named, quoted
from cnpg_mcp.domain.results import ClusterStatus, Connection, FindingResult, InstanceRow
from cnpg_mcp.domain.status.evidence import BACKUPS, INSTANCE_REPORTS
from cnpg_mcp.domain.status.wording import counted
from cnpg_mcp.toolkit.text.phrases import shown_phase
from cnpg_mcp.toolkit.text.plans import closing

_OUTCOMES = {
    Outcome.PLANNED: "plan; nothing was changed",
    Outcome.DRY_RUN: "would be accepted (dry run, nothing stored)",
    Outcome.ACCEPTED: "accepted by the API server; not proven to be ready",
    Outcome.APPLIED: "created: seen to be healthy",
    Outcome.UNCHANGED: "unchanged: nothing was to be done",
}
_SCALED = {
    **_OUTCOMES,
    Outcome.ACCEPTED: "{} accepted by the API server; not yet seen to be ready",
    Outcome.APPLIED: "{}, seen to be ready",
    Outcome.UNCHANGED: "unchanged: it is to have {} already",
}
_DELETED = {
    **_OUTCOMES,
    Outcome.ACCEPTED: "deletion accepted by the API server; not yet seen to be all gone",
    Outcome.APPLIED: "deleted: seen to be gone",
}
_OPTIONAL = {INSTANCE_REPORTS: "; optional: what each instance says of its own PostgreSQL"}
"""What an installation need not have the right to."""


def cluster_status(result: ClusterStatus) -> str:
    """Verdict first, then findings with cause and next step, then how to connect."""
    facts = [
        f"{result.ready or 0}/{result.instances} ready",
        f"primary {named(result.primary)}" if result.primary else "no primary yet",
        f"PostgreSQL {result.version}" if result.version else "",
        f"storage {result.storage}" if result.storage else "",
        _backup(result),
        _reported(result.phase),
        f"image {quoted(result.image)}" if result.image else "",
    ]
    lines = [
        f"{result.namespace}/{result.name}: {result.verdict.upper()}",
        " | ".join(fact for fact in facts if fact),
        *_findings(result.findings),
        *_more(result.more_findings),
        *(_instance(pod) for pod in result.pods or ()),
        *_connection(result.connection),
    ]
    lines += _unseen(result.unseen)
    return "\n".join(lines)


def _backup(result: ClusterStatus) -> str:
    """How it is backed up; that no backup is known is said only where Backups were looked at."""
    if result.newest_backup is not None:
        known = f"the newest completed backup is of {result.newest_backup.isoformat()}"
    elif BACKUPS in (result.unseen or {}):
        known = "Backups could not be looked at"
    else:
        known = "no completed backup is known"
    return f"backup: {result.backup}, {known}"


def _reported(phase: str | None) -> str:
    return f"operator reports: {shown_phase(phase)}" if phase else "operator reports nothing yet"


def cluster_write(result: ClusterWrite) -> str:
    """What came of a scaling or deletion, and what to do next."""
    told = _DELETED[result.outcome]
    if result.instances is not None:  # a scaling says how many are wanted
        told = _SCALED[result.outcome].format(counted(result.instances, "instance"))
    return "\n".join([f"{result.namespace}/{result.name}: {told}", *closing(result)])


def cluster_creation(result: ClusterCreation) -> str:
    """What came of a creation, what was assumed, and what to do next."""
    lines = [f"{result.namespace}/{result.name}: {_OUTCOMES[result.outcome]}"]
    if result.verdict:
        lines.append(f"Verdict now: {result.verdict.upper()}")
    lines += _findings(result.findings or ())
    if result.assumptions:
        lines.append(f"Assumed: {'; '.join(result.assumptions)}")
    if result.defaults:
        fields = counted(_leaves(result.defaults), "more field")
        lines.append(f"The operator fills in {fields} of spec (structured content: defaults).")
    lines += _unseen(result.unseen)
    lines += _connection(result.connection)
    lines += closing(result)
    return "\n".join(lines)


def _leaves(value: JsonValue) -> int:
    """How many values there are in all."""
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def _findings(findings: Iterable[FindingResult]) -> Iterable[str]:
    for finding in findings:
        line = f"- {finding.severity} {finding.code}: {finding.message}"
        if finding.cause:
            line += f" Likely cause: {finding.cause}"
        if finding.next_step:
            line += f" Next: {finding.next_step}"
        yield line


def _more(count: int | None) -> Iterable[str]:
    if count:
        yield f"And {counted(count, 'more finding')}: call with detail_level=detailed."


def _unseen(unseen: Mapping[str, str] | None) -> Iterable[str]:
    if unseen:
        parts = (f"{part} ({why}{_OPTIONAL.get(part, '')})" for part, why in unseen.items())
        yield f"Not looked at: {', '.join(parts)}"


def _instance(row: InstanceRow) -> str:
    parts = [
        f"instance {row.name}",
        row.role or "no role",
        "ready" if row.ready else "NOT ready",
        f"on {named(row.node)}" if row.node else "",
        counted(row.restarts, "restart") if row.restarts else "",
    ]
    return " | ".join(part for part in parts if part)


def _connection(connection: Connection | None) -> Iterable[str]:
    if connection is None:
        return
    services = connection.services
    hosts = [f"read-write {named(services.read_write)}"]
    hosts += [f"read-only {services.read_only}"] if services.read_only else []
    hosts += [f"any {services.read}"] if services.read else []
    yield f"Connect: {', '.join(hosts)}, port {services.port}"
    if connection.database:
        login = f"Database {quoted(connection.database)}, user {quoted(connection.user or '')}"
        if connection.secret:
            secret = connection.secret
            login += f", Secret {named(secret.name)} (keys {', '.join(secret.keys)})"
        yield login
    if connection.tls:
        yield connection.tls
