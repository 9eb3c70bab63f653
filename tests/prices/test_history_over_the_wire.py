"""Daily history, from an emulated Yahoo through yfinance's own ``history``."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.adapters.prices.yahoo import Yahoo
from bot.core.errors import SourceError, UsageError
from bot.core.model import Absence, DailyBar, HistoryPoll, Split
from bot.core.prices.sessions import Timetable
from tests.servers.yahoo import Fault, YahooServer
from tests.servers.yahoo_market import ServedBar

NOW = datetime(2025, 1, 28, 12, 0, tzinfo=UTC)
WEEK = [
    (date(2025, 1, 21), 140.83),
    (date(2025, 1, 22), 147.07),
    (date(2025, 1, 23), 147.22),
    (date(2025, 1, 24), 142.62),
    (date(2025, 1, 27), 118.42),
]


async def closes(source: Yahoo, symbol: str, first: date, now: datetime) -> list[tuple[date, float]]:
    bars = (await source.history([symbol], first, now)).bars
    return [(b.session, b.close) for b in bars]


async def test_bars_come_whole_and_oldest_first(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", [*WEEK[:4], ServedBar(date(2025, 1, 27), 118.42, 124.80, 128.40, 116.70, 818_830_900)])
    poll = await source.history(["NVDA"], date(2025, 1, 24), NOW)
    bars, splits = poll.bars, poll.splits
    assert bars == [
        DailyBar("NVDA", date(2025, 1, 24), 142.62, NOW, 142.62, 142.62, 142.62, 1e6, "yahoo"),
        DailyBar("NVDA", date(2025, 1, 27), 118.42, NOW, 124.80, 128.40, 116.70, 818_830_900.0, "yahoo"),
    ]
    assert splits == []
    assert poll.note == ""


async def test_widened_single_precision_prices_come_out_as_people_wrote_them(
    server: YahooServer, source: Yahoo
) -> None:
    server.set_history("NVDA", [(date(2025, 1, 24), 142.6199951171875), (date(2025, 1, 27), 0.03828125)])
    assert await closes(source, "NVDA", date(2025, 1, 24), NOW) == [
        (date(2025, 1, 24), 142.62),
        (date(2025, 1, 27), 0.03828125),
    ]


async def test_closes_are_not_adjusted_for_dividends(server: YahooServer, source: Yahoo) -> None:
    server.set_history("T", [ServedBar(date(2025, 1, 24), 22.5, adjusted=21.9), (date(2025, 1, 27), 22.7)])
    assert (await closes(source, "T", date(2025, 1, 24), NOW))[0] == (date(2025, 1, 24), 22.5)


async def test_after_a_split_every_close_is_per_new_share_and_the_split_is_told(
    server: YahooServer, source: Yahoo
) -> None:
    bars = [(date(2024, 6, 6), 121.0), (date(2024, 6, 7), 120.888), (date(2024, 6, 10), 121.79)]
    server.set_history("NVDA", bars, {date(2024, 6, 10): 10.0})
    now = datetime(2024, 6, 11, 12, 0, tzinfo=UTC)
    poll = await source.history(["NVDA"], date(2024, 6, 6), now)
    found, splits = poll.bars, poll.splits
    assert [(b.session, b.close) for b in found] == bars
    assert splits == [Split("NVDA", date(2024, 6, 10), 10.0, now)]


async def test_a_split_of_a_session_that_has_no_bar_yet_is_told_and_makes_no_bar(
    server: YahooServer, source: Yahoo
) -> None:
    server.set_history("NVDA", [(date(2024, 6, 6), 121.0), (date(2024, 6, 7), 120.888)], {date(2024, 6, 10): 10.0})
    now = datetime(2024, 6, 10, 12, 0, tzinfo=UTC)  # in the pre phase of the split's session
    poll = await source.history(["NVDA"], date(2024, 6, 6), now)
    found, splits = poll.bars, poll.splits
    assert [b.session for b in found] == [date(2024, 6, 6), date(2024, 6, 7)]
    assert splits == [Split("NVDA", date(2024, 6, 10), 10.0, now)]


async def test_a_reverse_split_has_a_ratio_below_one(server: YahooServer, source: Yahoo) -> None:
    server.set_history("TUP", WEEK, {date(2025, 1, 24): 0.05})
    splits = (await source.history(["TUP"], date(2025, 1, 21), NOW)).splits
    assert [(s.session, s.ratio) for s in splits] == [(date(2025, 1, 24), 0.05)]


async def test_quote_and_history_agree_on_the_basis_on_the_morning_of_a_split(
    server: YahooServer, source: Yahoo
) -> None:
    """Yahoo's quote still has Friday's close on the old basis beside a pre price on the new one."""
    server.set_history("NVDA", [(date(2024, 6, 6), 121.0), (date(2024, 6, 7), 120.888)], {date(2024, 6, 10): 10.0})
    server.set_quote("NVDA", 1208.88, datetime(2024, 6, 7, 20, 0, tzinfo=UTC), previous_close=1209.98)
    server.set_quote("NVDA", 121.9, datetime(2024, 6, 10, 8, 30, tzinfo=UTC), phase="pre")
    now = datetime(2024, 6, 10, 8, 30, 5, tzinfo=UTC)
    (quote,) = (await source.quotes(["NVDA"], now)).quotes
    bars = (await source.history(["NVDA"], date(2024, 6, 6), now)).bars
    assert quote.previous_close == bars[-1].close == 120.888
    charts = server.count("chart")
    (quote,) = (await source.quotes(["NVDA"], now + timedelta(hours=1))).quotes
    assert quote.previous_close == 120.888
    assert server.count("chart") == charts  # asked once for the session


async def test_a_special_dividend_is_learned_from_the_chart_and_taken_off_the_previous_close(
    server: YahooServer, source: Yahoo
) -> None:
    """Yahoo's previous close is that of the day before, whatever was paid out since."""
    ex_date = date(2025, 1, 28)
    server.set_history("COST", [(date(2025, 1, 24), 99.0), (date(2025, 1, 27), 100.0)], dividends={ex_date: 12.0})
    server.set_quote("COST", 88.5, datetime(2025, 1, 28, 14, 31, tzinfo=UTC), previous_close=100.0)
    now = datetime(2025, 1, 28, 14, 31, 5, tzinfo=UTC)
    poll = await source.quotes(["COST"], now)
    assert [(q.price, q.previous_close) for q in poll.quotes] == [(88.5, 88.0)]
    assert poll.splits == [Split("COST", ex_date, 100 / 88, now, 12.0)]
    assert poll.splits[0].words == "dividend of 12"
    again = await source.quotes(["COST"], now + timedelta(minutes=1))
    assert ([q.previous_close for q in again.quotes], again.splits) == ([88.0], [])


async def test_large_dividends_come_with_the_history_and_small_ones_do_not(server: YahooServer, source: Yahoo) -> None:
    paid = {date(2025, 1, 22): 0.5, date(2025, 1, 24): 10.0, date(2025, 1, 20): 50.0}
    server.set_history("NVDA", WEEK, dividends=paid)
    poll = await source.history(["NVDA"], date(2025, 1, 21), NOW)
    assert [(s.session, s.cash) for s in poll.splits] == [(date(2025, 1, 24), 10.0)]
    assert poll.splits[0].ratio == pytest.approx(147.22 / 137.22)
    assert {b.session: b.close for b in poll.bars} == dict(WEEK), "closes stay as they were"


async def test_a_doubted_quote_is_held_back_until_a_chart_can_be_had(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", [(date(2025, 1, 24), 142.62)])
    server.set_quote("NVDA", 118.0, NOW, previous_close=142.62)
    server.set_quote("AMD", 115.0, NOW, previous_close=122.84)
    server.fault("chart", Fault.SERVER_ERROR)
    poll = await source.quotes(["NVDA", "AMD"], NOW)
    assert [q.symbol for q in poll.quotes] == ["AMD"]
    assert "possible split, held back until checked against a chart: NVDA" in poll.note
    assert poll.missing["NVDA"].why is Absence.HELD_BACK
    server.heal()
    poll = await source.quotes(["NVDA", "AMD"], NOW)
    assert [q.symbol for q in poll.quotes] == ["NVDA", "AMD"]
    assert (poll.note, poll.missing) == ("", {})


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2025-01-27T14:00", date(2025, 1, 24)),
        ("2025-01-27T20:59", date(2025, 1, 24)),
        ("2025-01-27T21:19", date(2025, 1, 24)),  # the closing auction and the vendor's delay have twenty minutes
        ("2025-01-27T21:20", date(2025, 1, 27)),
        ("2025-01-28T04:00", date(2025, 1, 27)),
    ],
)
async def test_a_session_not_yet_over_has_no_bar(server: YahooServer, source: Yahoo, now: str, last: date) -> None:
    server.set_history("NVDA", WEEK)
    moment = datetime.fromisoformat(f"{now}+00:00")
    assert (await closes(source, "NVDA", date(2025, 1, 21), moment))[-1][0] == last


async def test_the_live_row_of_a_running_session_is_no_bar(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", WEEK[:4])
    now = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
    server.set_quote("NVDA", 120.0, now, previous_close=142.62)
    assert (await closes(source, "NVDA", date(2025, 1, 21), now))[-1] == (date(2025, 1, 24), 142.62)


async def test_a_session_is_over_by_its_own_exchanges_clock(server: YahooServer, source: Yahoo) -> None:
    bars = [(date(2025, 1, 24), 100.0), (date(2025, 1, 27), 99.0), (date(2025, 1, 28), 98.0)]
    for symbol in ("6857.T", "NVDA", "REL.L"):
        server.set_history(symbol, bars)
    now = datetime(2025, 1, 28, 12, 0, tzinfo=UTC)  # Tokyo has closed, London trades, New York has not opened
    found = (await source.history(["6857.T", "NVDA", "REL.L"], date(2025, 1, 27), now)).bars
    last = {b.symbol: b.session for b in found}
    assert last == {"6857.T": date(2025, 1, 28), "NVDA": date(2025, 1, 27), "REL.L": date(2025, 1, 27)}


async def test_a_row_on_a_holiday_is_no_bar(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", [(date(2025, 1, 8), 140.11), (date(2025, 1, 9), 140.11), (date(2025, 1, 10), 135.91)])
    found = await closes(source, "NVDA", date(2025, 1, 8), NOW)
    assert [day for day, _ in found] == [date(2025, 1, 8), date(2025, 1, 10)]


async def test_bars_older_than_the_timetable_are_kept(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", [(date(2022, 12, 30), 14.61), *WEEK])  # the timetable begins in 2023
    assert (await closes(source, "NVDA", date(2022, 12, 1), NOW))[0] == (date(2022, 12, 30), 14.61)


async def test_without_a_timetable_the_present_day_is_unfinished(
    server: YahooServer, make: Callable[..., Yahoo]
) -> None:
    def nobody_knows(exchange: str) -> Timetable:
        raise UsageError(f"no exchange {exchange!r}")

    server.set_history("NVDA", WEEK)
    source = make(timetable=nobody_knows)
    late = datetime(2025, 1, 27, 23, 0, tzinfo=UTC)
    assert (await closes(source, "NVDA", date(2025, 1, 21), late))[-1][0] == date(2025, 1, 24)
    assert (await closes(source, "NVDA", date(2025, 1, 21), NOW))[-1][0] == date(2025, 1, 27)


async def test_gaps_and_nonsense_in_a_row_cost_that_row_or_that_field_only(server: YahooServer, source: Yahoo) -> None:
    server.set_history(
        "NVDA",
        [
            ServedBar(date(2025, 1, 21), None, 1.0, 1.0, 1.0),
            ServedBar(date(2025, 1, 22), math.nan, 1.0, 1.0, 1.0),
            ServedBar(date(2025, 1, 23), 0.0, 1.0, 1.0, 1.0),
            ServedBar(date(2025, 1, 24), 142.62, math.nan, 0.0, -5.0, 0),
            ServedBar(date(2025, 1, 27), math.inf),
        ],
    )
    bars = (await source.history(["NVDA"], date(2025, 1, 21), NOW)).bars
    assert bars == [DailyBar("NVDA", date(2025, 1, 24), 142.62, NOW, None, None, None, None, "yahoo")]


async def test_symbols_that_fail_are_left_out_and_counted(server: YahooServer, source: Yahoo) -> None:
    for symbol in ("NVDA", "AMD", "MU"):
        server.set_history(symbol, WEEK)
    server.fault("chart", Fault.MALFORMED, symbols=["AMD"])
    poll = await source.history(["NVDA", "AMD", "UNKNOWN", "MU"], date(2025, 1, 27), NOW)
    assert [b.symbol for b in poll.bars] == ["NVDA", "MU"]
    assert "no history of 2 of 4 symbols" in poll.note
    assert {s: m.why for s, m in poll.missing.items()} == {"AMD": Absence.NOT_ANSWERED, "UNKNOWN": Absence.UNKNOWN}


async def test_yfinance_s_cache_is_there_before_several_threads_use_it(server: YahooServer, source: Yahoo) -> None:
    """Made by all of them at once it was locked for one in every tenth new installation."""
    from yfinance import cache

    server.set_quote("NVDA", 124.8, NOW)
    await source.quotes(["NVDA"], NOW)
    assert cache.get_tz_cache().initialised == 1


async def test_a_passing_failure_is_not_remembered_for_ever(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", WEEK)
    server.fault("chart", Fault.SERVER_ERROR)
    with pytest.raises(SourceError):
        await source.history(["NVDA"], date(2025, 1, 27), NOW)
    server.heal()
    assert await closes(source, "NVDA", date(2025, 1, 27), NOW) == [(date(2025, 1, 27), 118.42)]


@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.NOT_FOUND, Fault.EMPTY, Fault.MALFORMED, Fault.HTML, Fault.DROPPED, Fault.NO_RESULTS],
)
async def test_when_nothing_can_be_read_the_whole_fails_without_asking_every_symbol(
    server: YahooServer, source: Yahoo, fault: Fault
) -> None:
    symbols = [f"S{i}" for i in range(60)]
    for symbol in symbols:
        server.set_history(symbol, WEEK)
    server.fault("chart", fault)
    with pytest.raises(SourceError):
        await source.history(symbols, date(2025, 1, 27), NOW)
    if fault is not Fault.NOT_FOUND:
        assert len({r.path for r in server.requests if r.endpoint == "chart"}) < 20


async def test_too_many_requests_stops_the_asking_and_says_how_long_to_wait(server: YahooServer, source: Yahoo) -> None:
    symbols = [f"S{i}" for i in range(40)]
    for symbol in symbols:
        server.set_history(symbol, WEEK)
    server.fault("chart", Fault.RATE_LIMITED, retry_after=30)
    with pytest.raises(SourceError, match="rate-limited by Yahoo") as caught:
        await source.history(symbols, date(2025, 1, 27), NOW)
    assert caught.value.retry_after == timedelta(seconds=30)
    assert len({r.path for r in server.requests if r.endpoint == "chart"}) < 12


async def test_a_limit_on_the_way_keeps_what_was_read_and_says_what_was_not_asked(
    server: YahooServer, make: Callable[..., Yahoo]
) -> None:
    source = make(threads=1)
    symbols = [f"S{i}" for i in range(12)]
    for symbol in symbols:
        server.set_history(symbol, WEEK)
    server.fault("chart", Fault.RATE_LIMITED, symbols=["S5"], retry_after=3600)
    poll = await source.history(symbols, date(2025, 1, 27), NOW)
    assert [b.symbol for b in poll.bars] == symbols[:5]
    assert poll.missing["S5"].why is Absence.NOT_ANSWERED
    assert {s for s, m in poll.missing.items() if m.why is Absence.NOT_ASKED} == set(symbols[6:])
    assert poll.retry_after == timedelta(hours=1)
    sent = len(server.requests)
    with pytest.raises(SourceError, match="not asked again"):
        await source.history(symbols[6:], date(2025, 1, 27), NOW)
    assert len(server.requests) == sent


async def test_no_symbols_have_no_history(server: YahooServer, source: Yahoo) -> None:
    assert await source.history([], date(2025, 1, 1), NOW) == HistoryPoll([], [])


async def test_a_first_date_of_today_is_an_empty_answer_and_no_error(server: YahooServer, source: Yahoo) -> None:
    server.set_history("NVDA", WEEK)
    assert await source.history(["NVDA"], date(2025, 1, 28), NOW) == HistoryPoll([], [])
