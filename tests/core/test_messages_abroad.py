"""Messages about stocks of several exchanges: signs of currencies, cities, a company listed twice, whose close."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.engine import Engine
from bot.core.messages.pictures import price_picture, table_picture
from bot.core.model import Announcement, Observation, Quote, QuoteKind, Reason
from bot.core.news import Companies, Company, NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.conditions import All
from bot.core.rules.rule import RuleSet
from bot.core.text.wording import price as level
from bot.render import plain
from tests.core.worlds import CHEAP, TOPICS, at, close, news, play, price, quote, rule, story, weekday_timetable

NEW_YORK = weekday_timetable()
TOKYO_HOURS, AMSTERDAM_HOURS = (0, 0, 6.5, 6.5), (8, 8, 16.5, 16.5)
AI = {"ai-chips": 1.0}
COMPANIES = Companies(
    [
        Company("5801.T", "Furukawa Electric", exchange="XTKS", exposures=AI),
        Company("6146.T", "Disco Corp", exchange="XTKS", exposures=AI),
        Company("ASML", "ASML", exchange="XNAS", exposures=AI),
        Company("ASML.AS", "ASML", exchange="XAMS", exposures=AI, same_as="ASML"),
        Company("NVDA", "Nvidia", exchange="XNAS", exposures=AI),
        Company("SPY", "S&P 500 fund", exchange="XNYS", tracks="S&P 500"),
    ]
)
SYMBOLS = [company.symbol for company in COMPANIES if not company.tracks]
FOLLOW_UPS = ("session close", "next session close", "recovered")
SHOCK = All((price("< -10%"), news()))
CURRENCIES = {".T": "JPY", ".AS": "EUR"}


def elsewhere(exchange: str, hours: Sequence[float], zone: str) -> Timetable:
    """The same dates as New York's, with other hours (UTC)."""
    held = []
    for session in NEW_YORK.all:
        midnight = session.open_at.replace(hour=0, minute=0)
        held.append(Session(exchange, session.date, *(midnight + timedelta(hours=h) for h in hours)))
    return Timetable(exchange, held, ZoneInfo(zone))


TABLES = {
    "XNYS": Timetable("XNYS", NEW_YORK.all, ZoneInfo("America/New_York")),
    "XTKS": elsewhere("XTKS", TOKYO_HOURS, "Asia/Tokyo"),
    "XAMS": elsewhere("XAMS", AMSTERDAM_HOURS, "Europe/Amsterdam"),
}


def timetable_of(symbol: str) -> Timetable:
    return TABLES["XTKS" if symbol.endswith(".T") else "XAMS" if symbol.endswith(".AS") else "XNYS"]


def seen(symbol: str, value: float, when: str, kind: QuoteKind = QuoteKind.TRADE) -> Quote:
    suffix = symbol[symbol.find(".") :] if "." in symbol else ""
    return replace(quote(symbol, value, when, kind), currency=CURRENCIES.get(suffix, "USD"))


def closes(symbol: str, value: float, when: str) -> Iterator[Quote]:
    yield seen(symbol, value, when, QuoteKind.CLOSE)


def before(levels: dict[str, float]) -> list[Observation]:
    """Friday's closes and the weekend's story."""
    return [*(close(s, p, "01-24") for s, p in {**levels, "SPY": 600.0}.items()), story(CHEAP, "01-25 12:00")]


def machine_of() -> Engine:
    return Engine(
        RuleSet([rule("shock", SHOCK, SYMBOLS, follow_up=FOLLOW_UPS)]),
        COMPANIES,
        TOPICS,
        NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14)),
        Market(timetable_of),
        benchmark="SPY",
        watching_since=at("01-02 00:00"),
    )


def told(machine: Engine, tape: Sequence[Observation], until: str) -> list[Announcement]:
    return [said for decided in play(machine, tape, until) for said in decided.announcements if said.incident]


def last_by(messages: Sequence[Announcement], when: str) -> Announcement:
    """The last message or edit by that time."""
    return [m for m in messages if m.at <= at(when)][-1]


def text_at(messages: Sequence[Announcement], when: str) -> str:
    """The last message or edit by that time, in words."""
    return plain(last_by(messages, when).summary)


IN_TOKYO = [
    *before({"5801.T": 8011.0, "6146.T": 47430.0}),
    seen("5801.T", 8010.0, "01-27 00:00", QuoteKind.OPEN),
    seen("5801.T", 7900.0, "01-27 02:00"),
    seen("6146.T", 47430.0, "01-27 06:00"),
    seen("5801.T", 7074.0, "01-27 06:30", QuoteKind.LOW),
    seen("5801.T", 7120.0, "01-27 06:30", QuoteKind.CLOSE),
]


def test_a_close_in_tokyo_is_told_as_one_in_yen() -> None:
    text = text_at(told(machine_of(), IN_TOKYO, "01-27 07:00"), "01-27 07:00")
    assert "Furukawa Electric (5801.T) ¥7,120, −11.1 % against ¥8,011, the close of Fri 24 Jan; " in text
    assert "; at the close in Tokyo, 06:30 UTC" in " ".join(text.split())


def test_the_low_of_a_session_is_told_with_its_hours_whatever_traded_in_between() -> None:
    text = text_at(told(machine_of(), IN_TOKYO, "01-27 07:00"), "01-27 07:00")
    assert "As low as ¥7,074, −11.7 % between 00:00 and 06:30 UTC." in text


def test_a_stock_that_did_not_move_did_not_fall_less() -> None:
    text = text_at(told(machine_of(), IN_TOKYO, "01-27 07:00"), "01-27 07:00")
    assert "Disco" not in text
    less = [*IN_TOKYO, seen("6146.T", 47000.0, "01-27 06:30", QuoteKind.CLOSE)]
    assert "Fell less: Disco Corp −0.9 %." in text_at(told(machine_of(), less, "01-27 07:00"), "01-27 07:00")


ASML_TWICE = [
    *before({"ASML.AS": 700.0, "ASML": 750.0, "NVDA": 100.0}),
    seen("ASML.AS", 620.0, "01-27 08:10"),
    seen("ASML.AS", 619.0, "01-27 08:11"),
    seen("ASML", 660.0, "01-27 09:10"),
    seen("ASML", 659.0, "01-27 09:11"),
    seen("NVDA", 87.0, "01-27 10:00"),
    seen("NVDA", 86.5, "01-27 10:01"),
    seen("ASML.AS", 630.0, "01-27 16:30", QuoteKind.CLOSE),
    seen("ASML", 668.0, "01-27 21:00", QuoteKind.CLOSE),
    seen("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE),
    *(close(s, p, "01-27") for s, p in (("ASML", 668.0), ("ASML.AS", 630.0), ("NVDA", 86.0))),
    *(
        each
        for day in ("01-28", "01-29", "01-30", "01-31", "02-03")
        for each in (
            *closes("ASML.AS", 640.0, f"{day} 16:30"),
            *closes("ASML", 676.0, f"{day} 21:00"),
            *closes("NVDA", 88.0, f"{day} 21:00"),
        )
    ),
]


def test_a_company_that_falls_at_two_exchanges_counts_once_by_the_one_that_is_open() -> None:
    messages = told(machine_of(), ASML_TWICE, "02-03 22:00")
    morning, closing = text_at(messages, "01-27 10:05"), text_at(messages, "01-27 21:00")
    assert morning.startswith("Spreading: Nvidia falls 13.5 % and ASML 11.6 %; ")
    assert "Who is hit (2), the worst line first" in morning
    assert "ASML.AS −11.6 %" in morning  # in Amsterdam, in its regular hours; New York is before the open
    assert "ASML −10.9 %" in closing  # New York's close
    assert "−10.0 %" not in closing  # Amsterdam's
    assert "2 stocks fell" in text_at(messages, "02-03 22:00")


def test_a_company_that_follows_itself_to_another_part_of_the_world_is_no_new_message() -> None:
    messages = told(machine_of(), ASML_TWICE, "01-27 10:05")
    assert [f"{m.at:%H:%M}" for m in messages if not m.edits and m.at <= at("01-27 12:00")] == ["08:11", "10:01"]


def test_pictures_name_the_company_once_with_the_sign_of_its_currency() -> None:
    machine = machine_of()
    first = next(m for m in told(machine, IN_TOKYO, "01-27 07:00") if m.reason is Reason.FIRST)
    incident = machine.incidents.get(first.incident)
    figures = first.summary.figures
    assert incident is not None
    assert figures is not None
    alerts = [a for a in map(machine.alerts.get, incident.alerts) if a is not None]
    picture = price_picture(machine.market, COMPANIES, incident, alerts, figures)
    assert picture is not None
    assert (picture.name, picture.price, picture.currency) == ("Furukawa Electric", 7120.0, "JPY")
    twice = last_by(told(machine_of(), ASML_TWICE, "01-27 21:00"), "01-27 21:00").summary.figures
    assert twice is not None
    table = table_picture(COMPANIES, TOPICS, twice)
    assert table is not None
    assert [label for row in table.rows for label, _ in row.cells] == ["NVDA", "ASML"]


def test_a_lead_that_moves_to_new_york_is_followed_up_at_its_close_that_evening() -> None:
    """Tokyo had closed when the first message came: there was no close of its session left to wait for."""
    tape = [
        *IN_TOKYO,
        close("NVDA", 100.0, "01-24"),
        seen("NVDA", 89.0, "01-27 15:00"),
        seen("NVDA", 88.9, "01-27 15:01"),
        seen("NVDA", 80.0, "01-27 17:00"),
        seen("NVDA", 79.5, "01-27 17:01"),
    ]
    messages = told(machine_of(), tape, "01-27 18:00")
    assert "Next message: by 28 Jan 06:30 UTC (15:30 in Tokyo)" in text_at(messages, "01-27 16:00")
    assert "Next message: by 27 Jan 21:00 UTC (16:00 in New York)" in text_at(messages, "01-27 18:00")


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        (7108.0, "JPY", "¥7,108"),
        (2856.5, "JPY", "¥2,856.5"),
        (639.7, "EUR", "€639.70"),
        (54.32, "GBP", "£54.32"),
        (2214.0, "GBp", "2,214.00p"),
        (201500.0, "KRW", "₩201,500"),
        (451.2, "SEK", "451.20 SEK"),
        (1234.5, "USD", "1,234.50"),
        (1234.5, "", "1,234.50"),
        (0.5, "HKD", "HK$0.5000"),
    ],
)
def test_prices_carry_the_sign_of_their_currency_unless_it_is_the_dollar(
    value: float, currency: str, words: str
) -> None:
    assert level(value, currency) == words
