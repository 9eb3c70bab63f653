"""With a stream beside its polls the engine decides the same, sooner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import ChangeKind, Quote
from bot.core.prices.streamed import Streamed

from .real_sessions import timetable
from .worlds import at, close, engine, price, rule, weekday_timetable

START = at("01-27 15:00")
POLL = 15
PRICES = Callable[[int], float]


def alerts(path: PRICES, seconds: int, *, stream: bool) -> dict[str, datetime]:
    """When each severity was reached, where a stock trades every second along ``path`` and is polled every 15 s."""
    machine = engine(rule(when=price("< -10%"), symbols=("NVDA",)))
    machine.step([close("NVDA", 100.0, "01-24")], START - timedelta(minutes=1))
    streamed = Streamed(["NVDA"], lambda _: weekday_timetable(), "stream")
    found: dict[str, datetime] = {}
    for second in range(seconds):
        now = START + timedelta(seconds=second)
        quotes: list[Quote] = []
        if second % POLL == 0:
            polled = [Quote("NVDA", path(second), now, now, previous_close=100.0)]
            quotes += [streamed.same_trade(quote) for quote in polled]
            streamed.polled(polled, (), now)
        if stream:
            streamed.take("NVDA", path(second), now, "", now)
            quotes += streamed.take_quotes(now)
        for change in machine.step(quotes, now).changes:
            if change.kind in (ChangeKind.FIRED, ChangeKind.ESCALATED):
                found[change.alert.severity.word] = now
    return found


PATHS: dict[str, tuple[PRICES, float]] = {
    "a fall at once": (lambda n: 99.0 if n < 65 else 88.0, 2),
    "a slide": (lambda n: max(88.0, 100.0 - max(0, n - 30) * 0.4), 4),
    "a fall so deep that it waits for a poll": (lambda n: 99.0 if n < 65 else 80.0, POLL),
    "a fall in steps": (lambda n: 99.5 if n < 40 else 94.0 if n < 70 else 89.5, 2),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_fall_that_lasts_is_the_same_alert_sooner(name: str) -> None:
    path, within = PATHS[name]
    with_stream, without = alerts(path, 300, stream=True), alerts(path, 300, stream=False)
    assert with_stream.keys() == without.keys() != set()
    beyond = next(n for n in range(300) if path(n) < 90.0)
    first = (min(with_stream.values()) - START).total_seconds() - beyond
    assert first <= within
    assert all(with_stream[severity] <= moment for severity, moment in without.items())


@pytest.mark.parametrize("wild", [80.0, 50.0, 88.0, 1.0, 1e6])
def test_one_wild_print_fires_nothing_whichever_path_it_comes_by(wild: float) -> None:
    for second in (31, 45):
        assert alerts(lambda n, second=second: wild if n == second else 99.0, 200, stream=True) == {}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.02, 0.02), min_size=30, max_size=30), st.integers(1, 10))
def test_whatever_polls_alert_on_the_stream_alerts_on_no_later(steps: list[float], every: int) -> None:
    levels = [99.0]
    for step in steps:
        levels.append(levels[-1] * (1 + step))

    def path(second: int) -> float:
        return levels[min(second // every, len(levels) - 1)]

    with_stream, without = alerts(path, 330, stream=True), alerts(path, 330, stream=False)
    assert all(severity in with_stream and with_stream[severity] <= at for severity, at in without.items())


@pytest.mark.parametrize("apart", [10, 25, 40])
def test_at_night_the_stream_brings_the_trades_that_the_night_asks_for(apart: int) -> None:
    """Though nobody polls meanwhile: four of them over two minutes, and no fewer."""
    night = at("01-28 03:00")
    fall = rule(when=price("< -10%"), symbols=("NVDA",))
    machine = engine(fall, timetable=timetable("XNYS"))
    machine.step([close("NVDA", 100.0, "01-27")], night - timedelta(hours=3))
    streamed = Streamed(["NVDA"], lambda _: timetable("XNYS"), "stream")
    streamed.hold(machine.rules.holds)
    first = Quote("NVDA", 99.0, night, night, previous_close=100.0)
    streamed.polled([first], (), night)
    machine.step([first], night)
    fired: list[float] = []
    for second in range(1, 400):
        now = night + timedelta(seconds=second)
        if second % apart == 0:  # and each time one order prints twice more
            for more in range(3):
                streamed.take("NVDA", 88.0, now + timedelta(seconds=more), "", now + timedelta(seconds=more))
        changes = machine.step(streamed.take_quotes(now), now).changes
        fired += [second - apart for c in changes if c.kind is ChangeKind.FIRED]
    assert fired == [pytest.approx(120, abs=apart)]
