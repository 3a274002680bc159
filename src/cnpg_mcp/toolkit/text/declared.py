"""Writes of roles and databases as text."""

import re
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from cnpg_mcp.domain.outcomes import DatabaseWrite, Outcome, RoleWrite, SecretRef, Write
from cnpg_mcp.domain.quoting import named, plain, quoted, quoted_json
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.toolkit.text.lists import shown_state, sub_object_list
from cnpg_mcp.toolkit.text.plans import closing

_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.PLANNED: "plan; nothing was changed",
    Outcome.DRY_RUN: "would be accepted (dry run, nothing stored)",
    Outcome.ACCEPTED: "accepted by the API server; not proven to be done in PostgreSQL",
    Outcome.APPLIED: "applied in PostgreSQL",
    Outcome.UNCHANGED: "unchanged: nothing was to be done",
}
_POLICY = re.compile("delete|retain")


def role_write(result: RoleWrite) -> str:
    """What came of a role's creation, update or deletion."""
    where = f"{result.source} {result.object}" if result.object else (result.source or "")
    lines = [
        _heading("Role", result, result.cluster_name, result.name),
        *_facts(f"Declared as: {where}" if where else "", result.state),
        *_changed(result.changed),
        *_secret(result.secret),
        *_message(result.message, pending=bool(result.pending)),
        *closing(result),
    ]
    return "\n".join(lines)


def database_write(result: DatabaseWrite) -> str:
    """What came of a database's creation or deletion."""
    policy = result.reclaim_policy
    lines = [
        _heading("Database", result, result.cluster_name, result.name),
        *_facts(
            f"Declared as: Database {result.object}" if result.object else "",
            result.state,
            f"owner {quoted(result.owner)}" if result.owner else "",
            f"on delete: {plain(policy, _POLICY)}" if policy else "",
            sub_object_list("extensions", result.extensions),
            sub_object_list("schemas", result.schemas),
        ),
        *_message(result.message, pending=bool(result.pending)),
        *closing(result),
    ]
    return "\n".join(lines)


def _heading(kind: str, result: Write, cluster: str, name: str) -> str:
    place = f"{result.namespace}/{cluster}"
    return f"{kind} {quoted(name)} of {place}: {_OUTCOMES[result.outcome]}"


def _facts(declared: str, state: DeclaredState | None, *more: str) -> Iterable[str]:
    shown = [declared, shown_state(state) if state else "", *more]
    line = " | ".join(part for part in shown if part)
    if line:
        yield line


def _changed(changed: Mapping[str, JsonValue] | None) -> Iterable[str]:
    if changed:
        yield f"Set by this call: {quoted_json(dict(changed))}"


def _secret(secret: SecretRef | None) -> Iterable[str]:
    if secret:
        keys = ", ".join(secret.keys)
        yield f"Password: in Secret {secret.namespace}/{named(secret.name)} (keys {keys})"


def _message(message: str | None, *, pending: bool) -> Iterable[str]:
    if message:
        yield f"Operator says {quoted(message)}" + ("; it tries again" if pending else "")
