"""From what the domain knows to the typed results that tools answer with."""

from collections.abc import Iterable

from cnpg_mcp.domain.connection import ConnectionFacts
from cnpg_mcp.domain.quoting import cut
from cnpg_mcp.domain.results import Connection, Endpoint, FindingResult, SecretKeys
from cnpg_mcp.domain.status.assessment import Finding


def finding_results(findings: Iterable[Finding]) -> tuple[FindingResult, ...]:
    """Findings as results."""
    return tuple(
        FindingResult(
            code=finding.code,
            severity=finding.severity,
            message=finding.message,
            cause=finding.cause,
            next_step=finding.next_step,
        )
        for finding in findings
    )


def connection_result(facts: ConnectionFacts) -> Connection:
    """Connection facts as a result; a read-only Service without replicas leads nowhere."""
    services, secret = facts.services, facts.secret
    return Connection(
        services=Endpoint(
            read_write=cut(services.read_write),
            read_only=services.read_only if facts.read_only_has_replicas else None,
            read=services.read,
            port=services.port,
        ),
        database=_cut(facts.database),
        user=_cut(facts.user),
        secret=SecretKeys(name=cut(secret.name), keys=secret.keys) if secret else None,
        tls=facts.tls.summary(),
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else cut(text)
