"""What comes of a call, by what it wants and what its caller has: the whole of it, in one table."""

import cnpg_tools
from cnpg_mcp.domain.caller import Scope
from test.authority.cells import Cell, Kind
from test.authority.standing import Standing, rank

NEEDS = {
    Kind.LOOK: Scope.READ,
    Kind.DRY_RUN: Scope.READ,
    Kind.PLAN: Scope.READ,
    Kind.CHANGE: Scope.WRITE,
    Kind.APPLY: Scope.ADMIN,
}
ANSWERS = "answers"
WRITES = "writes"
DRY_RUN = "dry run"
PLAN_WITH_CODE = "plan with a code"
PLAN_WITHOUT_CODE = "plan without a code, blocked by insufficient_scope"
TOOL_ERROR = "tool error insufficient_scope"


def asks_for(scope: Scope) -> str:
    """403: another login could bring it, together with all scopes below."""
    return f"403, scope={' '.join(list(Scope)[: rank(scope) + 1])}"


def expected(cell: Cell, caller: Standing) -> str:
    """What comes of a call."""
    need = NEEDS[cell.kind] if caller.may(Scope.READ) else Scope.READ
    if caller.may(need):
        return _allowed(cell.kind, caller)
    state_decides = cnpg_tools.REGISTRY.tools[cell.tool].scope_by_state and need is Scope.WRITE
    return TOOL_ERROR if state_decides or caller.asked_for_all else asks_for(need)


def _allowed(kind: Kind, caller: Standing) -> str:
    if kind is Kind.PLAN:
        return PLAN_WITH_CODE if caller.may(Scope.ADMIN) else PLAN_WITHOUT_CODE
    return {Kind.LOOK: ANSWERS, Kind.DRY_RUN: DRY_RUN}.get(kind, WRITES)
