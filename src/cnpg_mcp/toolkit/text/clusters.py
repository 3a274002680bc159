"""Status and creation of a cluster as text."""

from collections.abc import Iterable

from cnpg_mcp.domain.quoting import quoted, quoted_json
from cnpg_mcp.domain.results import (
    ClusterStatus,
    ClusterWrite,
    Connection,
    FindingResult,
    InstanceRow,
    Outcome,
)

_OUTCOMES = {
    Outcome.DRY_RUN: "would be accepted (dry run, nothing stored)",
    Outcome.ACCEPTED: "accepted by the API server; not proven to be ready",
    Outcome.APPLIED: "created and healthy",
    Outcome.UNCHANGED: "unchanged: this very call created it before",
}


def cluster_status(result: ClusterStatus) -> str:
    """Verdict first, then findings with cause and next step, then how to connect."""
    facts = [
        f"{result.ready or 0}/{result.instances} ready",
        f"primary {result.primary}" if result.primary else "no primary yet",
        f"PostgreSQL {result.version}" if result.version else "",
        f"storage {result.storage}" if result.storage else "",
        f"operator reports: {result.phase}" if result.phase else "operator reports nothing yet",
        f"image {result.image}" if result.image else "",
    ]
    lines = [
        f"{result.namespace}/{result.name}: {result.verdict.upper()}",
        " | ".join(fact for fact in facts if fact),
        *_findings(result.findings),
        *(_instance(pod) for pod in result.pods or ()),
        *_connection(result.connection),
    ]
    if result.unseen:
        parts = ", ".join(f"{part} ({why})" for part, why in result.unseen.items())
        lines.append(f"Not looked at: {parts}")
    return "\n".join(lines)


def cluster_write(result: ClusterWrite) -> str:
    """What came of a creation, what was assumed, and what to do next."""
    lines = [f"{result.namespace}/{result.name}: {_OUTCOMES[result.outcome]}"]
    if result.verdict:
        lines.append(f"Verdict now: {result.verdict.upper()}")
    lines += _findings(result.findings or ())
    if result.assumptions:
        lines.append(f"Assumed: {'; '.join(result.assumptions)}")
    lines += [f"Warning of the API server: {quoted(text)}" for text in result.warnings or ()]
    if result.defaults:
        lines.append(f"Filled in by the operator, in spec: {quoted_json(result.defaults)}")
    lines += _connection(result.connection)
    if result.next_step:
        lines.append(f"Next: {result.next_step}")
    return "\n".join(lines)


def _findings(findings: Iterable[FindingResult]) -> Iterable[str]:
    for finding in findings:
        line = f"- {finding.severity} {finding.code}: {finding.message}"
        if finding.cause:
            line += f" Likely cause: {finding.cause}"
        if finding.next_step:
            line += f" Next: {finding.next_step}"
        yield line


def _instance(row: InstanceRow) -> str:
    parts = [
        f"instance {row.name}",
        row.role or "no role",
        "ready" if row.ready else "NOT ready",
        f"on {row.node}" if row.node else "",
        f"{row.restarts} restarts" if row.restarts else "",
    ]
    return " | ".join(part for part in parts if part)


def _connection(connection: Connection | None) -> Iterable[str]:
    if connection is None:
        return
    services = connection.services
    hosts = [f"read-write {services.read_write}"]
    hosts += [f"read-only {services.read_only}"] if services.read_only else []
    hosts += [f"any {services.read}"] if services.read else []
    yield f"Connect: {', '.join(hosts)}, port {services.port}"
    if connection.database:
        login = f"Database {quoted(connection.database)}, user {quoted(connection.user or '')}"
        if connection.secret:
            secret = connection.secret
            login += f", Secret {secret.name} (keys {', '.join(secret.keys)})"
        yield login
    if connection.tls:
        yield connection.tls
