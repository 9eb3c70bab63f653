"""Prices of the night, from an emulated Yahoo through unmodified yfinance: what is a quote and of which session, what
is only last night's, and what happens where Yahoo refuses to tell them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.prices.yahoo import Yahoo
from bot.core.errors import SourceError
from bot.core.model import Quote, QuoteKind
from tests.servers.yahoo import Fault, YahooServer

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    """A moment in New York in 2025."""
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=NEW_YORK).astimezone(UTC)


def closed(server: YahooServer, symbol: str, price: float, day: str, previous: float) -> None:
    """The session of ``day``, over: its close at ``price``."""
    server.set_quote(symbol, price, at(f"{day} 16:00:01"), previous_close=previous, volume=3e8)
    server.set_state(symbol, "POSTPOST")


async def asked(source: Yahoo, now: str, *symbols: str) -> list[Quote]:
    return list((await source.quotes(symbols or ("NVDA",), at(now))).quotes)


@pytest.mark.parametrize(
    ("close_day", "traded", "session"),
    [
        ("01-27", "01-27 21:00", date(2025, 1, 28)),  # before midnight: the date is still that of the session before
        ("01-27", "01-28 02:00", date(2025, 1, 28)),
        ("01-24", "01-26 20:30", date(2025, 1, 27)),  # Sunday
        ("01-17", "01-20 23:00", date(2025, 1, 21)),  # the evening of a holiday
        ("03-07", "03-09 20:30", date(2025, 3, 10)),  # the clocks went forward
        ("10-31", "11-02 20:30", date(2025, 11, 3)),  # and back
    ],
)
@pytest.mark.parametrize("state", ["OVERNIGHT", "PREPRE", "POSTPOST"])
@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_night_price_is_measured_against_the_close_just_over(
    server: YahooServer, source: Yahoo, close_day: str, traded: str, session: date, state: str, wrapped: bool
) -> None:
    closed(server, "NVDA", 142.62, close_day, 147.22)
    server.set_quote("NVDA", 131.0, at(traded), phase="overnight")
    server.set_state("NVDA", state)
    if wrapped:
        stamp = int(at(traded).timestamp())
        server.set_fields("NVDA", overnightMarketPrice={"raw": 131.0}, overnightMarketTime={"raw": stamp})
    quotes = await asked(source, traded)
    assert [(q.kind, q.price, q.previous_close) for q in quotes] == [
        (QuoteKind.CLOSE, 142.62, 147.22),
        (QuoteKind.TRADE, 131.0, 142.62),
    ]
    assert quotes[-1].at == at(traded)
    assert quotes[-1].volume is None  # what Yahoo states is that of the session before
    assert source._table("XNAS").current(quotes[-1].at).date == session  # type: ignore[union-attr]
    assert all(r.query["overnightPrice"] == "true" for r in server.requests if r.endpoint == "quote")


async def test_what_came_before_the_night_is_told_once(server: YahooServer, source: Yahoo) -> None:
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    server.set_quote("NVDA", 140.0, at("01-27 19:59"), phase="post")
    server.set_quote("NVDA", 131.0, at("01-27 21:00"), phase="overnight")
    first = await asked(source, "01-27 21:00")
    assert [(q.price, q.previous_close) for q in first] == [(142.62, 147.22), (140.0, 147.22), (131.0, 142.62)]
    server.set_quote("NVDA", 130.0, at("01-27 21:01"), phase="overnight")
    assert [q.price for q in await asked(source, "01-27 21:01")] == [130.0]


@pytest.mark.parametrize("phase", ["pre", "regular", "post"])
async def test_last_nights_price_is_not_the_quote_by_day(server: YahooServer, source: Yahoo, phase: str) -> None:
    traded = {"pre": "01-28 05:00", "regular": "01-28 11:00", "post": "01-28 17:00"}[phase]
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    server.set_quote("NVDA", 131.0, at("01-28 03:58"), phase="overnight")
    if phase == "post":
        server.set_quote("NVDA", 139.0, at("01-28 16:00:01"), previous_close=142.62)
    server.set_quote("NVDA", 138.0, at(traded), phase=phase, previous_close=None if phase == "pre" else 142.62)
    newest = (await asked(source, traded))[-1]
    assert (newest.price, newest.at, newest.previous_close) == (138.0, at(traded), 142.62)


async def test_a_stale_night_price_leaves_the_regular_one(server: YahooServer, source: Yahoo) -> None:
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    server.set_quote("NVDA", 150.0, at("01-27 03:30"), phase="overnight")
    (quote,) = await asked(source, "01-27 22:00")
    assert (quote.price, quote.kind, quote.previous_close) == (142.62, QuoteKind.CLOSE, 147.22)


@pytest.mark.parametrize(
    ("closed_on", "traded"),
    [
        ("01-17", "01-19 22:00"),  # Sunday evening, before a holiday
        ("01-24", "01-24 22:00"),  # Friday evening
        ("01-27", "01-28 04:00:01"),  # when the night is over
    ],
)
async def test_a_print_where_there_is_no_night_is_none(
    server: YahooServer, source: Yahoo, closed_on: str, traded: str
) -> None:
    closed(server, "NVDA", 142.62, closed_on, 147.22)
    server.set_quote("NVDA", 100.0, at(traded), phase="overnight")
    assert [quote.price for quote in await asked(source, traded)] == [142.62]


@pytest.mark.parametrize(
    "fields",
    [
        {"overnightMarketPrice": None},
        {"overnightMarketTime": None},
        {"overnightMarketTime": "soon"},
        {"overnightMarketPrice": {"fmt": "131"}},
        {"overnightMarketPrice": []},
        {"overnightMarketTime": 1e300},
    ],
)
async def test_a_night_price_that_cannot_be_read_harms_nothing(
    server: YahooServer, source: Yahoo, fields: dict[str, object]
) -> None:
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    server.set_quote("NVDA", 131.0, at("01-27 21:00"), phase="overnight")
    server.set_fields("NVDA", **fields)
    (quote,) = await asked(source, "01-27 21:00")
    assert (quote.price, quote.kind) == (142.62, QuoteKind.CLOSE)


async def test_most_symbols_have_none(server: YahooServer, source: Yahoo) -> None:
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    closed(server, "CRM", 347.10, "01-27", 333.0)
    server.set_quote("NVDA", 131.0, at("01-27 21:00"), phase="overnight")
    quotes = await asked(source, "01-27 21:00", "NVDA", "CRM")
    assert [(q.symbol, q.price) for q in quotes] == [("NVDA", 142.62), ("NVDA", 131.0), ("CRM", 347.10)]


async def test_a_refused_flag_is_left_out_told_once_and_asked_for_again_hours_later(
    server: YahooServer, make: Callable[..., Yahoo], caplog: pytest.LogCaptureFixture
) -> None:
    passed = 0.0
    source = make(monotonic=lambda: passed)
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    server.set_quote("NVDA", 131.0, at("01-27 21:00"), phase="overnight")
    server.refuses_nights = True
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert [q.price for q in await asked(source, "01-27 21:00")] == [142.62]
            passed += 30
    told = [r.getMessage() for r in caplog.records if "night" in r.getMessage()]
    assert len(told) == 1
    assert told[0].startswith("Yahoo answered 400 for quotes")
    flags = [r.query.get("overnightPrice") for r in server.requests if r.endpoint == "quote"]
    assert flags.count("true") <= 2, "yfinance asks twice, with another cookie"
    assert flags[-3:] == [None] * 3
    server.refuses_nights = False
    passed += timedelta(hours=7).total_seconds()
    assert [q.price for q in await asked(source, "01-27 21:00")][-1] == 131.0


async def test_another_mistake_is_not_blamed_on_the_night(server: YahooServer, source: Yahoo) -> None:
    closed(server, "NVDA", 142.62, "01-27", 147.22)
    server.set_quote("NVDA", 131.0, at("01-27 21:00"), phase="overnight")
    server.fault("quote", Fault.SERVER_ERROR, times=2)
    server.fault("chart", Fault.SERVER_ERROR)
    with pytest.raises(SourceError):
        await asked(source, "01-27 21:00")
    assert (await asked(source, "01-27 21:01"))[-1].price == 131.0


async def test_a_split_of_the_next_session_is_looked_for_at_night(server: YahooServer, source: Yahoo) -> None:
    """The night before trades on the new basis, while the stated close is on the old one."""
    closed(server, "NVDA", 1200.0, "01-27", 1190.0)
    server.set_quote("NVDA", 121.0, at("01-27 21:00"), phase="overnight")
    server.set_history("NVDA", [(date(2025, 1, 24), 119.0), (date(2025, 1, 27), 120.0)], {date(2025, 1, 28): 10.0})
    poll = await source.quotes(["NVDA"], at("01-27 21:00"))
    assert [(s.session, s.ratio) for s in poll.splits] == [(date(2025, 1, 28), 10.0)]
    assert [(q.price, q.previous_close) for q in poll.quotes] == [(1200.0, 1190.0), (121.0, 120.0)]
