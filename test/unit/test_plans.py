"""Plans and their codes: what a code proves, and that nothing else passes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.domain.plans.code import LIFETIME, CodeVerdict, PlanKeys, new_key
from cnpg_mcp.domain.plans.gate import Confirmations, Gate, SpentHere
from cnpg_mcp.domain.plans.plan import Act, Blocker, Effect, Fate, Plan
from cnpg_mcp.domain.policy import Policy
from cnpg_mcp.errors import ErrorCode, ToolFailure

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = PlanKeys("cnpg-mcp", [new_key()])
CALLER = Caller("https://issuer.example", "a-subject")

TEXT = st.text(max_size=8)
EFFECTS = st.builds(
    Effect, st.sampled_from(Fate), TEXT, TEXT, TEXT, TEXT, st.integers(0, 5).map(str), TEXT
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ACTS = st.builds(Act, TEXT, TEXT, st.dictionaries(TEXT, JSON, max_size=4))
PLANS = st.builds(Plan, ACTS, st.lists(EFFECTS, max_size=4).map(tuple))
CALLERS = st.builds(Caller, TEXT, TEXT)
TIMES = st.integers(0, 400_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


def code(plan: Plan, caller: Caller = CALLER, now: datetime = NOW) -> str:
    return KEYS.confirmation(plan, caller, now)[0]


def without_nulls(act: Act) -> Act:
    return replace(act, arguments={k: v for k, v in act.arguments.items() if v is not None})


def promise(plan: Plan) -> object:
    return without_nulls(plan.act), sorted(effect.identity for effect in plan.effects)


@given(PLANS, CALLERS, TIMES)
def test_a_code_confirms_its_plan_for_ten_minutes(plan, caller, now):
    given_code = code(plan, caller, now)
    end = now + LIFETIME
    assert KEYS.judge(given_code, plan, caller, now) is CodeVerdict.CONFIRMED
    just_before = end - timedelta(seconds=2)
    assert KEYS.judge(given_code, plan, caller, just_before) is CodeVerdict.CONFIRMED
    assert KEYS.judge(given_code, plan, caller, end) is CodeVerdict.EXPIRED


@given(PLANS, PLANS)
def test_a_code_confirms_no_plan_that_promises_something_else(one, other):
    assume(promise(one) != promise(other))
    assert KEYS.judge(code(one), other, CALLER, NOW) is not CodeVerdict.CONFIRMED


@given(PLANS, CALLERS, CALLERS)
def test_a_code_confirms_nothing_for_another_caller(plan, one, other):
    assume((one.issuer, one.subject) != (other.issuer, other.subject))
    assert KEYS.judge(code(plan, one), plan, other, NOW) is CodeVerdict.OTHER_CALL


@given(PLANS)
def test_a_code_confirms_nothing_at_another_server_or_with_another_key(plan):
    for keys in (PlanKeys("other", KEYS.keys), PlanKeys("cnpg-mcp", [new_key()])):
        assert keys.judge(code(plan), plan, CALLER, NOW) is CodeVerdict.OTHER_CALL


@given(PLANS, st.permutations(range(4)))
def test_the_order_in_which_effects_were_read_does_not_matter(plan, order):
    shuffled = [plan.effects[at] for at in order if at < len(plan.effects)]
    again = replace(plan, effects=tuple(shuffled))
    assert KEYS.judge(code(plan), again, CALLER, NOW) is CodeVerdict.CONFIRMED


@given(PLANS, TEXT, TEXT)
def test_what_is_only_told_to_people_does_not_matter(plan, detail, caution):
    told = tuple(replace(effect, detail=detail) for effect in plan.effects)
    again = replace(plan, effects=told, cautions=(caution,))
    assert KEYS.judge(code(plan), again, CALLER, NOW) is CodeVerdict.CONFIRMED


@given(PLANS, EFFECTS)
def test_one_effect_more_or_less_is_told_as_changed_effects(plan, effect):
    more = replace(plan, effects=(*plan.effects, effect))
    assert KEYS.judge(code(plan), more, CALLER, NOW) is CodeVerdict.OTHER_EFFECTS
    assert KEYS.judge(code(more), plan, CALLER, NOW) is CodeVerdict.OTHER_EFFECTS


@given(PLANS, st.data())
def test_a_code_with_one_character_changed_is_told_from_one_of_another_plan(plan, data):
    whole = code(plan)
    at = data.draw(st.integers(0, len(whole) - 1))
    char = data.draw(st.characters().filter(lambda each: each != whole[at]))
    altered = whole[:at] + char + whole[at + 1 :]
    assert KEYS.judge(altered, plan, CALLER, NOW) is CodeVerdict.MALFORMED


@given(PLANS, st.text(max_size=80))
def test_arbitrary_text_is_malformed_or_at_least_no_code(plan, text):
    assert KEYS.judge(text, plan, CALLER, NOW) is not CodeVerdict.CONFIRMED


@given(PLANS)
def test_every_key_of_the_list_verifies_and_the_first_signs(plan):
    old, new = new_key(), new_key()
    before = PlanKeys("cnpg-mcp", [old])
    after = PlanKeys("cnpg-mcp", [new, old])
    kept = before.confirmation(plan, CALLER, NOW)[0]
    assert after.judge(kept, plan, CALLER, NOW) is CodeVerdict.CONFIRMED
    fresh = after.confirmation(plan, CALLER, NOW)[0]
    assert before.judge(fresh, plan, CALLER, NOW) is CodeVerdict.OTHER_CALL


# --- the gate ---

PLAN = Plan(Act("delete", "shop", {"name": "orders"}), (Effect(Fate.DELETED, "Cluster", "orders"),))


def gate(code=None, *, caller=CALLER, policy=None, confirmations=None) -> Gate:
    return Gate(
        confirmations or Confirmations(KEYS, SpentHere(NOW)), policy or Policy(), caller, code
    )


async def test_without_a_code_the_gate_shows_the_plan_with_one():
    offer = await gate().admit(PLAN, NOW)
    assert offer.confirmation
    assert offer.expires_at == NOW + LIFETIME


async def test_with_its_code_the_gate_opens():
    assert await gate(code(PLAN)).admit(PLAN, NOW) is None


async def test_no_code_acts_twice():
    confirmations = Confirmations(KEYS, SpentHere(NOW))
    used = code(PLAN)
    assert await gate(used, confirmations=confirmations).admit(PLAN, NOW) is None
    again = await refusal_of(gate(used, confirmations=confirmations), PLAN)
    assert again.code is ErrorCode.CONFIRMATION_STALE


async def test_equal_plans_of_one_second_each_have_a_code_that_acts():
    confirmations = Confirmations(KEYS, SpentHere(NOW - timedelta(minutes=1)))
    codes = set()
    for _ in range(3):
        offer = await gate(confirmations=confirmations).admit(PLAN, NOW)
        codes.add(offer.confirmation)
        acting = gate(offer.confirmation, confirmations=confirmations)
        assert await acting.admit(PLAN, NOW) is None
        assert NOW + LIFETIME - timedelta(seconds=3) < offer.expires_at <= NOW + LIFETIME
    assert len(codes) == 3


async def refusal_of(asked: Gate, plan: Plan) -> ToolFailure:
    with pytest.raises(ToolFailure) as refused:
        await asked.admit(plan, NOW)
    return refused.value


async def test_a_used_code_is_told_and_brings_no_new_one():
    """Also when its own change has made another plan of it: a model may only have retried."""
    confirmations, used = Confirmations(KEYS, SpentHere(NOW)), code(PLAN)
    await gate(used, confirmations=confirmations).admit(PLAN, NOW)
    for plan in (PLAN, replace(PLAN, effects=(Effect(Fate.LEFT, "Cluster", "orders"),))):
        again = await refusal_of(gate(used, confirmations=confirmations), plan)
        assert "used already" in again.message
        assert "get_cluster_status" in again.next_step
        assert again.shown is None


@pytest.mark.parametrize(
    ("tool", "look"),
    [
        ("update_postgres_role", "list_postgres_roles"),
        ("delete_postgres_database", "list_postgres_databases"),
        ("scale_postgres_cluster", "get_cluster_status"),
    ],
)
async def test_who_repeats_a_call_is_told_where_to_look(tool, look):
    plan = replace(PLAN, act=replace(PLAN.act, tool=tool))
    confirmations, used = Confirmations(KEYS, SpentHere(NOW)), code(plan)
    await gate(used, confirmations=confirmations).admit(plan, NOW)
    again = await refusal_of(gate(used, confirmations=confirmations), plan)
    assert look in again.next_step


async def test_an_unused_code_whose_plan_has_changed_is_not_called_used():
    changed = replace(PLAN, effects=(Effect(Fate.LEFT, "Cluster", "orders"),))
    refused = await refusal_of(gate(code(PLAN)), changed)
    assert "has changed since" in refused.message
    assert refused.shown is not None


@pytest.mark.parametrize(
    "slip",
    ["yes, please", code(PLAN)[:-1], code(PLAN).replace("-", "")],
    ids=["prose", "cut", "joined"],
)
async def test_what_is_no_code_is_to_be_copied_exactly(slip):
    refused = await refusal_of(gate(slip), PLAN)
    assert refused.code is ErrorCode.CONFIRMATION_REQUIRED
    assert "copied exactly" in refused.next_step


async def test_a_code_given_before_the_server_started_acts_no_more():
    restarted = Confirmations(KEYS, SpentHere(NOW + timedelta(seconds=1)))
    with pytest.raises(ToolFailure) as refused:
        await gate(code(PLAN), confirmations=restarted).admit(PLAN, NOW + timedelta(seconds=2))
    assert refused.value.code is ErrorCode.CONFIRMATION_STALE


async def test_one_call_may_pass_again_after_a_conflict():
    passing = gate(code(PLAN))
    assert await passing.admit(PLAN, NOW) is None
    assert await passing.admit(PLAN, NOW) is None


async def test_a_call_whose_effects_changed_after_a_conflict_is_refused():
    passing = gate(code(PLAN))
    await passing.admit(PLAN, NOW)
    changed = replace(PLAN, effects=(*PLAN.effects, Effect(Fate.DELETED, "Secret", "new")))
    refused = await refusal_of(passing, changed)
    assert refused.code is ErrorCode.CONFIRMATION_STALE
    assert "has changed since" in refused.message


@pytest.mark.parametrize(
    ("scopes", "policy", "expected"),
    [
        ({Scope.READ}, Policy(), ErrorCode.INSUFFICIENT_SCOPE),
        ({Scope.WRITE}, Policy(), ErrorCode.INSUFFICIENT_SCOPE),
        (set(), Policy(), ErrorCode.INSUFFICIENT_SCOPE),
        ({Scope.ADMIN}, Policy(read_only=True), ErrorCode.BLOCKED),
    ],
)
async def test_what_forbids_it_shows_in_the_plan_and_refuses_every_code(scopes, policy, expected):
    caller = replace(CALLER, scopes=frozenset(scopes))
    offer = await gate(caller=caller, policy=policy).admit(PLAN, NOW)
    assert offer.confirmation is None
    assert [blocker.error for blocker in offer.plan.blockers] == [expected]
    with pytest.raises(ToolFailure) as refused:
        await gate(code(PLAN), caller=caller, policy=policy).admit(PLAN, NOW)
    assert refused.value.code is expected


async def test_a_code_of_a_plan_does_not_pass_a_guard_that_came_up_since():
    blocker = Blocker("protected", ErrorCode.PROTECTED, "It is protected.", "Ask.")
    with pytest.raises(ToolFailure) as refused:
        await gate(code(PLAN)).admit(replace(PLAN, blockers=(blocker,)), NOW)
    assert refused.value.code is ErrorCode.PROTECTED


async def test_spent_codes_are_forgotten_when_they_would_have_expired():
    confirmations = Confirmations(KEYS, SpentHere(NOW))
    for minutes in range(60):
        now = NOW + timedelta(minutes=minutes)
        fresh = KEYS.confirmation(PLAN, CALLER, now)[0]
        assert await gate(fresh, confirmations=confirmations).admit(PLAN, now) is None
    assert len(confirmations.spent._until) <= LIFETIME / timedelta(minutes=1) + 1


@pytest.mark.parametrize(
    ("scopes", "scope", "expected"),
    [
        ({Scope.ADMIN}, Scope.READ, True),
        ({Scope.ADMIN}, Scope.WRITE, True),
        ({Scope.WRITE}, Scope.ADMIN, False),
        ({Scope.READ}, Scope.WRITE, False),
        (set(), Scope.READ, False),
    ],
)
def test_each_scope_includes_the_ones_below(scopes, scope, expected):
    assert replace(CALLER, scopes=frozenset(scopes)).may(scope) is expected
