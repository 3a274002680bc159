"""The way of one call through the gate: admitted once, on record before its first write."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.plans.gate import Gate, intended
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.plan import Plan
from cnpg_mcp.kube.errors import AlreadyExists, Conflict

PAUSE = 0.02
"""Seconds by which the pause grows from try to try, so that other writers get through."""
PLANNED_TRIES = 3
"""How often a destructive call evaluates its guards anew when what they saw has changed."""
T = TypeVar("T")


class Passage:
    """One destructive call. Every plan it makes on its way has to pass."""

    def __init__(self, estate: Estate, confirmation: str | None) -> None:
        self._estate = estate
        self._confirmation = confirmation
        self._gate: Gate | None = None

    async def admit(self, plan: Plan) -> Offer | None:
        """`None` where the call may act on this plan, else the plan to show.

        A plan without effects is that of an ordinary change, for which no code is asked. The first
        admission of another one goes on record as what is intended.

        Raises:
            ToolFailure: the code does not confirm this plan, a guard or the login forbids it, or
                the audit log cannot be written.
        """
        if not plan.effects:
            await self._estate.require_write()
            return None
        if self._gate is None:
            self._gate = await self._estate.gate(self._confirmation)
        now, was_open = self._estate.now(), self._gate.is_open
        offer = await self._gate.admit(plan, now)
        if offer is None and not was_open:
            self._estate.journal.intent(now, intended(plan.effects))
        return offer


async def anew(act: Callable[[], Awaitable[T]], tries: int = PLANNED_TRIES) -> T:
    """Reads, plans and acts; anew while what it was based on has changed meanwhile."""
    for attempt in range(tries - 1):
        try:
            return await act()
        except AlreadyExists:
            raise
        except Conflict:
            await asyncio.sleep(attempt * PAUSE)
    return await act()
