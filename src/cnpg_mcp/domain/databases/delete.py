"""Dropping a database: in PostgreSQL first, in a way that shows its refusal, then the object."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cnpg_mcp.domain.databases.manifest import absence, destruction, retention
from cnpg_mcp.domain.databases.order import DatabaseDrop, ReclaimPolicy
from cnpg_mcp.domain.databases.store import Databases, is_failing
from cnpg_mcp.domain.declared import database_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_cluster
from cnpg_mcp.domain.names import check_database_name
from cnpg_mcp.domain.operated import after_idleness, idle_cautions, require_writable
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import DatabaseWrite, Outcome
from cnpg_mcp.domain.ownership import whose
from cnpg_mcp.domain.plans.guards import protection
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.passage import Passage, anew
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database, Ensure
from cnpg_mcp.domain.waiting import Look, Sight, Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure, not_found
from cnpg_mcp.kube.errors import Conflict, KubeError, NotFound

TOOL = "delete_postgres_database"
_PACE = 0.5
_NEXT_TRY = 8.0
"""Seconds after which a failed drop has been tried again: PostgreSQL itself waits five for open
sessions to end."""
_REMOVAL_TRIES = 5
_NOTHING = "Nothing was changed. Call again without dry_run to see the plan."
_UNSEEN = (
    "The object is gone by other hands, and it was not seen that PostgreSQL dropped the database: "
    "have a person look for it in PostgreSQL."
)
_LETTING_GO = "Nothing more is to be done: the object goes by itself, and the database stays."
_FINISH = (
    "Call list_postgres_databases to see when it is dropped, then delete_postgres_database again "
    "to remove its object."
)


async def delete_database(
    estate: Estate, namespace: str | None, order: DatabaseDrop, options: Options
) -> AsyncIterator[Progress | DatabaseWrite]:
    """Drops a declared database; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `not_found`, `blocked`, `unsupported`, `rejected_by_operator`, and
            what the gate of a plan raises.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    check_database_name(order.name)
    place = await estate.namespace(namespace)
    passage = Passage(estate, options.confirmation)
    drop = _Drop(estate, place, order, options, passage)
    done = await anew(drop.once)
    if isinstance(done, DatabaseWrite):
        yield done
        return
    waiting = Watch(drop.look(done), options.wait_seconds, done, pace=_PACE)
    async for progress in waiting:
        yield progress
    yield drop.result(waiting.latest)


@dataclass(frozen=True)
class _Seen:
    """The database as it was read: the object that holds it, and others that claim it."""

    cluster: Cluster
    database: Database
    others: tuple[Database, ...]

    @property
    def is_dropped(self) -> bool:
        """Whether only the object is left."""
        return database_state(self.database) is DeclaredState.DROPPED

    @property
    def is_bootstrap(self) -> bool:
        """Whether it is the database that was made with the cluster."""
        return self.database.spec.name == self.cluster.spec.bootstrap.method.database


@dataclass(frozen=True)
class _Asked:
    """A drop that has been asked for: the object as it is now, `None` when it is gone.

    `old_message` is what the operator said before; `refused`, that PostgreSQL has refused since;
    `dropped`, that it has dropped the database; `unseen`, that the object went by other hands and
    nobody saw what became of the database.
    """

    name: str
    database: Database | None
    old_message: str = ""
    refused: bool = False
    dropped: bool = False
    unseen: bool = False


@dataclass
class _Drop:
    """One drop on its way."""

    estate: Estate
    namespace: str
    order: DatabaseDrop
    options: Options
    passage: Passage
    _cluster: Cluster | None = None

    @property
    def databases(self) -> Databases:
        """The Database objects of the namespace."""
        return Databases(self.estate, self.namespace)

    async def once(self) -> _Asked | DatabaseWrite:
        """Reads, plans, and asks for the drop where the plan may pass."""
        seen = await self._look()
        plan = self._plan(seen)
        if self.options.dry_run:
            return await self._checked(seen, plan)
        offer = await self.passage.admit(plan)
        if offer is not None:
            return self._shown(offer.fields())
        return await self.estate.work.finish(self._act(seen))

    def look(self, asked: _Asked) -> Look[_Asked]:
        """Reads the object: what the operator says to the drop; that of a dropped one is removed.

        A failure carries no generation: the words of an earlier one stand until the next try.
        """
        loop = asyncio.get_running_loop()
        start, before, dropped = loop.time(), asked.database, asked.dropped

        async def look() -> Sight[_Asked]:
            nonlocal before, dropped
            found = await self.databases.read(asked.name)
            if found is None or (before and found.metadata.uid != before.metadata.uid):
                known = self.order.keeps_data or dropped
                unseen = not known and before is not None and not _goes_with_its_data(before)
                return Sight(_Asked(asked.name, None, unseen=unseen), settled=True, message="gone")
            before = found
            told = found.status.message
            is_new = told != asked.old_message or loop.time() - start >= _NEXT_TRY
            refused = is_failing(found) and is_new
            state = database_state(found)
            message = f"operator says {quoted(told)}" if refused else state.value
            if state is DeclaredState.DROPPED:
                dropped = True
                found = await self.estate.work.finish(self._removed(found))
            now = _Asked(asked.name, found, asked.old_message, refused)
            return Sight(now, refused or found is None, message)

        return look

    def result(self, asked: _Asked) -> DatabaseWrite:
        """What has become of it.

        Raises:
            ToolFailure: `rejected_by_operator`, PostgreSQL refuses to drop it.
        """
        database = asked.database
        if database is not None and asked.refused:
            raise self._rejected(database)
        gone = database is None
        kept = (self.order.keeps_data and not asked.dropped) or asked.unseen
        left = DeclaredState.UNWATCHED if kept else DeclaredState.DROPPED
        proven = gone and not asked.unseen
        return self._shown(
            {
                "outcome": Outcome.APPLIED if proven else Outcome.ACCEPTED,
                "namespace": self.namespace,
                "object": asked.name,
                "state": left if database is None else database_state(database),
                "cautions": (self._idle_cautions() or None) if not proven else None,
                "next_step": None if proven else self._next_step(asked),
            }
        )

    def _next_step(self, asked: _Asked) -> str:
        if asked.database is None:
            return _UNSEEN
        if self.order.keeps_data:
            return _LETTING_GO
        return after_idleness(self._cluster, _FINISH) if self._cluster else _FINISH

    def _idle_cautions(self) -> tuple[str, ...]:
        return idle_cautions(self._cluster) if self._cluster else ()

    async def _look(self) -> _Seen:
        name = self.order.name
        cluster = await read_cluster(
            self.estate, self.namespace, self.order.cluster_name, "cluster_name"
        )
        require_writable(cluster)
        self._cluster = cluster
        found = [each for each in await self.databases.of(cluster) if each.spec.name == name]
        if found:
            return _Seen(cluster, found[0], tuple(found[1:]))
        if name == cluster.spec.bootstrap.method.database:
            raise ToolFailure(
                ErrorCode.UNSUPPORTED,
                f"Database {quoted(name)} was made with the cluster and no Database object "
                "declares it: CloudNativePG drops declared databases only.",
                "Have a person drop it in PostgreSQL, if it is to go at all.",
            )
        raise not_found(
            f"A declared database {quoted(name)} of cluster {self.namespace}/{cluster.name}",
            "Call list_postgres_databases to see which there are.",
        )

    def _plan(self, seen: _Seen) -> Plan:
        database = seen.database
        metadata = database.metadata
        obj = Effect(
            Fate.DELETED,
            "Database",
            database.name,
            self.namespace,
            metadata.uid,
            str(metadata.generation),
        )
        effects = [obj, *self._fate_of_data(seen)]
        effects += [
            Effect(
                Fate.LEFT,
                "Database",
                each.name,
                self.namespace,
                each.metadata.uid,
                detail="declares it, too, and would make it again: delete that as well",
            )
            for each in seen.others
        ]
        blockers = protection(self.estate.policy, self.namespace, database, seen.cluster)
        act = Act(TOOL, self.namespace, self.order.arguments())
        return Plan(act, tuple(effects), blockers, tuple(self._cautions(seen)))

    def _fate_of_data(self, seen: _Seen) -> Iterable[Effect]:
        name = self.order.name
        if seen.is_dropped:
            return
        if self.order.keeps_data:
            yield Effect(Fate.LEFT, "database", name, detail="with all its data, undeclared")
        else:
            owner = quoted(seen.database.spec.owner)
            yield Effect(Fate.DROPPED, "database", name, detail=f"all its data; owner {owner}")

    def _cautions(self, seen: _Seen) -> Iterable[str]:
        database = seen.database
        asked = database.spec.ensure is Ensure.ABSENT
        going = _is_going(database) and _goes_with_its_data(database)
        pending = (asked or going) and not seen.is_dropped
        if pending and self.order.keeps_data:
            yield "The drop is pending: it may happen at any moment until this is carried out."
        elif pending:
            yield "The drop is pending already: this makes the operator try again."
        elif not self.order.keeps_data and not seen.is_dropped:
            yield (
                "While a session is open PostgreSQL refuses; the drop then stays pending and "
                "happens by itself once the last session has ended."
            )
        if seen.is_bootstrap:
            yield "This is the cluster's first database: applications use it; it does not return."
        yield from idle_cautions(seen.cluster)
        made = whose(database.metadata)
        if made:
            yield made

    async def _act(self, seen: _Seen) -> _Asked:
        """Asks for the drop, or deletes the object at once where nothing is to be dropped."""
        database = seen.database
        if seen.is_dropped:
            return _Asked(database.name, await self._removed(database), dropped=True)
        if self.order.keeps_data:
            return _Asked(database.name, await self._undeclared(database))
        drop = destruction() if _is_going(database) else absence()
        asked = await self.databases.change(database, drop)
        return _Asked(database.name, asked, old_message=database.status.message)

    async def _undeclared(self, database: Database) -> Database | None:
        """Deletes the object so that the database stays; a failure leaves the policy as it was."""
        kept: Database | None = None
        try:
            kept = await self.databases.change(database, retention())
            left = await self._removed(kept)
            _require_going(left)
        except BaseException as error:
            refused = isinstance(error, KubeError) and not error.maybe_applied
            if not (refused and kept is None):
                await self._put_back(database)
            raise
        return left

    async def _put_back(self, database: Database) -> None:
        """Restores the policy, unless the object is going after all.

        Raises:
            ToolFailure: `unavailable`, the policy may be left changed.
        """
        policy = database.spec.database_reclaim_policy
        try:
            now = await self.databases.read(database.name)
            if now is None or now.metadata.deletion_timestamp is not None:
                return
            changed = now.spec.database_reclaim_policy != policy
            if changed and now.metadata.uid == database.metadata.uid:
                await self.databases.change(now, {"databaseReclaimPolicy": policy})
        except KubeError as error:
            raise ToolFailure(
                ErrorCode.UNAVAILABLE,
                f"Database object {self.namespace}/{database.name} may or may not have been "
                "deleted, and the API server does not answer: it may be left with "
                "databaseReclaimPolicy retain. The data stays in either case.",
                "Look with list_postgres_databases once it answers, then call again.",
            ) from error

    async def _removed(self, database: Database) -> Database | None:
        """Deletes the object; `None` when it is gone then, else what is left of it.

        A conflict may come from the operator, which writes its status; one that has another spec
        by now is left alone.
        """
        found: Database | None = database
        for _ in range(_REMOVAL_TRIES):
            if found is None or not _is_same(found, database):
                return found
            with contextlib.suppress(Conflict, NotFound):
                await self.databases.delete(found)
                return await self._left_of(found)
            found = await self.databases.read(database.name)
        return found

    async def _left_of(self, deleted: Database) -> Database | None:
        """What finalizers still hold of an object that was deleted; where nobody tells, it goes."""
        try:
            return await self.databases.read(deleted.name)
        except KubeError:
            going = {"deletion_timestamp": self.estate.now()}
            metadata = deleted.metadata.model_copy(update=going)
            return deleted.model_copy(update={"metadata": metadata})

    async def _checked(self, seen: _Seen, plan: Plan) -> DatabaseWrite:
        """What the API server and the operator say to it; nothing is changed."""
        change = retention() if self.order.keeps_data else absence()
        await self.databases.change(seen.database, change, dry_run=True)
        await self.databases.delete(seen.database, dry_run=True)
        fields = Offer(plan).fields()
        return self._shown({**fields, "outcome": Outcome.DRY_RUN, "next_step": _NOTHING})

    def _rejected(self, database: Database) -> ToolFailure:
        shown = self._shown(
            {
                "outcome": Outcome.ACCEPTED,
                "namespace": self.namespace,
                "object": database.name,
                "state": DeclaredState.DROPPING,
                "message": database.status.message,
                "pending": True,
            }
        )
        return ToolFailure(
            ErrorCode.REJECTED_BY_OPERATOR,
            f"PostgreSQL refuses to drop database {quoted(self.order.name)}: "
            f"{quoted(database.status.message)}. The drop stays pending: it is tried again and "
            "again, and happens once nothing is in the way.",
            "End the sessions and call delete_postgres_database again; or withdraw the drop: "
            f"kubectl patch databases.postgresql.cnpg.io {database.name} -n {self.namespace} "
            """--type merge -p '{"spec":{"ensure":"present"}}'""",
            shown=shown,
        )

    def _shown(self, fields: Mapping[str, Any]) -> DatabaseWrite:
        return DatabaseWrite(**fields, cluster_name=self.order.cluster_name, name=self.order.name)


def _require_going(left: Database | None) -> None:
    """Refuses an object that somebody has changed instead of letting it be deleted.

    Raises:
        Conflict: all of it has to be looked at anew.
    """
    if left is not None and not _is_going(left):
        raise Conflict(409, {"message": "The object was changed at the same moment."})


def _is_going(database: Database) -> bool:
    return database.metadata.deletion_timestamp is not None


def _goes_with_its_data(database: Database) -> bool:
    """Whether the operator lets the object go only when it has dropped the database."""
    policy = database.spec.database_reclaim_policy
    return database.metadata.is_held_by_operator and policy == ReclaimPolicy.DELETE


def _is_same(found: Database, database: Database) -> bool:
    """Whether it is the object that was read, with the spec that it had."""
    now, then = found.metadata, database.metadata
    return (now.uid, now.generation) == (then.uid, then.generation)
