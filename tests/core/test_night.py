"""The night of US stocks, with New York's own sessions: which session a trade belongs to, what confirms a move where
few trade, how severe it may be, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.calendar import ExchangeCalendar
from bot.core.engine import Engine
from bot.core.messages.pictures import price_picture
from bot.core.messages.snapshot import snapshot
from bot.core.model import (
    Alert,
    ChangeKind,
    DailyBar,
    Decisions,
    Figures,
    Observation,
    Phase,
    Quote,
    QuoteKind,
    Severity,
    StockMove,
)
from bot.core.news import Companies, Company, NewsIndex
from bot.core.prices.hold import AT_NIGHT, Hold, at_night, parse_hold
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.conditions import All, During
from bot.core.rules.rule import Rule, RuleSet
from bot.render.plain import plain
from tests.core import worlds
from tests.core.real_sessions import timetable
from tests.core.worlds import TOPICS, news, price, rule, story

NEW_YORK = ZoneInfo("America/New_York")
FUTURE = "NQ=F"
COMPANIES = Companies(
    [
        *(Company(s, name, exchange="XNYS", exposures={"ai-chips": 1.0}) for s, name in
          (("NVDA", "Nvidia"), ("AMD", "AMD"), ("AVGO", "Broadcom"))),
        Company("KO", "Coca-Cola", exchange="XNYS"),
        Company("SPY", "S&P 500 fund", exchange="XNYS"),
        Company(FUTURE, "Nasdaq 100 future", exchange="FUTURES"),
    ]
)  # fmt: skip
PLAIN = rule("fall", when=price("< -10%"), symbols=("NVDA", "AMD", "AVGO", "KO"))


def ny(text: str) -> datetime:
    """``01-26 20:30`` in New York in 2025."""
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=NEW_YORK).astimezone(UTC)


@cache
def future_hours() -> Timetable:
    """A future's sessions: from 18:00 on the evening before to 17:00."""
    sessions = []
    for s in timetable("XNYS").all:
        begins, ends = (s.close_at - timedelta(hours=22), s.close_at + timedelta(hours=1))
        if sessions and sessions[-1].ends_at >= begins:
            continue
        sessions.append(Session("FUTURES", s.date, begins, begins, ends, ends))
    return Timetable("FUTURES", sessions)


def machine(*rules: Rule, benchmarks: Sequence[str] = ("SPY",)) -> Engine:
    return Engine(
        RuleSet(rules or (PLAIN,)),
        COMPANIES,
        TOPICS,
        NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14)),
        Market(lambda symbol: future_hours() if symbol == FUTURE else timetable("XNYS")),
        benchmark="SPY",
        benchmarks=benchmarks,
        watching_since=ny("01-02 00:00"),
    )


def closes(day: str, *symbols: str, value: float = 100.0) -> list[Observation]:
    """Closes of the session of ``day`` and of the one before, as bars seen at the close."""
    session = timetable("XNYS").on(date.fromisoformat(f"2025-{day}"))
    assert session is not None
    before = timetable("XNYS").before(session)
    assert before is not None
    names = symbols or ("NVDA", "AMD", "AVGO", "KO", "SPY", FUTURE)
    return [DailyBar(s, held.date, value, held.close_at) for held in (before, session) for s in names]


def trade(symbol: str, value: float, when: str, kind: QuoteKind = QuoteKind.TRADE) -> Quote:
    return Quote(symbol, value, ny(when), ny(when), kind)


def trades(symbol: str, day: str, *at: tuple[str, float]) -> list[Observation]:
    return [trade(symbol, value, f"{day} {clock}") for clock, value in at]


def play(engine: Engine, tape: Sequence[Observation], until: str = "") -> list[Decisions]:
    told = []
    for moment in sorted({o.seen_at for o in tape}):
        told.append(engine.step([o for o in tape if o.seen_at == moment], moment))
    if until:
        told.append(engine.step([], ny(until)))
    return told


def fired(told: Sequence[Decisions]) -> list[Alert]:
    return [c.alert for d in told for c in d.changes if c.kind is ChangeKind.FIRED]


def escalated(told: Sequence[Decisions]) -> list[Alert]:
    return [c.alert for d in told for c in d.changes if c.kind is ChangeKind.ESCALATED]


HELD = (("21:00:00", 88.0), ("21:00:40", 88.2), ("21:01:20", 87.9), ("21:02:00", 88.0))


@pytest.mark.parametrize(
    ("close_day", "evening", "session"),
    [
        ("01-27", "01-27", date(2025, 1, 28)),
        ("01-24", "01-26", date(2025, 1, 27)),  # Sunday
        ("01-17", "01-20", date(2025, 1, 21)),  # the evening of a holiday
        ("11-26", "11-27", date(2025, 11, 28)),  # of Thanksgiving, before a half-session
        ("03-07", "03-09", date(2025, 3, 10)),  # the clocks go forward
        ("10-31", "11-02", date(2025, 11, 3)),  # and back
    ],
)
def test_a_fall_at_night_is_of_the_next_session_against_the_last_close(
    close_day: str, evening: str, session: date
) -> None:
    (alert,) = fired(play(machine(), [*closes(close_day), *trades("NVDA", evening, *HELD)]))
    assert (alert.session, alert.phase) == (session, Phase.OVERNIGHT)
    assert alert.reference is not None
    assert alert.reference.session == date.fromisoformat(f"2025-{close_day}")
    assert alert.fired_at == ny(f"{evening} 21:02")


@pytest.mark.parametrize(
    ("prints", "fires"),
    [
        (HELD, True),
        (HELD[:3], False),  # three trades
        ((*HELD[:3], ("21:01:59", 88.0)), False),  # four in less than two minutes
        ((("21:00:00", 88.0), ("21:02:00", 88.0)), False),  # two minutes, two trades
        (tuple((f"21:00:00.{n}", 88.0) for n in range(9)), False),  # one order
        (tuple((f"21:0{n}:00", 88.0) for n in (0, 1)) + tuple((f"21:02:0{n}", 88.0) for n in range(3)), False),
        ((*HELD[:2], ("21:01:00", 97.0), *HELD[2:]), True),  # an odd one between them
        ((HELD[0], ("21:00:20", 97.0), *HELD[1:]), False),  # of two, nobody knows which is odd
        # it went back for a moment
        (
            tuple(
                (f"21:{at}", p)
                for at, p in (("00:00", 89.5), ("00:40", 89.6), ("01:00", 90.5), ("01:20", 89.5), ("02:00", 89.5))
            ),
            False,
        ),
        ((("21:00:00", 60.0),), False),  # a wild print
        ((("21:00:00", 60.0), ("21:00:30", 99.8), ("21:01:00", 60.0), ("21:01:30", 99.9), ("21:02:40", 60.0)), False),
        ((("21:00:00", 88.0), ("23:00:00", 88.0), ("23:40:00", 88.0), ("23:59:00", 88.0)), True),
    ],
)
def test_what_confirms_a_move_where_few_trade(prints: tuple[tuple[str, float], ...], fires: bool) -> None:
    assert bool(fired(play(machine(), [*closes("01-27"), *trades("NVDA", "01-27", *prints)]))) is fires


@pytest.mark.parametrize("kind", [QuoteKind.LOW, QuoteKind.TRADE])
def test_the_low_of_a_bar_at_night_may_be_one_trade(kind: QuoteKind) -> None:
    assert fired(play(machine(), [*closes("01-27"), trade("NVDA", 80.0, "01-27 21:00", kind)])) == []


TWICE = (("21:00:00", 88.0), ("21:00:30", 88.0))


def test_two_trades_do_where_others_of_the_line_fall_too() -> None:
    near = [x for s in ("AMD", "AVGO") for x in trades(s, "01-27", ("20:58:00", 93.0), ("20:59:00", 94.0))]
    assert len(fired(play(machine(), [*closes("01-27"), *near, *trades("NVDA", "01-27", *TWICE)]))) == 1
    alone = [x for x in near if isinstance(x, Quote) and x.symbol == "AMD"]
    assert fired(play(machine(), [*closes("01-27"), *alone, *trades("NVDA", "01-27", *TWICE)])) == []
    one_print = [x for s in ("AMD", "AVGO") for x in trades(s, "01-27", ("20:58:00", 99.9), ("20:59:00", 80.0))]
    assert fired(play(machine(), [*closes("01-27"), *one_print, *trades("NVDA", "01-27", *TWICE)])) == []
    long_ago = [x for s in ("AMD", "AVGO") for x in trades(s, "01-27", ("20:10:00", 93.0), ("20:11:00", 94.0))]
    assert fired(play(machine(), [*closes("01-27"), *long_ago, *trades("NVDA", "01-27", *TWICE)])) == []
    opposite = [x for s in ("AMD", "AVGO") for x in trades(s, "01-27", ("20:58:00", 108.0), ("20:59:00", 108.0))]
    assert fired(play(machine(), [*closes("01-27"), *opposite, *trades("NVDA", "01-27", *TWICE)])) == []
    elsewhere = trades("KO", "01-27", ("20:58:00", 80.0), ("20:59:00", 80.0))
    assert fired(play(machine(), [*closes("01-27"), *elsewhere, *trades("NVDA", "01-27", *TWICE)])) == []


@pytest.mark.parametrize(("level", "fires"), [(98.0, True), (99.2, False), (102.0, False)])
def test_two_trades_do_where_a_future_falls_too(level: float, fires: bool) -> None:
    engine = machine(benchmarks=("SPY", FUTURE))
    future = [trade(FUTURE, level, "01-27 20:59:30")]
    assert bool(fired(play(engine, [*closes("01-27"), *future, *trades("NVDA", "01-27", *TWICE)]))) is fires


def test_a_fund_that_is_as_thin_is_believed_like_a_stock() -> None:
    one = [trade("SPY", 90.0, "01-27 20:59:30")]
    assert fired(play(machine(), [*closes("01-27"), *one, *trades("NVDA", "01-27", *TWICE)])) == []
    two = [trade("SPY", 98.0, "01-27 20:59:00"), trade("SPY", 98.1, "01-27 20:59:30")]
    assert len(fired(play(machine(), [*closes("01-27"), *two, *trades("NVDA", "01-27", *TWICE)]))) == 1


def test_at_night_severity_goes_no_higher_than_high_and_the_pre_market_confirms() -> None:
    deep = tuple((at, value - 10) for at, value in HELD)
    engine = machine()
    (alert,) = fired(play(engine, [*closes("01-26".replace("26", "24")), *trades("NVDA", "01-26", *deep)]))
    assert alert.severity is Severity.HIGH
    assert alert.change is not None
    assert alert.change < -0.15
    first = play(engine, [trade("NVDA", 78.0, "01-27 03:59:50"), trade("NVDA", 78.0, "01-27 04:00:05")])
    assert escalated(first) == [], "the night's trade does not confirm the day's"
    (raised,) = escalated(play(engine, [trade("NVDA", 78.0, "01-27 04:00:35")]))
    assert (raised.severity, raised.phase, raised.id) == (Severity.CRITICAL, Phase.PRE, alert.id)


def test_one_price_by_day_is_not_confirmed_by_one_of_the_night() -> None:
    engine = machine()
    told = play(engine, [*closes("01-24"), trade("NVDA", 60.0, "01-27 03:00"), trade("NVDA", 60.0, "01-27 04:10")])
    assert fired(told) == []
    assert len(fired(play(engine, [trade("NVDA", 61.0, "01-27 04:11")]))) == 1


def test_a_rule_may_ask_for_more_or_less_at_night() -> None:
    for hold, number in ((Hold(2), 2), (Hold(1), 1), (Hold(6, timedelta(minutes=1)), 6)):
        engine = machine(replace(PLAIN, holds={Phase.OVERNIGHT: hold}))
        prints = [("NVDA", n) for n in range(number)]
        tape = [trade(s, 88.0, f"01-27 21:0{n}:00") for s, n in prints]
        (alert,) = fired(play(engine, [*closes("01-27"), *tape]))
        assert alert.fired_at == tape[-1].at


def test_a_hold_for_the_night_reads_back_and_follows_that_of_the_day() -> None:
    assert parse_hold(str(AT_NIGHT)) == AT_NIGHT == Hold(4, timedelta(minutes=2))
    assert at_night(Hold(6)) == Hold(6, timedelta(minutes=2))
    assert at_night(Hold(lasting=timedelta(minutes=10))) == Hold(4, timedelta(minutes=10))
    for wrong in ("4", "4 over", "over 2m", "four over 2m", "4 over 0m"):
        with pytest.raises(ValueError, match=r"write|zero"):
            parse_hold(wrong)


def test_a_rule_may_be_for_the_night_alone() -> None:
    night = rule("night", when=All((During((Phase.OVERNIGHT,)), price("< -5%"))), symbols=("NVDA",))
    tape = [*closes("01-27"), *trades("NVDA", "01-27", *HELD)]
    assert len(fired(play(machine(night), tape))) == 1
    by_day = [*closes("01-27"), *trades("NVDA", "01-28", ("04:30", 88.0), ("04:31", 88.0), ("10:00", 88.0))]
    assert fired(play(machine(night), by_day)) == []


# -------------------------------------------------------------------------------------------- while nothing is traded


def test_until_it_trades_at_night_a_stock_stands_where_the_session_left_it() -> None:
    shock = rule("shock", when=All((price("< -10%"), news())), symbols=("NVDA",))
    engine = machine(shock)
    day = trades("NVDA", "01-27", ("15:59:00", 88.0), ("15:59:30", 88.0), ("19:59:00", 87.0))
    bars = closes("01-24")
    late = story(worlds.CHEAP, "01-28 02:00")  # 21:00 in New York
    told = play(engine, [*bars, *day, late])
    (alert,) = fired(told)
    assert (alert.session, alert.phase, alert.fired_at) == (date(2025, 1, 27), Phase.POST, late.seen_at)
    assert engine.alerts.ends_at(alert) == ny("01-28 04:00")
    latest = engine.view().standing("NVDA", ny("01-27 23:00"))
    assert latest is not None
    assert latest.price == 87.0


def test_what_stands_from_the_session_before_is_no_move_of_the_night() -> None:
    """A stock that fell by day and does not trade at night does not fall again; nor do its peers count it."""
    engine = machine()
    day = trades("NVDA", "01-27", ("15:59:00", 88.0), ("15:59:30", 88.0))
    assert len(fired(play(engine, [*closes("01-24"), *day]))) == 1
    again = [trade("NVDA", 88.0, "01-27 15:59:30"), trade("AMD", 99.0, "01-27 21:00")]
    assert fired(play(engine, [replace(q, seen_at=ny("01-27 21:00")) for q in again], "01-28 03:00")) == []


def test_a_quote_of_a_night_that_is_none_belongs_to_no_new_session() -> None:
    """On Sunday before a holiday nothing trades; what a vendor says then is Friday's."""
    market = Market(lambda symbol: timetable("XNYS"))
    quote = trade("NVDA", 90.0, "01-19 21:00")
    held = market.of("NVDA").session_of(quote)
    assert held is not None
    assert held.date == date(2025, 1, 17)
    assert market.phase("NVDA", quote.at) is Phase.CLOSED


# ------------------------------------------------------------------------------------------------------------- words


def test_the_message_says_that_few_trade_and_where_the_post_market_left_it() -> None:
    engine = machine()
    post = trades("NVDA", "01-24", ("16:30:00", 99.0), ("19:58:00", 98.5))
    told = play(engine, [*closes("01-24"), *post, *trades("NVDA", "01-26", *HELD)])
    (announcement,) = [a for d in told for a in d.announcements]
    text = plain(announcement.summary, None)
    assert "Nvidia falls 12.0 % in thin overnight trading" in text
    assert "against 100.00, the close of Fri 24 Jan; overnight, thin trading, 02:02 UTC" in text
    assert "It stood at 98.50 (−1.5 %) after hours, before the night, 00:58 UTC." in text


def test_an_odd_print_after_the_alert_is_told_to_nobody() -> None:
    engine = machine()
    play(engine, [*closes("01-24"), *trades("NVDA", "01-26", *HELD), trade("NVDA", 40.0, "01-26 21:05")])
    (alert,) = list(engine.alerts)
    assert (alert.worst, alert.last_price) == (pytest.approx(-0.12), 88.0)
    later = trades("NVDA", "01-26", ("21:06:00", 87.0), ("21:07:00", 86.8))
    play(engine, later)
    (alert,) = list(engine.alerts)
    assert (alert.worst, alert.last_price) == (pytest.approx(-0.132), 86.8)
    (incident,) = engine.incidents.open()
    seen = snapshot(engine.market, incident, [alert], frozenset(), ny("01-26 21:07"))
    (move,) = seen.moves
    assert (move.price, move.furthest) == (86.8, None)


def test_a_fall_that_reached_the_alert_by_two_trades_has_the_price_that_fired() -> None:
    engine = machine(replace(PLAIN, holds={Phase.OVERNIGHT: Hold(1)}))
    told = play(engine, [*closes("01-27"), *trades("NVDA", "01-27", ("20:30", 99.0), ("20:40", 99.1), ("21:00", 85.0))])
    (announcement,) = [a for d in told for a in d.announcements]
    assert "Nvidia falls 15.0 %" in plain(announcement.summary, None)


def test_the_picture_shows_the_night_as_a_phase_of_its_own() -> None:
    engine = machine()
    early = trades("NVDA", "01-24", ("10:00", 100.5), ("12:00", 100.2), ("15:00", 100.1))
    later = trades("NVDA", "01-27", ("04:10", 87.0), ("05:00", 88.0))
    (alert,) = fired(play(engine, [*closes("01-24"), *early, *trades("NVDA", "01-26", *HELD), *later]))
    (incident,) = engine.incidents.open()
    at = ny("01-27 05:00")
    reference = alert.reference
    assert reference is not None
    move = StockMove("NVDA", 88.0, -0.12, reference, at, date(2025, 1, 27), Phase.PRE, alert.severity)
    picture = price_picture(engine.market, COMPANIES, incident, [alert], Figures(at, (move,)))
    assert picture is not None
    spans = [(s.session.day, s.phase) for s in picture.spans]
    assert spans == [(23, Phase.REGULAR), (24, Phase.REGULAR), (27, Phase.OVERNIGHT), (27, Phase.PRE)]
    night = picture.spans[2]
    assert (night.end_at, {p.phase for p in picture.points if p.at < night.end_at and p.at.day == 27}) == (
        ny("01-27 04:00"),
        {Phase.OVERNIGHT},
    )


def test_silence_at_night_is_no_fault() -> None:
    engine = machine()
    told = play(engine, [*closes("01-24"), trade("NVDA", 99.0, "01-24 15:59")], "01-27 03:59")
    assert [a for d in told for a in d.announcements] == []


def test_the_calendar_reaches_every_exchange_with_a_night() -> None:
    calendar = ExchangeCalendar()
    for exchange in ("XNYS", "XNAS", "XASE", "ARCX", "BATS", "IEXG"):
        (session,) = calendar.sessions(exchange, date(2026, 11, 30), date(2026, 11, 30))
        assert session.phase(session.starts_at) is Phase.OVERNIGHT
