"""The system's clock, which people and NTP set, and the time that only passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import JUMP, SystemClock

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class Machine:
    """A machine whose clock the test sets."""

    def __init__(self, pretend: datetime | None = None) -> None:
        self.wall, self.passed = NOON, 1000.0
        self.clock = SystemClock(pretend, system=lambda: self.wall, steady=lambda: self.passed)

    def passes(self, span: timedelta) -> datetime:
        """Time passes; returns what the clock says then."""
        self.wall += span
        self.passed += span.total_seconds()
        return self.clock.now()

    def suspended(self, span: timedelta) -> None:
        """The machine sleeps: its clock goes on, steady time does not."""
        self.wall += span


def test_it_follows_the_systems_clock() -> None:
    machine = Machine()
    assert machine.passes(MINUTE) == NOON + MINUTE
    assert machine.clock.take_jump() == timedelta()


def test_after_a_step_back_time_goes_on_at_half_speed_until_the_clock_has_caught_up() -> None:
    machine = Machine()
    machine.passes(MINUTE)
    machine.wall -= HOUR
    before = machine.clock.now()
    assert machine.passes(SECOND) == before + SECOND / 2
    assert machine.clock.ahead == HOUR - SECOND / 2
    machine.passes(HOUR)
    assert machine.clock.ahead == HOUR / 2 - SECOND / 2
    machine.passes(HOUR)
    assert machine.clock.ahead == timedelta()
    assert machine.clock.now() == machine.wall


def test_a_clock_set_back_by_mistake_is_put_right_by_what_happens_outside() -> None:
    machine = Machine()
    machine.wall -= HOUR
    true = NOON
    for _ in range(240):
        true += 15 * SECOND
        machine.passes(15 * SECOND)
        machine.clock.happened(true - SECOND)
        assert true - machine.clock.now() <= SECOND


def test_what_happens_outside_never_takes_it_further_than_an_unset_clock_would_be() -> None:
    machine = Machine()
    machine.wall -= HOUR
    machine.passes(MINUTE)
    machine.clock.happened(NOON + timedelta(days=400))
    assert machine.clock.now() == NOON + MINUTE
    right = Machine()
    right.clock.happened(NOON + HOUR)
    assert right.clock.now() == NOON


@pytest.mark.parametrize("step", [-HOUR, 3 * HOUR, -2 * JUMP])
def test_a_step_is_told_once(step: timedelta) -> None:
    machine = Machine()
    machine.wall += step
    machine.passes(SECOND)
    assert machine.clock.take_jump() == step
    machine.passes(SECOND)
    assert machine.clock.take_jump() == timedelta()


def test_a_suspension_is_a_step_forward_and_a_small_correction_is_none() -> None:
    machine = Machine()
    machine.wall -= JUMP / 2
    machine.passes(SECOND)
    assert machine.clock.take_jump() == timedelta()
    machine.suspended(8 * HOUR)
    assert machine.clock.take_jump() == 8 * HOUR
    assert machine.clock.now() == machine.wall


def test_a_pretended_time_is_watched_alike() -> None:
    past = datetime(2020, 3, 3, 15, 0, tzinfo=UTC)
    machine = Machine(past)
    machine.wall -= HOUR
    assert machine.passes(2 * SECOND) == past + SECOND
    assert machine.clock.take_jump() == -HOUR


def test_a_run_goes_on_where_the_last_one_ended_if_the_clock_was_set_back_between_them() -> None:
    machine = Machine()
    assert machine.clock.resume(NOON - MINUTE) == -MINUTE
    assert machine.clock.now() == NOON
    assert machine.clock.resume(NOON + HOUR) == HOUR
    assert machine.clock.now() == NOON + HOUR
    machine.passes(2 * HOUR)
    assert machine.clock.now() == machine.wall
    assert machine.clock.take_jump() == timedelta()


def test_a_history_from_a_year_to_come_is_not_believed() -> None:
    machine = Machine()
    assert machine.clock.resume(NOON + timedelta(days=365)) == timedelta(days=365)
    assert machine.clock.now() == NOON


@given(
    st.lists(
        st.tuples(
            st.floats(0, 100_000),
            st.floats(-100_000, 100_000),
            st.floats(-200_000, 200_000),
        ),
        max_size=20,
    )
)
def test_it_never_goes_back_and_stands_still_only_with_time_itself(steps: list[tuple[float, float, float]]) -> None:
    machine = Machine()
    last = machine.clock.now()
    for passes, jump, outside in steps:
        machine.wall += timedelta(seconds=jump)
        now = machine.passes(timedelta(seconds=passes))
        assert now >= last + timedelta(seconds=passes) / 2 - timedelta(milliseconds=1)
        assert now >= machine.wall
        machine.clock.happened(machine.wall + timedelta(seconds=outside))
        assert machine.clock.now() >= now
        last = machine.clock.now()
