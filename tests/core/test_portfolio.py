"""One's own holdings as a whole: the weighted sum of their changes, and the message about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.core.messages.blocks import portfolio
from bot.core.model import NO_STOCK, Alert, Announcement, DailyBar, Observation, QuoteKind, Severity, StockMove
from bot.core.news import NewsIndex
from bot.core.prices.market import Market, SymbolPrices
from bot.core.prices.sessions import Timetable
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Portfolio
from bot.core.rules.rule import Rule, SeverityStep
from bot.render import plain
from tests.core.worlds import (
    CHEAP,
    COMPANIES,
    TOPICS,
    at,
    close,
    engine,
    news,
    play,
    price,
    quote,
    rule,
    story,
    weekday_timetable,
)

WEIGHTS = {"NVDA": 0.5, "VRT": 0.3}
"""The rest is cash."""
BARS: list[Observation] = [close(s, p, "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("KO", 60.0))]


def holding(change: str = "< -3%", name: str = "mine", **weights: float) -> Rule:
    """A rule about a portfolio: warning, and high from twice as far."""
    condition = Portfolio("My portfolio", weights or WEIGHTS, parse_comparison(change))
    limit = condition.change
    steps = (SeverityStep(Severity.WARNING), SeverityStep(Severity.HIGH, replace(limit, limit=2 * limit.limit)))
    return replace(rule(name, condition, symbols=(NO_STOCK,)), severity=steps)


def twice(symbol: str, value: float, minute: int) -> list[Observation]:
    """A price that holds."""
    return [quote(symbol, value, f"01-27 15:{minute:02}"), quote(symbol, value, f"01-27 15:{minute:02}:30")]


def played(*rules: Rule, tape: list[Observation]) -> tuple[list[Alert], list[Announcement]]:
    """The alerts as they fire and rise, and the new messages."""
    decisions = play(engine(*rules), [*BARS, *tape], "01-27 20:00")
    alerts = [c.alert for d in decisions for c in d.changes if c.kind.value in ("fired", "escalated")]
    return alerts, [a for d in decisions for a in d.announcements if a.incident and not a.edits]


@pytest.mark.parametrize(
    ("tape", "change"),
    [
        (twice("NVDA", 93.0, 0), -0.035),
        (twice("NVDA", 95.0, 0), None),  # 2.5 %
        (twice("NVDA", 95.0, 0) + twice("VRT", 48.0, 5), -0.037),
        (twice("NVDA", 93.0, 0)[:1], None),  # one print proves nothing
        ([*twice("NVDA", 98.0, 0), quote("NVDA", 50.0, "01-27 15:05"), *twice("NVDA", 98.0, 6)], None),
        (twice("NVDA", 93.0, 0) + twice("KO", 30.0, 5), -0.035),  # of others it knows nothing
    ],
)
def test_it_is_the_weighted_sum_of_what_has_held(tape: list[Observation], change: float | None) -> None:
    alerts, _ = played(holding(), tape=tape)
    assert [a.change for a in alerts] == ([pytest.approx(change)] if change is not None else [])


def test_an_official_close_needs_no_second_quote() -> None:
    decisions = play(engine(holding()), [*BARS, quote("NVDA", 93.0, "01-27 21:00", QuoteKind.CLOSE)])
    (change,) = [c for d in decisions for c in d.changes]
    assert change.alert.change == pytest.approx(-0.035)


def test_it_is_one_alert_a_session_which_may_become_more_severe() -> None:
    tape = twice("NVDA", 93.0, 0) + twice("NVDA", 92.0, 10) + twice("NVDA", 86.0, 20)
    alerts, told = played(holding(), tape=tape)
    assert [(a.symbol, a.severity.word, round(a.change or 0, 3)) for a in alerts] == [
        (NO_STOCK, "warning", -0.035),
        (NO_STOCK, "high", -0.07),
    ]
    assert [(a.reason, a.symbols) for a in told] == [("first", ()), ("escalated", ())]
    assert told[0].summary.subject == "My portfolio falls 3.5 %"
    assert told[1].summary.subject == "Now worse: My portfolio falls 7.0 %"
    assert alerts[1].price == pytest.approx(93.0)
    assert alerts[1].reference is not None
    assert alerts[1].reference.price == 100.0


def test_the_message_says_what_each_stock_adds() -> None:
    _, (told,) = played(holding(), tape=twice("NVDA", 90.0, 0) + twice("VRT", 50.5, 0))
    assert plain(told.summary, None) == (
        "My portfolio falls 4.7 %\n\n"
        "What happened\n"
        "• My portfolio −4.7 % since the close of Fri 24 Jan; regular trading, 15:00 UTC.\n\n"
        "What moved it\n"
        "• Nvidia (NVDA) −10.0 %, 50 % of it: −5.0 points.\n"
        "• Vertiv (VRT) +1.0 %, 30 % of it: +0.3 points.\n\n"
        "Written by a machine (Aftershock). Not investment advice."
    )


def test_a_stock_without_a_price_counts_as_unmoved_and_is_named() -> None:
    (alert,), (told,) = played(holding(), tape=twice("NVDA", 93.0, 0))
    assert "No price in this session, counted as unmoved: VRT." in plain(told.summary, None)
    assert alert.checks[0].measured == "-3.5%: NVDA -7.0% of 50%; no price: VRT"


def test_a_phase_and_a_reference_are_told_only_where_all_its_markets_share_them() -> None:
    tape = [quote("NVDA", 93.0, f"01-27 13:00:{s}") for s in ("00", "30")]
    tape += [quote("VRT", 49.0, f"01-27 15:00:{s}") for s in ("00", "30")]
    machine = engine(holding("< -3.6%"))
    (told,) = [a for d in play(machine, [*BARS, *tape]) for a in d.announcements if a.incident]
    text = plain(told.summary, None)
    assert told.summary.subject == "My portfolio falls 4.1 %"  # not all of it in pre-market trading
    assert "My portfolio −4.1 % since the close of Fri 24 Jan; by prices up to 15:00 UTC." in text
    assert "Nvidia (NVDA) −7.0 % (13:00 UTC), 50 % of it" in text
    assert "Vertiv (VRT) −2.0 %, 30 % of it" in text


def test_a_close_is_named_only_where_all_are_measured_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _, (told,) = played(holding(), tape=[*twice("NVDA", 93.0, 0), *twice("VRT", 50.5, 0)])
    assert "since the close of Fri 24 Jan; " in plain(told.summary, None)
    real = portfolio.move_at

    def after_a_holiday(prices: SymbolPrices, at: datetime) -> StockMove | None:
        move = real(prices, at)
        if move is None or prices.symbol != "VRT":
            return move
        return replace(move, reference=replace(move.reference, session=date(2025, 1, 23)))

    monkeypatch.setattr(portfolio, "move_at", after_a_holiday)
    _, (told,) = played(holding(), tape=[*twice("NVDA", 93.0, 0), *twice("VRT", 50.5, 0)])
    assert "since each stock's previous close; " in plain(told.summary, None)


def test_a_rise_is_told_as_one() -> None:
    _, (told,) = played(holding("> 3%"), tape=twice("NVDA", 108.0, 0))
    assert told.summary.subject == "My portfolio rises 4.0 %"


def test_with_news_it_waits_for_a_story_whichever_stock_that_reaches() -> None:
    condition = All((holding().when, news()))
    both = replace(holding(), when=condition)
    falls, told = twice("NVDA", 93.0, 0), story(CHEAP, "01-27 15:30")
    assert played(both, tape=falls)[0] == []
    anywhere = replace(news(), reaches=(*news().reaches, "none"))  # as every rule about no stock has
    with_news = replace(holding(), when=All((holding().when, anywhere)))
    alerts, messages = played(with_news, tape=[*falls, told])
    assert [a.fired_at.minute for a in alerts] == [30]
    assert f"“{CHEAP}”" in plain(messages[0].summary, None)


def test_it_is_apart_from_the_falls_of_single_stocks() -> None:
    shock = rule("shock", price("< -5%"))
    alerts, told = played(shock, holding(), tape=twice("NVDA", 93.0, 0))
    assert sorted(a.rule for a in alerts) == ["mine", "shock"]
    assert len({a.incident for a in alerts}) == len(told) == 2
    two, _ = played(holding(), holding(name="also"), tape=twice("NVDA", 93.0, 0))
    assert len({a.incident for a in two}) == 2


# ------------------------------------------------------------------------------- what is not of one moment, or one day


def two_markets() -> Market:
    """New York, and Tokyo nine hours before it, with the closes of Thursday 24 April."""
    tokyo = Timetable(
        "XTKS",
        [
            type(s)("XTKS", s.date, *(m - timedelta(hours=9) for m in (s.starts_at, s.open_at, s.close_at, s.ends_at)))
            for s in weekday_timetable(days=150).all
        ],
    )
    new_york = weekday_timetable(days=150)
    market = Market(lambda symbol: tokyo if symbol == "7203.T" else new_york)
    for symbol in ("NVDA", "7203.T"):
        (held,) = (s for s in market.of(symbol).timetable.all if s.date == at("04-24 00:00").date())
        market.apply(DailyBar(symbol, held.date, 100.0, held.close_at))
    return market


def measured(market: Market, now: str) -> float | None:
    condition = Portfolio("Fund", {"NVDA": 0.5, "7203.T": 0.5}, parse_comparison("< -3%"))
    asked = replace(rule("fund", condition, symbols=(NO_STOCK,)))
    evaluation = asked.evaluate(NO_STOCK, at(now), market, NewsIndex(TOPICS, COMPANIES, window=timedelta(days=7)))
    return evaluation.move.change if evaluation.move is not None else None


def test_the_fall_of_yesterday_is_not_todays_because_another_market_has_opened() -> None:
    market = two_markets()
    for minute in (0, 1):
        market.admit(quote("NVDA", 88.0, f"04-25 20:0{minute}"), at(f"04-25 20:0{minute}"))
    assert measured(market, "04-25 20:02") == pytest.approx(-0.06)
    monday = "04-28 02:0"
    market.apply(DailyBar("7203.T", at("04-25 00:00").date(), 100.0, at("04-25 12:00")))
    for minute in (0, 1):
        market.admit(quote("7203.T", 99.0, f"{monday}{minute}"), at(f"{monday}{minute}"))
    assert measured(market, f"{monday}2") == pytest.approx(-0.005)


def test_the_lows_of_two_stocks_in_one_hour_were_not_at_one_moment() -> None:
    market = two_markets()
    for symbol, low in (("NVDA", 90.0), ("7203.T", 90.0)):
        moment = "04-25 05:00" if symbol == "7203.T" else "04-25 15:00"
        market.admit(quote(symbol, low, moment, QuoteKind.LOW), at(moment))
    assert measured(market, "04-25 15:00") is None
