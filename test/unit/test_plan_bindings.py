"""What a code is bound to, part by part: each alone makes it another code."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.domain.plans.code import LIFETIME, CodeVerdict, PlanKeys, _check
from cnpg_mcp.domain.plans.gate import Spending, SpentHere
from cnpg_mcp.domain.plans.plan import Act, Blocker, Fate, Plan
from cnpg_mcp.errors import ErrorCode
from test.unit.test_plans import CALLER, EFFECTS, JSON, KEYS, NOW, PLANS, TEXT, code

MANY = PLANS.filter(lambda plan: plan.effects)
BLOCKERS = st.builds(Blocker, TEXT, st.sampled_from(ErrorCode), TEXT, TEXT)
BOUND = ("fate", "kind", "namespace", "name", "uid", "version")


def with_check(body: str) -> str:
    """A code whose checksum is right: it needs no key."""
    return f"{body}-{_check(body)}"


def judged(given_code: str, plan: Plan, caller: Caller = CALLER, at: datetime = NOW) -> CodeVerdict:
    return KEYS.judge(given_code, plan, caller, at)


@given(MANY, st.data())
def test_every_part_of_every_effect_counts(plan, data):
    at = data.draw(st.integers(0, len(plan.effects) - 1))
    part = data.draw(st.sampled_from(BOUND))
    value = data.draw(st.sampled_from(Fate) if part == "fate" else TEXT)
    before = plan.effects[at]
    assume(getattr(before, part) != value)
    effects = [*plan.effects]
    effects[at] = replace(before, **{part: value})
    changed = replace(plan, effects=tuple(effects))
    assert judged(code(plan), changed) is CodeVerdict.OTHER_EFFECTS


@given(MANY, st.integers(0, 5))
def test_no_part_of_an_effect_runs_into_the_next(plan, cut):
    """The same characters, divided otherwise, are another effect."""
    first, second = list(pairwise(BOUND[1:]))[cut % (len(BOUND) - 2)]
    effect = plan.effects[0]
    assume(getattr(effect, first))
    moved = {
        first: getattr(effect, first)[:-1],
        second: getattr(effect, first)[-1] + getattr(effect, second),
    }
    changed = replace(plan, effects=(replace(effect, **moved), *plan.effects[1:]))
    assert judged(code(plan), changed) is CodeVerdict.OTHER_EFFECTS


@given(PLANS, TEXT.filter(bool), TEXT)
def test_no_part_of_a_caller_runs_into_the_next(plan, issuer, subject):
    one = Caller(issuer, subject)
    other = Caller(issuer[:-1], issuer[-1] + subject)
    assert judged(code(plan, one), plan, other) is CodeVerdict.OTHER_CALL


@given(PLANS, EFFECTS)
def test_effects_are_counted(plan, effect):
    once = replace(plan, effects=(*plan.effects, effect))
    twice = replace(plan, effects=(*plan.effects, effect, effect))
    assert judged(code(once), twice) is CodeVerdict.OTHER_EFFECTS
    assert judged(code(twice), once) is CodeVerdict.OTHER_EFFECTS


@given(PLANS, TEXT, JSON, JSON)
def test_every_argument_counts(plan, name, value, other):
    assume(value is not None and repr(value) != repr(other))
    one, another = (
        replace(plan, act=replace(plan.act, arguments={**plan.act.arguments, name: each}))
        for each in (value, other)
    )
    assert judged(code(one), another) is CodeVerdict.OTHER_CALL
    assert judged(code(another), one) is CodeVerdict.OTHER_CALL


@given(PLANS, TEXT)
def test_argument_that_is_left_out_is_the_same_as_null(plan, name):
    assume(name not in plan.act.arguments)
    given_null = {**plan.act.arguments, name: None}
    with_null = replace(plan, act=replace(plan.act, arguments=given_null))
    assert judged(code(plan), with_null) is CodeVerdict.CONFIRMED
    assert judged(code(with_null), plan) is CodeVerdict.CONFIRMED


@given(PLANS, st.randoms())
def test_the_order_of_arguments_does_not_matter(plan, random):
    items = [*plan.act.arguments.items()]
    random.shuffle(items)
    again = replace(plan, act=replace(plan.act, arguments=dict(items)))
    assert judged(code(plan), again) is CodeVerdict.CONFIRMED


@given(PLANS, st.sampled_from(["tool", "namespace"]), TEXT)
def test_tool_and_namespace_count(plan, part, value):
    assume(getattr(plan.act, part) != value)
    other = replace(plan, act=replace(plan.act, **{part: value}))
    assert judged(code(plan), other) is CodeVerdict.OTHER_CALL


@given(PLANS, BLOCKERS)
def test_blockers_count_by_their_code_alone(plan, blocker):
    blocked = replace(plan, blockers=(blocker,))
    assert judged(code(plan), blocked) is CodeVerdict.OTHER_EFFECTS
    assert judged(code(blocked), plan) is CodeVerdict.OTHER_EFFECTS
    reworded = replace(blocker, message="other words", next_step="another step")
    again = replace(plan, blockers=(reworded,))
    assert judged(code(blocked), again) is CodeVerdict.CONFIRMED


@given(PLANS, st.lists(BLOCKERS, max_size=4), st.randoms())
def test_the_order_of_blockers_does_not_matter(plan, blockers, random):
    shuffled = random.sample(blockers, len(blockers))
    one, again = (replace(plan, blockers=tuple(each)) for each in (blockers, shuffled))
    assert judged(code(one), again) is CodeVerdict.CONFIRMED


@given(PLANS, TEXT)
def test_the_servers_name_counts(plan, name):
    assume(name != KEYS.server)
    other = PlanKeys(name, KEYS.keys)
    assert other.judge(code(plan), plan, CALLER, NOW) is CodeVerdict.OTHER_CALL


@given(PLANS, st.sets(st.sampled_from(Scope)))
def test_scopes_are_no_part_of_who_calls(plan, scopes):
    """They are asked for again when the code is used."""
    same = replace(CALLER, scopes=frozenset(scopes))
    assert judged(code(plan), plan, same) is CodeVerdict.CONFIRMED


@given(PLANS, st.integers(1, 10_000_000))
def test_nobody_can_give_a_code_more_time(plan, seconds):
    expiry, *rest = code(plan).split("-")[:3]
    longer = "-".join([f"{int(expiry, 16) + seconds:08x}", *rest])
    assert judged(with_check(longer), plan) is CodeVerdict.OTHER_CALL


@given(PLANS, PLANS)
def test_halves_of_two_codes_make_no_third(plan, other):
    assume(plan != other)
    mixed = with_check("-".join([*code(other).split("-")[:2], code(plan).split("-")[2]]))
    assume(mixed not in {code(plan), code(other)})
    assert judged(mixed, plan) is not CodeVerdict.CONFIRMED
    assert judged(mixed, other) is not CodeVerdict.CONFIRMED


@given(PLANS, st.integers(0, 3_000_000))
def test_codes_have_one_form_and_end_on_a_whole_second(plan, microseconds):
    now = NOW + timedelta(microseconds=microseconds)
    given_code, ends = KEYS.confirmation(plan, CALLER, now)
    assert ends.microsecond == 0
    assert now < ends <= now + LIFETIME
    assert datetime.fromtimestamp(int(given_code.split("-")[0], 16), UTC) == ends
    assert given_code.isascii()
    assert len(given_code) <= 59


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 200)), max_size=30))
async def test_no_code_is_spent_twice_in_its_time(tries):
    spent, plan = SpentHere(NOW), Plan(Act("delete", "shop"), ())
    codes = [KEYS.confirmation(plan, CALLER, NOW + timedelta(seconds=at))[0] for at in range(5)]
    now, used = NOW + timedelta(seconds=5), set[str]()
    for which, later in tries:
        now += timedelta(seconds=later)
        if now >= NOW + LIFETIME:
            break
        fresh = await spent.spend(codes[which], now) is Spending.SPENT
        assert fresh is (codes[which] not in used)
        used.add(codes[which])
