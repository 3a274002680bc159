"""Changing a role: only what is asked for, in whichever back-end declares it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.names import object_name
from cnpg_mcp.domain.operated import idle_cautions, require_writable
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import Outcome, RoleWrite
from cnpg_mcp.domain.plans.passage import PLANNED_TRIES, Passage, anew
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import named, quoted
from cnpg_mcp.domain.rehearsal import rehearsed
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.roles.census import (
    Census,
    Declaration,
    take_census,
    undeclared,
)
from cnpg_mcp.domain.roles.changes import planned_effects
from cnpg_mcp.domain.roles.choice import store_of
from cnpg_mcp.domain.roles.effects import holder_effect, secret_effect
from cnpg_mcp.domain.roles.manifest import fields_of
from cnpg_mcp.domain.roles.order import FOREVER, RoleChange
from cnpg_mcp.domain.roles.secret import NewSecret, RoleSecret, read_secret, rotate_secret
from cnpg_mcp.domain.roles.settling import Settling, settle
from cnpg_mcp.domain.roles.stores import Change, Purpose, RoleStore, Written, as_written
from cnpg_mcp.domain.roles.words import of_change
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import RoleAttributes
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import KubeError

TOOL = "update_postgres_role"
_TRIES = 20
"""The inline list is often contended, and each conflict means that another writer got through."""
_ROTATION = (
    "The old password ends at once: applications that hold it fail at their next connection, until "
    "they read the Secret again. Open sessions go on."
)


async def update_role(
    estate: Estate, namespace: str | None, order: RoleChange, options: Options
) -> AsyncIterator[Progress | RoleWrite]:
    """Changes a declared role; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `not_found`, `unsupported`, `blocked`, `rejected_by_operator`, and
            what the gate of a plan raises.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    place = await estate.namespace(namespace)
    update = _Update(estate, place, order, options, Passage(estate, options.confirmation))
    order.check()
    done = await anew(update.once, PLANNED_TRIES if options.confirmation else _TRIES)
    if isinstance(done, RoleWrite):
        yield done
        return
    purpose = Purpose.ROTATED if order.rotate_password else Purpose.DECLARED
    settling = Settling(estate, update.namespace, done.cluster, done.written, purpose, done.changed)
    async for step in settle(settling, done.store, options.wait_seconds, done.outcome):
        yield step


@dataclass(frozen=True)
class _Done:
    """A change that was made, or was not needed."""

    store: RoleStore
    cluster: Cluster
    written: Written
    outcome: Outcome
    changed: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True)
class _Seen:
    """The role as it was read, and what would be changed about it."""

    census: Census
    held: Declaration
    secret: RoleSecret | None
    asked: Mapping[str, JsonValue]
    """Attributes by our names that differ from what is declared."""
    needs_secret: bool
    """Whether it is to have a password and has no Secret."""

    @property
    def changes_nothing(self) -> bool:
        """Whether everything asked for is declared already."""
        return not self.asked and not self.needs_secret


@dataclass
class _Update:
    """One change on its way."""

    estate: Estate
    namespace: str
    order: RoleChange
    options: Options
    passage: Passage

    async def once(self) -> _Done | RoleWrite:
        """Reads, plans, and acts where that may pass."""
        seen = await self._look()
        if seen.changes_nothing and not self.order.rotate_password:
            return self._unchanged(seen)
        if self.order.rotate_password and not seen.needs_secret:
            self._own_secret(seen)
        plan = self._plan(seen)
        if self.options.dry_run:
            return await self._checked(seen, plan)
        offer = await self.passage.admit(plan)
        if offer is not None:
            return self._shown({**offer.fields(), "changed": dict(seen.asked) or None})
        return await self.estate.work.finish(self._act(seen))

    async def _look(self) -> _Seen:
        census = await take_census(self.estate, self.namespace, self.order.cluster_name)
        require_writable(census.cluster)
        held = census.find(self.order.name)
        if held is None:
            raise undeclared(census, self.order.name)
        if held.is_dropping:
            raise ToolFailure(
                ErrorCode.BLOCKED,
                f"Role {quoted(held.name)} {held.drop_in_words}.",
                "Look at it with list_postgres_roles; call delete_postgres_role to finish it.",
            )
        secret = await read_secret(self.estate, self.namespace, held.secret_name)
        asked = _differences(self.order, held.role)
        wants_password = self.order.rotate_password or asked.get("login") is True
        needs_secret = wants_password and held.secret_name is None
        return _Seen(census, held, secret, asked, needs_secret)

    def _plan(self, seen: _Seen) -> Plan:
        """What of the change needs a plan; no effects where nothing does."""
        held, asked, order = seen.held, seen.asked, self.order
        effects = list(planned_effects(seen.census, held, order, asked, self.estate.now()))
        if order.rotate_password and seen.secret is not None:
            effects.append(secret_effect(seen.secret, Fate.CHANGED, "a new password"))
        elif order.rotate_password:
            detail = "a new password, in a new Secret"
            effects.append(Effect(Fate.CHANGED, "role", held.name, detail=detail))
        if effects:
            effects.append(holder_effect(seen.census, held, Fate.CHANGED, _change_in_words(seen)))
        act = Act(TOOL, self.namespace, order.arguments())
        cautions = (*_cautions(order), *idle_cautions(seen.census.cluster))
        return Plan(act, tuple(effects), cautions=cautions)

    async def _act(self, seen: _Seen) -> _Done:
        store = store_of(self.estate, seen.census, seen.held)
        if self.order.rotate_password and not seen.needs_secret:
            await rotate_secret(self.estate, self._own_secret(seen))
            written = as_written(seen.held, seen.census.cluster)
            return _done(store, seen, written, {"password": "new"})
        if not seen.needs_secret:
            written = await store.change(seen.census, seen.held, self._change(seen, None))
            return _done(store, seen, written, seen.asked)
        return await self._with_new_secret(store, seen)

    async def _with_new_secret(self, store: RoleStore, seen: _Seen) -> _Done:
        """A Secret first, then what refers to it; taken back when that fails."""
        secret = self._new_secret(seen)
        try:
            made = await secret.make(store.owner(seen.census))
            change = self._change(seen, made.name)
            written = await store.change(seen.census, seen.held, change)
        except BaseException as error:
            await self._undo(error, secret)
            raise
        await store.finish(written, made)
        return _done(store, seen, written, {**seen.asked, "password": "new"})

    async def _undo(self, error: BaseException, secret: NewSecret) -> None:
        """Takes the Secret back unless the role refers to it all the same."""
        is_used: bool | None = False
        if not isinstance(error, KubeError) or error.maybe_applied:
            is_used = await self._refers_to(secret)
        if is_used:
            return
        if is_used is None or not await secret.take_back():
            raise ToolFailure(
                ErrorCode.UNAVAILABLE,
                f"The role may have been changed or not, and the API server does not answer: "
                f"Secret {self.namespace}/{secret.name} may be left.",
                "Call list_postgres_roles; when the role does not name that Secret, delete it.",
            ) from error

    async def _refers_to(self, secret: NewSecret) -> bool | None:
        """Whether the role names the Secret; `None` when that cannot be seen."""
        try:
            census = await take_census(self.estate, self.namespace, self.order.cluster_name)
        except (KubeError, ToolFailure):
            return None
        held = census.find(self.order.name)
        return held is not None and held.secret_name == secret.name

    async def _checked(self, seen: _Seen, plan: Plan) -> RoleWrite:
        """What the API server and the operator say to it; nothing is stored."""
        store = store_of(self.estate, seen.census, seen.held)
        name = None
        if seen.needs_secret:
            secret = self._new_secret(seen)
            await secret.check()
            name = secret.name
        if self.order.rotate_password and not seen.needs_secret:
            await rotate_secret(self.estate, self._own_secret(seen), dry_run=True)
        else:
            await store.change(seen.census, seen.held, self._change(seen, name), dry_run=True)
        fields = await rehearsed(self.estate, plan, "change it")
        return self._shown({**fields, "changed": dict(seen.asked) or None})

    def _change(self, seen: _Seen, secret: str | None) -> Change:
        fields = dict(fields_of({k: v for k, v in seen.asked.items() if k != "in_roles"}))
        if "in_roles" in seen.asked:
            fields["inRoles"] = seen.asked["in_roles"]
        if secret:
            fields["passwordSecret"] = {"name": secret}
            if seen.held.role.disable_password:
                fields["disablePassword"] = None
        return Change(fields)

    def _own_secret(self, seen: _Seen) -> RoleSecret:
        """The Secret to be given a new password.

        Raises:
            ToolFailure: `not_found`, or `blocked` since somebody else keeps it.
        """
        name = named(seen.held.secret_name or "")
        if seen.secret is None:
            raise ToolFailure(
                ErrorCode.NOT_FOUND,
                f"Role {quoted(seen.held.name)} refers to Secret {name}, which does not exist.",
                "Have a person restore the Secret, or correct the role's declaration.",
            )
        if not seen.secret.is_ours:
            raise ToolFailure(
                ErrorCode.BLOCKED,
                f"Secret {name} was not made by this server: whoever keeps it would undo the "
                "change, or lose track of it.",
                "Rotate the password where that Secret is kept.",
            )
        return seen.secret

    def _unchanged(self, seen: _Seen) -> RoleWrite:
        held = seen.held
        return self._shown(
            {
                "outcome": Outcome.UNCHANGED,
                "namespace": self.namespace,
                "source": held.source,
                "object": held.object.name if held.object else None,
                "state": held.state,
                "secret": seen.secret.ref() if seen.secret else None,
                "cautions": _waits_for(seen) or None,
            }
        )

    def _shown(self, fields: Mapping[str, Any]) -> RoleWrite:
        return RoleWrite(**fields, cluster_name=self.order.cluster_name, name=self.order.name)

    def _new_secret(self, seen: _Seen) -> NewSecret:
        cluster, role = self.order.cluster_name, seen.held.name
        name = object_name(cluster, role)
        return NewSecret(self.estate, self.namespace, cluster, role, name, self.estate.token(8))


def _done(
    store: RoleStore, seen: _Seen, written: Written, changed: Mapping[str, JsonValue]
) -> _Done:
    return _Done(store, seen.census.cluster, written, Outcome.ACCEPTED, changed)


def _waits_for(seen: _Seen) -> tuple[str, ...]:
    """What keeps a role from being what is declared already."""
    is_open = seen.held.state is DeclaredState.IN_PROGRESS
    return idle_cautions(seen.census.cluster) if is_open else ()


def _change_in_words(seen: _Seen) -> str:
    return of_change(seen.held.role, seen.asked, needs_secret=seen.needs_secret)


def _differences(order: RoleChange, role: RoleAttributes) -> Mapping[str, JsonValue]:
    """What is asked for and not declared yet; of memberships the whole new list."""
    declared = _as_given(role)
    asked = {
        name: value
        for name, value in order.attributes.given().items()
        if declared.get(name) != value
    }
    kept = [group for group in role.in_roles if order.in_roles.get(group, True)]
    joined = [group for group, joins in order.in_roles.items() if joins and group not in kept]
    if [*kept, *joined] != list(role.in_roles):
        asked["in_roles"] = [*kept, *joined]
    return asked


def _as_given(role: RoleAttributes) -> Mapping[str, JsonValue]:
    """The declared attributes as an order would give them."""
    names = ("login", "superuser", "inherit", "createdb", "createrole", "replication")
    more = ("bypassrls", "connection_limit", "comment")
    declared: dict[str, JsonValue] = {name: getattr(role, name) for name in (*names, *more)}
    until = role.valid_until
    declared["valid_until"] = until.strftime("%Y-%m-%dT%H:%M:%SZ") if until else FOREVER
    return declared


def _cautions(order: RoleChange) -> tuple[str, ...]:
    return (_ROTATION,) if order.rotate_password else ()
