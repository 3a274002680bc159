"""Rules about what is declared for the cluster: databases, roles, poolers."""

from collections.abc import Iterable, Iterator, Sequence

from cnpg_mcp.domain.declared import database_state, role_state
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.status.assessment import Finding, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.situation import SETTLING, STARTING, Situation
from cnpg_mcp.domain.status.wording import agreeing, counted, listed
from cnpg_mcp.domain.status.writes import primary_serves
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole, Ensure
from cnpg_mcp.domain.views.dependents import Pooler

TEXT_LIMIT = 110
LISTED = 6

_Declaration = Database | DatabaseRole
_UNDER_WAY = frozenset({DeclaredState.IN_PROGRESS, DeclaredState.DROPPING})


def databases(situation: Situation) -> Iterator[Finding]:
    """Database objects that are not applied, wait, or do not go."""
    yield from _declarations(
        situation,
        situation.evidence.databases or (),
        FindingCode.DATABASE_NOT_APPLIED,
        "list_postgres_databases",
    )


def roles(situation: Situation) -> Iterator[Finding]:
    """DatabaseRole objects that are not applied, wait, or do not go."""
    yield from _declarations(
        situation,
        situation.evidence.database_roles or (),
        FindingCode.ROLE_NOT_APPLIED,
        "list_postgres_roles",
    )


def inline_roles(situation: Situation) -> Iterator[Finding]:
    """Entries of `spec.managed.roles` that PostgreSQL refuses."""
    declared = {role.name: role for role in situation.spec.managed.roles}
    status = situation.status.managed_roles_status
    refused = {name: status.errors_of(name) for name in declared if status.errors_of(name)}
    dropping = [name for name in refused if declared[name].ensure is Ensure.ABSENT]
    yield from _armed("inline role", dropping, [next(iter(refused[name]), "") for name in dropping])
    failing = [name for name in refused if name not in dropping]
    if not failing:
        return
    first = next(iter(refused[failing[0]]), "")
    yield warning(
        FindingCode.ROLE_NOT_APPLIED,
        f"{counted(len(failing), 'inline role')} {agreeing(len(failing), 'is', 'are')} not "
        f"applied: {_quoted_names(failing)}. The first: {quoted(first, TEXT_LIMIT)}.",
        next_step="Correct these entries of spec.managed.roles; list_postgres_roles tells why of "
        "each. The operator tries again only when the Cluster changes.",
    )


def _declarations(
    situation: Situation, declared: Sequence[_Declaration], code: FindingCode, tool: str
) -> Iterator[Finding]:
    states = [(one, _state(situation, one)) for one in declared]
    failing = [one for one, state in states if state is DeclaredState.FAILED]
    if failing:
        kind = type(failing[0]).__name__
        yield warning(
            code,
            f"{counted(len(failing), f'{kind} object')} {agreeing(len(failing), 'is', 'are')} not "
            f"applied: {_listed(failing)}. The first: "
            f"{quoted(failing[0].status.message, TEXT_LIMIT)}.",
            next_step=f"Correct these objects; {tool} tells why of each.",
        )
    armed = [one for one, state in states if _is_armed(one, state)]
    kinds = type(armed[0]).__name__ if armed else ""
    yield from _armed(kinds, [one.name for one in armed], [one.status.message for one in armed])
    yield from _pending(
        situation,
        [
            one
            for one, state in states
            if state in _UNDER_WAY and one.metadata.deletion_timestamp is None and one not in armed
        ],
    )
    yield from _stuck(situation, declared)


def _is_armed(one: _Declaration, state: DeclaredState) -> bool:
    """Whether PostgreSQL refuses a drop that is asked for by `ensure: absent`."""
    going = one.metadata.deletion_timestamp is not None
    return state is DeclaredState.DROPPING and one.status.applied is False and not going


def _armed(kind: str, names: Sequence[str], words: Sequence[str]) -> Iterator[Finding]:
    """Drops that PostgreSQL refuses now, and that happen once it does not."""
    if names:
        yield warning(
            FindingCode.DROP_PENDING,
            f"A drop is pending that PostgreSQL refuses: {kind} {_quoted_names(names)}. The first: "
            f"{quoted(words[0], TEXT_LIMIT)}.",
            next_step="Remove what is in the way: then it happens, for an inline role at the next "
            "change of the Cluster. Or withdraw it (ensure: present).",
        )


def _state(situation: Situation, one: _Declaration) -> DeclaredState:
    return database_state(one) if isinstance(one, Database) else role_state(one, situation.now)


def _pending(situation: Situation, waiting: Sequence[_Declaration]) -> Iterator[Finding]:
    if waiting and primary_serves(situation) and not situation.cluster.is_replica_cluster:
        yield info(
            FindingCode.DECLARATION_PENDING,
            f"Not applied yet: {type(waiting[0]).__name__} {_listed(waiting)}.",
            next_step="Ask again in about 30 s.",
        )


def _stuck(situation: Situation, declared: Sequence[_Declaration]) -> Iterator[Finding]:
    going = [one for one in declared if situation.past(one.metadata.deletion_timestamp, SETTLING)]
    if not going:
        return
    kind, told = type(going[0]).__name__, going[0].status.message
    told = f" The first: {quoted(told, TEXT_LIMIT)}." if told else ""
    do = agreeing(len(going), "is being deleted and does", "are being deleted and do")
    yield warning(
        FindingCode.DECLARATION_STUCK_DELETING,
        f"{kind} {_listed(going)} {do} not go; the drop is tried again.{told}",
        "Open sessions hold the database."
        if isinstance(going[0], Database)
        else "The role owns something in PostgreSQL.",
        f"Remove the cause, or set the reclaim policy of the {kind} to retain to keep what is in "
        "PostgreSQL.",
    )


def _listed(declared: Iterable[_Declaration]) -> str:
    return listed((one.name for one in declared), LISTED)


def _quoted_names(names: Sequence[str]) -> str:
    shown = ", ".join(quoted(name, 30) for name in names[:LISTED])
    return shown + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def poolers(situation: Situation) -> Iterator[Finding]:
    """Poolers without enough ready pods; their own status does not show it."""
    if not situation.sees_pods:
        return
    for pooler in situation.evidence.poolers or ():
        ready = _ready_pods(situation, pooler)
        if ready >= pooler.spec.instances:
            continue
        if situation.past(pooler.metadata.creation_timestamp, STARTING):
            yield warning(
                FindingCode.POOLER_NOT_READY,
                f"Pooler {pooler.name}: {ready} of {pooler.spec.instances} pods are ready.",
                next_step=f"Look at the pods of Deployment {pooler.name} and their events.",
            )


def _ready_pods(situation: Situation, pooler: Pooler) -> int:
    pods = (pod for pod in situation.evidence.pods or () if pod.pooler_name == pooler.name)
    return sum(pod.is_ready and not pod.is_terminating for pod in pods)


RULES = (databases, roles, inline_roles, poolers)
