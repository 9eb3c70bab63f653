"""Quotes, from an emulated Yahoo through unmodified yfinance: what is read, and what happens when it misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.prices.yahoo import Yahoo
from bot.core.errors import SourceError
from bot.core.model import Absence, PricePoll, Quote, QuoteKind
from bot.core.prices.admission import refusal
from tests.prices.conftest import timetable
from tests.servers.yahoo import Fault, YahooServer
from tests.waiting import allowed

OPEN = datetime(2025, 1, 27, 14, 30, tzinfo=UTC)
NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)


def regular(server: YahooServer, symbol: str = "NVDA", price: float = 124.8, previous: float = 142.62) -> None:
    server.set_quote(symbol, price, NOON - timedelta(seconds=3), previous_close=previous, volume=3e8)


async def one(source: Yahoo, symbol: str = "NVDA", now: datetime = NOON) -> Quote:
    (quote,) = (await source.quotes([symbol], now)).quotes
    return quote


async def test_a_quote_carries_everything_the_engine_needs(server: YahooServer, source: Yahoo) -> None:
    regular(server)
    assert await one(source) == Quote(
        symbol="NVDA",
        price=124.8,
        at=NOON - timedelta(seconds=3),
        seen_at=NOON,
        previous_close=142.62,
        volume=3e8,
        currency="USD",
        source="yahoo",
    )


async def test_two_hundred_symbols_are_one_request_and_more_are_two(server: YahooServer, source: Yahoo) -> None:
    symbols = [f"S{i}" for i in range(230)]
    for i, symbol in enumerate(symbols):
        regular(server, symbol, 100.0 + i, 101.0 + i)
    assert len((await source.quotes(symbols[:200], NOON)).quotes) == 200
    assert server.count("quote") == 1
    quotes = (await source.quotes(symbols, NOON)).quotes
    assert [(q.symbol, q.price) for q in quotes] == [(s, 100.0 + i) for i, s in enumerate(symbols)]
    assert server.count("quote") == 3


async def test_the_cookie_and_the_crumb_are_asked_for_once(server: YahooServer, source: Yahoo) -> None:
    regular(server)
    for _ in range(3):
        await one(source)
    assert (server.count("cookie"), server.count("crumb"), server.count("quote")) == (1, 1, 3)


async def test_half_the_symbols_missing_leaves_the_other_half(server: YahooServer, source: Yahoo) -> None:
    for i in range(0, 10, 2):
        regular(server, f"S{i}")
    quotes = (await source.quotes([f"S{i}" for i in range(10)], NOON)).quotes
    assert [q.symbol for q in quotes] == ["S0", "S2", "S4", "S6", "S8"]


async def test_nothing_asked_is_nothing_sent(server: YahooServer, source: Yahoo) -> None:
    assert await source.quotes([], NOON) == PricePoll(())
    assert server.requests == []


async def test_a_symbol_keeps_the_spelling_it_was_asked_by(server: YahooServer, source: Yahoo) -> None:
    regular(server, "NVDA")
    server.set_fields("NVDA", symbol="nvda")
    assert (await one(source)).symbol == "NVDA"


async def test_pence_stay_pence(server: YahooServer, source: Yahoo) -> None:
    server.set_quote("REL.L", 3999.0, NOON - timedelta(minutes=55), previous_close=4011.0)
    quote = await one(source, "REL.L")
    assert (quote.price, quote.currency) == (3999.0, "GBp")


async def test_what_is_nonsense_is_handed_on_and_the_core_refuses_it(server: YahooServer, source: Yahoo) -> None:
    cases: dict[str, tuple[float, datetime, str | None]] = {
        "FINE": (100.0, NOON, None),
        "NOTANUMBER": (math.nan, NOON, "not a number"),
        "ENDLESS": (math.inf, NOON, "not a number"),
        "ZERO": (0.0, NOON, "zero or negative"),
        "NEGATIVE": (-3.0, NOON, "zero or negative"),
        "FUTURE": (100.0, NOON + timedelta(hours=1), "future-dated"),
        "STALE": (100.0, NOON - timedelta(days=30), "stale-dated"),
        "ABSURD": (1e9, NOON, "absurd"),
    }
    for symbol, (price, at, _) in cases.items():
        server.set_quote(symbol, price, at, previous_close=100.0)
        server.set_history(symbol, [(date(2025, 1, 24), 100.0)])
    quotes = (await source.quotes(list(cases), NOON)).quotes
    session = timetable("XNAS").current(NOON)
    found = {q.symbol: refusal(q, now=NOON, last=None, session=session) for q in quotes}
    assert found == {symbol: why for symbol, (_, _, why) in cases.items()}


@pytest.mark.parametrize(
    "break_it",
    [
        lambda s: s.set_fields("BAD", regularMarketPrice=None),
        lambda s: s.set_fields("BAD", regularMarketTime=None),
        lambda s: s.set_fields("BAD", regularMarketTime="soon"),
        lambda s: s.set_fields("BAD", regularMarketTime=1e300),
        lambda s: s.set_fields("BAD", regularMarketTime=math.nan),
        lambda s: s.set_fields("BAD", regularMarketPrice=[1]),
        lambda s: s.set_fields("BAD", regularMarketPrice="n/a"),
        lambda s: s.set_fields("BAD", symbol=None),
        lambda s: s.leave_out("BAD", "regularMarketPrice"),
        lambda s: s.leave_out("BAD", "symbol"),
    ],
)
async def test_a_quote_without_a_price_or_a_time_is_missing_and_harms_no_other(
    server: YahooServer, source: Yahoo, break_it: Callable[[YahooServer], None]
) -> None:
    regular(server, "BAD")
    regular(server, "GOOD")
    break_it(server)
    assert [q.symbol for q in (await source.quotes(["BAD", "GOOD"], NOON)).quotes] == ["GOOD"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"regularMarketPreviousClose": math.nan}, (None, 3e8, "USD")),
        ({"regularMarketPreviousClose": 0}, (None, 3e8, "USD")),
        ({"regularMarketPreviousClose": -1}, (None, 3e8, "USD")),
        ({"regularMarketPreviousClose": None}, (None, 3e8, "USD")),
        ({"regularMarketVolume": None}, (142.62, None, "USD")),
        ({"regularMarketVolume": "many"}, (142.62, None, "USD")),
        ({"currency": None}, (142.62, 3e8, "")),
        ({"exchange": None}, (142.62, 3e8, "USD")),
        ({"exchange": "MOON", "exchangeTimezoneName": "Moon/Tranquility"}, (142.62, 3e8, "USD")),
        ({"exchangeTimezoneName": None, "gmtOffSetMilliseconds": None}, (142.62, 3e8, "USD")),
        ({"marketState": None, "exchangeDataDelayedBy": "long"}, (142.62, 3e8, "USD")),
        ({"regularMarketPrice": {"raw": 124.8, "fmt": "124.80"}}, (142.62, 3e8, "USD")),
        ({"regularMarketPrice": "124.8"}, (142.62, 3e8, "USD")),
    ],
)
async def test_other_fields_may_be_missing_or_wrong_and_the_price_still_counts(
    server: YahooServer, source: Yahoo, fields: dict[str, object], expected: tuple[object, ...]
) -> None:
    regular(server)
    server.set_fields("NVDA", **fields)
    quote = await one(source)
    assert quote.price == 124.8
    assert (quote.previous_close, quote.volume, quote.currency) == expected


# ------------------------------------------------------------------------------------------------------- misbehaviour


async def test_an_expired_crumb_is_fetched_anew_without_anyone_noticing(server: YahooServer, source: Yahoo) -> None:
    regular(server)
    await one(source)
    server.expire_crumb()
    assert (await one(source)).price == 124.8
    server.expire_crumb()  # the second renewal goes by yfinance's other cookie strategy
    poll = await source.quotes(["NVDA"], NOON)
    assert ([q.price for q in poll.quotes], poll.note) == ([124.8], "")


@pytest.mark.parametrize(("header", "wait"), [(None, 60), (7, 7), (0, 1), (10**9, 3600), ("nonsense", 60)])
async def test_too_many_requests_says_how_long_to_wait_and_nothing_is_sent_before_that(
    server: YahooServer, make: Callable[..., Yahoo], header: int | str | None, wait: int
) -> None:
    seconds = 0.0
    source = make(monotonic=lambda: seconds)
    regular(server)
    server.set_history("NVDA", [(date(2025, 1, 24), 142.62)])
    server.fault("quote", Fault.RATE_LIMITED, retry_after=header)
    with pytest.raises(SourceError, match="rate-limited by Yahoo") as caught:
        await source.quotes(["NVDA"], NOON)
    assert caught.value.retry_after == timedelta(seconds=wait)
    assert not caught.value.permanent
    server.heal()
    sent = len(server.requests)
    seconds = wait - 0.5
    for asked in (
        source.quotes(["NVDA"], NOON),
        source.history(["NVDA"], date(2025, 1, 24), NOON),
        source.describe(["NVDA"]),
        source.earnings(["NVDA"], date(2025, 1, 24), date(2025, 1, 31), NOON),
    ):
        with pytest.raises(SourceError, match="not asked again for another 1 s") as caught:
            await asked
        assert caught.value.retry_after == timedelta(seconds=0.5)
    assert len(server.requests) == sent
    seconds = wait
    assert (await one(source)).price == 124.8


async def test_a_limit_on_charts_does_not_stop_quotes(server: YahooServer, source: Yahoo) -> None:
    regular(server)
    regular(server, price=140.0)  # near its close: no chart is needed
    server.fault("chart", Fault.RATE_LIMITED, retry_after=3600)
    with pytest.raises(SourceError, match="rate-limited"):
        await source.history(["NVDA"], date(2025, 1, 24), NOON)
    assert [q.symbol for q in (await source.quotes(["NVDA"], NOON)).quotes] == ["NVDA"]


async def test_a_limit_met_on_the_way_to_the_crumb_is_a_limit_too(server: YahooServer, source: Yahoo) -> None:
    regular(server)
    server.fault("crumb", Fault.RATE_LIMITED, retry_after=9)
    with pytest.raises(SourceError, match="rate-limited by Yahoo") as caught:
        await source.quotes(["NVDA"], NOON)
    assert caught.value.retry_after == timedelta(seconds=9)


async def test_a_limit_in_the_second_batch_keeps_the_first_and_says_so(server: YahooServer, source: Yahoo) -> None:
    symbols = [f"S{i}" for i in range(250)]
    for symbol in symbols:
        regular(server, symbol)
    server.fault("quote", Fault.RATE_LIMITED, symbols=["S249"], retry_after=3600)
    poll = await source.quotes(symbols, NOON)
    assert len(poll.quotes) == 200
    assert {m.why for m in poll.missing.values()} == {Absence.NOT_ANSWERED}
    assert set(poll.missing) == set(symbols[200:])
    assert poll.retry_after == timedelta(hours=1)
    assert "50 of 250 symbols skipped" in poll.note


@pytest.mark.parametrize(
    "fault",
    [
        Fault.UNAUTHORIZED,
        Fault.FORBIDDEN,
        Fault.NOT_FOUND,
        Fault.SERVER_ERROR,
        Fault.EMPTY,
        Fault.NULL_RESULT,
        Fault.MALFORMED,
        Fault.HTML,
        Fault.DROPPED,
    ],
)
async def test_when_the_quote_endpoint_fails_prices_come_from_charts_and_the_note_says_so(
    server: YahooServer, source: Yahoo, fault: Fault
) -> None:
    regular(server)
    regular(server, "AMD", 115.0, 122.84)
    server.set_history("NVDA", [(date(2025, 1, 24), 142.62)])
    server.fault("quote", fault)
    poll = await source.quotes(["NVDA", "AMD", "UNKNOWN"], NOON)
    quotes = poll.quotes
    assert [(q.symbol, q.price, q.previous_close, q.source) for q in quotes] == [
        ("NVDA", 124.8, 142.62, "yahoo charts"),
        ("AMD", 115.0, 122.84, "yahoo charts"),
    ]
    assert quotes[0].at == NOON - timedelta(seconds=3)
    assert "2 of 3 symbols are from charts" in poll.note
    assert {s: m.why for s, m in poll.missing.items()} == {"UNKNOWN": Absence.UNKNOWN}
    assert poll.retry_after is None
    server.heal()
    poll = await source.quotes(["NVDA"], NOON + timedelta(seconds=15))
    assert [q.source for q in poll.quotes] == ["yahoo"]
    assert (poll.note, poll.missing) == ("", {})


async def test_why_each_symbol_is_missing(server: YahooServer, make: Callable[..., Yahoo]) -> None:
    source = make(batch=2)
    for symbol in ("A", "B", "C", "D", "GONE"):
        regular(server, symbol)
    await source.quotes(["A", "GONE"], NOON)
    server.remove("GONE")
    server.leave_out("B", "regularMarketTime")
    poll = await source.quotes(["A", "B", "GONE", "NOBODY"], NOON)
    assert [q.symbol for q in poll.quotes] == ["A"]
    assert {s: m.why for s, m in poll.missing.items()} == {
        "B": Absence.NOT_ANSWERED,
        "GONE": Absence.NOT_ANSWERED,  # known before: Yahoo leaves symbols out now and then
        "NOBODY": Absence.UNKNOWN,
    }
    server.fault("quote", Fault.SERVER_ERROR, symbols=["C"])
    server.fault("chart", Fault.DROPPED)
    poll = await source.quotes(["A", "NOBODY", "C", "D"], NOON)
    assert [q.symbol for q in poll.quotes] == ["A"]
    assert {s: m.why for s, m in poll.missing.items()} == {
        "NOBODY": Absence.UNKNOWN,
        "C": Absence.NOT_ANSWERED,
        "D": Absence.NOT_ANSWERED,
    }


async def test_what_was_not_asked_for_is_not_called_unanswered(server: YahooServer, make: Callable[..., Yahoo]) -> None:
    source = make(batch=1)
    symbols = [f"S{i}" for i in range(12)]
    for symbol in symbols:
        regular(server, symbol)
    server.fault("quote", Fault.RATE_LIMITED, symbols=["S5"], retry_after=3600)
    poll = await source.quotes(symbols, NOON)
    asked = {s for r in server.requests if r.endpoint == "quote" for s in r.query["symbols"].split(",")}
    assert {s for s, m in poll.missing.items() if m.why is Absence.NOT_ASKED} == set(symbols) - asked
    assert poll.missing["S5"].why is Absence.NOT_ANSWERED
    assert {q.symbol for q in poll.quotes} == asked - {"S5"}
    assert len(asked) < 12


async def wait_asked_for(source: Yahoo, now: datetime) -> timedelta | None:
    """The wait before the next poll that a poll asks for, whether it fails or not."""
    try:
        return (await source.quotes(["NVDA"], now)).retry_after
    except SourceError as error:
        return error.retry_after


FAULTS = [f for f in Fault if f not in (Fault.RATE_LIMITED, Fault.SLOW, Fault.STRANGE_COOKIE)]


@pytest.mark.parametrize("endpoints", [("quote",), ("quote", "chart", "crumb", "cookie")])
@pytest.mark.parametrize("fault", FAULTS)
async def test_after_any_fault_the_second_poll_of_quotes_has_prices_again(
    server: YahooServer, source: Yahoo, fault: Fault, endpoints: Sequence[str]
) -> None:
    """At most two polls: the second may be needed for a new crumb."""
    regular(server)
    server.set_history("NVDA", [(date(2025, 1, 24), 142.62)])
    await one(source)
    for endpoint in endpoints:
        server.fault(endpoint, fault)
    now = NOON
    for _ in range(3):
        now += timedelta(seconds=15)
        assert await wait_asked_for(source, now) is None
    server.heal()
    prices = []
    for _ in range(2):
        now += timedelta(seconds=15)
        with contextlib.suppress(SourceError):
            prices += [q.price for q in (await source.quotes(["NVDA"], now)).quotes]
    assert 124.8 in prices


async def test_charts_tell_pre_and_post_prices_as_quotes_do(server: YahooServer, source: Yahoo) -> None:
    server.set_quote("NVDA", 142.62, datetime(2025, 1, 24, 21, 0, tzinfo=UTC), previous_close=147.22)
    server.set_quote("NVDA", 124.8, datetime(2025, 1, 27, 12, 0, tzinfo=UTC), phase="pre")
    server.fault("quote", Fault.SERVER_ERROR)
    quote = await one(source, now=datetime(2025, 1, 27, 12, 0, 10, tzinfo=UTC))
    assert (quote.price, quote.previous_close, quote.at.hour) == (124.8, 142.62, 12)


async def test_charts_are_read_once_a_minute_and_do_not_delay_the_next_request_for_quotes(
    server: YahooServer, source: Yahoo
) -> None:
    regular(server)
    server.fault("quote", Fault.SERVER_ERROR)
    await source.quotes(["NVDA"], NOON)
    charts = server.count("chart")
    with pytest.raises(SourceError, match="charts are read at most every 60 s") as caught:
        await source.quotes(["NVDA"], NOON + timedelta(seconds=15))
    assert caught.value.retry_after is None
    assert server.count("chart") == charts
    assert (await source.quotes(["NVDA"], NOON + timedelta(seconds=60))).quotes


async def test_an_empty_answer_where_there_were_prices_is_a_failure_and_charts_stand_in(
    server: YahooServer, source: Yahoo
) -> None:
    regular(server)
    server.fault("quote", Fault.NO_RESULTS, times=1)
    assert (await source.quotes(["NVDA"], NOON)).quotes == []  # perhaps nobody knows the symbol
    await one(source)
    server.fault("quote", Fault.NO_RESULTS)
    assert (await one(source)).source == "yahoo charts"


async def test_when_charts_fail_as_well_both_errors_are_told(server: YahooServer, source: Yahoo) -> None:
    for i in range(40):
        regular(server, f"S{i}")
    server.fault("quote", Fault.SERVER_ERROR)
    server.fault("chart", Fault.DROPPED)
    with pytest.raises(SourceError, match=r"answered 500 for quotes; charts fail too: Yahoo is unreachable") as found:
        await source.quotes([f"S{i}" for i in range(40)], NOON)
    assert found.value.status == 500
    assert server.count("chart") < 40  # a dead server is not asked forty times


async def test_a_slow_answer_ends_with_the_time_out_and_holds_up_nobody(
    server: YahooServer, make: Callable[..., Yahoo]
) -> None:
    source = make(request_timeout=timedelta(seconds=0.4), call_timeout=timedelta(seconds=0.8))
    regular(server)
    await one(source)
    server.fault("quote", Fault.SLOW, seconds=20)
    server.fault("chart", Fault.SLOW, seconds=20)
    began = time.monotonic()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.02)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(SourceError, match="timed out"):
        await source.quotes(["NVDA"], NOON)
    ticking.cancel()
    assert time.monotonic() - began < allowed(5)
    assert ticks > 3
    server.heal()


async def test_a_call_of_many_requests_ends_within_its_own_time(
    server: YahooServer, make: Callable[..., Yahoo]
) -> None:
    source = make(request_timeout=timedelta(seconds=0.5), call_timeout=timedelta(seconds=0.7))
    for endpoint in ("cookie", "crumb", "quote", "chart"):
        server.fault(endpoint, Fault.SLOW, seconds=20)
    began = time.monotonic()
    with pytest.raises(SourceError, match="timed out"):
        await source.quotes(["NVDA"], NOON)
    assert time.monotonic() - began < allowed(4)  # one call for the quotes, one for the chart; not seven time-outs each
    server.heal()


async def test_a_cookie_of_another_name_does_not_lock_us_out_for_ever(
    server: YahooServer, make: Callable[..., Yahoo]
) -> None:
    regular(server)
    server.fault("cookie", Fault.STRANGE_COOKIE)
    first = make()
    assert (await one(first)).price == 124.8
    second = make()  # finds the cookie in the cache on disk, as the next start of the program would
    assert (await one(second)).price == 124.8
    server.expire_crumb()
    assert (await one(second)).price == 124.8


async def test_an_unwritable_cache_folder_is_no_hindrance(
    server: YahooServer, make: Callable[..., Yahoo], tmp_path: Path
) -> None:
    regular(server)
    (tmp_path / "file").write_text("not a folder")
    assert (await one(make(cache=tmp_path / "file"))).price == 124.8


async def test_when_nobody_listens_the_error_says_so(
    server: YahooServer, source: Yahoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(SourceError, match="unreachable") as found:
        await source.quotes(["NVDA"], NOON)
    assert found.value.status is None


async def test_listings_name_exchange_and_currency(server: YahooServer, source: Yahoo) -> None:
    server.set_quote("SPY", 601.0, NOON, exchange="PCX", name="SPDR S&P 500")
    server.set_quote("SU.PA", 240.0, NOON, name="Schneider Electric S.E.")
    server.set_quote("BTC-USD", 1e5, NOON, exchange="CCC")
    server.set_fields("BTC-USD", longName=None, shortName="")
    found = await source.describe(["SPY", "SU.PA", "BTC-USD", "UNKNOWN"])
    assert {s: (x.name, x.exchange, x.currency) for s, x in found.items()} == {
        "SPY": ("SPDR S&P 500", "ARCX", "USD"),
        "SU.PA": ("Schneider Electric S.E.", "XPAR", "EUR"),
        "BTC-USD": ("BTC-USD", "", "USD"),
    }


async def test_the_official_close_is_told_once_while_post_trading_goes_on(server: YahooServer, source: Yahoo) -> None:
    closed = datetime(2025, 1, 27, 21, 0, 1, tzinfo=UTC)
    server.set_quote("NVDA", 118.42, closed, previous_close=142.62, volume=8e8)
    server.set_quote("NVDA", 119.0, closed + timedelta(minutes=9), phase="post")
    now = closed + timedelta(minutes=10)
    quotes = (await source.quotes(["NVDA"], now)).quotes
    assert [(q.kind, q.price, q.previous_close) for q in quotes] == [
        (QuoteKind.CLOSE, 118.42, 142.62),
        (QuoteKind.TRADE, 119.0, 142.62),
    ]
    again = (await source.quotes(["NVDA"], now + timedelta(seconds=15))).quotes
    assert [q.kind for q in again] == [QuoteKind.TRADE]
