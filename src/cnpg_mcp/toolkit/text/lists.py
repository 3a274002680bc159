"""Lists as text: one line an item, names and messages from the cluster quoted."""

import re
from collections.abc import Iterable

from cnpg_mcp.domain.quoting import named, plain, quoted
from cnpg_mcp.domain.results import (
    ClusterList,
    ClusterRow,
    DatabaseList,
    DatabaseRow,
    DeclaredState,
    ListScope,
    RoleList,
    RoleRow,
    SubObjectRow,
)
from cnpg_mcp.domain.status.phases import Phase
from cnpg_mcp.domain.status.wording import counted
from cnpg_mcp.toolkit.text.phrases import shown_phase, some

_HEALTHY_PHASE = Phase.HEALTHY.value
_HEALTHY = "reported healthy"
"""The usual phase in fewer words: a page has up to 500 of them."""

_REPORTED = (
    " (ready of the instances that exist, and phase, as the operator reports them; "
    "get_cluster_status gives the verdict)"
)
_FROM_OBJECT = (
    " (verdict from the Cluster object alone; get_cluster_status looks at pods and operator, too, "
    "and may say otherwise)"
)
_POLICY = re.compile("delete|retain")


def cluster_list(result: ClusterList) -> str:
    """Clusters, one line each."""
    heading = f"{counted(len(result.clusters), 'cluster')} {_where(result.scope)}"
    heading += f" with {result.filter}" if result.filter else ""
    judged = result.looked_at is not None
    heading += f", of {result.looked_at} looked at" if judged else ""
    if any(row.verdict is None for row in result.clusters):
        heading += _REPORTED
    elif result.clusters or judged:
        heading += _FROM_OBJECT
    return _lines(heading, map(_cluster, result.clusters), result.scope, result.next_cursor)


def _cluster(row: ClusterRow) -> str:
    name = f"{row.namespace}/{row.name}" if row.namespace else row.name
    ready = "no instances yet" if row.instances is None else f"{row.ready}/{row.instances} ready"
    if row.phase == _HEALTHY_PHASE:
        phase = _HEALTHY
    else:
        phase = shown_phase(row.phase) if row.phase else "no phase yet"
    primary = f" | primary {named(row.primary)}" if row.primary else ""
    reported = f"{ready} | {phase}{primary} | {row.age}"
    if row.verdict is None:
        return f"{name} | {reported} | ! {row.note}" if row.note else f"{name} | {reported}"
    parts = [
        name,
        row.verdict.upper(),
        reported,
        f"PostgreSQL {row.version}" if row.version else "",
        f"storage {row.storage}" if row.storage else "",
        f"backup: {row.backup}" if row.backup else "",
        f"[{', '.join(row.findings)}]" if row.findings else "",
        f"! {row.note}" if row.note else "",
    ]
    return " | ".join(part for part in parts if part)


def role_list(result: RoleList) -> str:
    """Roles, one line each."""
    heading = f"{counted(len(result.roles), 'role')} of {result.namespace}/{result.cluster_name}"
    return _lines(heading, map(_role, result.roles), result.scope, result.next_cursor)


def _role(row: RoleRow) -> str:
    attributes = [*(row.attributes or ())]
    if row.connection_limit is not None:
        attributes.append(f"connection limit {row.connection_limit}")
    if row.valid_until:
        attributes.append(f"valid until {row.valid_until}")
    parts = [
        quoted(row.name),
        shown_state(row.state) + (" (stale report)" if row.stale else ""),
        row.source + (f" {row.object}" if row.object else ""),
        ", ".join(attributes),
        f"in {some(row.in_roles, quoted)}" if row.in_roles else "",
        f"Secret {named(row.secret)}" if row.secret else "",
        _message(row.message),
    ]
    return " | ".join(part for part in parts if part)


def database_list(result: DatabaseList) -> str:
    """Databases, one line each."""
    heading = (
        f"{counted(len(result.databases), 'database')} of {result.namespace}/{result.cluster_name}"
    )
    return _lines(heading, map(_database, result.databases), result.scope, result.next_cursor)


def _database(row: DatabaseRow) -> str:
    parts = [
        quoted(row.name),
        shown_state(row.state),
        f"{row.source} {row.object}" if row.object else row.source,
        f"owner {quoted(row.owner)}" if row.owner else "",
        f"on delete: {plain(row.reclaim_policy, _POLICY)}" if row.reclaim_policy else "",
        sub_object_list("extensions", row.extensions),
        sub_object_list("schemas", row.schemas),
        _message(row.message),
    ]
    return " | ".join(part for part in parts if part)


def sub_object_list(what: str, rows: tuple[SubObjectRow, ...] | None) -> str:
    """Extensions or schemas in one phrase; empty for none."""
    if not rows:
        return ""
    return f"{what}: {some(rows, _sub_object)}"


def _sub_object(row: SubObjectRow) -> str:
    if row.state is DeclaredState.APPLIED:
        return quoted(row.name)
    return f"{quoted(row.name)} {shown_state(row.state)} {_message(row.message)}".rstrip()


def shown_state(state: DeclaredState) -> str:
    """A state in words."""
    return "not watched" if state is DeclaredState.UNWATCHED else state.replace("_", " ")


def _message(message: str | None) -> str:
    return f"operator says {quoted(message)}" if message else ""


def _where(scope: ListScope) -> str:
    if scope.namespace:
        return f"in namespace {scope.namespace}"
    if scope.namespaces:
        return f"in namespaces {', '.join(scope.namespaces)}"
    return "in all namespaces"


def _lines(heading: str, items: Iterable[str], scope: ListScope, cursor: str | None) -> str:
    lines = [heading, *items]
    if scope.note:
        lines.append(f"Note: {scope.note}")
    if cursor:
        lines.append(f"More: call again with cursor={cursor}")
    return "\n".join(lines)
