"""The bounds of conditions and windows themselves: the last value that still counts, and the first that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, time, timedelta

import pytest

from bot.core.model import ClusterMatch, Mention, Observation, Phase, QuoteKind, Reach
from bot.core.news import Companies, Company, NewsIndex
from bot.core.news.asked import LONGEST_PATTERN
from bot.core.prices.market import Market
from bot.core.prices.windows import Since, Span, parse_duration, parse_span
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
    News,
    NoneOf,
    Price,
    TextPattern,
    Volume,
)
from bot.core.rules.conditions import Sequence as InOrder
from bot.core.rules.conditions.news import described

from .test_conditions import BEFORE, FALL, TIMES, falling, long_world, numbered, world
from .worlds import CHEAP, TOPICS, at, close, news, price, quote, story

OPEN = QuoteKind.OPEN
REGULAR, PRE = During(phases=(Phase.REGULAR,)), During(phases=(Phase.PRE,))


def quotes(*marks: tuple[str, float]) -> list[Observation]:
    """Of Nvidia on the Monday, after three closes down to 100."""
    return [*BEFORE, *(quote("NVDA", p, f"01-27 {t}") for t, p in marks)]


# ------------------------------------------------------------------------------------------------ comparisons, spans


@pytest.mark.parametrize(
    ("asked", "value", "holds"),
    [
        ("< -10%", -0.1 - 4e-10, False),  # equal at the ninth decimal
        ("< -10%", -0.1 - 6e-10, True),
        ("> 10%", 0.1 + 4e-10, False),
        ("> 10%", 0.1 + 6e-10, True),
        ("<= 10%", 0.1 + 4e-10, True),
        ("<= 10%", 0.1 + 6e-10, False),
        (">= -10%", -0.1 - 4e-10, True),
        (">= -10%", -0.1 - 6e-10, False),
    ],
)
def test_what_differs_beyond_the_ninth_decimal_is_equal(asked: str, value: float, holds: bool) -> None:
    assert parse_comparison(asked).holds(value) is holds


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (Since("high", 1), "high of 1 session"),
        (Since("low", 2), "low of 2 sessions"),
        (Since("sessions", 1), "1 session"),
        (Extreme(True, 1), "extreme lowest since 1 session"),
        (Extreme(False, 2), "extreme highest since 2 sessions"),
        (During(start=time(9), end=time(17), zone=UTC, zone_name="UTC"), "during hours 09:00-17:00 in UTC"),
        (During(start=time(9), weekdays=(0,)), "during mon"),
        (During(end=time(9), weekdays=(6,)), "during sun"),
        (Abnormal("SPY", z=parse_comparison("< -2")), "abnormal z < -2 against SPY since previous close"),
        (About("lab", "DeepSeek"), "DeepSeek"),
        (About("lab", "DeepSeek", "the lab"), "the lab"),
    ],
)
def test_a_bound_is_said_as_it_is_meant(thing: object, said: str) -> None:
    assert str(thing) == said


def test_the_unit_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="'x' is not a unit of time"):
        parse_duration("5 x")


def test_a_condition_reads_no_less_and_no_more_than_its_bound() -> None:
    assert Gap(parse_comparison("< -5%")).reads.sessions == 1
    assert Volume(parse_comparison(">= 2")).reads.sessions == 20
    assert InOrder((price("< -5%"), news()), parse_span("2h")).reads.sessions == 2
    assert InOrder((price("< -5%"), news()), parse_span("3 sessions")).reads.sessions == 4


def test_what_is_asked_first_is_what_costs_least() -> None:
    less, peers = parse_comparison("< -5%"), ("NVDA",)
    by_price = [
        Price(less),
        Gap(less),
        MarketTest("SPY", Price(less)),
        Drawdown(less, Span(sessions=3)),
        Extreme(True, 3),
    ]
    dearer = [Abnormal("SPY", less), Volume(less), Breadth("g", less, peers), news(), price("< -5%", "story")]
    assert [c.cost for c in (REGULAR, *by_price, *dearer)] == [0, 1, 1, 1, 3, 3, 4, 4, 6, 7, 7]
    assert InOrder((news(), price("< -5%")), parse_span("2h")).cost == 9
    assert [joined((REGULAR, news(), price("< -5%"))).cost for joined in (All, Any, NoneOf)] == [0, 7, 7]


# ------------------------------------------------------------------------------------------------------------ prices


def fallen(*marks: tuple[str, float]) -> Context:
    return world(quotes(*marks), "01-27 15:01")


@pytest.mark.parametrize(
    "condition",
    [
        Price(parse_comparison("< -10%")),
        Drawdown(parse_comparison("< -20%"), Span(sessions=3)),
        Extreme(True, 2),
        All((Price(parse_comparison("< -10%")),)),
    ],
)
@pytest.mark.parametrize(
    ("marks", "holds", "pending"),
    [
        ([("15:00", 101.0), ("15:01", 101.0)], False, False),
        ([("15:00", 101.0), ("15:01", 80.0)], False, True),
        ([("15:00", 80.0), ("15:01", 80.0)], True, False),
    ],
)
def test_only_what_is_met_and_not_yet_held_is_pending(
    condition: Condition, marks: list[tuple[str, float]], holds: bool, pending: bool
) -> None:
    context = fallen(*marks)
    assert condition.evaluate(context).holds is holds
    assert context.pending is pending


@pytest.mark.parametrize(("level", "holds"), [(90.0, True), (99.0, False)])
def test_an_abnormal_move_that_held_or_is_not_met_is_not_pending(level: float, holds: bool) -> None:
    context = long_world(falling(level, 100.0), "01-27 15:01")
    assert Abnormal("SPY", parse_comparison("< -5%")).evaluate(context).holds is holds
    assert context.pending is False


def test_an_abnormal_move_is_told_in_percent() -> None:
    check = Abnormal("SPY", parse_comparison("< -5%")).evaluate(long_world(falling(70.0, 90.0), "01-27 15:01"))
    assert check.value is not None
    assert check.measured.startswith(f"{check.value * 100:+.1f}% abnormal, z -")
    assert f"(moved -30.0%, SPY -10.0%, expected {(-0.3 - check.value) * 100:+.1f}%; beta " in check.measured


def test_a_change_is_told_in_percent() -> None:
    assert (
        price("< -10%")
        .evaluate(fallen(("15:00", 80.0), ("15:01", 80.0)))
        .measured.startswith("-20.0% (80.00 against 100.00, ")
    )


@pytest.mark.parametrize(
    ("first", "second", "holds", "pending"),
    [(94.0, 94.0, True, False), (94.0, 99.0, False, True), (96.0, 94.0, False, False)],
)
def test_a_gap_is_the_open_over_the_close_less_one(first: float, second: float, holds: bool, pending: bool) -> None:
    tape = [*BEFORE, quote("NVDA", first, "01-27 14:30", OPEN), quote("NVDA", second, "01-27 14:31")]
    context = world(tape, "01-27 14:31")
    check = Gap(parse_comparison("< -5%")).evaluate(context)
    assert (check.holds, context.pending) == (holds, pending)
    assert check.value == pytest.approx(first / 100.0 - 1)
    assert check.measured.startswith(f"{first - 100.0:+.1f}% (opened at ")
    assert ("prints so far" in check.measured) is pending


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (100.5, "100.50, the previous session closed lower"),
        (99.0, "99.00, lowest of all 3 known closes"),
        (103.0, "103.00, the previous session closed lower"),
    ],
)
def test_an_extreme_names_the_session_that_closed_beyond(level: float, said: str) -> None:
    assert Extreme(True, 1).evaluate(fallen(("15:00", level), ("15:01", level))).measured == said


def test_an_extreme_of_some_sessions_names_the_day_it_is_since() -> None:
    found = Extreme(False, 1).evaluate(fallen(("15:00", 104.0), ("15:01", 104.0)))
    assert found.measured == "104.00, highest since 2025-01-23, 1 session"


def test_a_time_to_hold_is_of_one_session_and_asks_no_quote_beyond_it() -> None:
    condition, wait = price("< -10%"), timedelta(minutes=10)
    yesterday = quote("NVDA", 80.0, "01-24 20:59")
    short = [*BEFORE, yesterday, quote("NVDA", 80.0, "01-27 15:05"), quote("NVDA", 80.0, "01-27 15:10")]
    assert condition.evaluate(world(short, "01-27 15:10", hold_for=wait)).holds is False
    context = world(quotes(*((f"15:{m}", 80.0) for m in ("00", "05", "10", "20"))), "01-27 15:20", hold_for=wait)
    assert condition.evaluate(context).holds is True
    assert context.move is not None
    assert context.move.confirmed == (0.8 - 1, 0.8 - 1)


def test_breadth_names_eight_members_or_seven_and_how_many_more() -> None:
    members = tuple(f"M{n}" for n in range(10))
    for many, named in ((8, 8), (9, 7), (10, 7)):
        tape: list[Observation] = [close(m, 100.0, "01-24") for m in members[:many]]
        tape += [quote(m, 90.0 - n, f"01-27 15:0{k}") for k in (0, 1) for n, m in enumerate(members[:many])]
        asked = Breadth("group", parse_comparison("< -5%"), members[:many], count=parse_comparison(">= 2"))
        check = asked.evaluate(world(tape, "01-27 15:01"))
        assert (check.value, check.measured.count("%")) == (many, named)


# -------------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (time(15), time(16), True),
        (time(14), time(15), False),
        (time(15), time(14), True),
        (time(16), time(15), False),
        (time(12), time(12), True),  # the same hour twice is the whole day
        (time(18), time(18), True),
        (time(18), None, True),
        (None, time(9), True),
    ],
)
def test_hours_include_their_start_and_exclude_their_end(start: time | None, end: time | None, holds: bool) -> None:
    during = During(start=start, end=end, zone=UTC, zone_name="UTC")
    assert during.evaluate(world([], "01-27 15:00")).holds is holds


@pytest.mark.parametrize(("joined", "decides"), [(All, PRE), (Any, REGULAR)])
def test_in_brief_nothing_is_asked_after_what_decides(joined: type[All] | type[Any], decides: During) -> None:
    other = REGULAR if decides is PRE else PRE
    context = world([], "01-27 15:00", brief=True)
    for place in range(3):
        parts = [other, other, other]
        parts[place] = decides
        assert len(joined(tuple(parts)).evaluate(context).children) == place + 1


def test_a_tally_counts_what_holds_and_what_is_unknown() -> None:
    context = world([], "01-27 15:00")
    assert Any((REGULAR, PRE, PRE)).evaluate(context).measured == "1 of 3 hold"
    assert Any((REGULAR, PRE, price("< -5%"), price("< -9%"))).evaluate(context).measured == "1 of 4 hold, 2 unknown"


def sequence(*steps: Condition, within: str = "3h") -> InOrder:
    return InOrder(steps, parse_span(within))


DOWN, UP = price("< -5%"), price("> 5%")


def test_a_step_that_held_when_the_time_began_did_not_begin_though_it_is_over() -> None:
    tape = [*quotes(("11:00", 90.0), ("11:01", 90.0), ("14:00", 99.0)), story(CHEAP, "01-27 13:30")]
    check = sequence(DOWN, news()).evaluate(world(tape, "01-27 15:00"))
    assert (check.holds, check.measured) == (False, "step 1 did not begin within 3h and before the next")
    begun = sequence(DOWN, news(), within="4h").evaluate(world(tape, "01-27 15:00"))
    assert begun.measured == "began 2025-01-27 11:01:00, then 2025-01-27 13:30:00 UTC"


def test_the_last_step_may_begin_at_this_very_moment() -> None:
    tape = [*FALL, story(CHEAP, "01-27 14:00"), quote("NVDA", 90.0, "01-27 14:59"), quote("NVDA", 90.0, "01-27 15:00")]
    check = sequence(news(), DOWN).evaluate(world(tape, "01-27 15:00"))
    assert check.measured == "began 2025-01-27 14:00:00, then 2025-01-27 15:00:00 UTC"


def test_what_holds_of_an_earlier_session_holds_now() -> None:
    tape = [*quotes(("15:00", 90.0), ("15:01", 90.0)), story(CHEAP, "01-28 10:00")]
    context = world(tape, "01-28 11:00", session=TIMES.on(at("01-27 00:00").date()))
    check = sequence(news(), DOWN, within="2h").evaluate(context)
    assert check.measured == "began 2025-01-28 10:00:00, then 2025-01-28 11:00:00 UTC"


def test_the_steps_of_a_sequence_are_told_in_their_order_and_once() -> None:
    marks = [("13:00", 90.0), ("13:01", 90.0), ("13:30", 110.0), ("13:31", 110.0), ("14:00", 80.0), ("14:01", 80.0)]
    tape = [*FALL, *(quote("NVDA", p, f"01-27 {t}") for t, p in marks)]
    steps = (DOWN, UP, price("< -15%"))
    check = sequence(*steps).evaluate(world(tape, "01-27 15:00"))
    assert (
        check.measured == "began " + ", then ".join(f"2025-01-27 {t}:00" for t in ("13:01", "13:31", "14:01")) + " UTC"
    )
    assert [c.value for c in check.children] == [0.9 - 1, pytest.approx(0.1), 0.8 - 1]
    for last, holds, words in (
        (price("< -30%"), False, "the last step does not hold"),
        (price("< -30%", "400 sessions"), None, "the last step is unknown"),
    ):
        check = sequence(DOWN, UP, last).evaluate(world(tape, "01-27 15:00"))
        assert (check.holds, check.measured, len(check.children)) == (holds, words, 3)
    late = sequence(DOWN, UP, price("< -15%"), within="30m").evaluate(world(tape, "01-27 15:00"))
    assert late.measured == "step 3 did not begin within 30m"


# -------------------------------------------------------------------------------------------------------------- news


def asked(**more: object) -> News:
    return replace(news(), **more)  # type: ignore[arg-type]


def exposed(share: float, stories: Sequence[Observation]) -> Context:
    """Nvidia lives from AI chips to so large a share."""
    companies = Companies([Company("NVDA", "Nvidia", exchange="XNYS", exposures={"ai-chips": share})])
    room = NewsIndex(TOPICS, companies, window=timedelta(days=14))
    for one in stories:
        room.add(one)  # type: ignore[arg-type]
    return Context("NVDA", at("01-27 15:00"), Market(lambda _: TIMES), room)


@pytest.mark.parametrize(("share", "holds"), [(0.5, True), (0.495, False), (0.49, False)])
def test_half_an_exposure_is_strong_enough_and_less_is_not(share: float, holds: bool) -> None:
    assert news().evaluate(exposed(share, numbered(1))).holds is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (asked(score=Comparison("<", 0.95)), True),
        (asked(score=Comparison("<", 0.9)), False),
        (asked(score=Comparison("<=", 0.9)), True),
        (asked(score=Comparison(">=", 0.9)), True),
        (asked(score=Comparison(">", 0.9)), False),
        (asked(text=TextPattern("plugin")), False),
        (asked(text=TextPattern("lawyers")), True),
    ],
)
def test_a_story_is_judged_by_its_score_and_its_own_words(condition: News, holds: bool) -> None:
    tape = [story(CHEAP, "01-27 10:00", summary="for lawyers")]
    assert condition.evaluate(world(tape, "01-27 15:00")).holds is holds


@pytest.mark.parametrize(
    ("kind", "name", "mentioned", "holds"),
    [
        ("model", "GPT", "GPT", True),
        ("model", "GPT", "GPT 5", True),
        ("model", "GPT", "GPTs", False),
        ("model", "GPT", "Claude", False),
        ("company", "Delta", "Delta Air", False),
    ],
)
def test_a_version_counts_for_models_alone(kind: str, name: str, mentioned: str, holds: bool) -> None:
    assert About(kind, name).named_in((Mention(kind, mentioned, mentioned, "title", 0),)) is holds


def test_a_pattern_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert LONGEST_PATTERN == 1000
    assert TextPattern("x" * 1000).text == "x" * 1000
    with pytest.raises(ValueError, match="longer than 1000"):
        TextPattern("x" * 1001)


def test_the_nearest_story_is_the_best_that_reaches_the_symbol() -> None:
    weak = story("DeepSeek-R1 plugin for lawyers of a cheaper kind in Paris", "01-05 10:00")
    tape = [weak, *numbered(2)]
    three, most = Comparison(">=", 3), Comparison(">=", 0.99)
    for condition, lacks in (
        (asked(sources=Comparison(">=", 2), stories=three), " (stories >= 3)"),
        (asked(score=most), ""),
    ):
        within = replace(condition, within=Span(duration=timedelta(days=30)))
        measured = within.evaluate(world(tape, "01-27 15:00")).measured
        assert measured.startswith(f"nearest: “{CHEAP} v0”")
        assert measured.endswith(f", 2 sources{lacks}")
    unreached = news().evaluate(world(tape, "01-27 15:00", symbol="KO"))
    assert unreached.measured == "no story on the topic reaches it"


@pytest.mark.parametrize(("count", "said"), [(1, "1 source"), (2, "2 sources")])
def test_sources_are_counted_in_words(count: int, said: str) -> None:
    assert news().evaluate(world(numbered(count), "01-27 15:00")).measured.endswith(f", {said}")


def test_three_exposures_are_named() -> None:
    context = exposed(1.0, numbered(1))
    assert news().evaluate(context).holds is True
    match = context.cause
    assert isinstance(match, ClusterMatch)
    assert match.reach is Reach.EXPOSURE
    assert " via a, b, c, 1 source" in described(replace(match, exposures=("a", "b", "c", "d")))
