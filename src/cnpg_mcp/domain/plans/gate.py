"""The gate of a destructive call: without a code it shows the plan, with the right one it opens."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.domain.plans.code import LIFETIME, CodeVerdict, PlanKeys, issued_at
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.plan import Blocker, Effect, Plan
from cnpg_mcp.domain.policy import Policy
from cnpg_mcp.errors import ErrorCode, ToolFailure

_EARLIER_SECONDS = 10
"""How far back a plan looks for a code that has not acted."""
_NEW_PLAN = "Nothing was changed. Show the plan below, as it is now, to the person who decides."
_MALFORMED = "That is no confirmation code: it was mistyped, cut or made up."
_COPY = (
    "Nothing was changed. Where a person has agreed to a plan, repeat the call with its code "
    "copied exactly; else show them the plan below."
)
_STALE = {
    CodeVerdict.EXPIRED: "The confirmation code has expired: it holds for 10 minutes.",
    CodeVerdict.OTHER_CALL: "The confirmation code was given for another call: other arguments, "
    "another caller, or another server (one without PLAN_KEY is another one when it restarts).",
    CodeVerdict.OTHER_EFFECTS: "What the plan promised has changed since the confirmation code "
    "was given.",
}


class Spending(StrEnum):
    """What became of a code that was to be used."""

    SPENT = "spent"
    USED_BEFORE = "used_before"
    NOT_REMEMBERED = "not_remembered"


class SpentCodes(Protocol):
    """Codes that have acted, until they would have expired anyway.

    Most codes die by what they do, since the generation moves or the object is gone. A code that
    made something would work again once that has been removed: this memory is for those.
    """

    async def spend(self, code: str, now: datetime) -> Spending:
        """Marks a code of the right form as used, where nobody has done so before.

        `NOT_REMEMBERED`: it was given before the memory began, so nobody knows.

        Raises:
            ToolFailure: `unavailable`, the memory cannot be reached.
        """

    async def was_spent(self, code: str) -> bool:
        """Whether a code of the right form is known to have been used; changes nothing.

        Raises:
            ToolFailure: `unavailable`, the memory cannot be reached.
        """


@dataclass
class SpentHere(SpentCodes):
    """The codes that have acted in this process, which began at `since`."""

    since: datetime
    _until: dict[str, float] = field(default_factory=dict)

    async def spend(self, code: str, now: datetime) -> Spending:
        """See `SpentCodes`."""
        if issued_at(code) < self.since.timestamp() // 1:
            return Spending.NOT_REMEMBERED
        moment = now.timestamp()
        self._until = {each: end for each, end in self._until.items() if end > moment}
        if code in self._until:
            return Spending.USED_BEFORE
        self._until[code] = issued_at(code) + LIFETIME.total_seconds()
        return Spending.SPENT

    async def was_spent(self, code: str) -> bool:
        """See `SpentCodes`."""
        return code in self._until


_USED = (
    "The confirmation code was used already, and each one acts once: the change that it was given "
    "for has been made or tried."
)
_NOT_REMEMBERED = (
    "The confirmation code was given before this server started, so nobody knows whether it has "
    "been used."
)
_LOOKS = {"role": "list_postgres_roles", "database": "list_postgres_databases"}
"""What shows the outcome of a tool, by what its name ends with; else the status does."""


@dataclass(frozen=True)
class Confirmations:
    """What a server needs to give codes and to honour them."""

    keys: PlanKeys
    spent: SpentCodes


@dataclass
class Gate:
    """One call on its way from plan to act. Ask it again whenever the plan was made anew."""

    confirmations: Confirmations
    policy: Policy
    caller: Caller
    code: str | None
    _opened: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the code has been honoured in this call."""
        return self._opened

    async def admit(self, plan: Plan, now: datetime) -> Offer | None:
        """`None` where the call may act on this plan, else the plan to show.

        Raises:
            Refusal: there is a code, and it does not confirm this plan, or a guard forbids it.
            ToolFailure: `confirmation_stale`, the code was used; `unavailable`, the memory of used
                codes cannot be reached.
        """
        whole = replace(plan, blockers=(*plan.blockers, *self._standing_blockers()))
        if self.code is None:
            return await self._offer(whole, now)
        if whole.blockers:
            raise Refusal.by(whole.blockers[0], Offer(whole))
        verdict = self.confirmations.keys.judge(self.code, whole, self.caller, now)
        if verdict is CodeVerdict.MALFORMED:
            offer = await self._offer(whole, now)
            raise Refusal(ErrorCode.CONFIRMATION_REQUIRED, _MALFORMED, offer, _COPY)
        if verdict is CodeVerdict.OTHER_EFFECTS and await self._was_used(self.code):
            raise _used(plan)
        if verdict is not CodeVerdict.CONFIRMED:
            offer = await self._offer(whole, now)
            raise Refusal(ErrorCode.CONFIRMATION_STALE, _STALE[verdict], offer, _NEW_PLAN)
        if not self._opened:
            await self._spend(self.code, whole, now)
            self._opened = True
        return None

    async def _offer(self, plan: Plan, now: datetime) -> Offer:
        """The plan, and where nothing blocks it a code that has not acted yet.

        A code is good for one act and names a second, so an equal plan within the second of a used
        one gets the code of an earlier second.
        """
        if plan.blockers:
            return Offer(plan)
        keys, spent = self.confirmations.keys, self.confirmations.spent
        code, ends = keys.confirmation(plan, self.caller, now)
        for back in range(1, _EARLIER_SECONDS):
            if not await spent.was_spent(code):
                break
            code, ends = keys.confirmation(plan, self.caller, now - timedelta(seconds=back))
        return Offer(plan, code, ends)

    async def _spend(self, code: str, plan: Plan, now: datetime) -> None:
        spending = await self.confirmations.spent.spend(code, now)
        if spending is Spending.USED_BEFORE:
            raise _used(plan)
        if spending is Spending.NOT_REMEMBERED:
            step = f"Look with {_look(plan)} whether the change has been made. {_NEW_PLAN}"
            offer = await self._offer(plan, now)
            raise Refusal(ErrorCode.CONFIRMATION_STALE, _NOT_REMEMBERED, offer, step)

    async def _was_used(self, code: str) -> bool:
        """Whether a call before this one has used the code."""
        return not self._opened and await self.confirmations.spent.was_spent(code)

    def _standing_blockers(self) -> list[Blocker]:
        blockers = []
        if self.policy.read_only:
            blockers.append(READ_ONLY)
        if not self.caller.may(Scope.ADMIN):
            blockers.append(NO_ADMIN_SCOPE)
        return blockers


class Refusal(ToolFailure):
    """A call with a code that does not act; it shows the plan as it is now."""

    def __init__(self, code: ErrorCode, message: str, offer: Offer, next_step: str) -> None:
        super().__init__(code, message, next_step, shown=offer.shown())

    @classmethod
    def by(cls, blocker: Blocker, offer: Offer) -> "Refusal":
        """The refusal that a blocker asks for."""
        refusal = cls(blocker.error, blocker.message, offer, blocker.next_step)
        refusal.needs = Scope.ADMIN if blocker is NO_ADMIN_SCOPE else None
        return refusal


def _used(plan: Plan) -> ToolFailure:
    """The refusal of a used code: a new one beside it would invite to do the same twice."""
    return ToolFailure(
        ErrorCode.CONFIRMATION_STALE,
        _USED,
        f"Nothing was changed this time. Look with {_look(plan)} before anything is repeated; the "
        "same call without confirmation makes a new plan.",
    )


def _look(plan: Plan) -> str:
    """The tool that shows what has come of a plan."""
    return _LOOKS.get(plan.act.tool.rpartition("_")[2], "get_cluster_status")


READ_ONLY = Blocker(
    "read_only",
    ErrorCode.BLOCKED,
    "This server is read-only.",
    "Use a server that may write; nothing was changed.",
)
NO_ADMIN_SCOPE = Blocker(
    "insufficient_scope",
    ErrorCode.INSUFFICIENT_SCOPE,
    f"Applying this needs the scope {Scope.ADMIN}, which this login does not have.",
    "Have someone with that scope make the call; nothing was changed.",
)


def require_write(policy: Policy, caller: Caller) -> None:
    """Refuses an ordinary change where the server or the login does not allow any.

    Raises:
        ToolFailure: `blocked` or `insufficient_scope`.
    """
    if policy.read_only:
        raise ToolFailure(
            READ_ONLY.error, READ_ONLY.message, "Call with dry_run=true to have it checked only."
        )
    if not caller.may(Scope.WRITE):
        raise ToolFailure(
            ErrorCode.INSUFFICIENT_SCOPE,
            f"This change needs the scope {Scope.WRITE}, which this login does not have.",
            "Sign in with that scope, or call with dry_run=true to have it checked only.",
            needs=Scope.WRITE,
        )


def require_read(caller: Caller) -> None:
    """Refuses any call of a login that may not even look.

    Raises:
        ToolFailure: `insufficient_scope`.
    """
    if not caller.may(Scope.READ):
        raise ToolFailure(
            ErrorCode.INSUFFICIENT_SCOPE,
            f"This login has none of the scopes {', '.join(Scope)}.",
            "Have the administrator of the identity provider grant one, then sign in again.",
            needs=Scope.READ,
        )


def intended(effects: tuple[Effect, ...]) -> list[JsonValue]:
    """The effects as the audit log keeps them before they happen."""
    named = ("fate", "kind", "namespace", "name", "uid", "version")
    return [{key: str(getattr(effect, key)) for key in named} for effect in effects]
