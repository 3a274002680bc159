"""Creating a role: an existing one is not adopted, and no Secret is left without its role."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.instances import into_effect
from cnpg_mcp.domain.marks import ORDER_DIGEST
from cnpg_mcp.domain.names import object_name
from cnpg_mcp.domain.operated import idle_cautions, require_writable
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import Outcome, RoleWrite
from cnpg_mcp.domain.plans.gate import Refusal
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.passage import PAUSE, Passage, anew
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.rehearsal import rehearsed
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.roles.census import Census, Declaration, take_census
from cnpg_mcp.domain.roles.choice import store_for_new
from cnpg_mcp.domain.roles.inline import order_mark
from cnpg_mcp.domain.roles.manifest import entry_of
from cnpg_mcp.domain.roles.order import RoleOrder, is_past
from cnpg_mcp.domain.roles.power import granted, reaching
from cnpg_mcp.domain.roles.reports import is_reported, renew_report
from cnpg_mcp.domain.roles.secret import NewSecret, RoleSecret
from cnpg_mcp.domain.roles.settling import Settling, settle
from cnpg_mcp.domain.roles.stores import Purpose, RoleStore, Written, as_written
from cnpg_mcp.domain.roles.words import of_new
from cnpg_mcp.domain.views.declarative import ManagedRole
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import AlreadyExists, Conflict, KubeError

TOOL = "create_postgres_role"
_BLIND = (
    "Roles made by hand in PostgreSQL are not visible here: if there was one of this name, it now "
    "has these attributes and this password."
)
_REPORTED = (
    "The operator has seen a role of this name in PostgreSQL, and nothing declares it. That report "
    "may be old; if the role is there, it is not taken over: then this is refused."
)
_EXPIRED = (
    "valid_until is past: the role cannot log in with its password. Set a later time with "
    "update_postgres_role."
)
_CONFLICT_TRIES = 20
"""Each conflict means that another writer of the inline list got through."""


async def create_role(
    estate: Estate, namespace: str | None, order: RoleOrder, options: Options
) -> AsyncIterator[Progress | RoleWrite]:
    """Creates a role with a password Secret where it may log in; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `already_exists`, `blocked`, `not_found`, `rejected_by_operator`,
            and what the gate of a plan raises.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    place = await estate.namespace(namespace)
    creation = _Creation(estate, place, order, options, Passage(estate, options.confirmation))
    order.check()
    standing = await creation.standing()
    seconds = options.wait_seconds
    if standing is not None:
        written, outcome = standing, Outcome.UNCHANGED
        if creation.state is DeclaredState.APPLIED or not await creation.may_nudge():
            seconds = 0
    else:
        offer = await creation.prepare()
        if offer is not None:
            yield creation.shown(offer)
            return
        if options.dry_run:
            yield await creation.checked()
            return
        written, outcome = await creation.made()
    settling = Settling(
        estate,
        creation.namespace,
        creation.census.cluster,
        written,
        Purpose.DECLARED,
        cautions=creation.cautions() if outcome is Outcome.ACCEPTED else (),
        state=creation.state,
    )
    async for step in settle(settling, creation.store, seconds, outcome):
        yield step


@dataclass
class _Creation:
    """One role on its way into being."""

    estate: Estate
    namespace: str
    order: RoleOrder
    options: Options
    passage: Passage
    _census: Census | None = None

    @property
    def census(self) -> Census:
        """The roles as they were read last."""
        if self._census is None:
            raise AssertionError("standing() reads them")
        return self._census

    @property
    def store(self) -> RoleStore:
        """Where the role is declared: as an object wherever there is such a kind."""
        return store_for_new(self.estate, self.census)

    @property
    def state(self) -> DeclaredState:
        """How far the role was when the roles were read last."""
        held = self.census.find(self.order.name)
        return held.state if held is not None else DeclaredState.IN_PROGRESS

    async def may_nudge(self) -> bool:
        """Whether waiting may make the operator look again, which is a write."""
        return not self.options.dry_run and await self.estate.may_write()

    def cautions(self) -> tuple[str, ...]:
        """What could not be seen beforehand, and what one would not expect of the role."""
        expired = (_EXPIRED,) if self._is_expired else ()
        if is_reported(self.census.cluster, self.order.name):
            return (_REPORTED, *expired)
        return expired if self.census.sees_undeclared else (_BLIND, *expired)

    def foresight(self) -> tuple[str, ...]:
        """What to know before it is created."""
        return (*self.cautions(), *idle_cautions(self.census.cluster))

    async def standing(self) -> Written | None:
        """What this very order made before, if it did.

        Raises:
            ToolFailure: `already_exists`, there is a role of that name; `blocked`.
        """
        await self._count()
        require_writable(self.census.cluster)
        held = self.census.find(self.order.name)
        if held is not None:
            return self._unchanged(held)
        if self.order.name == self.census.bootstrap_owner:
            raise self._exists()
        return None

    async def prepare(self) -> Offer | None:
        """The plan where power is asked for; else makes sure that the call may write."""
        return None if self.options.dry_run else await self.passage.admit(self._plan())

    async def checked(self) -> RoleWrite:
        """What the API server and the operator say to it; nothing is stored."""
        name = self._secret_name()
        if name:
            await self._new_secret(name).check()
        written = await anew(self._dry_run, _CONFLICT_TRIES)
        fields = await rehearsed(self.estate, self._plan(), "create it")
        return RoleWrite(
            **{**fields, "cautions": self.foresight() or None},
            cluster_name=self.order.cluster_name,
            name=self.order.name,
            source=self.store.source,
            object=written.holder if self.census.serves_objects else None,
        )

    async def made(self) -> tuple[Written, Outcome]:
        """Makes the role; another call may have been first by a moment."""
        await self._require_unreported()
        await anew(self._dry_run, _CONFLICT_TRIES)
        await self._require_passage()
        try:
            return await self.estate.work.finish(self._make()), Outcome.ACCEPTED
        except (AlreadyExists, _MadeMeanwhile):
            written = await self.standing()
            if written is None:
                raise
            return written, Outcome.UNCHANGED

    def shown(self, offer: Offer) -> RoleWrite:
        """A plan as this tool's result."""
        return RoleWrite(
            **offer.fields(), cluster_name=self.order.cluster_name, name=self.order.name
        )

    async def _count(self) -> None:
        """Reads the roles as they are now."""
        self._census = await take_census(self.estate, self.namespace, self.order.cluster_name)

    async def _require_unreported(self) -> None:
        """Refuses a role that somebody has made by hand; an old report is made anew before.

        Raises:
            ToolFailure: `already_exists`.
        """
        cluster_name, name = self.order.cluster_name, self.order.name
        if is_reported(self.census.cluster, name):
            await renew_report(self.estate, self.namespace, cluster_name, name)
            await self._count()
            if is_reported(self.census.cluster, name):
                raise self._exists()

    def _exists(self) -> ToolFailure:
        why = self.census.stands_undeclared(self.order.name)
        return ToolFailure(
            ErrorCode.ALREADY_EXISTS,
            f"Role {quoted(self.order.name)} exists: {why}.",
            "Choose another name. An existing role is not taken over.",
        )

    async def _require_passage(self) -> None:
        """Asks the gate again about the roles as they were read last.

        Raises:
            ToolFailure: by now the role would be given power that no code confirms.
        """
        offer = await self.prepare()
        if offer is not None:
            raise Refusal(
                ErrorCode.CONFIRMATION_REQUIRED,
                f"Role {quoted(self.order.name)} would be given power by now: what it is to join "
                "has changed at the same moment.",
                offer,
                "Nothing was created. Show the plan below to the person who decides.",
            )

    async def _dry_run(self) -> Written:
        """Has the API server and the operator check the declaration as things are now."""
        await self._count()
        return await self.store.add(self.census, self.order, self._secret_name(), dry_run=True)

    async def _make(self) -> Written:
        name = self._secret_name()
        if name is None:
            return await self._declare(None)
        secret = self._new_secret(name)
        try:
            made = await secret.make(self.store.owner(self.census))
            written = await self._declare(made)
        except BaseException as error:
            found = await self._found_after(error, secret)
            if found is None or not isinstance(error, KubeError):
                raise
            written = found
        if secret.made is not None:
            await self.store.finish(written, secret.made)
        return written

    async def _declare(self, secret: RoleSecret | None) -> Written:
        """Declares the role; on a conflict everything is looked at again."""
        name = secret.name if secret else None
        for attempt in range(_CONFLICT_TRIES - 1):
            try:
                return await self.store.add(self.census, self.order, name)
            except AlreadyExists:
                raise
            except Conflict:
                await asyncio.sleep(attempt * PAUSE)
                standing = await self.standing()
                if standing is not None:
                    raise _MadeMeanwhile(self.order.name) from None
                await self._require_passage()
        return await self.store.add(self.census, self.order, name)

    async def _found_after(self, error: BaseException, secret: NewSecret) -> Written | None:
        """What a failed declaration has made all the same; else the Secret is taken back.

        Raises:
            ToolFailure: neither can be seen to, and what may be left.
        """
        is_clear, held = True, None
        try:
            held = await self._own_declaration(error, secret)
        except (KubeError, ToolFailure):
            is_clear = False  # a role that stands would be left without its Secret
        if held is not None:
            return as_written(held, self.census.cluster)
        if not is_clear or not await secret.take_back():
            raise ToolFailure(
                ErrorCode.UNAVAILABLE,
                "The role could not be created, and the API server does not answer: Secret "
                f"{self.namespace}/{secret.name} may be left, and the role, too.",
                "Call list_postgres_roles; when the role is not there, delete that Secret.",
            ) from error
        return None

    async def _own_declaration(self, error: BaseException, secret: NewSecret) -> Declaration | None:
        """The role that a write of unknown fate has declared, known by its Secret."""
        if isinstance(error, KubeError) and not error.maybe_applied:
            return None
        await self._count()
        held = self.census.find(self.order.name)
        return held if held is not None and held.secret_name == secret.name else None

    def _unchanged(self, held: Declaration) -> Written:
        """The role where this very order made it.

        Raises:
            ToolFailure: `already_exists`.
        """
        digest = self.order.digest(self.namespace)
        annotations = self.census.cluster.metadata.annotations
        mark = annotations.get(order_mark(held.name))
        if held.object is not None:
            mark = held.object.metadata.annotations.get(ORDER_DIGEST)
        is_same = held.object is not None or self._declares(held)
        if mark != digest or held.is_dropping or not is_same:
            raise _declared(held)
        return as_written(held, self.census.cluster)

    def _declares(self, held: Declaration) -> bool:
        """Whether an inline entry is what the order asks for: its mark is not on it itself."""
        return held.role == ManagedRole.read(entry_of(self.order, held.secret_name))

    def _powers(self) -> tuple[Effect, ...]:
        order = self.order
        powers = order.attributes.powers()
        return tuple(granted(self.census, order.name, powers, order.in_roles))

    def _plan(self) -> Plan:
        """What giving it power would do; no effects where it gets none."""
        act = Act(TOOL, self.namespace, self.order.arguments())
        if not self._powers():
            return Plan(act, ())
        made = Effect(Fate.CREATED, "role", self.order.name, detail=of_new(self.order))
        gained = reaching(self.census, self.order.name)
        effects = (made, *self._powers(), *gained, into_effect(self.census.cluster))
        return Plan(act, effects, cautions=self.foresight())

    @property
    def _is_expired(self) -> bool:
        attributes = self.order.attributes
        return bool(attributes.login) and is_past(attributes.valid_until, self.estate.now())

    def _secret_name(self) -> str | None:
        """A role that may log in gets a password."""
        if not self.order.attributes.login:
            return None
        return object_name(self.order.cluster_name, self.order.name)

    def _new_secret(self, name: str) -> NewSecret:
        call = self.estate.token(8)
        return NewSecret(
            self.estate, self.namespace, self.order.cluster_name, self.order.name, name, call
        )


def _declared(held: Declaration) -> ToolFailure:
    """The failure for a name that is declared already."""
    state = "was not made by this very call"
    step = "Look at it with list_postgres_roles; change it with update_postgres_role, or "
    if held.is_dropping:
        state = held.drop_in_words
        step = "Remove what is left of it with delete_postgres_role first, or "
    return ToolFailure(
        ErrorCode.ALREADY_EXISTS,
        f"Role {quoted(held.name)} is declared and {state}.",
        f"{step}choose another name.",
    )


class _MadeMeanwhile(ToolFailure):
    """An equal call has declared the role at the same moment."""

    def __init__(self, role: str) -> None:
        super().__init__(
            ErrorCode.ALREADY_EXISTS,
            f"Role {quoted(role)} was declared by another call at the same moment.",
            "Look at it with list_postgres_roles.",
        )
