"""What a dry run answers: that it would be accepted, and whether this caller may then do it."""

from typing import Any

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.outcomes import Outcome
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.plan import Plan
from cnpg_mcp.errors import ToolFailure


async def rehearsed(estate: Estate, plan: Plan, purpose: str) -> dict[str, Any]:
    """What a tool's result takes over after a dry run, with the plan where there is one.

    Who may not make the call without `dry_run` is told so; a plan tells it by itself.
    """
    fields = Offer(plan).fields() if plan.effects else {"namespace": plan.act.namespace}
    return {
        **fields,
        "outcome": Outcome.DRY_RUN,
        "next_step": f"Nothing was stored. {await _next(estate, plan, purpose)}",
    }


async def _next(estate: Estate, plan: Plan, purpose: str) -> str:
    if plan.effects:
        return "Without dry_run it answers with a plan first."
    try:
        await estate.require_write()
    except ToolFailure as refusal:
        return f"Without dry_run it is refused: {refusal.message}"
    return f"Call again without dry_run to {purpose}."
