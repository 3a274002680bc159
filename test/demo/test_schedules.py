"""Schedules of six fields, as the operator reads them."""

from datetime import UTC, datetime

import pytest

from cnpg_mcp.demo.operator.cron import Schedule

FRIDAY = datetime(2026, 2, 27, 23, 59, 30, tzinfo=UTC)


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
    ],
)
def test_next_time(text: str, after: str) -> None:
    assert Schedule.parsed(text).after(FRIDAY) == datetime.fromisoformat(f"{after}+00:00")


def test_time_that_fits_is_not_its_own_next() -> None:
    schedule = Schedule.parsed("30 59 23 * * *")
    assert schedule.after(FRIDAY) == datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC)


def test_day_that_never_comes() -> None:
    assert Schedule.parsed("0 0 0 30 2 *").after(FRIDAY) is None


@pytest.mark.parametrize("text", ["", "* * * * *", "60 * * * * *", "* * 5-3 * * *", "x * * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Schedule.parsed(text)
