"""The earnings calendar, from an emulated Yahoo through yfinance's own ``Calendars``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.adapters.prices.yahoo import Yahoo
from bot.core.errors import SourceError
from bot.core.model import EarningsDate, ReportTime
from tests.servers.yahoo import Fault, YahooServer

NOW = datetime(2025, 1, 20, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2025, 1, 15), date(2025, 2, 24)


async def asked(source: Yahoo, *symbols: str) -> list[tuple[str, str, str]]:
    dates = await source.earnings(symbols, FIRST, LAST, NOW)
    assert all(told.seen_at == NOW and told.source == "yahoo" for told in dates)
    return [(told.symbol, told.date.isoformat(), told.when.value) for told in dates]


async def test_dates_come_with_the_time_of_day(server: YahooServer, source: Yahoo) -> None:
    server.set_quote("NOW", 1100.0, NOW)
    server.set_earnings(
        ("NOW", "2025-01-29T21:00:00.000Z", "AMC"),
        ("GEV", "2025-01-22T11:30:00.000Z", "BMO"),
        ("IBM", "2025-01-29T21:10:00.000Z", "TAS"),
        ("GLW", "2025-01-29T13:00:00.000Z", "TAS"),
        ("MU", "2025-01-30T05:00:00.000Z", "TNS"),
        ("KO", "2025-02-11T11:55:00.000Z", "BMO"),
    )
    assert await asked(source, "NOW", "GEV", "IBM", "GLW", "MU", "V") == [
        ("GEV", "2025-01-22", "before"),
        ("GLW", "2025-01-29", "before"),
        ("IBM", "2025-01-29", "after"),
        ("MU", "2025-01-30", "unknown"),
        ("NOW", "2025-01-29", "after"),
    ]


async def test_of_an_estimate_beside_a_confirmed_date_the_confirmed_one_counts(
    server: YahooServer, source: Yahoo
) -> None:
    server.set_earnings(
        ("NOW", "2025-01-22T05:00:00.000Z", "TNS"),
        ("NOW", "2025-01-29T21:00:00.000Z", "AMC"),
        ("GEV", "2025-01-22T05:00:00.000Z", "TNS"),
        ("GEV", "2025-01-24T05:00:00.000Z", "TNS"),
    )
    assert await asked(source, "NOW", "GEV") == [("GEV", "2025-01-22", "unknown"), ("NOW", "2025-01-29", "after")]


async def test_dates_beyond_the_days_asked_are_left_out(server: YahooServer, source: Yahoo) -> None:
    server.set_earnings(("NOW", "2025-02-25T21:00:00.000Z", "AMC"), ("GEV", "2025-02-24T21:00:00.000Z", "AMC"))
    assert await asked(source, "NOW", "GEV") == [("GEV", "2025-02-24", "after")]


async def test_more_symbols_than_one_answer_holds(server: YahooServer, source: Yahoo) -> None:
    symbols = [f"S{n}" for n in range(450)]
    server.set_earnings(*((s, "2025-01-29T21:00:00.000Z", "AMC") for s in symbols))
    assert sorted(symbol for symbol, _, _ in await asked(source, *symbols)) == sorted(symbols)
    assert server.count("calendar") == 7  # 200 and 200 symbols in three pages each, the last of them empty; 50 in one


async def test_nothing_listed_is_nothing_known(server: YahooServer, source: Yahoo) -> None:
    assert await asked(source, "NOW") == []
    assert await source.earnings([], FIRST, LAST, NOW) == []


@pytest.mark.parametrize(
    "fault", [Fault.SERVER_ERROR, Fault.EMPTY, Fault.HTML, Fault.MALFORMED, Fault.NO_RESULTS, Fault.DROPPED]
)
async def test_an_answer_that_is_none_is_named(server: YahooServer, source: Yahoo, fault: Fault) -> None:
    server.fault("calendar", fault)
    with pytest.raises(SourceError, match="earnings calendar"):
        await source.earnings(["NOW"], FIRST, LAST, NOW)
    server.heal()
    server.set_earnings(("NOW", "2025-01-29T21:00:00.000Z", "AMC"))
    assert await source.earnings(["NOW"], FIRST, LAST, NOW) == [
        EarningsDate("NOW", date(2025, 1, 29), NOW, ReportTime.AFTER, "yahoo")
    ]


async def test_a_limit_says_when_to_ask_again(server: YahooServer, source: Yahoo) -> None:
    server.fault("calendar", Fault.RATE_LIMITED, retry_after=77)
    with pytest.raises(SourceError) as raised:
        await source.earnings(["NOW"], FIRST, LAST, NOW)
    assert raised.value.retry_after == timedelta(seconds=77)
