"""Each condition both ways, and unknown: what it measures, beside what it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.model import Check, DailyBar, Observation, Phase, Quote, QuoteKind, Reach, Story
from bot.core.news import NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.windows import Span, parse_since, parse_span
from bot.core.rules.comparison import Comparison, parse_comparison
from bot.core.rules.conditions import (
    Abnormal,
    About,
    All,
    Any,
    Breadth,
    Condition,
    Context,
    Drawdown,
    During,
    Extreme,
    Gap,
    MarketTest,
    Named,
    News,
    NoneOf,
    Price,
    Reads,
    TextPattern,
    Volume,
    required,
    walk,
)
from bot.core.rules.conditions import Sequence as InOrder
from bot.core.rules.nearness import blocker, nearness
from bot.core.rules.rule import first_price

from .worlds import CHEAP, COMPANIES, TOPICS, at, close, news, price, quote, story, weekday_timetable

CLOSE, LOW, OPEN = QuoteKind.CLOSE, QuoteKind.LOW, QuoteKind.OPEN
TIMES = weekday_timetable()


def world(observations: Sequence[Observation], now: str, symbol: str = "NVDA", **more: object) -> Context:
    """Everything seen, looked at from ``now``."""
    market = Market(lambda _: TIMES)
    room = NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14))
    for one in observations:
        if isinstance(one, Story):
            room.add(one)
        elif isinstance(one, Quote):
            assert market.admit(one, at(now)) is None
        elif isinstance(one, DailyBar):
            market.apply(one)
    return Context(symbol, at(now), market, room, **more)  # type: ignore[arg-type]


def found(condition: Condition, observations: Sequence[Observation], now: str, **more: object) -> Check:
    """What ``condition`` finds; in brief it must come to the same."""
    context = world(observations, now, **more)
    check = condition.evaluate(context)
    brief = condition.evaluate(replace(context, brief=True, move=None, cause=None))
    assert (brief.holds is True) == (check.holds is True)
    return check


BEFORE = [close("NVDA", 110.0, "01-22"), close("NVDA", 105.0, "01-23"), close("NVDA", 100.0, "01-24")]


@pytest.mark.parametrize(
    ("change", "since", "quotes", "holds"),
    [
        ("< -10%", "previous close", [("15:00", 89.0), ("15:01", 89.5)], True),
        ("< -10%", "previous close", [("15:00", 89.0), ("15:01", 90.0)], False),
        ("<= -10%", "previous close", [("15:00", 89.0), ("15:01", 90.0)], True),
        ("< -10%", "previous close", [("15:00", 91.0), ("15:01", 89.0)], False),
        ("> 10%", "previous close", [("15:00", 111.0), ("15:01", 112.0)], True),
        (">= 10%", "previous close", [("15:00", 110.5), ("15:01", 110.0)], True),
        ("> 10%", "previous close", [("15:00", 89.0), ("15:01", 88.0)], False),
        ("between -12% and -10%", "previous close", [("15:00", 88.0), ("15:01", 90.0)], True),
        ("between -12% and -10%", "previous close", [("15:00", 87.9), ("15:01", 90.0)], False),
        ("< -5%", "open", [("14:35", 100.0), ("15:00", 94.0), ("15:01", 94.0)], True),
        ("< -5%", "open", [("14:35", 100.0), ("15:00", 96.0), ("15:01", 96.0)], False),
        ("< -5%", "open", [("13:00", 94.0), ("14:00", 94.0)], None),
        ("< -5%", "30m", [("14:30", 100.0), ("15:00", 94.0), ("15:01", 94.0)], True),
        ("< -5%", "30m", [("14:31", 100.0), ("15:00", 94.0), ("15:01", 94.0)], False),
        ("< -5%", "30m", [("14:59", 100.0), ("15:01", 94.0)], None),
        # the hour before that it may be, where prices are few; beyond, nobody knows
        ("< -5%", "30m", [("13:31", 100.0), ("15:00", 94.0), ("15:01", 94.0)], True),
        ("< -5%", "30m", [("13:29", 100.0), ("15:00", 94.0), ("15:01", 94.0)], None),
        # or as long again
        ("< -5%", "2h", [("11:01", 100.0), ("15:00", 94.0), ("15:01", 94.0)], True),
        ("< -5%", "2h", [("10:59", 100.0), ("15:00", 94.0), ("15:01", 94.0)], None),
        # a single wild print is nothing to measure from; what the next one confirms is, and so is what goes on
        ("< -5%", "30m", [("14:20", 94.0), ("14:30", 101.0), ("15:00", 94.0), ("15:01", 94.0)], False),
        ("< -5%", "30m", [("14:20", 94.0), ("14:29", 101.0), ("14:30", 101.0), ("15:00", 94.0), ("15:01", 94.0)], True),
        ("< -5%", "30m", [("14:20", 104.0), ("14:30", 100.0), ("15:00", 94.0), ("15:01", 94.0)], True),
        ("< -5%", "30m", [("14:30", 120.0), ("15:00", 99.0), ("15:01", 99.0)], None),  # the first: against the close
        ("< -15%", "3 sessions", [("15:00", 93.0), ("15:01", 93.0)], True),
        ("< -16%", "3 sessions", [("15:00", 93.0), ("15:01", 93.0)], False),
        ("< -16%", "4 sessions", [("15:00", 93.0), ("15:01", 93.0)], None),
        ("< -15%", "high of 3 sessions", [("15:00", 93.0), ("15:01", 93.0)], True),
        ("< -7%", "high of 1 session", [("15:00", 93.0), ("15:01", 93.0)], False),
        ("< -7%", "high of 4 sessions", [("15:00", 93.0), ("15:01", 93.0)], None),
        ("> 5%", "low of 3 sessions", [("15:00", 106.0), ("15:01", 106.0)], True),
        ("> 5%", "low of 3 sessions", [("15:00", 105.0), ("15:01", 105.0)], False),
        ("< -10%", "previous close", [], None),
    ],
)
def test_a_price_has_moved_or_not_or_nobody_knows(
    change: str, since: str, quotes: list[tuple[str, float]], holds: bool | None
) -> None:
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 {t}") for t, p in quotes)]
    check = found(price(change, since), tape, "01-27 15:01")
    assert check.holds is holds
    assert check.measured
    assert check.limit == parse_comparison(change).limit
    assert (check.value is None) == (holds is None)


def test_a_price_of_yesterday_is_no_price_of_today() -> None:
    tape = [*BEFORE, quote("NVDA", 80.0, "01-24 15:00"), quote("NVDA", 80.0, "01-24 15:01")]
    assert found(price("< -10%"), tape, "01-27 09:00").measured == "no price yet in this session"
    assert found(price("< -10%"), BEFORE, "01-27 09:00").measured == "no price known"


@pytest.mark.parametrize(
    ("hold", "quotes", "holds"),
    [
        (1, [("15:00", 89.0)], True),
        (3, [("15:00", 89.0), ("15:01", 89.0)], False),
        (3, [("15:00", 89.0), ("15:01", 89.0), ("15:02", 89.0)], True),
        (3, [("15:00", 89.0), ("15:01", 91.0), ("15:02", 89.0)], False),
    ],
)
def test_hold_counts_quotes(hold: int, quotes: list[tuple[str, float]], holds: bool) -> None:
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 {t}") for t, p in quotes)]
    context = world(tape, "01-27 15:02", hold=hold)
    check = price("< -10%").evaluate(context)
    assert check.holds is holds
    assert context.pending is not holds
    assert ("quotes so far" in check.measured) is not holds


@pytest.mark.parametrize(
    ("quotes", "holds"),
    [
        ([("15:00", 89.0), ("15:10", 89.0)], True),
        ([("15:00", 89.0), ("15:09", 89.0)], False),
        ([("14:50", 89.0), ("15:00", 95.0), ("15:01", 89.0), ("15:10", 89.0)], False),
        ([("15:00", 89.0), ("15:05", 89.0), ("15:10", 91.0)], False),
    ],
)
def test_hold_may_be_a_time(quotes: list[tuple[str, float]], holds: bool) -> None:
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 {t}") for t, p in quotes)]
    assert found(price("< -10%"), tape, "01-27 15:10", hold_for=timedelta(minutes=10)).holds is holds


def test_an_official_close_needs_no_wait_and_the_low_of_a_bar_does() -> None:
    for kind, holds in ((CLOSE, True), (LOW, False)):
        tape = [*BEFORE, quote("NVDA", 89.0, "01-27 21:00", kind)]
        assert found(price("< -10%"), tape, "01-27 21:00", hold_for=timedelta(minutes=10)).holds is holds


# ------------------------------------------------------------------------------------------------------ since: story


def test_since_story_measures_from_before_the_first_story_wherever_the_news_condition_stands() -> None:
    tape = [*BEFORE, quote("NVDA", 98.0, "01-27 10:00"), story(CHEAP, "01-27 11:00")]
    tape += [quote("NVDA", 93.0, "01-27 15:00"), quote("NVDA", 93.0, "01-27 15:01")]
    for parts in ((price("< -5%", "story"), news()), (news(), price("< -5%", "story"))):
        context = world(tape, "01-27 15:01", news_condition=news())
        assert All(parts).evaluate(context).holds is True
        assert context.move is not None
        assert context.move.reference.price == 98.0
    assert found(price("< -5%", "story"), tape, "01-27 15:01").holds is None  # nobody says which story


# ---------------------------------------------------------------------------------------------------------- drawdown


@pytest.mark.parametrize(
    ("drawdown", "of", "quotes", "holds"),
    [
        ("< -15%", "3 sessions", [("15:00", 93.0), ("15:01", 93.0)], True),
        ("< -16%", "3 sessions", [("15:00", 93.0), ("15:01", 93.0)], False),
        ("< -15%", "4 sessions", [("15:00", 93.0), ("15:01", 93.0)], None),
        ("< -15%", "1 session", [("10:00", 110.0), ("10:01", 111.0), ("15:00", 93.0), ("15:01", 93.0)], True),
        ("< -15%", "1 session", [("10:00", 100.0), ("10:01", 111.0), ("15:00", 93.0), ("15:01", 93.0)], False),
        ("< -15%", "2h", [("14:00", 110.0), ("14:01", 110.0), ("15:00", 93.0), ("15:01", 93.0)], True),
        ("< -15%", "30m", [("14:00", 110.0), ("14:01", 110.0), ("15:00", 93.0), ("15:01", 93.0)], False),
        ("< -15%", "30m", [("15:01", 93.0)], None),
        ("> -1%", "3 sessions", [("15:00", 120.0), ("15:01", 121.0)], True),
    ],
)
def test_a_drawdown_is_from_the_highest_price_that_was_held(
    drawdown: str, of: str, quotes: list[tuple[str, float]], holds: bool | None
) -> None:
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 {t}") for t, p in quotes)]
    condition = Drawdown(parse_comparison(drawdown), parse_span(of))
    assert found(condition, tape, "01-27 15:01").holds is holds


def test_a_drawdown_gives_the_alert_its_figures() -> None:
    tape = [*BEFORE, quote("NVDA", 88.0, "01-27 21:00", CLOSE)]
    context = world(tape, "01-27 21:00")
    assert Drawdown(parse_comparison("<= -20%"), Span(sessions=3)).evaluate(context).holds
    assert context.move is not None
    assert (context.move.reference.kind, context.move.change) == ("high of 3 sessions", 88.0 / 110.0 - 1)


# ----------------------------------------------------------------------------------------------------------- extreme


@pytest.mark.parametrize(
    ("lowest", "sessions", "last", "holds"),
    [
        (True, 3, 99.0, True),
        (True, 3, 100.0, True),  # as low as the lowest: none was lower
        (True, 1, 101.0, False),
        (True, 4, 99.0, None),  # only three closes are known
        (False, 1, 104.0, True),
        (False, 2, 104.0, False),
        (False, 2, 105.0, True),
        (False, 3, 111.0, True),
        (False, 4, 111.0, None),
    ],
)
def test_an_extreme_compares_with_closes(lowest: bool, sessions: int, last: float, holds: bool | None) -> None:
    tape = [*BEFORE, quote("NVDA", last, "01-27 15:00"), quote("NVDA", last, "01-27 15:01")]
    check = found(Extreme(lowest, sessions), tape, "01-27 15:01")
    assert check.holds is holds


def test_an_extreme_is_held_like_any_price_and_unknown_without_the_last_close() -> None:
    wild = [*BEFORE, quote("NVDA", 99.0, "01-27 15:01")]
    context = world(wild, "01-27 15:01")
    assert Extreme(True, 2).evaluate(context).holds is False
    assert context.pending
    assert found(Extreme(True, 2), BEFORE, "01-27 15:01").holds is None
    late = [*BEFORE[:2], quote("NVDA", 99.0, "01-27 15:00"), quote("NVDA", 99.0, "01-27 15:01")]
    assert found(Extreme(True, 2), late, "01-27 15:01").measured == "previous close unknown"


# --------------------------------------------------------------------------------------------------------------- gap


@pytest.mark.parametrize(
    ("quotes", "holds"),
    [
        ([("14:30", 94.0, OPEN), ("14:31", 94.5, QuoteKind.TRADE)], True),
        ([("14:30", 95.0, OPEN), ("14:31", 94.5, QuoteKind.TRADE)], False),
        ([("14:30", 94.0, OPEN)], False),  # one print, not confirmed
        ([("14:30", 94.0, OPEN), ("14:31", 99.0, QuoteKind.TRADE), ("14:32", 94.0, QuoteKind.TRADE)], False),
        ([("14:31", 94.0, QuoteKind.TRADE), ("14:32", 94.0, QuoteKind.TRADE)], True),  # the first trade is the open
        ([("13:00", 94.0, QuoteKind.TRADE), ("13:01", 94.0, QuoteKind.TRADE)], None),  # not open yet
        ([], None),
    ],
)
def test_a_gap_is_the_open_against_the_previous_close(
    quotes: list[tuple[str, float, QuoteKind]], holds: bool | None
) -> None:
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 {t}", kind) for t, p, kind in quotes)]
    assert found(Gap(parse_comparison("< -5%")), tape, "01-27 14:35").holds is holds


def test_the_open_of_a_finished_bar_needs_no_confirmation() -> None:
    bar = DailyBar("NVDA", at("01-27 00:00").date(), 99.0, at("01-27 21:00"), open=94.0)
    tape = [*BEFORE, bar, quote("NVDA", 99.0, "01-27 21:00", CLOSE)]
    assert found(Gap(parse_comparison("< -5%")), tape, "01-27 21:00").holds is True
    assert found(Gap(parse_comparison("< -6%")), tape, "01-27 21:00").holds is False
    assert found(Gap(parse_comparison("< -5%")), tape[2:], "01-27 21:00", symbol="VRT").holds is None


# ------------------------------------------------------------------------------------------------------------ market


def test_a_benchmark_is_measured_by_its_last_quote_alone() -> None:
    tape = [close("SPY", 600.0, "01-24"), quote("SPY", 570.0, "01-27 15:00")]
    guard = MarketTest("SPY", Price(parse_comparison("< -4%")))
    assert found(guard, tape, "01-27 15:00").holds is True
    assert found(MarketTest("SPY", Price(parse_comparison("< -5%"))), tape, "01-27 15:00").holds is False
    assert found(guard, tape[:1], "01-27 15:00").holds is None
    context = world(tape, "01-27 15:00")
    guard.evaluate(context)
    assert context.move is None


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        (Gap(parse_comparison("< -4%")), True),
        (Gap(parse_comparison("< -6%")), False),
        (Extreme(True, 1), True),
        (Extreme(False, 1), False),
        (Drawdown(parse_comparison("< -4%"), Span(sessions=1)), True),
        (Drawdown(parse_comparison("< -6%"), Span(sessions=1)), False),
        (Volume(parse_comparison("> 2")), None),
    ],
)
def test_the_other_tests_can_be_asked_of_a_benchmark(test: Condition, holds: bool | None) -> None:
    tape = [close("SPY", 600.0, "01-24"), quote("SPY", 570.0, "01-27 14:30", OPEN)]
    context = world(tape, "01-27 15:00")
    check = MarketTest("SPY", test).evaluate(context)
    assert check.holds is holds
    assert check.condition == f"market SPY {test}"
    assert context.move is None


# ------------------------------------------------------------------------------------------------------------- logic


class Fixed:
    """A condition that finds what it is told to."""

    reads = Reads()
    of = ()

    def __init__(self, holds: bool | None, cost: int = 1) -> None:
        self.holds = holds
        self.cost = cost
        self.asked = 0

    def evaluate(self, context: Context) -> Check:
        self.asked += 1
        return Check("fixed", self.holds, "")


@pytest.mark.parametrize(
    ("values", "everything", "something", "nothing"),
    [
        ((True, True), True, True, False),
        ((True, False), False, True, False),
        ((True, None), None, True, False),
        ((False, None), False, None, True),
        ((None, None), None, None, True),
        ((False, False), False, False, True),
    ],
)
def test_three_values_join(
    values: tuple[bool | None, ...], everything: bool | None, something: bool | None, nothing: bool
) -> None:
    for order in (values, values[::-1]):
        of = tuple(Fixed(v) for v in order)
        for condition, holds in ((All(of), everything), (Any(of), something), (NoneOf(of), nothing)):
            check = found(condition, [], "01-27 15:00")
            assert check.holds is holds
            assert [c.holds for c in check.children] == list(order)


def test_in_brief_the_cheap_condition_is_asked_first_and_the_dear_one_only_where_it_matters() -> None:
    dear, cheap = Fixed(True, cost=7), Fixed(False, cost=0)
    assert All((dear, cheap)).evaluate(world([], "01-27 15:00", brief=True)).holds is False
    assert (dear.asked, cheap.asked) == (0, 1)
    assert Any((dear, Fixed(True, cost=3))).evaluate(world([], "01-27 15:00", brief=True)).holds is True
    assert dear.asked == 0
    assert NoneOf((dear, Fixed(True, cost=3))).evaluate(world([], "01-27 15:00", brief=True)).holds is False
    assert dear.asked == 0
    full = All((dear, cheap)).evaluate(world([], "01-27 15:00"))
    assert [c.holds for c in full.children] == [True, False]


def test_what_a_guard_finds_is_no_evidence() -> None:
    tape = [*BEFORE, story(CHEAP, "01-25 12:00"), quote("NVDA", 89.0, "01-27 21:00", CLOSE)]
    context = world(tape, "01-27 21:00")
    assert NoneOf((price("< -10%"), news())).evaluate(context).holds is False
    assert (context.move, context.cause) == (None, None)


def test_the_move_of_an_alternative_is_that_of_the_price_that_held() -> None:
    tape = [*BEFORE, quote("NVDA", 93.0, "01-27 21:00", CLOSE)]
    context = world(tape, "01-27 21:00")
    assert Any((price("< -10%"), price("< -15%", "3 sessions"))).evaluate(context).holds is True
    assert context.move is not None
    assert context.move.reference.kind == "3 sessions"
    both = world(tape, "01-27 21:00")
    assert Any((price("< -5%"), price("< -15%", "3 sessions"))).evaluate(both).holds is True
    assert both.move is not None
    assert both.move.reference.kind == "previous close"


def test_a_named_condition_finds_what_its_definition_finds_under_its_name() -> None:
    tape = [*BEFORE, quote("NVDA", 89.0, "01-27 21:00", CLOSE)]
    check = found(Named("big-fall", price("< -10%")), tape, "01-27 21:00")
    assert (check.condition, check.holds, check.value) == ("big-fall", True, pytest.approx(-0.11))
    assert check.children[0].condition == "price change < -10% since previous close"


def test_trees_are_walked_with_guards_or_without() -> None:
    fall, guard = price("< -10%"), price("> 5%")
    tree = All((Named("x", fall), NoneOf((guard,)), InOrder((news(), fall), Span(sessions=1))))
    assert [c for c in walk(tree) if isinstance(c, Price)] == [fall, guard, fall]
    assert [c for c in required(tree) if isinstance(c, Price)] == [fall, fall]
    assert first_price(All((NoneOf((guard,)), fall))) is fall


@pytest.mark.parametrize(
    ("condition", "rests"),
    [
        (news(), False),
        (price("< -1%"), True),
        (All((news(), price("< -1%"))), True),
        (All((news(), NoneOf((price("< -1%"),)))), False),
        (Any((news(), price("< -1%"))), False),
        (Any((price("> 1%"), price("< -1%"))), True),
        (All((news(), During(phases=(Phase.PRE,)))), False),
        (InOrder((news(), price("< -1%")), Span(sessions=1)), True),
        (Named("x", news()), False),
        (MarketTest("SPY", Price(parse_comparison("< -1%"))), True),
    ],
)
def test_a_rule_rests_on_prices_where_it_cannot_hold_without_them(condition: Condition, rests: bool) -> None:
    assert condition.requires_price is rests


@pytest.mark.parametrize("name", ["none-of-these", "any-fall", "all-of-it"])
def test_a_name_that_begins_like_a_joining_word_says_nothing_of_how_a_condition_is_joined(name: str) -> None:
    tape = [*BEFORE, quote("NVDA", 97.0, "01-27 15:00"), quote("NVDA", 97.0, "01-27 15:01")]
    fall = found(price("< -10%"), tape, "01-27 15:01")
    check = found(All((Named(name, price("< -10%")), price("< 0%"))), tape, "01-27 15:01")
    assert blocker(check) == fall
    assert nearness(check) == pytest.approx((0.3 + 1) / 2)


# ------------------------------------------------------------------------------------------------------------ during


@pytest.mark.parametrize(
    ("condition", "now", "holds"),
    [
        (During(phases=(Phase.PRE,)), "01-27 09:00", True),
        (During(phases=(Phase.PRE,)), "01-27 14:30", False),
        (During(phases=(Phase.PRE, Phase.REGULAR)), "01-27 14:30", True),
        (During(phases=(Phase.CLOSED,)), "01-26 12:00", True),
        (During(start=time(9, 30), end=time(16, 0)), "01-27 14:30", True),
        (During(start=time(9, 30), end=time(16, 0)), "01-27 14:29", False),
        (During(start=time(9, 30), end=time(16, 0)), "01-27 21:00", False),
        (During(start=time(9, 30), end=time(16, 0)), "01-27 20:59", True),
        (During(start=time(22, 0), end=time(6, 0)), "01-28 03:00", True),
        (During(start=time(22, 0), end=time(6, 0)), "01-28 11:00", False),
        (During(start=time(22, 0), end=time(6, 0)), "01-28 10:59", True),
        (During(start=time(22, 0), end=time(6, 0)), "01-28 02:59", False),
        (During(weekdays=(0,)), "01-28 04:59", True),  # still Monday in New York
        (During(weekdays=(0,)), "01-28 05:00", False),
        (During(phases=(Phase.REGULAR,), weekdays=(1,)), "01-27 15:00", False),
        (During(phases=(Phase.POST,), start=time(9, 0), end=time(10, 0)), "01-27 15:00", False),
    ],
)
def test_it_is_the_time_asked_for_or_not(condition: During, now: str, holds: bool) -> None:
    if condition.start is not None or condition.weekdays:
        condition = replace(condition, zone=ZoneInfo("America/New_York"), zone_name="America/New_York")
    assert found(condition, [], now).holds is holds


def test_what_completes_an_earlier_session_is_timed_by_its_last_quote() -> None:
    tape = [*BEFORE, quote("NVDA", 89.0, "01-27 21:00", CLOSE)]
    context = world(tape, "01-28 10:00", session=TIMES.on(at("01-27 00:00").date()))
    assert During(phases=(Phase.REGULAR,)).evaluate(context).holds is True
    assert During(phases=(Phase.PRE,)).evaluate(context).holds is False
    assert price("< -10%").evaluate(context).holds is True


# ----------------------------------------------------------------------------------------------------------- breadth


def breadth(change: str = "< -5%", count: str | None = None, share: str | None = None, **more: object) -> Breadth:
    """Of Nvidia, Vertiv and Coca-Cola."""
    return Breadth(
        "group:three",
        parse_comparison(change),
        ("NVDA", "VRT", "KO"),
        count=parse_comparison(count) if count else None,
        share=parse_comparison(share) if share else None,
        **more,  # type: ignore[arg-type]
    )


def three(nvda: float | None, vrt: float | None, ko: float | None) -> list[Observation]:
    """Closes of 100 and, on the Monday, two quotes each."""
    tape: list[Observation] = [close(s, 100.0, "01-24") for s in ("NVDA", "VRT", "KO")]
    for symbol, level in (("NVDA", nvda), ("VRT", vrt), ("KO", ko)):
        if level is not None:
            tape += [quote(symbol, level, f"01-27 15:0{n}") for n in (0, 1)]
    return tape


@pytest.mark.parametrize(
    ("condition", "levels", "holds"),
    [
        (breadth(count=">= 2"), (90.0, 90.0, 100.0), True),
        (breadth(count=">= 2"), (90.0, 96.0, 100.0), False),
        (breadth(count=">= 2"), (90.0, None, None), False),
        (breadth(count=">= 1"), (90.0, None, None), True),
        (breadth(count=">= 1"), (None, None, None), None),
        (breadth(share=">= 50%"), (90.0, None, 100.0), True),  # one of two known
        (breadth(share="> 50%"), (90.0, None, 100.0), False),
        (breadth(count=">= 2", share=">= 60%"), (90.0, 90.0, 100.0), True),
        (breadth(count=">= 2", share=">= 70%"), (90.0, 90.0, 100.0), False),
        (breadth(count=">= 3", share=">= 60%"), (90.0, 90.0, 100.0), False),
        (breadth("> 5%", count=">= 2"), (110.0, 90.0, 106.0), True),
        (breadth(count="<= 1"), (100.0, 100.0, 100.0), True),
    ],
)
def test_so_many_of_a_group_have_moved(
    condition: Breadth, levels: tuple[float | None, float | None, float | None], holds: bool | None
) -> None:
    assert found(condition, three(*levels), "01-27 15:01").holds is holds


def test_breadth_names_who_moved_worst_first_and_who_is_unknown() -> None:
    check = found(breadth(count=">= 2"), three(94.0, 90.0, None), "01-27 15:01")
    assert check.measured == "2 of 2 known: VRT -10.0% and NVDA -6.0%; unknown: KO"
    assert (check.value, check.limit) == (2.0, 2.0)
    assert found(breadth(share=">= 50%"), three(94.0, 100.0, None), "01-27 15:01").value == 0.5
    rising = found(breadth("> 5%", count=">= 2"), three(106.0, 110.0, None), "01-27 15:01")
    assert rising.measured == "2 of 2 known: VRT +10.0% and NVDA +6.0%; unknown: KO"


def test_one_wild_print_of_a_member_does_not_count() -> None:
    tape = [close("NVDA", 100.0, "01-24"), quote("NVDA", 55.0, "01-27 15:01")]
    assert found(breadth(count=">= 1"), tape, "01-27 15:01").holds is False
    assert found(breadth(count=">= 1"), tape, "01-27 15:01", hold=1).holds is True


def test_peers_are_each_symbols_own() -> None:
    condition = breadth(count=">= 2", peers={"NVDA": ("NVDA", "VRT"), "KO": ("KO",)})
    tape = three(90.0, 90.0, 90.0)
    assert found(condition, tape, "01-27 15:01").holds is True
    assert found(condition, tape, "01-27 15:01", symbol="KO").holds is False
    assert found(condition, tape, "01-27 15:01", symbol="SPY").measured == "the group is empty"
    assert condition.reads.members == {"NVDA", "VRT", "KO"}


# ------------------------------------------------------------------------------------------------- abnormal, volume


def history(symbol: str, sessions: int, step: float, volume: float | None = None) -> list[Observation]:
    """Closes up to 24 January that zigzag by ``step``, ending at 100."""
    days = [s for s in LONG.all if s.date < at("01-27 00:00").date()][-sessions:]
    wobble = [(n * 7 % 5 - 2) * 1e-3 if symbol == "NVDA" and n else 0.0 for n in range(len(days))]
    level = [100.0 * (1 + step * (n % 2) + wobble[n]) for n in range(len(days) - 1, -1, -1)]
    return [DailyBar(symbol, d.date, p, d.close_at, volume=volume) for d, p in zip(days, level, strict=True)]


LONG = weekday_timetable(first=at("01-27 00:00").date() - timedelta(days=260), days=300)


def long_world(observations: Sequence[Observation], now: str, **more: object) -> Context:
    """As ``world``, with a year of sessions."""
    context = world([], now, **more)
    market = Market(lambda _: LONG)
    for one in observations:
        if isinstance(one, Quote):
            assert market.admit(one, at(now)) is None
        elif isinstance(one, DailyBar):
            market.apply(one)
    context.market = market
    return context


def abnormal(change: str | None = None, z: str | None = None) -> Abnormal:
    """Against the only benchmark."""
    return Abnormal("SPY", parse_comparison(change) if change else None, parse_comparison(z) if z else None)


def falling(symbol_at: float, benchmark_at: float | None, sessions: int = 140) -> list[Observation]:
    """A stock that moves twice as far as the benchmark, and then moves to ``symbol_at``."""
    tape = [*history("NVDA", sessions, 0.02), *history("SPY", sessions, 0.01)]
    if benchmark_at is not None:
        tape += [quote("SPY", benchmark_at, f"01-27 15:0{n}") for n in (0, 1)]
    return [*tape, *(quote("NVDA", symbol_at, f"01-27 15:0{n}") for n in (0, 1))]


@pytest.mark.parametrize(
    ("condition", "tape", "holds"),
    [
        (abnormal("< -5%"), falling(90.0, 100.0), True),
        (abnormal("< -5%"), falling(90.0, 95.0), False),  # twice the benchmark's fall is what was to be expected
        (abnormal("< -5%"), falling(90.0, 95.0, sessions=40), None),  # see below: no close so far back, but adjusted
        (abnormal("< -5%"), falling(90.0, None), None),
        (abnormal("< -5%", z="< -20"), falling(90.0, 100.0), True),
        (abnormal("> 5%", z="< -20"), falling(90.0, 100.0), False),
        (abnormal(z="< -20"), falling(90.0, 100.0), True),
        (abnormal(z="> 20"), falling(90.0, 100.0), False),
        (abnormal(z="< -20"), falling(90.0, 100.0, sessions=10), None),
    ],
)
def test_what_the_market_does_not_explain_is_abnormal(
    condition: Abnormal, tape: Sequence[Observation], holds: bool | None
) -> None:
    check = condition.evaluate(long_world(tape, "01-27 15:01"))
    if "adjusted" in check.measured:  # with a short history the benchmark's own move is what is expected
        assert check.value == pytest.approx(-0.05)
        return
    assert check.holds is holds


def test_an_abnormal_move_is_held_like_any_price_and_explains_itself() -> None:
    tape = falling(90.0, 100.0)
    context = long_world(tape[:-1], "01-27 15:01")
    assert abnormal("< -5%").evaluate(context).holds is False
    assert context.pending
    check = abnormal("< -5%").evaluate(long_world(tape, "01-27 15:01"))
    assert check.value == pytest.approx(-0.1, abs=1e-3)
    assert "SPY +0.0%" in check.measured
    assert "beta 2.0" in check.measured or "beta 1.9" in check.measured


@pytest.mark.parametrize(
    ("ratio", "now", "volume", "holds"),
    [
        (">= 2", "01-27 15:01", 2e6, True),  # twice a whole session by the middle of one
        (">= 2", "01-27 15:01", 1.9e6, None),  # there may be more to come
        ("> 2", "01-27 21:00", 2e6, False),
        (">= 2", "01-27 21:00", 2e6, True),
        ("< 2", "01-27 15:01", 1.9e6, None),
        ("< 2", "01-27 15:01", 2e6, False),
        ("<= 2", "01-27 15:01", 2e6, None),
        ("< 2", "01-27 21:00", 1.9e6, True),
        ("between 1 and 2", "01-27 15:01", 2.1e6, False),
        ("between 1 and 2", "01-27 15:01", 1.5e6, None),
        ("between 1 and 2", "01-27 21:00", 1.5e6, True),
        (">= 2", "01-27 15:01", None, None),
    ],
)
def test_volume_beside_whole_sessions_is_a_lower_bound_until_the_close(
    ratio: str, now: str, volume: float | None, holds: bool | None
) -> None:
    last = replace(quote("NVDA", 99.0, now), volume=volume)
    check = Volume(parse_comparison(ratio)).evaluate(long_world([*history("NVDA", 30, 0.01, 1e6), last], now))
    assert check.holds is holds
    assert ("at least" in check.measured) == (now != "01-27 21:00" and volume is not None)


def test_volume_beside_the_same_time_of_earlier_sessions_is_exact() -> None:
    tape: list[Observation] = []
    days = [s for s in LONG.all if s.date < at("01-27 00:00").date()][-6:]
    for n, held in enumerate(days):
        tape.append(DailyBar("NVDA", held.date, 100.0, held.close_at, volume=1e6))
        moment = held.open_at + timedelta(minutes=25)
        tape.append(Quote("NVDA", 100.0, moment, moment, volume=1e5 + 1e3 * n))
    now = "01-27 15:00"
    last = replace(quote("NVDA", 99.0, now), volume=2.05e5)
    context = long_world([], now)
    market = Market(lambda _: LONG)
    for one in [*tape, last]:
        if isinstance(one, Quote):
            market.of("NVDA").add_quote(one)
        elif isinstance(one, DailyBar):
            market.apply(one)
    context.market = market
    for ratio, holds in ((">= 2", True), ("> 2", False), ("< 2", False), ("<= 2", True)):
        check = Volume(parse_comparison(ratio), over=6).evaluate(context)
        assert check.holds is holds, check
        assert check.value == pytest.approx(2.0)
        assert "6 sessions at the same time" in check.measured


# -------------------------------------------------------------------------------------------------------------- news


def about(*names: tuple[str, str]) -> tuple[About, ...]:
    """Kinds and names."""
    return tuple(About(kind, name) for kind, name in names)


def asked(**more: object) -> News:
    """The plain news condition, with more asked."""
    return replace(news(), **more)  # type: ignore[arg-type]


def numbered(count: int, when: str = "01-27 1{n}:00", sources: int = 99) -> list[Observation]:
    """Stories of one cluster, an hour apart, from so many sources."""
    return [story(f"{CHEAP} v{n}", when.format(n=n), f"wire{n % sources}") for n in range(count)]


def at_least(number: float) -> Comparison:
    return Comparison(">=", number)


@pytest.mark.parametrize(
    ("condition", "stories", "holds"),
    [
        (news(), numbered(1), True),
        (news(), [], False),
        (news(), [story("Apples are cheaper this year", "01-27 10:00")], False),
        (asked(score=at_least(0.99)), numbered(1), False),
        (asked(reaches=(Reach.DIRECT,)), numbered(1), False),
        (asked(reaches=(Reach.DIRECT,)), [story("Nvidia falls as DeepSeek releases DeepSeek-R1", "01-27 10:00")], True),
        (asked(sources=at_least(2)), numbered(2), True),
        (asked(sources=at_least(2)), numbered(2, sources=1), False),
        (asked(sources=Comparison("<", 2)), numbered(2), False),
        (asked(stories=at_least(3)), numbered(3, sources=1), True),
        (asked(stories=at_least(3)), numbered(2), False),
        (asked(strength=Comparison(">", 1.0)), numbered(1), False),
        (asked(about=about(("lab", "DeepSeek"))), numbered(1), True),
        (asked(about=about(("model", "DeepSeek-R"))), numbered(1), True),
        (asked(about=about(("lab", "OpenAI"))), numbered(1), False),
        (asked(about=about(("lab", "OpenAI"), ("lab", "DeepSeek"))), numbered(1), True),
        (asked(about=about(("company", "DeepSeek"))), numbered(1), False),
        (asked(text=TextPattern("FRACTION of the c.st")), numbered(1), True),
        (asked(text=TextPattern("(?-i)FRACTION")), numbered(1), False),
        (asked(text=TextPattern("plugin")), [story(CHEAP, "01-27 10:00", summary="as a plugin")], True),
        (asked(novelty=at_least(1.0)), numbered(1), True),
        (asked(novelty=at_least(0.5)), numbered(2), True),
        (asked(novelty=at_least(0.5)), numbered(3), False),
        (asked(topics=(), text=TextPattern("rival")), numbered(1), True),
        (asked(topics=("other",)), numbered(1), False),
    ],
)
def test_news_hold_where_one_cluster_has_everything(
    condition: News, stories: Sequence[Observation], holds: bool
) -> None:
    check = found(condition, stories, "01-27 15:00")
    assert check.holds is holds, check
    assert check.measured


def test_one_title_of_one_source_is_one_story_however_often_it_comes() -> None:
    def told(*tape: Story) -> tuple[bool | None, ...]:
        burst = asked(within=Span(duration=timedelta(hours=6)), burst=at_least(3))
        return tuple(found(c, tape, "01-27 15:00").holds for c in (asked(stories=at_least(3)), burst))

    again = [story(CHEAP + mark, f"01-27 1{n}:00") for n, mark in enumerate(("", ".", " - Wire"))]
    assert told(*again) == (False, False)
    assert told(*(replace(s, source=f"wire{n}") for n, s in enumerate(again))) == (True, True)
    several = [story(f"{CHEAP} v{n}", f"01-27 1{n}:00") for n in range(3)]
    assert told(*several) == (True, True)
    assert told(several[0], *(replace(s, revises=several[0].id) for s in several[1:])) == (False, False)


def test_every_part_of_a_news_condition_is_of_one_cluster() -> None:
    """Two sources for one happening, and the word in a story of another: no cluster has both."""
    other = story("DeepSeek launches DeepSeek-R1 plugin for lawyers of a cheaper kind in Paris", "01-05 10:00")
    tape = [other, *numbered(2)]
    condition = asked(text=TextPattern("plugin"), sources=at_least(2), within=Span(duration=timedelta(days=30)))
    assert found(condition, tape, "01-27 15:00").holds is False
    assert found(replace(condition, sources=None), tape, "01-27 15:00").holds is True


@pytest.mark.parametrize(("when", "holds"), [("01-24 21:00", False), ("01-24 21:01", True), ("01-27 15:01", False)])
def test_within_one_session_begins_at_the_last_close(when: str, holds: bool) -> None:
    assert found(asked(within=Span(sessions=1)), [story(CHEAP, when)], "01-27 15:00").holds is holds


@pytest.mark.parametrize(("when", "holds"), [("01-27 13:00", False), ("01-27 13:01", True)])
def test_within_two_hours_is_two_hours(when: str, holds: bool) -> None:
    assert found(asked(within=Span(duration=timedelta(hours=2))), [story(CHEAP, when)], "01-27 15:00").holds is holds


def test_news_further_back_than_the_calendar_are_unknown() -> None:
    check = found(asked(within=Span(sessions=400)), numbered(1), "01-27 15:00")
    assert (check.holds, check.measured) == (None, "the calendar does not reach back that far")


def test_the_nearest_story_is_told_with_what_it_lacks() -> None:
    assert "nearest: " in found(asked(sources=at_least(3)), numbered(2), "01-27 15:00").measured
    assert "sources >= 3" in found(asked(sources=at_least(3)), numbered(2), "01-27 15:00").measured
    assert "(novelty 0.33)" in found(asked(novelty=at_least(0.5)), numbered(3), "01-27 15:00").measured
    weak = found(asked(score=at_least(0.99)), numbered(1), "01-27 15:00")
    assert "score 0.90" in weak.measured


@pytest.mark.parametrize(
    ("earlier", "now", "limit", "holds"),
    [
        (0, 3, ">= 3", True),  # where nothing is usual, one story is taken to be
        (0, 2, ">= 3", False),
        (84, 3, ">= 3", True),  # 84 in seven days are one in two hours
        (168, 3, ">= 3", False),
        (168, 6, ">= 3", True),
        (168, 6, "> 3", False),
    ],
)
def test_a_burst_is_a_rate_against_its_own_baseline(earlier: int, now: int, limit: str, holds: bool) -> None:
    start = at("01-27 13:00")
    step = timedelta(days=7) / max(earlier, 1)
    tape: list[Observation] = []
    for n in range(earlier):
        when = start - step * n
        tape.append(Story(f"old{n}", f"w{n}", CHEAP, when, when))
    for n in range(now):
        when = start + timedelta(minutes=10 * n + 1)
        tape.append(Story(f"new{n}", f"w{n}", CHEAP, when, when))
    tape.sort(key=lambda s: s.seen_at)
    condition = asked(within=Span(duration=timedelta(hours=2)), burst=parse_comparison(limit))
    check = found(condition, tape, "01-27 15:00")
    assert check.holds is holds, check
    assert check.value == pytest.approx(now / max(earlier / 84, 1.0))


def test_a_pattern_that_is_none_or_matches_everything_is_refused() -> None:
    for text, why in (("(a", "is not a regular expression"), ("a*", "matches any text"), ("x" * 1001, "longer")):
        with pytest.raises(ValueError, match=why):
            TextPattern(text)
    assert TextPattern("a") == TextPattern("a")
    assert TextPattern("a") != TextPattern("b")
    assert len({TextPattern("a"), TextPattern("a")}) == 1


# ---------------------------------------------------------------------------------------------------------- sequence


FALL = [*BEFORE, quote("NVDA", 99.0, "01-27 09:30")]


def in_order(within: str = "3h", *steps: Condition) -> InOrder:
    """News, then a fall, unless told otherwise."""
    return InOrder(steps or (news(), price("< -5%")), parse_span(within))


@pytest.mark.parametrize(
    ("told", "fell", "within", "holds"),
    [
        ("13:30", ("14:00", "14:01"), "3h", True),
        ("13:30", ("13:00", "13:01"), "3h", False),  # the fall came first
        ("11:30", ("14:00", "14:01"), "3h", False),  # too long ago
        ("12:01", ("14:00", "14:01"), "3h", True),
        ("12:00", ("14:00", "14:01"), "3h", False),  # it held when the time began
        ("14:01", ("14:00", "14:01"), "3h", False),  # at one moment is not one after the other
        ("14:00", ("13:59", "14:01"), "3h", True),
        ("11:30", ("14:00", "14:01"), "1 session", True),
        (None, ("14:00", "14:01"), "3h", False),
    ],
)
def test_conditions_come_about_in_order(told: str | None, fell: tuple[str, str], within: str, holds: bool) -> None:
    tape: list[Observation] = [*FALL, *(quote("NVDA", 90.0, f"01-27 {t}") for t in fell)]
    if told:
        tape.append(story(CHEAP, f"01-27 {told}"))
    check = found(in_order(within), tape, "01-27 15:00")
    assert check.holds is holds, check


def test_the_last_step_must_still_hold_and_may_be_unknown() -> None:
    told = story(CHEAP, "01-27 13:30")
    tape: list[Observation] = [*FALL, told, *(quote("NVDA", 90.0, f"01-27 14:0{n}") for n in (0, 1))]
    back = [*tape, quote("NVDA", 99.0, "01-27 14:30")]
    assert found(in_order(), back, "01-27 15:00").holds is False
    assert found(in_order(), [told], "01-27 15:00").holds is None
    assert found(in_order("400 sessions"), tape, "01-27 15:00").holds is None


def test_what_fell_rose_and_fell_again_after_the_story_counts_from_the_second_fall() -> None:
    tape: list[Observation] = [*FALL, *(quote("NVDA", 90.0, f"01-27 13:0{n}") for n in (0, 1))]
    tape += [quote("NVDA", 99.0, "01-27 13:10"), story(CHEAP, "01-27 13:30")]
    tape += [quote("NVDA", 90.0, f"01-27 14:0{n}") for n in (0, 1)]
    context = world(tape, "01-27 15:00")
    check = in_order().evaluate(context)
    assert check.holds is True
    assert check.measured == "began 2025-01-27 13:30:00, then 2025-01-27 14:01:00 UTC"
    assert context.cause is not None
    assert context.move is not None


def test_three_steps_must_each_begin_before_the_next() -> None:
    down, up = price("< -5%"), price("> 5%")
    marks = [("13:00", 90.0), ("13:01", 90.0), ("13:30", 110.0), ("13:31", 110.0), ("14:00", 90.0), ("14:01", 90.0)]
    tape = [*FALL, *(quote("NVDA", p, f"01-27 {t}") for t, p in marks)]
    assert found(in_order("3h", down, up, down), tape, "01-27 15:00").holds is True
    assert found(in_order("3h", up, down, up), tape, "01-27 15:00").holds is False
    assert found(in_order("3h", up, up, down), tape, "01-27 15:00").holds is False
    assert found(in_order("100m", down, up, down), tape, "01-27 15:00").holds is False


def test_a_sequence_reads_what_its_steps_read_and_as_far_back() -> None:
    reads = in_order("2h").reads
    assert reads.topics == {"ai-model"}
    assert reads.quotes_for == timedelta(hours=2)
    assert reads.news_for == Span(sessions=5).longest + timedelta(hours=2)


# ------------------------------------------------------------------------------------------------------------- reads


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        (price("< -1%", "3 sessions"), Reads(sessions=3)),
        (price("< -1%", "high of 60 sessions"), Reads(sessions=60)),
        (price("< -1%", "30m"), Reads(sessions=1, quotes_for=timedelta(minutes=30))),
        (Drawdown(parse_comparison("< -1%"), Span(sessions=9)), Reads(sessions=9)),
        (Drawdown(parse_comparison("< -1%"), parse_span("2h")), Reads(quotes_for=timedelta(hours=2))),
        (Extreme(True, 250), Reads(sessions=250)),
        (abnormal("< -1%"), Reads(symbols=frozenset({"SPY"}), sessions=131)),
        (MarketTest("SPY", Price(parse_comparison("< -1%"))), Reads(symbols=frozenset({"SPY"}), sessions=1)),
        (news(), Reads(topics=frozenset({"ai-model"}), news_for=timedelta(days=11))),
        (asked(topics=(), burst=at_least(2)), Reads(topics=frozenset({""}), news_for=timedelta(days=18))),
        (asked(reaches=(Reach.NONE,)), Reads(anywhere=frozenset({"ai-model"}), news_for=timedelta(days=11))),
        (Volume(at_least(2), over=5), Reads(sessions=5, quotes_for=timedelta(days=11))),
    ],
)
def test_a_condition_says_what_it_looks_at(condition: Condition, reads: Reads) -> None:
    assert condition.reads == reads
    assert All((condition, price("< -1%"))).reads == reads | Reads(sessions=1)


def test_since_is_written_as_it_is_read() -> None:
    for text in ("previous close", "open", "30m", "3 sessions", "1 session", "high of 20 sessions", "story"):
        assert str(parse_since(text)) == text
