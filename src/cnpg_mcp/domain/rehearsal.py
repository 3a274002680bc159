"""What a dry run answers: that it would be accepted, and whether this caller may then do it."""

from typing import Any

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.plans.offer import dry_run_fields
from cnpg_mcp.domain.plans.plan import Plan
from cnpg_mcp.errors import ToolFailure


async def rehearsed(estate: Estate, plan: Plan, purpose: str) -> dict[str, Any]:
    """What a tool's result takes over after a dry run.

    Who may not make the call without `dry_run` is told so; a plan tells it by itself.
    """
    fields = dry_run_fields(plan, purpose)
    refusal = None if plan.effects else await _refusal(estate)
    if refusal is not None:
        fields["next_step"] = (
            f"Nothing was stored. Without dry_run it is refused: {refusal.message}"
        )
    return fields


async def _refusal(estate: Estate) -> ToolFailure | None:
    """What an ordinary change would be refused with."""
    try:
        await estate.require_write()
    except ToolFailure as refusal:
        return refusal
    return None
