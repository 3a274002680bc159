"""What becomes of a role that was declared, changed or given a new password."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.operated import after_idleness, idle_cautions
from cnpg_mcp.domain.outcomes import Outcome, RoleWrite
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.secret import read_secret
from cnpg_mcp.domain.roles.stores import Purpose, RoleSight, RoleStore, Written
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.waiting import Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import KubeError

PACE = 0.3
_ASK_LIST = "Call list_postgres_roles to see when it is applied."


@dataclass(frozen=True)
class Settling:
    """A role just written, and what the write was for."""

    estate: Estate
    namespace: str
    cluster: Cluster
    written: Written
    purpose: Purpose
    changed: Mapping[str, JsonValue] | None = None
    cautions: tuple[str, ...] = ()
    state: DeclaredState = DeclaredState.IN_PROGRESS
    """What is known before anything was looked at."""


async def settle(
    settling: Settling, store: RoleStore, wait_seconds: int, outcome: Outcome
) -> AsyncIterator[Progress | RoleWrite]:
    """Waits until PostgreSQL has it, and tells what is known then.

    Raises:
        ToolFailure: `rejected_by_operator`, PostgreSQL refuses what is declared.
    """
    look = store.look(settling.written, settling.purpose)
    waiting = Watch(look, wait_seconds, RoleSight(settling.state), pace=PACE)
    async for progress in waiting:
        yield progress
    seen = waiting.latest
    if seen.proven and outcome is Outcome.ACCEPTED:
        outcome = Outcome.APPLIED
    result = await _result(settling, seen, outcome)
    if seen.refused:
        raise _rejected(result)
    yield result


async def _result(settling: Settling, seen: RoleSight, outcome: Outcome) -> RoleWrite:
    written = settling.written
    try:
        secret = await read_secret(settling.estate, settling.namespace, written.secret)
    except KubeError:
        secret = None
    return RoleWrite(
        outcome=outcome,
        namespace=settling.namespace,
        cluster_name=settling.cluster.name,
        name=written.name,
        source=written.source,
        object=written.holder if written.source is RoleSource.DATABASE_ROLE else None,
        state=seen.state,
        changed=settling.changed or None,
        secret=secret.ref() if secret else None,
        message=seen.message,
        pending=True if seen.message else None,
        cautions=(*settling.cautions, *_idle_cautions(settling, seen, outcome)) or None,
        next_step=_next_step(settling.cluster, seen),
    )


def _idle_cautions(settling: Settling, seen: RoleSight, outcome: Outcome) -> tuple[str, ...]:
    """What a change waits for that nobody has answered."""
    is_open = outcome is Outcome.ACCEPTED or seen.state is DeclaredState.IN_PROGRESS
    return idle_cautions(settling.cluster) if is_open and seen.message is None else ()


def _next_step(cluster: Cluster, seen: RoleSight) -> str | None:
    """What to do next; a refusal says so itself."""
    if seen.refused or seen.state is DeclaredState.APPLIED:
        return None
    return after_idleness(cluster, _ASK_LIST) if seen.message is None else _ASK_LIST


def _rejected(result: RoleWrite) -> ToolFailure:
    return ToolFailure(
        ErrorCode.REJECTED_BY_OPERATOR,
        f"PostgreSQL does not take what is declared for role {quoted(result.name)}: "
        f"{quoted(result.message or '')}. It stays declared, and is tried again"
        f"{' at the next change' if result.source is RoleSource.INLINE else ''}.",
        "Remove the cause, correct it with update_postgres_role, or withdraw it with "
        "delete_postgres_role.",
        shown=result,
    )
