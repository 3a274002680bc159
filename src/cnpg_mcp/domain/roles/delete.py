"""Dropping a role: in PostgreSQL first, then what declared it, then its Secret."""

import json
import shlex
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.names import check_role_name
from cnpg_mcp.domain.operated import after_idleness, idle_cautions, require_writable
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import Outcome, RoleWrite
from cnpg_mcp.domain.ownership import whose
from cnpg_mcp.domain.plans.guards import protection
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.passage import Passage, anew
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.census import (
    Census,
    Declaration,
    take_census,
    undeclared,
)
from cnpg_mcp.domain.roles.choice import store_of
from cnpg_mcp.domain.roles.effects import holder_effect, secret_effect
from cnpg_mcp.domain.roles.possessions import possessions
from cnpg_mcp.domain.roles.reports import renew_report
from cnpg_mcp.domain.roles.secret import RoleSecret, read_secret, remove_secret
from cnpg_mcp.domain.roles.settling import PACE
from cnpg_mcp.domain.roles.stores import Purpose, RoleSight, RoleStore, Written
from cnpg_mcp.domain.waiting import Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import KubeError

TOOL = "delete_postgres_role"
_NOTHING = "Nothing was changed. Call again without dry_run to see the plan."
_LEAST_WAIT = 6
"""Seconds that are waited at least when the drop was asked for before: what is left of a dropped
role is removed only after the operator has looked again."""
_SEE = "Call list_postgres_roles to see when it is dropped"
_UNSEEN = (
    "The object is gone, but it was not seen that PostgreSQL dropped the role: it may have been "
    "withdrawn meanwhile, or never taken up. Have a person look for it in PostgreSQL."
)


async def delete_role(
    estate: Estate, namespace: str | None, cluster_name: str, role_name: str, options: Options
) -> AsyncIterator[Progress | RoleWrite]:
    """Drops a declared role; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `not_found`, `unsupported`, `blocked`, `rejected_by_operator`, and
            what the gate of a plan raises.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    check_role_name(role_name)
    place = await estate.namespace(namespace)
    passage = Passage(estate, options.confirmation)
    deletion = _Deletion(estate, place, cluster_name, role_name, options, passage)
    done = await anew(deletion.once)
    if isinstance(done, RoleWrite):
        yield done
        return
    look = done.store.look(done.written, Purpose.DROPPED)
    asked = RoleSight(DeclaredState.DROPPING)
    seconds = options.wait_seconds
    if done.written.asked_before:
        seconds = max(seconds, _LEAST_WAIT)
    waiting = Watch(look, seconds, asked, pace=PACE)
    async for progress in waiting:
        yield progress
    yield await deletion.result(done, waiting.latest)


@dataclass(frozen=True)
class _Seen:
    """The role as it was read."""

    census: Census
    held: Declaration
    secret: RoleSecret | None
    owned: Sequence[str]
    members: Sequence[str]
    others: Sequence[Declaration]
    """What declares the role besides: the operator would make it again."""

    def own_secret(self) -> RoleSecret | None:
        """The Secret where this server made it."""
        return self.secret if self.secret is not None and self.secret.is_ours else None


@dataclass(frozen=True)
class _Done:
    """A drop that has been asked for."""

    store: RoleStore
    written: Written
    seen: _Seen


@dataclass(frozen=True)
class _Rest:
    """That something is left of a role, and how it goes as well."""

    next_step: str
    cautions: tuple[str, ...] = ()


@dataclass
class _Deletion:
    """One deletion on its way."""

    estate: Estate
    namespace: str
    cluster_name: str
    role_name: str
    options: Options
    passage: Passage

    async def result(self, done: _Done, seen: RoleSight) -> RoleWrite:
        """What has become of it; what is left of a dropped role is removed.

        Raises:
            ToolFailure: `rejected_by_operator`, PostgreSQL refuses to drop it.
        """
        if seen.refused:
            raise self._rejected(done, seen)
        idle = idle_cautions(done.seen.census.cluster)
        rest: _Rest | None = _Rest(_next_step(done, seen), idle)
        if seen.proven:
            rest = await self.estate.work.finish(self._clean_up(done, seen))
        return self._shown(
            {
                "outcome": Outcome.ACCEPTED if rest else Outcome.APPLIED,
                "namespace": self.namespace,
                "source": done.written.source,
                "object": _object_name(done),
                "state": seen.state,
                "message": seen.message,
                "cautions": (rest.cautions or None) if rest else None,
                "next_step": rest.next_step if rest else None,
            }
        )

    async def once(self) -> _Done | RoleWrite:
        """Reads, plans, and asks for the drop where the plan may pass."""
        seen = await self._look()
        plan = self._plan(seen)
        store = store_of(self.estate, seen.census, seen.held)
        if self.options.dry_run:
            await store.drop(seen.census, seen.held, dry_run=True)
            fields = {**Offer(plan).fields(), "outcome": Outcome.DRY_RUN, "next_step": _NOTHING}
            return self._shown(fields)
        offer = await self.passage.admit(plan)
        if offer is not None:
            return self._shown(offer.fields())
        written = await self.estate.work.finish(store.drop(seen.census, seen.held))
        return _Done(store, written, seen)

    async def _look(self) -> _Seen:
        census = await take_census(self.estate, self.namespace, self.cluster_name)
        require_writable(census.cluster)
        held = census.find(self.role_name)
        if held is None:
            raise undeclared(census, self.role_name)
        secret = await read_secret(self.estate, self.namespace, held.secret_name)
        owned = await possessions(self.estate, census.cluster, held.name)
        members = [each.name for each in census.declarations if held.name in each.role.in_roles]
        others = [
            each for each in census.all_of(held.name) if each != held and not each.is_dropping
        ]
        return _Seen(census, held, secret, owned, members, others)

    def _plan(self, seen: _Seen) -> Plan:
        held = seen.held
        effects = [
            holder_effect(seen.census, held, Fate.DELETED),
            Effect(Fate.DROPPED, "role", held.name, detail="open sessions go on"),
        ]
        if seen.secret is not None:
            ours = seen.secret.is_ours
            detail = "its password" if ours else "not made by this server"
            fate = Fate.DELETED if ours else Fate.LEFT
            effects.append(secret_effect(seen.secret, fate, detail))
        effects += [
            Effect(Fate.AFFECTED, "role", name, detail="declared as a member: that fails then")
            for name in seen.members
        ]
        effects += [_twin_effect(seen.census, each) for each in seen.others]
        act = Act(
            TOOL,
            self.namespace,
            {"cluster_name": self.cluster_name, "role_name": self.role_name},
        )
        blockers = protection(self.estate.policy, self.namespace)
        return Plan(act, tuple(effects), blockers, tuple(_cautions(seen)))

    async def _clean_up(self, done: _Done, seen: RoleSight) -> _Rest | None:
        """Removes the declaration and the Secret of a dropped role; what is left where that fails.

        The declaration stays where it was made anew meanwhile.
        """
        next_step, secret = _next_step(done, seen), done.seen.own_secret()
        try:
            if not await done.store.forget(done.written):
                return _Rest(next_step)
        except KubeError as error:
            parts = "What declared it" + (f" and Secret {secret.name}" if secret else "")
            told = f"{parts} may be left: {quoted(error.message)}."
            return _Rest(next_step, (told,))
        if secret is not None and (left := await self._removed(secret)):
            return left
        await renew_report(self.estate, self.namespace, self.cluster_name, self.role_name)
        return None

    async def _removed(self, secret: RoleSecret) -> _Rest | None:
        try:
            await remove_secret(self.estate, secret)
        except KubeError as error:
            where = f"{self.namespace}/{secret.name}"
            told = f"Secret {where} with its password may be left: {quoted(error.message)}."
            return _Rest("Have a person delete that Secret: nothing refers to it.", (told,))
        self.estate.journal.touches("Secret", self.namespace, secret.name, secret.metadata.uid)
        return None

    def _rejected(self, done: _Done, seen: RoleSight) -> ToolFailure:
        shown = self._shown(
            {
                "outcome": Outcome.ACCEPTED,
                "namespace": self.namespace,
                "source": done.written.source,
                "object": _object_name(done),
                "state": DeclaredState.DROPPING,
                "message": seen.message,
                "pending": True,
            }
        )
        owned = f" It owns {', '.join(done.seen.owned)}." if done.seen.owned else ""
        inline = done.written.source is RoleSource.INLINE
        again = "at the next change of the Cluster" if inline else "again and again"
        return ToolFailure(
            ErrorCode.REJECTED_BY_OPERATOR,
            f"PostgreSQL refuses to drop role {quoted(self.role_name)}: "
            f"{quoted(seen.message or '')}.{owned} The drop stays pending: it is tried {again}.",
            "Remove what the role owns or holds, then call delete_postgres_role again; or withdraw "
            f"the drop: {_withdrawal(done)}",
            shown=shown,
        )

    def _shown(self, fields: Mapping[str, Any]) -> RoleWrite:
        return RoleWrite(**fields, cluster_name=self.cluster_name, name=self.role_name)


def _twin_effect(census: Census, other: Declaration) -> Effect:
    """A second declaration of the role, which stays."""
    detail = "declares the role, too, and would make it again: delete that as well"
    metadata, kind = census.cluster.metadata, "Cluster"
    if other.object is not None:
        metadata, kind = other.object.metadata, "DatabaseRole"
    return Effect(Fate.LEFT, kind, metadata.name, metadata.namespace, metadata.uid, detail=detail)


def _next_step(done: _Done, seen: RoleSight) -> str:
    """What to do about a drop that is not known to have happened."""
    if seen.state is DeclaredState.UNWATCHED:
        return _UNSEEN
    step = f"{_SEE}; what is left of it then is removed by delete_postgres_role."
    if done.written.source is RoleSource.DATABASE_ROLE:
        step = f"{_SEE}: no object declares it then."
    return after_idleness(done.seen.census.cluster, step)


def _cautions(seen: _Seen) -> Iterable[str]:
    held = seen.held
    if held.is_dropping:
        yield (
            "The drop has been asked for already: this makes the operator look again, and removes "
            "what is left of a role that is dropped."
        )
    if seen.owned:
        yield (
            f"The role owns {', '.join(seen.owned)}: PostgreSQL will refuse, and the drop then "
            f"stays pending and happens {_when(held)} once that is gone."
        )
    elif not held.is_dropping:
        yield (
            "If the role owns or holds anything in PostgreSQL, the drop is refused, stays pending, "
            f"and happens {_when(held)} once that is gone. What it owns inside databases is not "
            "visible here."
        )
    yield from idle_cautions(seen.census.cluster)
    if held.name == seen.census.bootstrap_owner:
        yield "This is the role that applications of the cluster's first database use."
    metadata = held.object.metadata if held.object else seen.census.cluster.metadata
    made = whose(metadata)
    if made:
        yield made


def _when(held: Declaration) -> str:
    return "at the next change of the Cluster" if held.object is None else "by itself"


def _withdrawal(done: _Done) -> str:
    written, held = done.written, done.seen.held
    where = f"-n {done.seen.census.cluster.namespace} --type"
    if held.object is not None:
        return (
            f"kubectl patch databaseroles.postgresql.cnpg.io {written.holder} {where} merge "
            """-p '{"spec":{"databaseRoleReclaimPolicy":"retain"}}' (the object and its Secret """
            "go, the role stays)."
        )
    path = f"/spec/managed/roles/{held.index}"
    operations = [
        {"op": "test", "path": f"{path}/name", "value": held.name},
        {"op": "replace", "path": f"{path}/ensure", "value": "present"},
    ]
    patch = shlex.quote(json.dumps(operations))
    return f"kubectl patch clusters.postgresql.cnpg.io {written.holder} {where} json -p {patch}"


def _object_name(done: _Done) -> str | None:
    return done.written.holder if done.written.source is RoleSource.DATABASE_ROLE else None
