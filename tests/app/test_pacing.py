"""Polls paced by need, by simulated time: never more requests than the interval allows, and nobody starves."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.app.run.prices.pacing import AT_FIRST, CALM, Movement, Pace
from bot.core.model import Quote

START = datetime(2025, 1, 27, 15, tzinfo=UTC)
INTERVAL = timedelta(seconds=15)


def names(count: int) -> list[str]:
    return [f"S{n:04d}" for n in range(count)]


@dataclass
class Played:
    """When each symbol was asked for, in seconds, and when requests were sent."""

    asked: dict[str, list[float]] = field(default_factory=dict)
    requests: list[float] = field(default_factory=list)

    def gaps(self, symbol: str, since: float = 0.0, until: float = math.inf) -> list[float]:
        """Seconds between two times that a symbol was asked for."""
        times = [at for at in self.asked[symbol] if since <= at <= until]
        return [later - earlier for earlier, later in pairwise(times)]


def play(
    symbols: list[str],
    moving: Callable[[float], Collection[str]],
    seconds: float,
    *,
    batch: int = 200,
    takes: float = 0.3,
    before: Callable[[Pace, float], None] = lambda pace, at: None,
) -> Played:
    """Ask as the running bot does, each request taking a while."""
    pace, played, at = Pace(batch), Played(), 0.0
    while at < seconds:
        now = START + timedelta(seconds=at)
        before(pace, at)
        asked = pace.ask(symbols, moving(at), INTERVAL, now)
        assert len(set(asked)) == len(asked)
        for symbol in asked:
            played.asked.setdefault(symbol, []).append(at)
        played.requests += [at] * math.ceil(len(asked) / batch)
        at += takes if asked else 0.0
        wait = pace.wait(symbols, moving(at), INTERVAL, START + timedelta(seconds=at)).total_seconds()
        at += max(wait, 1.0 if asked else 0.001)
    return played


@pytest.mark.parametrize("count", [1, 7, 175, 200, 201, 1000])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_there_are_never_more_requests_than_asking_everybody_at_the_interval_takes(count: int, share: float) -> None:
    symbols = names(count)
    moving = set(symbols[: math.ceil(count * share)])
    played = play(symbols, lambda at: moving if at > 600 else (), 1200)
    a_round = math.ceil(count / 200)
    for number, at in enumerate(played.requests, 1):
        assert number <= a_round * (AT_FIRST + at / INTERVAL.total_seconds()) + 1e-6


@pytest.mark.parametrize("count", [175, 1000])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.5, 0.9, 1.0])
def test_nobody_starves(count: int, share: float) -> None:
    symbols = names(count)
    moving = set(symbols[: math.ceil(count * share)])
    played = play(symbols, lambda at: moving, 1200)
    longest = max(max(played.gaps(symbol)) for symbol in symbols)
    assert longest <= 2 * CALM * INTERVAL.total_seconds() + 5


@pytest.mark.parametrize("count", [175, 1000])
def test_what_moves_is_asked_for_every_few_seconds_and_the_rest_goes_on(count: int) -> None:
    symbols = names(count)
    played = play(symbols, lambda at: symbols[:20] if at > 3600 else (), 3720)
    calm = [gap for symbol in symbols for gap in played.gaps(symbol, 0, 3600)]
    assert max(calm) <= CALM * INTERVAL.total_seconds() + 5
    quick = [gap for symbol in symbols[:20] for gap in played.gaps(symbol, 3601, 3720)]
    assert max(quick) <= 5
    rest = [gap for symbol in symbols[20:] for gap in played.gaps(symbol, 3550, 3720)]
    assert max(rest) <= 2 * CALM * INTERVAL.total_seconds()


def test_when_the_savings_are_spent_it_is_as_if_there_were_none() -> None:
    symbols = names(175)
    played = play(symbols, lambda at: symbols[:3], 7200)
    gaps = played.gaps(symbols[0], 3600)
    assert 14.9 <= sum(gaps) / len(gaps) <= 15.7


def test_somebody_asked_for_at_once_comes_next() -> None:
    symbols = names(1000)

    def ask(pace: Pace, at: float) -> None:
        if 700 <= at < 701:
            pace.at_once(["S0777"])

    played = play(symbols, lambda at: symbols[:5] if at > 690 else (), 800, before=ask)
    after = min(at for at in played.asked["S0777"] if at >= 700)
    assert after - 700 <= 4


def test_after_a_failure_there_are_no_savings_and_those_that_failed_come_first() -> None:
    symbols, pace = names(175), Pace(200)
    pace.ask(symbols, (), INTERVAL, START)
    later = START + timedelta(hours=1)
    assert pace.wait(symbols, (), INTERVAL, later) == timedelta()
    pace.failed(symbols)
    assert pace.ask(symbols, symbols, INTERVAL, later) == ()
    assert pace.wait(symbols, (), INTERVAL, later) == INTERVAL
    assert len(pace.ask(symbols, (), INTERVAL, later + INTERVAL)) == 175


def quote(symbol: str, price: float, close: float = 100.0) -> Quote:
    return Quote(symbol, price, START, START, previous_close=close)


def test_a_price_that_has_moved_makes_its_symbol_and_then_its_line_move_for_a_while() -> None:
    movement = Movement({"memory": ["A", "B", "C", "D", "E"], "cloud": ["E", "F", "G"]})
    movement.take([quote(s, 100.0) for s in "ABCDEFG"], START)
    assert movement.at(START) == set()
    soon = START + timedelta(seconds=20)
    movement.take([quote("A", 98.0), quote("B", 102.0)], soon)
    assert movement.at(soon) == {"A", "B"}
    movement.take([quote("C", 98.4)], soon)
    assert movement.at(soon) == set("ABCDE")
    assert movement.at(soon + timedelta(minutes=6)) == set()


def test_a_slow_drift_is_no_move_and_a_fall_found_at_the_start_is_one() -> None:
    movement = Movement({})
    for minute in range(0, 600, 11):
        movement.take([quote("A", 100.0 - minute / 60)], START + timedelta(minutes=minute))
        assert movement.at(START + timedelta(minutes=minute)) == set()
    movement.take([quote("B", 93.0), quote("C", float("nan")), quote("D", -1.0)], START)
    assert movement.at(START) == {"B"}
