"""Time in the demo: divided by a speed, remembered instead of slept for, and forgotten again."""

import pytest

from cnpg_mcp.demo.pace import AT_ONCE, Pace, Timers


class Clock:
    """A clock that moves by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_speed_divides() -> None:
    assert Pace(4).seconds(10) == 2.5
    assert AT_ONCE.seconds(3600) == 0


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_speed_is_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Pace(speed)


def test_time_passes_from_the_first_question_on() -> None:
    clock = Clock()
    timers = Timers(Pace(2), clock)
    assert not timers.passed(10, "uid", "job")
    assert timers.next_due() == 5
    clock.now = 5
    assert timers.passed(10, "uid", "job")
    timers.clear("uid", "job")
    assert not timers.passed(10, "uid", "job")


def test_at_once_nothing_waits() -> None:
    assert Timers(AT_ONCE, Clock()).passed(10, "uid")


def test_what_is_gone_is_forgotten() -> None:
    timers = Timers(Pace(1), Clock())
    timers.passed(10, "gone")
    timers.keep({"other"})
    assert timers.next_due() == float("inf")


def test_in_a_hurry_even_what_is_under_way_is_over() -> None:
    pace = Pace(1)
    timers = Timers(pace, Clock())
    assert not timers.passed(10, "uid", "job")
    with pace.hurried():
        assert timers.passed(10, "uid", "job")
    assert not timers.passed(10, "uid", "job")
