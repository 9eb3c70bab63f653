"""Parts that the live bot rests on: jobs that are never lost, outages told once, history asked for again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.adapters.notifiers.telegram import Permissions
from bot.adapters.scheduler import Scheduler
from bot.app.run.audience import with_permissions
from bot.app.run.backfill import FIRST_RETRY, LOOK_EVERY, Backfill
from bot.app.run.earnings import EarningsDates
from bot.app.run.outages import FeedOutages
from bot.clock import SimulatedClock, SteadyClock, SystemClock
from bot.core.errors import SourceError
from bot.core.model import (
    DailyBar,
    EarningsDate,
    Observation,
    Quote,
    Recipient,
    ReportTime,
    SourceReport,
    Split,
    Trouble,
)
from bot.core.prices.earnings import EarningsCalendar
from bot.core.prices.market import Market
from tests.core.worlds import weekday_timetable
from tests.waiting import PATIENCE, eventually

NOON = datetime(2025, 1, 28, 17, 0, tzinfo=UTC)


# ---------------------------------------------------------------------------------------------------------- scheduler


async def test_a_job_that_asks_to_be_run_again_at_once_is_never_dropped() -> None:
    scheduler, runs = Scheduler(SteadyClock()), 0
    done = asyncio.Event()

    async def job() -> None:
        nonlocal runs
        runs += 1
        if runs == 200:
            done.set()
            return
        scheduler.after("job", timedelta(), job)
        await asyncio.sleep(0)  # still running while the next run falls due

    scheduler.after("job", timedelta(), job)
    scheduler.start()
    await asyncio.wait_for(done.wait(), PATIENCE)
    scheduler.stop()
    assert runs == 200


async def test_a_job_of_the_same_name_takes_the_place_of_the_one_that_waits() -> None:
    scheduler, ran = Scheduler(SteadyClock()), []

    async def first() -> None:
        ran.append("first")

    async def second() -> None:
        ran.append("second")

    scheduler.start()
    scheduler.after("job", timedelta(hours=1), first)
    scheduler.after("job", timedelta(seconds=0.05), second)
    await eventually(lambda: ran)
    scheduler.stop()
    assert ran == ["second"]


async def test_waiting_is_done_in_the_machines_time_whatever_the_bot_pretends() -> None:
    scheduler, ran = Scheduler(SteadyClock()), asyncio.Event()
    pretended = SystemClock(datetime(2025, 1, 27, 15, 0, tzinfo=UTC))

    async def job() -> None:
        ran.set()

    scheduler.start()
    scheduler.after("job", pretended.now() + timedelta(seconds=0.2) - pretended.now(), job)
    assert not ran.is_set()
    await asyncio.wait_for(ran.wait(), PATIENCE)
    scheduler.stop()


# ------------------------------------------------------------------------------------------------------------ outages


def failed(name: str, status: int | None = None) -> SourceReport:
    return SourceReport(name, NOON, Trouble.FAILED, f"{name} gave no answer", status=status)


def well(name: str) -> SourceReport:
    return SourceReport(name, NOON, status=200)


def test_many_failures_are_one_line_and_a_repeat_none(caplog: pytest.LogCaptureFixture) -> None:
    outages = FeedOutages(feeds=20)
    with caplog.at_level(logging.INFO, "bot.app.run.outages"):
        for _ in range(3):
            for i in range(20):
                outages.take(failed(f"feed-{i}"))
            outages.tell()
    assert [r.getMessage() for r in caplog.records] == [
        "20 feeds failing: feed-0, feed-1, feed-2, feed-3 and 16 more; the first: failed: feed-0 gave no answer"
    ]


def test_what_is_there_and_back_between_two_looks_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    outages = FeedOutages(feeds=2)
    with caplog.at_level(logging.INFO, "bot.app.run.outages"):
        outages.take(failed("wire"))
        outages.take(well("wire"))
        outages.tell()
        assert caplog.records == []
        outages.take(failed("wire"))
        outages.tell()
        outages.take(well("wire"))
        outages.tell()
    assert [r.getMessage() for r in caplog.records] == [
        "feed wire failed: wire gave no answer",
        "feed wire works again",
    ]


def test_the_first_answer_after_an_outage_brings_every_unreachable_feed_back_to_be_asked() -> None:
    outages = FeedOutages(feeds=4)
    assert [outages.take(failed(name)) for name in "abcd"] == [()] * 4
    assert outages.take(well("b")) == ["a", "c", "d"]
    assert outages.take(well("c")) == ()


def test_prices_that_answer_again_tell_as_much() -> None:
    outages = FeedOutages(feeds=4)
    for name in "abcd":
        outages.take(failed(name))
    assert outages.reached() == ["a", "b", "c", "d"]
    assert outages.reached() == ()


def test_servers_that_answer_with_an_error_are_no_outage() -> None:
    outages = FeedOutages(feeds=4)
    for name in "abcd":
        outages.take(failed(name, status=503))
    assert outages.reached() == ()


# ------------------------------------------------------------------------------------------------------------ history


class Vendor:
    """A price source whose history fails as told, one entry a call."""

    def __init__(self, *errors: SourceError | None) -> None:
        self.errors = list(errors)
        self.asked: list[list[str]] = []

    async def quotes(self, symbols: Sequence[str], now: datetime) -> Sequence[Quote]:
        return []

    async def history(
        self, symbols: Sequence[str], first: date, now: datetime
    ) -> tuple[Sequence[DailyBar], Sequence[Split]]:
        self.asked.append(list(symbols))
        if self.errors and (error := self.errors.pop(0)):
            raise error
        return [DailyBar(s, date(2025, 1, 27), 100.0, now) for s in symbols], []


SYMBOLS = [f"S{i}" for i in range(30)]


def backfill(vendor: Vendor, seen: list[Observation]) -> tuple[Backfill, SimulatedClock]:
    timetable = weekday_timetable()
    market, clock = Market(lambda symbol: timetable), SimulatedClock(NOON)

    def turn(observations: Sequence[Observation]) -> None:
        seen.extend(observations)
        for observation in observations:
            if isinstance(observation, DailyBar):
                market.apply(observation)

    return Backfill(vendor, market.of, clock, turn), clock


async def test_when_the_vendor_fails_the_rest_is_not_asked_and_the_next_look_comes_soon() -> None:
    seen: list[Observation] = []
    vendor = Vendor(SourceError("no network"), SourceError("no network"))
    history, clock = backfill(vendor, seen)
    assert await history.run(SYMBOLS) == FIRST_RETRY
    assert len(vendor.asked) == 1
    clock.advance(NOON + FIRST_RETRY)
    assert await history.run(SYMBOLS) == 2 * FIRST_RETRY
    assert [o.trouble for o in seen if isinstance(o, SourceReport)] == [Trouble.FAILED] * 2
    assert await history.run(SYMBOLS) == LOOK_EVERY
    assert sum(isinstance(o, DailyBar) for o in seen) == len(SYMBOLS)


async def test_symbols_nobody_knows_do_not_keep_the_others_from_being_asked_for() -> None:
    seen: list[Observation] = []
    vendor = Vendor(SourceError("no such symbols", permanent=True))
    history, _ = backfill(vendor, seen)
    assert await history.run(SYMBOLS) == LOOK_EVERY
    assert sum(isinstance(o, DailyBar) for o in seen) == len(SYMBOLS) - len(vendor.asked[0])
    asked = len(vendor.asked)
    await history.run(SYMBOLS)
    assert len(vendor.asked) == asked, "asked again only after a while"


async def test_what_the_vendor_asks_us_to_wait_is_waited() -> None:
    vendor = Vendor(SourceError("too many requests", retry_after=timedelta(minutes=45)))
    history, _ = backfill(vendor, [])
    assert await history.run(SYMBOLS) == timedelta(minutes=45)


# ----------------------------------------------------------------------------------------------------- earnings dates


class Diary:
    """A source of earnings dates that answers as told, one entry a call."""

    def __init__(self, *answers: Sequence[EarningsDate] | SourceError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[date, date]] = []

    async def earnings(self, symbols: Sequence[str], first: date, last: date, now: datetime) -> Sequence[EarningsDate]:
        self.asked.append((first, last))
        answer = self.answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer


async def test_earnings_dates_are_told_where_they_are_new_and_asked_for_again_sooner_after_a_failure() -> None:
    first = EarningsDate("NVDA", date(2025, 2, 19), NOON)
    moved = replace(first, date=date(2025, 2, 26), when=ReportTime.AFTER)
    slow = SourceError("too many requests", retry_after=timedelta(hours=3))
    source = Diary([first], [first], SourceError("no network"), slow, [moved])
    calendar, told = EarningsCalendar(), list[Observation]()

    def turn(observations: Sequence[Observation]) -> None:
        told.extend(observations)
        for observation in observations:
            if isinstance(observation, EarningsDate):
                calendar.apply(observation)

    dates = EarningsDates(source, calendar.knows, SimulatedClock(NOON), turn)
    waits = [await dates.run(["NVDA"]) for _ in range(5)]
    assert waits == [timedelta(days=1), timedelta(days=1), timedelta(hours=1), timedelta(hours=3), timedelta(days=1)]
    assert [o for o in told if isinstance(o, EarningsDate)] == [first, moved]
    reports = [o for o in told if isinstance(o, SourceReport)]
    assert [(r.trouble, r.items, r.fresh) for r in reports] == [
        (Trouble.NONE, 1, 1),
        (Trouble.NONE, 1, 0),
        (Trouble.FAILED, 0, 0),
        (Trouble.FAILED, 0, 0),
        (Trouble.NONE, 1, 1),
    ]
    today = NOON.date()
    assert all(first < today < last for first, last in source.asked)


# ----------------------------------------------------------------------------------------------------------- audience


def test_only_admins_of_today_are_operators_and_only_chats_of_today_receive() -> None:
    known = [
        Recipient("telegram:1", "telegram", operator=True),
        Recipient("telegram:2", "telegram", operator=True),
        Recipient("telegram:-100/7", "telegram"),
        Recipient("telegram:9", "telegram"),
        Recipient("telegram:3", "telegram", enabled=False),
        Recipient("console", "console", operator=True),
    ]
    access = Permissions(admins=frozenset({1}), allow=frozenset({2, 3, -100}))
    assert [(r.enabled, r.operator) for r in with_permissions(known, access)] == [
        (True, True),
        (True, False),
        (True, False),
        (False, False),
        (False, False),
        (True, True),
    ]
    assert not any(r.operator for r in with_permissions(known, access, notices=False))
