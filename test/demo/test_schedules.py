"""Schedules, as the operator reads them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.demo.operator.admission.schedules import fault
from cnpg_mcp.demo.operator.cron import Schedule, parsed

FRIDAY = datetime(2026, 2, 27, 23, 59, 30, tzinfo=UTC)


def _parsed(text: str) -> Schedule:
    schedule = parsed(text)
    assert schedule is not None
    return schedule


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("0 0 3 * * *", "2026-02-28T03:00:00"),
        ("*/15 * * * * *", "2026-02-27T23:59:45"),
        ("5,10 0 0 1 * ?", "2026-03-01T00:00:05"),
        ("0 0 0 * * SUN", "2026-03-01T00:00:00"),
        ("0 30 4-6/2 * MAR-APR *", "2026-03-01T04:30:00"),
        ("0 0 0 15 * MON", "2026-03-02T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("@daily", "2026-02-28T00:00:00"),
        ("@weekly", "2026-03-01T00:00:00"),
        ("@hourly", "2026-02-28T00:00:00"),
        ("0 0 3 * *", "2026-02-28T03:00:00"),
        ("@every 90m", "2026-02-28T01:29:30"),
        ("@every 1h0.5s", "2026-02-28T00:59:30"),
        ("@every -5m", "2026-02-27T23:59:31"),
    ],
)
def test_next_time(text: str, after: str) -> None:
    assert _parsed(text).after(FRIDAY) == datetime.fromisoformat(f"{after}+00:00")


def test_time_that_fits_is_not_its_own_next() -> None:
    schedule = _parsed("30 59 23 * * *")
    assert schedule.after(FRIDAY) == datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC)


def test_day_that_never_comes() -> None:
    assert _parsed("0 0 0 30 2 *").after(FRIDAY) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "* * * *", "60 * * * * *", "* * 5-3 * * *", "x * * * * *", "*/-5 * * * * *"),
        *(f"{'9' * 5000} * * * * *", "\u0663 * * * * *", "@every", "@every 1"),
        "@every 9999999999h",
    ],
)
def test_what_is_no_schedule_is_none(text: str) -> None:
    assert parsed(text) is None


_FIELD = st.text("0123456789*?/-,+ANY", max_size=6) | st.sampled_from(["*", "MON-fri", "1,2", "0"])
_SCHEDULES = (
    st.text(max_size=30)
    | st.lists(_FIELD, min_size=4, max_size=7).map(" ".join)
    | st.text("0123456789.nuµmsh+-", max_size=12).map("@every {}".format)
)


@given(_SCHEDULES)
def test_every_text_is_refused_or_has_a_next_time(text: str) -> None:
    schedule = parsed(text)
    assert (schedule is None) == bool(fault(text))
    if schedule is not None:
        due = schedule.after(FRIDAY)
        assert due is None or due > FRIDAY
