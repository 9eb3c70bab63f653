"""The market model, abnormal returns and volumes, against other ways to compute them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from statistics import mean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import DailyBar, Quote, QuoteKind, Split
from bot.core.prices.market import SymbolPrices
from bot.core.prices.returns import (
    ESTIMATION,
    GAP,
    LEAST,
    LEAST_FOR_SCALE,
    LEAST_SCALE,
    REMEMBERED,
    AbnormalReturn,
    abnormal_return,
    closing_reference,
    fitted,
    market_model,
)
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.volumes import FRESH, VolumeRatio, volume_at, volume_of, volume_ratio

from .real_sessions import timetable
from .worlds import forget_bars

NEW_YORK = timetable("XNYS")
TODAY = NEW_YORK.on(date(2025, 6, 16))
assert TODAY is not None
MONDAY: Session = TODAY


def before(count: int) -> Session:
    """The session so many before the Monday."""
    found = NEW_YORK.before(MONDAY, count)
    assert found is not None
    return found


def filled(symbol: str, closes: Sequence[float], times: Timetable = NEW_YORK) -> SymbolPrices:
    """Closes of the sessions before the Monday, the last one first in time order."""
    prices = SymbolPrices(symbol, times)
    for n, close in enumerate(reversed(closes), 1):
        prices.add_bar(DailyBar(symbol, before(n).date, close, before(n).close_at))
    return prices


def walk(seed: int, count: int, scale: float = 0.01) -> list[float]:
    """A price that wanders."""
    random = np.random.default_rng(seed)
    return [float(p) for p in 100 * np.cumprod(1 + scale * random.standard_normal(count))]


def naive_pairs(own: Sequence[float], market: Sequence[float]) -> tuple[list[float], list[float]]:
    """Benchmark and own returns of the 120 sessions that end 10 before the Monday, from whole lists of closes."""
    last = len(own) - GAP
    first = max(last - ESTIMATION, 1)
    xs = [market[i] / market[i - 1] - 1 for i in range(first, last + 1)]
    ys = [own[i] / own[i - 1] - 1 for i in range(first, last + 1)]
    return xs[-ESTIMATION:], ys[-ESTIMATION:]


@given(st.integers(0, 10_000), st.floats(-2, 3), st.floats(0.002, 0.03))
@settings(max_examples=30)
def test_the_market_model_is_least_squares_over_120_returns_that_end_ten_sessions_before(
    seed: int, beta: float, noise: float
) -> None:
    market = walk(seed, 140)
    own = [100.0]
    random = np.random.default_rng(seed + 1)
    for i in range(1, 140):
        own.append(own[-1] * (1 + beta * (market[i] / market[i - 1] - 1) + noise * float(random.standard_normal())))
    model = market_model(filled("X", own), filled("M", market), MONDAY)
    xs, ys = naive_pairs(own, market)
    slope, intercept = np.polyfit(xs, ys, 1)
    residuals = np.array(ys) - intercept - slope * np.array(xs)
    assert (model.returns, model.adjusted) == (120, False)
    assert model.beta == pytest.approx(float(slope), abs=1e-9)
    assert model.alpha == pytest.approx(float(intercept), abs=1e-9)
    assert model.sigma == pytest.approx(math.sqrt(float(np.sum(residuals**2)) / 118), abs=1e-9)


def test_what_happened_in_the_last_ten_sessions_does_not_explain_itself() -> None:
    own, market = walk(1, 140), walk(2, 140)
    model = market_model(filled("X", own), filled("M", market), MONDAY)
    crashed = [*own[:-9], *(p / 2 for p in own[-9:])]
    assert market_model(filled("X", crashed), filled("M", market), MONDAY) == model
    crashed = [*own[:-10], *(p / 2 for p in own[-10:])]
    assert market_model(filled("X", crashed), filled("M", market), MONDAY) != model
    older = [own[0] * 2, *own[1:]]
    assert market_model(filled("X", older), filled("M", market), MONDAY) == model


@pytest.mark.parametrize(
    ("closes", "returns", "adjusted", "scaled"),
    [(70, 60, False, True), (69, 59, True, True), (30, 20, True, True), (29, 19, True, False), (5, 0, True, False)],
)
def test_below_sixty_returns_the_benchmark_itself_is_what_is_expected(
    closes: int, returns: int, adjusted: bool, scaled: bool
) -> None:
    own, market = walk(3, closes), walk(4, closes)
    model = market_model(filled("X", own), filled("M", market), MONDAY)
    assert (LEAST, LEAST_FOR_SCALE) == (60, 20)
    assert (model.returns, model.adjusted) == (returns, adjusted)
    assert (model.sigma is not None) == scaled
    if adjusted:
        assert (model.alpha, model.beta) == (0.0, 1.0)
    if adjusted and scaled:
        xs, ys = naive_pairs(own, market)
        errors = [y - x for x, y in zip(xs[-returns:], ys[-returns:], strict=True)]
        assert model.sigma == pytest.approx(math.sqrt(mean(e * e for e in errors)))


def test_a_return_counts_where_both_traded_then_and_the_session_before() -> None:
    own, market = walk(5, 140), walk(6, 140)
    prices, benchmark = filled("X", own), filled("M", market)
    forget_bars(prices, before(20).date)  # two returns less
    prices._rewritten += 1
    assert market_model(prices, benchmark, MONDAY).returns == 118
    forget_bars(benchmark, before(20).date, before(40).date)  # the same two, and two more
    benchmark._rewritten += 1
    assert market_model(prices, benchmark, MONDAY).returns == 116


def test_a_benchmark_that_never_moves_explains_nothing() -> None:
    model = fitted([(0.0, 0.01 * (n % 3)) for n in range(100)])
    assert (model.alpha, model.beta, model.adjusted) == (0.0, 1.0, True)


def test_a_model_is_estimated_anew_when_a_close_changes_and_not_otherwise() -> None:
    prices, benchmark = filled("X", walk(7, 140)), filled("M", walk(8, 140))
    first = market_model(prices, benchmark, MONDAY)
    assert market_model(prices, benchmark, MONDAY) is first
    assert market_model(prices.as_of(MONDAY.open_at), benchmark, MONDAY) is first
    for touched in (prices, benchmark):
        known = market_model(prices, benchmark, MONDAY)
        touched.add_bar(DailyBar("X", before(30).date, 50.0, before(30).close_at))
        assert market_model(prices, benchmark, MONDAY) is not known
        assert market_model(prices, benchmark, MONDAY) != known
    for n in range(40):
        market_model(prices, filled(f"M{n}", walk(n, 20)), MONDAY)
        assert len(prices.models) <= REMEMBERED


def test_a_split_in_the_window_is_no_return() -> None:
    own, market = walk(9, 140), walk(10, 140)
    model = market_model(filled("X", own), filled("M", market), MONDAY)
    # ten for one fifty sessions ago: closes before were told on the old basis
    told = [p * 10 for p in own[:-50]] + own[-50:]
    prices = filled("X", told)
    prices.add_split(Split("X", before(50).date, 10.0, before(50).starts_at))
    split = market_model(prices, filled("M", market), MONDAY)
    assert (split.alpha, split.beta) == (pytest.approx(model.alpha), pytest.approx(model.beta))
    assert split.sigma == pytest.approx(model.sigma or 0.0)


def at(minutes: float, price: float, symbol: str = "X", session: Session = MONDAY, **more: object) -> Quote:
    """A quote so many minutes after the open."""
    when = session.open_at + timedelta(minutes=minutes)
    return Quote(symbol, price, when, when, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("sessions", [1, 4])
def test_an_abnormal_return_is_what_the_model_does_not_expect(sessions: int) -> None:
    own, market = walk(11, 140), walk(12, 140)
    prices, benchmark = filled("X", own), filled("M", market)
    benchmark.add_quote(at(30, market[-sessions] * 0.98, "M"))
    quote = at(30, own[-sessions] * 0.9)
    prices.add_quote(quote)
    found = abnormal_return(prices, benchmark, quote, MONDAY, sessions)
    assert isinstance(found, AbnormalReturn)
    model = market_model(prices, benchmark, MONDAY)
    assert found.change == pytest.approx(-0.1)
    assert found.benchmark == pytest.approx(-0.02)
    assert found.expected == pytest.approx(model.alpha * sessions - 0.02 * model.beta)
    assert found.value == pytest.approx(-0.1 - found.expected)
    assert found.z == pytest.approx(found.value / ((model.sigma or 0) * math.sqrt(sessions)))


@pytest.mark.parametrize(
    ("minutes", "known"), [(29, True), (31, True), (31.5, False), (-331, False), (-330, True), (30, True)]
)
def test_the_benchmark_is_measured_in_the_same_session_and_no_later_than_a_poll(minutes: float, known: bool) -> None:
    prices, benchmark = filled("X", walk(13, 140)), filled("M", walk(14, 140))
    benchmark.add_quote(at(minutes, 100.0, "M"))
    found = abnormal_return(prices, benchmark, at(30, 100.0), MONDAY)
    assert isinstance(found, AbnormalReturn) == known, found


def test_what_cannot_be_measured_says_why() -> None:
    full, empty = filled("X", walk(15, 140)), SymbolPrices("M", NEW_YORK)
    quote = at(30, 100.0)
    assert abnormal_return(empty, full, quote, MONDAY) == "reference close unknown"
    assert abnormal_return(full, empty, quote, MONDAY) == "no price for M in this session"
    empty.add_quote(at(30, 100.0, "M"))
    assert abnormal_return(full, empty, quote, MONDAY) == "reference close of M unknown"


def test_nothing_is_unusual_beside_what_never_deviates() -> None:
    level = [100.0 * (1 + 0.01 * (n % 2)) for n in range(140)]
    prices, benchmark = filled("X", level), filled("M", level)
    benchmark.add_quote(at(30, 100.0, "M"))
    found = abnormal_return(prices, benchmark, at(30, 90.0), MONDAY)
    assert isinstance(found, AbnormalReturn)
    assert found.z is None
    assert LEAST_SCALE == 1e-5


def test_closes_are_counted_in_sessions_and_the_last_may_be_corrected_by_the_vendor() -> None:
    prices = filled("X", [101.0, 102.0, 103.0])
    assert [getattr(closing_reference(prices, at(1, 1.0), MONDAY, n), "price", None) for n in (1, 2, 3, 4)] == [
        103.0,
        102.0,
        101.0,
        None,
    ]
    corrected = closing_reference(prices, at(1, 1.0, previous_close=10.3), MONDAY, 1)
    assert corrected is not None
    assert corrected.price == 10.3


# ----------------------------------------------------------------------------------------------------------- volumes


def traded(volumes: Sequence[float | None], minutes: float | None = None) -> SymbolPrices:
    """Bars with these volumes for the sessions before the Monday, the latest last; with ``minutes``, also quotes that
    tell a tenth of it so long after the open."""
    prices = SymbolPrices("X", NEW_YORK)
    for n, volume in enumerate(reversed(volumes), 1):
        session = before(n)
        prices.add_bar(DailyBar("X", session.date, 100.0, session.close_at, volume=volume))
        if minutes is not None and volume is not None:
            prices.add_quote(at(minutes, 100.0, session=session, volume=volume / 10))
    return prices


def ratio(prices: SymbolPrices, minutes: float, volume: float | None, over: int = 20) -> VolumeRatio | str:
    """The ratio of a quote on the Monday."""
    quote = at(minutes, 100.0, volume=volume)
    prices.add_quote(quote)
    return volume_ratio(prices, quote, MONDAY, over)


def test_volume_is_measured_at_the_same_time_of_earlier_sessions_where_enough_tell() -> None:
    found = ratio(traded([1000.0, 2000.0, 3000.0, 4000.0, 5000.0], 60), 60, 900.0)
    assert found == VolumeRatio(3.0, 900.0, 300.0, 5, same_time=True, exact=True)
    assert ratio(traded([1000.0, 2000.0, 3000.0, 4000.0, 5000.0], 60), 60, 900.0, over=3) == VolumeRatio(
        2.25, 900.0, 400.0, 3, same_time=True, exact=True
    )


def test_with_too_few_of_them_whole_sessions_give_the_least_it_can_be() -> None:
    four = traded([None, 2000.0, 3000.0, 4000.0, 5000.0], 60)
    assert ratio(four, 60, 900.0) == "not enough history: volumes of 4 of 5 sessions"
    five = traded([1000.0, 2000.0, 3000.0, 4000.0, 5000.0])
    assert ratio(five, 60, 900.0) == VolumeRatio(0.3, 900.0, 3000.0, 5, same_time=False, exact=False)
    assert ratio(five, 390, 9000.0) == VolumeRatio(3.0, 9000.0, 3000.0, 5, same_time=False, exact=True)
    assert ratio(traded([0.0] * 9), 60, 900.0) == "not enough history: volumes of 0 of 5 sessions"


@pytest.mark.parametrize(("told_at", "same_time"), [(60, True), (30, True), (29, False), (61, False)])
def test_a_volume_told_long_before_the_time_does_not_stand_for_it(told_at: float, same_time: bool) -> None:
    assert timedelta(minutes=30) == FRESH
    found = ratio(traded([1000.0] * 6, told_at), 60, 900.0)
    assert isinstance(found, VolumeRatio)
    assert found.same_time == same_time


def test_half_sessions_are_not_compared_with_whole_ones() -> None:
    half = NEW_YORK.on(date(2024, 11, 29))
    assert half is not None
    prices = SymbolPrices("X", NEW_YORK)
    for n in range(1, 7):
        session = NEW_YORK.before(half, n)
        assert session is not None
        prices.add_bar(DailyBar("X", session.date, 100.0, session.close_at, volume=1000.0))
        prices.add_quote(at(60, 100.0, session=session, volume=100.0))
    quote = at(60, 100.0, session=half, volume=900.0)
    prices.add_quote(quote)
    found = volume_ratio(prices, quote, half, 20)
    assert isinstance(found, VolumeRatio)
    assert (found.same_time, found.exact, found.value) == (False, False, 0.9)


def test_the_volume_of_a_session_is_what_was_told_last_and_the_bars_once_it_has_closed() -> None:
    prices = SymbolPrices("X", NEW_YORK)
    prices.add_quote(at(60, 100.0, session=before(1), volume=77.0))
    assert volume_at(prices, MONDAY, MONDAY.close_at) is None  # another session's volume is not this one's
    for minutes, volume in ((-330, 5.0), (10, 50.0), (20, None), (400, 500.0)):
        prices.add_quote(at(minutes, 100.0, volume=volume))
    assert volume_at(prices, MONDAY, MONDAY.pre_at) == 5.0
    assert volume_at(prices, MONDAY, MONDAY.starts_at) is None
    assert volume_at(prices, MONDAY, MONDAY.open_at + timedelta(minutes=9)) == 5.0
    assert volume_at(prices, MONDAY, MONDAY.open_at + timedelta(minutes=10)) == 50.0
    assert volume_at(prices, MONDAY, MONDAY.open_at + timedelta(minutes=25)) == 50.0
    assert volume_at(prices, MONDAY, MONDAY.ends_at) == 500.0
    prices.add_bar(DailyBar("X", MONDAY.date, 100.0, MONDAY.close_at, volume=600.0))
    assert volume_at(prices, MONDAY, MONDAY.close_at) == 600.0
    assert volume_at(prices, MONDAY, MONDAY.close_at - timedelta(seconds=1)) == 50.0
    assert volume_of(prices, before(1)) is None


def test_volumes_before_a_split_are_counted_in_new_shares() -> None:
    prices = traded([1000.0] * 6, 60)
    prices.add_split(Split("X", MONDAY.date, 10.0, MONDAY.starts_at))
    assert volume_of(prices, before(1)) == 10_000.0
    assert ratio(prices, 60, 3000.0) == VolumeRatio(3.0, 3000.0, 1000.0, 6, same_time=True, exact=True)


# ------------------------------------------------------------------------------------------------------- the market


def test_bars_of_a_window_may_lack_one_in_ten_and_no_more() -> None:
    prices = filled("X", walk(18, 20))
    found = prices.bars_before(MONDAY, 20)
    assert found is not None
    assert [b.session for b in found] == [before(n).date for n in range(20, 0, -1)]
    assert prices.bars_before(MONDAY, 21) is None
    for n, known in ((3, 19), (5, 18), (7, None)):
        forget_bars(prices, before(n).date)
        window = prices.bars_before(MONDAY, 20)
        assert (len(window) if window is not None else None) == known
    assert prices.bars_before(NEW_YORK.all[3], 4) is None


def test_the_past_has_no_bar_of_a_session_that_had_not_closed() -> None:
    prices = filled("X", [1.0, 2.0, 3.0])
    last = before(1)
    assert prices.as_of(last.close_at).closes(MONDAY.date, 9) == prices.closes(MONDAY.date, 9)
    assert [p for _, p in prices.as_of(last.close_at - timedelta(seconds=1)).closes(MONDAY.date, 9)] == [2.0, 1.0]


def test_marks_keep_their_shares_where_nothing_was_split() -> None:
    prices = filled("X", [1.0])
    bar = replace(prices.bars[before(1).date], volume=5.0)
    assert prices.shares(bar) == 5.0
    assert prices.shares(at(1, 1.0, volume=None)) is None
    assert at(1, 1.0, kind=QuoteKind.LOW).kind.confirmed
