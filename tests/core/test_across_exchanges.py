"""Groups, benchmarks and guards across exchanges: what trades counts, against its own market; what sleeps does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.cause.groups import GroupMove
from bot.core.cause.moves import MoveMeasures
from bot.core.model import DailyBar, Quote
from bot.core.news import NewsIndex
from bot.core.prices.benchmarks import Benchmarks
from bot.core.prices.market import Market
from bot.core.prices.returns import AbnormalReturn, abnormal_return
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import Breadth, Context, MarketTest
from tests.core.worlds import COMPANIES, TOPICS, at, price, weekday_timetable

NEW_YORK = weekday_timetable(days=150)
HOURS = {"XTKS": (0, 0, 6.5, 6.5), "XAMS": (8, 8, 16.5, 16.5), "XCME": (-1, -1, 22, 22)}


def elsewhere(exchange: str) -> Timetable:
    """The same dates, with the hours of another exchange (UTC)."""
    sessions = []
    for held in NEW_YORK.all:
        midnight = held.open_at.replace(hour=0, minute=0)
        sessions.append(Session(exchange, held.date, *(midnight + timedelta(hours=h) for h in HOURS[exchange])))
    return Timetable(exchange, sessions)


TABLES = {"XNYS": NEW_YORK, **{exchange: elsewhere(exchange) for exchange in HOURS}}
MARKETS = Benchmarks("SPY", {"XTKS": "^N225", "XAMS": "^AEX"}, {"SPY": "ES=F"})
FIXED = {"SPY": "XNYS", "^N225": "XTKS", "^AEX": "XAMS", "ES=F": "XCME"}
MONDAY = date(2025, 5, 5)
TOKYO, AMSTERDAM, DAYTIME = at("05-05 02:00"), at("05-05 09:30"), at("05-05 16:00")
MIDDAY = {"XTKS": TOKYO, "XAMS": AMSTERDAM, "XNYS": DAYTIME}
Moves = Mapping[str, float]


def market(exchanges: Mapping[str, str], moves: Moves, now: datetime = DAYTIME) -> Market:
    """Half a year of small steps, then on Monday a price each, two hours before its market closes or ``now``."""
    places = {**exchanges, **FIXED}
    made = Market(lambda symbol: TABLES[places[symbol]])
    for number, symbol in enumerate(places):
        table = TABLES[places[symbol]]
        before = [s for s in table.all if s.date < MONDAY]
        close = 100.0
        for n, session in enumerate(before):
            close = 100.0 * (1 + 0.01 * ((n * 7 + number * 3) % 5 - 2))
            made.apply(DailyBar(symbol, session.date, close, session.close_at))
        today = table.on(MONDAY)
        assert today is not None
        traded = min(now, today.close_at - timedelta(minutes=1))
        if symbol in moves and today.starts_at < traded:
            for minutes in (10, 5, 0):
                when = traded - timedelta(minutes=minutes)
                made.of(symbol).add_quote(Quote(symbol, close * (1 + moves[symbol]), when, when))
    return made


def grouped(
    exchanges: Mapping[str, str], moves: Moves, now: datetime, of: str, same: Mapping[str, str] | None = None
) -> GroupMove | None:
    """How the others of ``exchanges`` whose names begin with G move, beside ``of``."""
    made = market(exchanges, moves, now)
    session = made.of(of).timetable.on(MONDAY)
    assert session is not None
    members = [s for s in exchanges if s.startswith("G") and s != of]
    measures = MoveMeasures(made, MARKETS, lambda symbol: (same or {}).get(symbol, symbol))
    return measures.group("g", members, tuple(exchanges), session, now)


GROUP = {"G1": "XTKS", "G2": "XTKS", "G3": "XTKS", "G4": "XNYS", "G5": "XNYS", "O1": "XTKS", "O2": "XNYS"}
FALL = {"G1": -0.09, "G2": -0.09, "G3": -0.08, "O1": 0.0, "^N225": -0.01, "ES=F": -0.01}


def test_a_group_is_those_who_trade_now_each_against_its_own_index() -> None:
    steady = {"O1": "XTKS", "O3": "XTKS", "O4": "XTKS"}
    found = grouped({**GROUP, **steady}, {**FALL, **dict.fromkeys(steady, 0.0)}, TOKYO, "G1")
    assert found is not None
    assert {m.symbol: round(m.excess, 3) for m in found.members} == {"G2": -0.08, "G3": -0.07}
    assert found.others > 0  # who stood still did better than a market that fell by 1 %


def test_a_market_that_sleeps_counts_neither_as_fallen_nor_as_steady() -> None:
    """New York's move of Friday is none of Monday's, whichever way it went."""
    for friday in (-0.2, 0.0, 0.2):
        made = market(GROUP, FALL, TOKYO)
        when = at("05-02 20:00")
        for symbol in ("G4", "G5", "SPY"):
            made.of(symbol).add_quote(Quote(symbol, 100 * (1 + friday), when, when))
        session = TABLES["XTKS"].on(MONDAY)
        assert session is not None
        found = MoveMeasures(made, MARKETS).group("g", ["G2", "G3", "G4", "G5"], tuple(GROUP), session, TOKYO)
        assert found is not None
        assert [m.symbol for m in found.members] == ["G2", "G3"]


def test_a_market_that_has_closed_counts_where_its_part_fell_and_else_says_nothing() -> None:
    new_york = {"G4": -0.1, "G5": -0.1, "O2": 0.0, "SPY": 0.0}
    fell = grouped(GROUP, {**FALL, **new_york}, DAYTIME, "G4")
    assert fell is not None
    assert {m.symbol for m in fell.members} == {"G1", "G2", "G3", "G5"}
    before_the_news = {**FALL, "G1": 0.001, "G2": -0.002, "G3": 0.0, "^N225": 0.0, **new_york}
    alone = grouped(GROUP, before_the_news, DAYTIME, "G4")
    assert alone is not None
    assert {m.symbol for m in alone.members} == {"G5"}


@pytest.mark.parametrize(
    ("now", "counted"), [(TOKYO, "G1"), (at("05-05 10:00"), "G6"), (at("05-05 15:00"), "G6"), (at("05-05 17:00"), "G6")]
)
def test_a_company_listed_twice_counts_once_by_the_listing_that_trades(now: datetime, counted: str) -> None:
    places = {"G1": "XTKS", "G6": "XNYS", "G2": "XTKS", "G3": "XTKS", "G4": "XNYS"}
    moves = dict.fromkeys(places, -0.09) | {"^N225": 0.0, "SPY": 0.0, "ES=F": 0.0}
    found = grouped(places, moves, now, "G4" if now > TOKYO else "G2", same={"G1": "G6"})
    assert found is not None
    symbols = [m.symbol for m in found.members]
    assert len({"G1", "G6"} & set(symbols)) == 1
    assert counted in symbols


@given(
    st.sampled_from(["XTKS", "XAMS", "XNYS"]),
    st.sampled_from([TOKYO, AMSTERDAM, DAYTIME]),
    st.floats(-0.15, 0.05),
    st.dictionaries(st.sampled_from(["^N225", "^AEX", "SPY"]), st.floats(-0.06, 0.06), min_size=3),
)
@settings(max_examples=60)
def test_where_a_member_trades_decides_what_it_is_measured_against(
    exchange: str, now: datetime, fall: float, indices: Moves
) -> None:
    """Swap a member's exchange, and its outcome follows that exchange's index and hours."""
    places = {"G1": "XTKS", "G2": "XAMS", "G3": "XNYS", "G4": exchange}
    moves = {**dict.fromkeys(places, fall), **indices, "ES=F": 0.0}
    made = market(places, moves, now)
    session = TABLES[exchange].on(MONDAY)
    assert session is not None
    own = MoveMeasures(made, MARKETS).on("G4", MONDAY, now)
    if session.starts_at >= now:
        assert own is None
    else:
        assert own is not None
        assert own.excess == pytest.approx(fall - indices[MARKETS.home(exchange)])


# ---------------------------------------------------------------------------------------------------------- benchmarks


@pytest.mark.parametrize(
    ("symbol", "asked", "now", "stands"),
    [
        ("G1", "SPY", TOKYO, "^N225"),  # the default means the stock's own market
        ("G4", "SPY", DAYTIME, "SPY"),
        ("G4", "SPY", at("05-05 05:00"), "ES=F"),  # New York sleeps, its future does not
        ("G1", "ES=F", TOKYO, "ES=F"),
        ("G7", "SPY", AMSTERDAM, "^AEX"),
    ],
)
def test_what_stands_for_the_market_is_what_trades(symbol: str, asked: str, now: datetime, stands: str) -> None:
    places = {**GROUP, "G7": "XAMS"}
    made = market(places, {**FALL, "SPY": -0.02, "^AEX": -0.01, "G4": -0.1, "G7": -0.1}, now)
    assert MARKETS.standing_for(asked, made.of(symbol), now, made) == stands


def test_without_a_price_of_the_index_the_future_stands_for_the_market() -> None:
    made = market(GROUP, {k: v for k, v in FALL.items() if k != "^N225"}, TOKYO)
    assert MARKETS.standing_for("SPY", made.of("G1"), TOKYO, made) == "ES=F"


def test_an_abnormal_return_at_night_is_measured_against_the_future() -> None:
    made = market(GROUP, {**FALL, "ES=F": -0.03}, TOKYO)
    quote, session = made.of("G1").standing(TOKYO) or pytest.fail("no price")
    found = abnormal_return(made.of("G1"), made.of("ES=F"), quote, session)
    assert isinstance(found, AbnormalReturn)
    assert found.benchmark == pytest.approx(-0.03)


@pytest.mark.parametrize(("index", "future", "holds"), [(-0.05, 0.0, True), (0.0, -0.05, False), (-0.01, -0.01, False)])
def test_the_guard_against_a_falling_market_looks_at_the_stocks_own(index: float, future: float, holds: bool) -> None:
    made = market(GROUP, {**FALL, "^N225": index, "ES=F": future}, TOKYO)
    guard = MarketTest("SPY", price("< -4%"), MARKETS)
    found = guard.evaluate(Context("G1", TOKYO, made, NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))))
    assert found.holds is holds
    assert found.measured.startswith("^N225: ")


# ------------------------------------------------------------------------------------------------------------- breadth


def breadth(now: datetime, of: str, moves: Moves, **more: object) -> tuple[bool | None, str]:
    made = market(GROUP, moves, now)
    asked = Breadth(
        "peers", parse_comparison("< -5%"), count=parse_comparison(">= 3"), peers={of: tuple(GROUP)}, **more
    )  # type: ignore[arg-type]
    found = asked.evaluate(Context(of, now, made, NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7))))
    return found.holds, found.measured


def test_breadth_counts_who_trades_and_who_fell_before_closing() -> None:
    holds, words = breadth(TOKYO, "G1", FALL)
    assert holds
    assert words == "3 of 4 known: G1 -9.0%, G2 -9.0% and G3 -8.0%; unknown: G4, G5 and O2"
    holds, words = breadth(DAYTIME, "G4", {**FALL, "G4": -0.1, "G5": -0.1, "O2": 0.0, "SPY": 0.0})
    assert words.startswith("5 of 6 known")  # O1 had not moved when Tokyo closed, and says nothing
    assert "unknown: O1" in words


def test_breadth_counts_a_company_once() -> None:
    holds, words = breadth(TOKYO, "G1", FALL, listings={"G2": "G1"})
    assert not holds
    assert words.startswith("2 of 3 known")


# --------------------------------------------------------------------------------------------------------- what is kept


def test_a_measurement_kept_is_forgotten_when_a_market_closes() -> None:
    """Whether a market trades decides who is of the group, so that its close changes groups without any price."""
    quiet = {**FALL, "G1": 0.0, "G2": 0.0, "G3": 0.0, "G4": -0.1, "G5": -0.1, "O2": 0.0, "SPY": 0.0, "^N225": 0.0}
    made = market(GROUP, quiet, DAYTIME)
    session = replace(NEW_YORK.on(MONDAY) or pytest.fail("no session"), starts_at=at("05-05 01:00"))
    kept = MoveMeasures(made, MARKETS)
    for now in (at("05-05 06:00"), at("05-05 07:00"), DAYTIME):
        question = ("g", ["G1", "G2", "G3", "G5"], tuple(GROUP), session, now)
        assert kept.group(*question) == MoveMeasures(made, MARKETS).group(*question)
