"""Writes of roles and databases as text."""

import re
from collections.abc import Iterable, Mapping

from cnpg_mcp.domain.outcomes import DatabaseWrite, Outcome, RoleWrite, SecretRef
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
_GONE: Mapping[tuple[Outcome, DeclaredState | None], str] = {
    (Outcome.APPLIED, DeclaredState.DROPPED): "dropped in PostgreSQL",
    (Outcome.ACCEPTED, DeclaredState.DROPPED): "dropped in PostgreSQL; not all of it is removed",
    (
        Outcome.APPLIED,
        DeclaredState.UNWATCHED,
    ): "no longer declared; what PostgreSQL has of it stays",
}
"""What has become of what is not declared any more."""
_POLICY = re.compile("delete|retain")


def role_write(result: RoleWrite) -> str:
    """What came of a role's creation, update or deletion."""
    where = f"{result.source} {result.object}" if result.object else (result.source or "")
    lines = [
        f"Role {_heading(result)}",
        *_facts(_declared(result, where), _state(result)),
        *_changed(result),
        *_secret(result.secret),
        *_message(result.message, pending=bool(result.pending)),
        *closing(result),
    ]
    return "\n".join(lines)


def database_write(result: DatabaseWrite) -> str:
    """What came of a database's creation or deletion."""
    policy = result.reclaim_policy
    lines = [
        f"Database {_heading(result)}",
        *_facts(
            _declared(result, f"Database {result.object}" if result.object else ""),
            _state(result),
            f"owner {quoted(result.owner)}" if result.owner else "",
            f"on delete: {plain(policy, _POLICY)}" if policy else "",
            sub_object_list("extensions", result.extensions),
            sub_object_list("schemas", result.schemas),
        ),
        *_message(result.message, pending=bool(result.pending)),
        *closing(result),
    ]
    return "\n".join(lines)


def _heading(result: RoleWrite | DatabaseWrite) -> str:
    told = _GONE.get((result.outcome, result.state), _OUTCOMES[result.outcome])
    return f"{quoted(result.name)} of {result.namespace}/{result.cluster_name}: {told}"


def _is_gone(result: RoleWrite | DatabaseWrite) -> bool:
    """Whether nothing declares it any more."""
    dropped = result.state is DeclaredState.DROPPED and result.outcome is Outcome.APPLIED
    return dropped or result.state is DeclaredState.UNWATCHED


def _declared(result: RoleWrite | DatabaseWrite, where: str) -> str:
    if not where:
        return ""
    return f"Was declared as: {where}" if _is_gone(result) else f"Declared as: {where}"


def _state(result: RoleWrite | DatabaseWrite) -> str:
    return shown_state(result.state) if result.state and not _is_gone(result) else ""


def _facts(*parts: str) -> Iterable[str]:
    line = " | ".join(part for part in parts if part)
    if line:
        yield line


def _changed(result: RoleWrite) -> Iterable[str]:
    """The new attributes; a plan has them in words."""
    if result.changed and not result.effects:
        when = "Would be set" if result.outcome is Outcome.DRY_RUN else "Set by this call"
        yield f"{when}: {quoted_json(dict(result.changed))}"


def _secret(secret: SecretRef | None) -> Iterable[str]:
    if secret:
        keys = ", ".join(secret.keys)
        yield f"Password: in Secret {secret.namespace}/{named(secret.name)} (keys {keys})"


def _message(message: str | None, *, pending: bool) -> Iterable[str]:
    if message:
        yield f"Operator says {quoted(message)}" + ("; it tries again" if pending else "")
