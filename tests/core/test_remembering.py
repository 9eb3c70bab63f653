"""What is worked out once must say what working it out anew would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bot.core.cause.moves import MoveMeasures
from bot.core.cause.past import DailyReturns, correlated
from bot.core.model import DailyBar, Quote, QuoteKind
from bot.core.news import NewsIndex
from bot.core.prices.benchmarks import Benchmarks
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.prices.windows import Span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Any, Drawdown, NoneOf
from bot.core.rules.prefilter import PriceFilter
from bot.core.rules.rule import Rule, RuleSet
from tests.core.worlds import CHEAP, COMPANIES, TOPICS, at, forget_bars, news, price, rule, story, weekday_timetable

NEW_YORK = weekday_timetable(days=150)
EARLIER = Timetable(
    "XTKS",
    [
        type(s)("XTKS", s.date, *(m - timedelta(hours=9) for m in (s.starts_at, s.open_at, s.close_at, s.ends_at)))
        for s in NEW_YORK.all
    ],
)
SYMBOLS = ("NVDA", "VRT", "KO", "SPY", "7203.T")
MEMBERS = ("NVDA", "VRT", "KO", "7203.T")

Step = tuple[str, int, float, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.integers(0, 200), st.floats(50, 150), st.integers(0, 3)),
    min_size=1,
    max_size=25,
)


def market() -> Market:
    """Five symbols on two exchanges, with a history long enough for a volatility."""
    made = Market(lambda symbol: EARLIER if symbol.endswith(".T") else NEW_YORK)
    for symbol in SYMBOLS:
        timetable = made.of(symbol).timetable
        for n, session in enumerate(s for s in timetable.all if s.date < at("04-01 00:00").date()):
            made.apply(
                DailyBar(symbol, session.date, 100.0 + (n * (7 + len(symbol)) + ord(symbol[0])) % 11, session.close_at)
            )
    return made


def play(made: Market, steps: Sequence[Step]) -> list[tuple[datetime, Step]]:
    """Moments from the first of April on, growing."""
    now = at("04-01 08:00")
    found = []
    for step in steps:
        now += timedelta(minutes=step[1] * 5)
        found.append((now, step))
    return found


def take(made: Market, now: datetime, step: Step) -> None:
    """A quote now, one of a while ago, a bar, or nothing but time."""
    symbol, _, value, kind = step
    if kind == 0:
        made.admit(Quote(symbol, value, now, now, QuoteKind.CLOSE), now)
    elif kind == 1:
        made.of(symbol).add_quote(Quote(symbol, value, now - timedelta(hours=2), now))
    elif kind == 2:
        session = made.of(symbol).timetable.current(now)
        assert session is not None
        made.apply(DailyBar(symbol, session.date, value, now))


@given(STEPS)
def test_moves_measured_before_are_those_measured_now(steps: list[Step]) -> None:
    made = market()
    kept = MoveMeasures(made, Benchmarks("SPY"))
    for now, step in play(made, steps):
        take(made, now, step)
        for asked in (now, now - timedelta(hours=3)):
            for symbol in SYMBOLS:
                assert kept.of(symbol, asked) == MoveMeasures(made, Benchmarks("SPY")).of(symbol, asked)
            session = NEW_YORK.current(asked)
            assert session is not None
            question = ("g", SYMBOLS[:2], SYMBOLS, session, asked)
            assert kept.group(*question) == MoveMeasures(made, Benchmarks("SPY")).group(*question)


@given(STEPS)
def test_a_group_without_one_company_is_the_group_of_the_others(steps: list[Step]) -> None:
    made = market()
    company_of = {symbol: symbol for symbol in SYMBOLS} | {"KO": "VRT", "7203.T": "NVDA"}
    kept = MoveMeasures(made, Benchmarks("SPY"), company_of.__getitem__)
    for now, step in play(made, steps):
        take(made, now, step)
        for asked in (now, now - timedelta(hours=3)):
            session = NEW_YORK.current(asked)
            assert session is not None
            for company in set(company_of.values()):
                others = [s for s in MEMBERS if company_of[s] != company]
                fresh = MoveMeasures(made, Benchmarks("SPY"), company_of.__getitem__)
                expected = fresh.group("g", others, SYMBOLS, session, asked)
                assert kept.group_without(company, "g", MEMBERS, SYMBOLS, session, asked) == expected


@given(STEPS)
def test_what_a_price_keeps_from_firing_does_not_fire(steps: list[Step]) -> None:
    made, room = market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))
    gates = PriceFilter(made, room, RuleSet(()))
    asked = rule(when=All((price("< -10%"), price("> -60%", "3 sessions"))), symbols=SYMBOLS)
    for now, step in play(made, steps):
        take(made, now, step)
        for symbol in SYMBOLS:
            current = made.of(symbol).timetable.current(now)
            assert current is not None
            before = made.of(symbol).timetable.before(current)
            for session in (None, before):
                holds = asked.evaluate(symbol, now, made, room, session=session, brief=True).holds
                assert gates.excludes(asked, symbol, now, session) is not holds


ASKED = [
    rule(when=price("< -10%")),
    rule(when=price("> 10%")),
    rule(when=All((price("< -3%"), price("> -60%", "3 sessions")))),
    rule(when=Any((price("< -10%"), price("> 10%", "3 sessions")))),
    rule(when=All((Any((price("< -3%"), news())), price("< 20%")))),
    rule(when=price("< -5%", "open")),
    rule(when=Drawdown(parse_comparison("< -5%"), Span(sessions=3))),
]


@given(STEPS)
def test_what_the_change_alone_keeps_from_firing_does_not_fire(steps: list[Step]) -> None:
    made, room = market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))
    gates = PriceFilter(made, room, RuleSet(ASKED))
    skipped = 0
    for now, step in play(made, steps):
        take(made, now, step)
        for symbol in SYMBOLS:
            moved = gates.change(symbol, now)
            for asked in ASKED:
                if moved is not None and gates.too_little(asked, moved):
                    skipped += 1
                    assert not asked.evaluate(symbol, now, made, room, brief=True).holds
    event(f"skipped {skipped > 0}")


ABOUT_NEWS = [
    *ASKED,
    rule(when=news(within=1)),
    rule(when=All((news(), price("> 1%", "open")))),
    rule(when=All((news(within=2), NoneOf((price("< -2%"),))))),
    rule(when=Any((news(), price("< -10%")))),
]
TOLD = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([CHEAP, "Nvidia opens a lab", "Vertiv and DeepSeek-R1"])))


@given(STEPS, TOLD)
def test_a_rule_that_no_story_or_change_lets_hold_does_not_hold(steps: list[Step], told: list[tuple[int, str]]) -> None:
    made, room = market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))
    for hours, title in told:
        room.add(story(title, f"{at('03-31 00:00') + timedelta(hours=hours):%m-%d %H:%M:%S}", source=f"s{hours}"))
    rules = RuleSet([replace(r, name=f"r{n}", symbols=frozenset(SYMBOLS)) for n, r in enumerate(ABOUT_NEWS)])
    gates, left_out, held = PriceFilter(made, room, rules), 0, 0
    for now, step in play(made, steps):
        take(made, now, step)
        for symbol in SYMBOLS:
            asked = rules.concerning(symbol)
            possible = gates.possible(symbol, asked, gates.change(symbol, now), now)
            left_out += len(asked) - len(possible)
            for each in asked:
                holds = each.evaluate(symbol, now, made, room, brief=True).holds
                held += holds
                assert not holds or any(each is other for other in possible)
    event(f"left out {left_out > 0}, held {held > 0}, told {bool(told)}")


CALM = st.lists(st.sampled_from([asked for n, asked in enumerate(ASKED) if n not in (3, 5, 6)]), min_size=1)


@given(CALM, st.floats(-0.2, 0.2) | st.sampled_from([-0.1, 0.1, -0.03, 0.2, 90 / 100 - 1, 97 / 100 - 1]))
def test_a_calm_stock_is_one_for_which_every_rule_asks_for_another_change(rules: list[Rule], moved: float) -> None:
    gates = PriceFilter(market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7)), RuleSet(rules))
    calm = gates.is_calm("NVDA", moved)
    event(f"calm {calm}")
    assert not calm or all(gates.too_little(asked, moved) for asked in rules)
    assert calm or abs(moved) >= 0.029 or ASKED[4] in rules


@given(STEPS)
def test_the_stocks_that_a_story_may_concern_are_those_that_some_rule_does_not_exclude(steps: list[Step]) -> None:
    made, room = market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))
    rules = RuleSet([rule(when=All((price("< -10%"), news())), symbols=SYMBOLS), rule(when=price("> 5%"))])
    gates = PriceFilter(made, room, rules)
    for now, step in play(made, steps):
        take(made, now, step)
        found = gates.candidates(now)
        for symbol in SYMBOLS:
            timetable = made.of(symbol).timetable
            current = timetable.current(now)
            assert current is not None
            before = timetable.before(current)
            fresh = PriceFilter(made, room, rules)
            of_before = before is not None and before == timetable.by_day(now)
            assert (symbol in found) is any(
                not fresh.excludes(r, symbol, now) or (of_before and not fresh.excludes(r, symbol, now, before))
                for r in rules.concerning(symbol)
            )


@pytest.mark.parametrize(
    ("asked", "skipped"),
    [(rule(when=price("< -10%")), True), (rule(when=price("< -10%", "open")), False), (rule(when=news()), False)],
)
def test_only_a_change_since_the_previous_close_is_looked_at(asked: Rule, skipped: bool) -> None:
    gates = PriceFilter(market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7)), RuleSet([asked]))
    assert gates.too_little(asked, -0.05) is skipped
    assert gates.too_little(asked, -0.12) is False


@given(STEPS, st.permutations(SYMBOLS), st.integers(1, 4))
def test_a_group_is_held_against_all_others_whatever_was_measured_before(
    steps: list[Step], order: list[str], count: int
) -> None:
    made = market()
    known = MoveMeasures(made, Benchmarks("SPY"))
    members = sorted(order[:count])
    for now, step in play(made, steps):
        take(made, now, step)
        session = NEW_YORK.current(now)
        assert session is not None
        known.group("others", order[count:], SYMBOLS, session, now)
        found = known.group("group", members, SYMBOLS, session, now)
        fresh = MoveMeasures(made, Benchmarks("SPY")).group("group", members, SYMBOLS, session, now)
        assert found == fresh
        if found is None:
            continue
        at_ = min(now, session.ends_at)
        heard = {m.session.exchange for m in found.members}
        moves = [known.on(s, session.date, now) for s in SYMBOLS if s not in members]
        beside = [m.z for m in moves if m and (at_ <= m.session.ends_at or m.session.exchange in heard)]
        assert found.others == (median(beside) if beside else 0.0)


@pytest.mark.parametrize(
    ("asked", "excluded"),
    [
        (rule(when=All((price("< -10%"), news()))), True),
        (rule(when=All((price("> -10%"), news()))), False),
        (rule(when=All((price("< -10%", "story"), news()))), False),
        (rule(when=news()), False),
    ],
)
def test_only_what_the_price_alone_decides_excludes_a_rule(asked: Rule, excluded: bool) -> None:
    made, room = market(), NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))
    now = at("04-01 15:00")
    made.admit(Quote("NVDA", 100.0, now, now, QuoteKind.CLOSE), now)
    assert PriceFilter(made, room, RuleSet(())).excludes(asked, "NVDA", now) is excluded


@pytest.mark.parametrize("gap", [None, "VRT"])
def test_neighbours_are_those_of_the_highest_correlation_where_closes_are_missing_too(gap: str | None) -> None:
    made = market()
    session = NEW_YORK.on(at("04-01 00:00").date())
    assert session is not None
    if gap:
        prices = made.of(gap)
        forget_bars(prices, prices.bars.dates[20])
    moves = MoveMeasures(made, Benchmarks("SPY"))
    others = [s for s in SYMBOLS if s not in ("NVDA", "SPY")]
    past = DailyReturns(made, Benchmarks("SPY"))
    excess = {symbol: past.before(symbol, session.date).by_day for symbol in SYMBOLS}
    by_hand = {s: correlated(excess["NVDA"], excess[s]) for s in others}
    assert all(value is not None for value in by_hand.values())
    order = sorted(others, key=lambda s: -(by_hand[s] or 0.0))
    assert moves.nearest("NVDA", SYMBOLS, session, 3) == tuple(order)
