"""A plan that is shown rather than carried out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cnpg_mcp.domain.outcomes import BlockerRow, EffectRow, Outcome, Write
from cnpg_mcp.domain.plans.plan import Effect, Plan

_ASK_A_PERSON = (
    "Show this plan to the person who decides. Only when they agree, repeat the same call with "
    "confirmation set to the code."
)
_BLOCKED = "It cannot be applied as it stands: see what blocks it."


@dataclass(frozen=True)
class Offer:
    """A plan with everything that blocks it; a code where nothing does."""

    plan: Plan
    confirmation: str | None = None
    expires_at: datetime | None = None

    def shown(self) -> Write:
        """The plan alone, as a result."""
        return Write(**self.fields())

    def fields(self) -> Mapping[str, Any]:
        """What a tool's result takes over to show the plan."""
        plan = self.plan
        place = plan.act.namespace
        return {
            "outcome": Outcome.PLANNED,
            "namespace": place,
            "effects": tuple(_row(effect, place) for effect in plan.effects),
            "cautions": plan.cautions or None,
            "blockers": tuple(
                BlockerRow(code=each.code, message=each.message, next_step=each.next_step)
                for each in plan.blockers
            ),
            "confirmation": self.confirmation,
            "expires_at": self.expires_at,
            "next_step": _ASK_A_PERSON if self.confirmation else _BLOCKED,
        }


def _row(effect: Effect, place: str) -> EffectRow:
    return EffectRow(
        fate=effect.fate,
        kind=effect.kind,
        name=effect.name,
        namespace=effect.namespace if effect.namespace not in {"", place} else None,
        detail=effect.detail or None,
    )
