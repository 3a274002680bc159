"""Creating a database: an existing one is not adopted, and its owner is known to exist."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cnpg_mcp.domain.databases.listing import sub_object_rows
from cnpg_mcp.domain.databases.manifest import database as manifest
from cnpg_mcp.domain.databases.order import DatabaseOrder
from cnpg_mcp.domain.databases.store import Databases, is_failing
from cnpg_mcp.domain.declared import database_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.instances import into_effect
from cnpg_mcp.domain.marks import ORDER_DIGEST
from cnpg_mcp.domain.operated import after_idleness, idle_cautions, require_writable
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import DatabaseWrite, Outcome
from cnpg_mcp.domain.plans.passage import Passage
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.rehearsal import rehearsed
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.roles.census import Census, take_census
from cnpg_mcp.domain.roles.choice import store_of
from cnpg_mcp.domain.roles.stores import Change
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database
from cnpg_mcp.domain.waiting import Look, Sight, Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import AlreadyExists

TOOL = "create_postgres_database"
_PACE = 0.3
_TOUCH_EVERY = 2.0
"""Seconds; a failed creation would be tried again after half a minute only."""
_BELIEVE_AFTER = 4.0
"""Seconds until a failure is taken for final, from when its owner was not being made any more."""
_BLIND = (
    "Databases that no object declares are not visible here: if there was one of this name, it is "
    "not empty, and belongs to this owner now."
)
_LOOK = "Look at it with list_postgres_databases, or choose another name."
_ASK_LIST = "Call list_postgres_databases to see when it is applied."


async def create_database(
    estate: Estate, namespace: str | None, order: DatabaseOrder, options: Options
) -> AsyncIterator[Progress | DatabaseWrite]:
    """Creates a database with its extensions and schemas; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `already_exists`, `not_found` (cluster, owner), `blocked`,
            `unsupported`, `rejected_by_operator`, and what the gate of a plan raises.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    creation = _Creation(estate, await estate.namespace(namespace), order, options)
    order.check()
    database = await creation.standing()
    outcome = Outcome.UNCHANGED
    if database is None:
        made = await creation.make()
        if isinstance(made, DatabaseWrite):
            yield made
            return
        database, outcome = made
    seconds = options.wait_seconds
    if outcome is Outcome.UNCHANGED and not await creation.may_nudge():
        seconds = 0
    waiting = Watch(creation.look(database), seconds, database, pace=_PACE)
    async for progress in waiting:
        yield progress
    yield creation.result(waiting.latest, outcome)


@dataclass
class _Creation:
    """One database on its way into being."""

    estate: Estate
    namespace: str
    order: DatabaseOrder
    options: Options
    _is_refused: bool = False
    """Whether a failure is final, as far as one can tell."""
    _is_gone: bool = False
    _cluster: Cluster | None = None

    @property
    def databases(self) -> Databases:
        """The Database objects of the namespace."""
        return Databases(self.estate, self.namespace)

    async def standing(self) -> Database | None:
        """What this very order made before, if it did.

        Raises:
            ToolFailure: `already_exists`, `blocked`, `not_found`.
        """
        order = self.order
        census = await take_census(self.estate, self.namespace, order.cluster_name)
        require_writable(census.cluster)
        self._cluster = census.cluster
        for database in await self.databases.of(census.cluster):
            if database.spec.name == order.name:
                return self._unchanged(database)
        if order.name == census.cluster.spec.bootstrap.method.database:
            raise _exists(order.name, "was made with the cluster")
        _require_owner(census, order.owner)
        return None

    async def may_nudge(self) -> bool:
        """Whether waiting may make the operator look again, which is a write."""
        return not self.options.dry_run and await self.estate.may_write()

    async def make(self) -> tuple[Database, Outcome] | DatabaseWrite:
        """Has the object checked, then stores it; or shows the plan where code would be loaded."""
        body = manifest(self.order, self.namespace)
        plan = self._plan()
        if self.options.dry_run:
            await self.databases.create(body, dry_run=True)
            fields = await rehearsed(self.estate, plan, "create it")
            return self._shown({**fields, "cautions": self._foresight()})
        offer = await Passage(self.estate, self.options.confirmation).admit(plan)
        if offer is not None:
            return self._shown(offer.fields())
        try:
            await self.databases.create(body, dry_run=True)
            made = await self.estate.work.finish(self.databases.create(body))
        except AlreadyExists:  # another call was first by a moment
            standing = await self.standing()
            if standing is None:
                raise
            return standing, Outcome.UNCHANGED
        return made, Outcome.ACCEPTED

    def look(self, made: Database) -> Look[Database]:
        """Reads the object; a failure is touched away, and believed when it stays.

        One that was told while the owner was still being made says nothing.
        """
        loop = asyncio.get_running_loop()
        since = touched = loop.time()

        async def look() -> Sight[Database]:
            nonlocal touched, since
            found = await self.databases.read(made.name)
            if found is None:
                self._is_gone = True
                return Sight(made, settled=True, message="gone")
            now = loop.time()
            failing = is_failing(found)
            if failing and now - touched >= _TOUCH_EVERY:
                if await self._nudge_owner():
                    since = now
                found = await self.databases.change(found, {})
                touched = now
            is_final = failing and now - since >= _BELIEVE_AFTER
            self._is_refused = is_final
            told = found.status.message
            message = f"operator says {quoted(told)}" if failing else "not applied yet"
            return Sight(found, _is_applied(found) or is_final, message)

        return look

    def result(self, database: Database, outcome: Outcome) -> DatabaseWrite:
        """What is known of it.

        Raises:
            ToolFailure: `rejected_by_operator`, PostgreSQL refuses what is declared.
        """
        if self._is_gone:
            raise _gone(self.order.name)
        applied = _is_applied(database)
        if applied and outcome is Outcome.ACCEPTED:
            outcome = Outcome.APPLIED
        failing = is_failing(database)
        state = DeclaredState.FAILED if failing else database_state(database)
        shown = self._shown(
            {
                "outcome": outcome,
                "namespace": self.namespace,
                "owner": database.spec.owner,
                "object": database.name,
                "reclaim_policy": database.spec.database_reclaim_policy,
                "state": state,
                **sub_object_rows(database, state),
                "message": database.status.message if failing else None,
                "pending": True if failing else None,
                "cautions": self._cautions(outcome, state) or None,
                "next_step": None if applied or self._is_refused else self._next_step(state),
            }
        )
        if self._is_refused:
            raise _rejected(database, shown)
        return shown

    async def _nudge_owner(self) -> bool:
        """Whether the owner is still being made; if so, the operator is made to try again."""
        census = await take_census(self.estate, self.namespace, self.order.cluster_name)
        held = census.find(self.order.owner)
        if held is None or held.state is not DeclaredState.IN_PROGRESS:
            return False
        await store_of(self.estate, census, held).change(census, held, Change({}))
        return True

    def _plan(self) -> Plan:
        """What needs a plan; no effects where nothing does."""
        allows = self.estate.policy.allows_extension
        loaded = [
            Effect(Fate.LOADED, "extension", name, detail="not among the allowed extensions")
            for name in self.order.extensions
            if not allows(name)
        ]
        act = Act(TOOL, self.namespace, self.order.arguments())
        if not loaded or self._cluster is None:
            return Plan(act, ())
        made = Effect(Fate.CREATED, "database", self.order.name, detail=self.order.in_words())
        effects = (made, into_effect(self._cluster), *loaded)
        return Plan(act, effects, cautions=self._foresight())

    def _foresight(self) -> tuple[str, ...]:
        """What to know before it is created."""
        return (_BLIND, *self._idle_cautions())

    def _cautions(self, outcome: Outcome, state: DeclaredState) -> tuple[str, ...]:
        made = outcome in {Outcome.ACCEPTED, Outcome.APPLIED}
        is_open = state is DeclaredState.IN_PROGRESS
        return (*((_BLIND,) if made else ()), *(self._idle_cautions() if is_open else ()))

    def _idle_cautions(self) -> tuple[str, ...]:
        return idle_cautions(self._cluster) if self._cluster else ()

    def _next_step(self, state: DeclaredState) -> str:
        if self._cluster is None or state is not DeclaredState.IN_PROGRESS:
            return _ASK_LIST
        return after_idleness(self._cluster, _ASK_LIST)

    def _unchanged(self, database: Database) -> Database:
        digest = self.order.digest(self.namespace)
        if database.metadata.annotations.get(ORDER_DIGEST) != digest:
            raise _exists(self.order.name, "is declared, and not by this very call")
        if database_state(database) in {DeclaredState.DROPPING, DeclaredState.DROPPED}:
            raise _exists(
                self.order.name,
                "is declared and dropped, or being dropped",
                "Remove what is left of it with delete_postgres_database first, or choose another "
                "name.",
            )
        return database

    def _shown(self, fields: Mapping[str, Any]) -> DatabaseWrite:
        return DatabaseWrite(**fields, cluster_name=self.order.cluster_name, name=self.order.name)


def _is_applied(database: Database) -> bool:
    return database_state(database) is DeclaredState.APPLIED


def _require_owner(census: Census, owner: str) -> None:
    """Refuses an owner that is not known to exist, or is on its way out.

    Raises:
        ToolFailure: `not_found`, `blocked`.
    """
    held = census.find(owner)
    if held is not None and held.is_dropping:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"Role {quoted(owner)}, the owner, {held.drop_in_words}.",
            "Choose another owner from list_postgres_roles; or have the drop finished with "
            "delete_postgres_role first, then create the role anew with create_postgres_role.",
        )
    if held is not None or census.stands_undeclared(owner) is not None:
        return
    where = f"{census.cluster.namespace}/{census.cluster.name}"
    raise ToolFailure(
        ErrorCode.NOT_FOUND,
        f"Role {quoted(owner)}, the owner, is not known in cluster {where}.",
        "Create it first with create_postgres_role, or choose an owner from list_postgres_roles. "
        "A role made by hand in PostgreSQL is not visible here.",
    )


def _exists(name: str, why: str, next_step: str = _LOOK) -> ToolFailure:
    return ToolFailure(
        ErrorCode.ALREADY_EXISTS,
        f"Database {quoted(name)} {why}.",
        next_step,
    )


def _gone(name: str) -> ToolFailure:
    return ToolFailure(
        ErrorCode.CONFLICT,
        f"The object of database {quoted(name)} was deleted meanwhile.",
        "Look with list_postgres_databases.",
    )


def _rejected(database: Database, shown: DatabaseWrite) -> ToolFailure:
    words = [database.status.message, *_part_messages(database)]
    told = "; ".join(quoted(word) for word in words if word)
    return ToolFailure(
        ErrorCode.REJECTED_BY_OPERATOR,
        f"PostgreSQL does not take what is declared for database {quoted(shown.name)}: {told}. It "
        "stays declared and is tried again every half minute; parts that work are there.",
        "Remove the cause, or withdraw it with delete_postgres_database.",
        shown=shown,
    )


def _part_messages(database: Database) -> Sequence[str]:
    parts = [*database.status.extensions, *database.status.schemas]
    return [f"{part.name}: {part.message}" for part in parts if part.applied is False]
