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
from bot.app.run.outages import FeedOutages
from bot.app.run.prices.absences import Absences, price_report
from bot.app.run.prices.backfill import CHUNK, FIRST_RETRY, LOOK_EVERY, Backfill
from bot.app.run.prices.earnings import EarningsDates
from bot.clock import SimulatedClock, SteadyClock, SystemClock
from bot.core.errors import SourceError
from bot.core.health import Health
from bot.core.model import (
    Absence,
    DailyBar,
    EarningsDate,
    HistoryPoll,
    Missing,
    Observation,
    PricePoll,
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


def test_what_stays_out_of_reach_while_prices_answer_is_asked_once_more_and_then_as_it_wants() -> None:
    outages = FeedOutages(feeds=2)
    for name in "ab":
        outages.take(failed(name))
    assert outages.reached() == ["a", "b"]
    for name in "ab":
        outages.take(failed(name))
    assert outages.reached() == ()
    outages.unanswered()
    assert outages.reached() == ["a", "b"]


def test_an_outage_is_noticed_too_where_there_are_two_feeds_or_one() -> None:
    for names in ("ab", "a"):
        outages = FeedOutages(feeds=len(names))
        for name in names:
            outages.take(failed(name))
        assert outages.reached() == list(names)
    outages = FeedOutages(feeds=2)
    outages.take(failed("a"))
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
        self.missing: dict[str, Missing] = {}
        self.retry_after: timedelta | None = None

    async def quotes(self, symbols: Sequence[str], now: datetime) -> PricePoll:
        return PricePoll([])

    async def history(self, symbols: Sequence[str], first: date, now: datetime) -> HistoryPoll:
        self.asked.append(list(symbols))
        if self.errors and (error := self.errors.pop(0)):
            raise error
        missing = {s: m for s, m in self.missing.items() if s in symbols}
        bars = [DailyBar(s, date(2025, 1, 27), 100.0, now) for s in symbols if s not in missing]
        return HistoryPoll(bars, (), missing, self.retry_after if missing else None, "note" if missing else "")


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


async def test_after_a_limit_on_the_way_nothing_more_is_asked_before_it_is_over_and_then_what_is_missing() -> None:
    seen: list[Observation] = []
    vendor = Vendor()
    vendor.missing = {s: Missing(Absence.NOT_ASKED) for s in SYMBOLS[6:CHUNK]}
    vendor.missing["S5"] = Missing(Absence.NOT_ANSWERED)
    vendor.retry_after = timedelta(hours=1)
    history, clock = backfill(vendor, seen)
    assert await history.run(SYMBOLS) == timedelta(hours=1)
    assert vendor.asked == [SYMBOLS[:CHUNK]]
    (report,) = [o for o in seen if isinstance(o, SourceReport)]
    assert (report.trouble, report.until) == (Trouble.FAILED, NOON + timedelta(hours=1))
    vendor.missing, vendor.asked = {}, []
    clock.advance(NOON + timedelta(hours=1))
    assert await history.run(SYMBOLS) == LOOK_EVERY
    assert [s for chunk in vendor.asked for s in chunk] == SYMBOLS[5:]


async def test_bars_are_read_again_after_a_split_that_became_known_later() -> None:
    vendor, seen = Vendor(), list[Observation]()
    history, clock = backfill(vendor, seen)
    await history.run(["NVDA", "VRT"])
    clock.advance(NOON + timedelta(minutes=30))
    history.known("NVDA").add_split(Split("NVDA", NOON.date(), 10.0, clock.now()))  # type: ignore[attr-defined]
    dividend = Split("VRT", NOON.date(), 100 / 88, clock.now(), cash=12.0)
    history.known("VRT").add_split(dividend)  # type: ignore[attr-defined]  # bars are never adjusted for it
    vendor.asked = []
    assert await history.run(["NVDA", "VRT"]) == LOOK_EVERY
    assert vendor.asked == [["NVDA"]]
    await history.run(["NVDA", "VRT"])
    assert vendor.asked == [["NVDA"]]


@pytest.mark.parametrize("on_the_way", [False, True])
async def test_a_wait_the_operator_was_told_of_with_the_prices_is_not_told_again_with_the_history(
    on_the_way: bool,
) -> None:
    seen: list[Observation] = []
    vendor = Vendor() if on_the_way else Vendor(SourceError("", retry_after=timedelta(minutes=50), asked=False))
    vendor.missing, vendor.retry_after = {"S5": Missing(Absence.NOT_ASKED)}, timedelta(minutes=50)
    history, _ = backfill(vendor, seen)
    assert await history.run(SYMBOLS) == timedelta(minutes=50)
    assert [Health(3).observe(o) for o in seen if isinstance(o, SourceReport)] == [None]


async def test_symbols_without_an_answer_are_reported_and_asked_for_again_sooner_than_unknown_ones() -> None:
    seen: list[Observation] = []
    vendor = Vendor()
    vendor.missing = {"S3": Missing(Absence.NOT_ANSWERED, "timed out"), "S7": Missing(Absence.UNKNOWN)}
    history, clock = backfill(vendor, seen)
    assert await history.run(SYMBOLS) == FIRST_RETRY
    (report,) = [o for o in seen if isinstance(o, SourceReport)]
    assert report.trouble is Trouble.FAILED
    assert report.detail == "no history of 1 of 30 symbols yet; S3: not answered, timed out"
    vendor.missing, vendor.asked = {}, []
    clock.advance(NOON + FIRST_RETRY)
    assert await history.run(SYMBOLS) == LOOK_EVERY
    assert vendor.asked == [["S3"]]
    assert seen[-1] == SourceReport("history", NOON + FIRST_RETRY, items=1)


# ------------------------------------------------------------------------------------------------------------ absences


def poll_of(symbols: Sequence[str], **missing: Absence) -> PricePoll:
    """A poll that has a price of these, and of others why not."""
    quotes = [Quote(s, 100.0, NOON, NOON) for s in symbols]
    return PricePoll(quotes, {s: Missing(why, why.value) for s, why in missing.items()})


def told(health: Health, reports: Sequence[SourceReport]) -> list[str]:
    """What the operator is told of these reports of one moment."""
    notices = [health.observe(report) for report in reports]
    return [n.summary.subject for n in (*(n for n in notices if n), *health.gathered())]


def test_four_ways_to_have_no_price_have_four_words_and_only_what_may_pass_is_waited_for() -> None:
    absences, health = Absences(3), Health(3)
    why = {
        "A": Absence.NOT_ASKED,
        "B": Absence.NOT_ANSWERED,
        "C": Absence.HELD_BACK,
    }
    polls = [told(health, absences.take(["A", "B", "C", "D", "E"], poll_of("E", **why), NOON)) for _ in range(5)]
    assert polls == [
        ["Price source: C held back", "Price source does not know D"],
        [],
        ["Price source was not asked for A", "Price source gives no price for B"],
        [],
        [],
    ]
    again = told(health, absences.take(["A", "B", "C", "D", "E"], poll_of("ABCDE"), NOON))
    assert sorted(again) == [f"Price source: {symbol} works again" for symbol in "ABCD"]
    assert told(health, absences.take(["A", "B", "C", "D", "E"], poll_of("ABCDE"), NOON)) == []


@pytest.mark.parametrize("why", list(Absence))
def test_many_without_a_price_are_one_message_and_one_when_they_are_back(why: Absence) -> None:
    symbols = [f"S{n}" for n in range(175)]
    absences, health = Absences(3), Health(3)
    words: list[str] = []
    for number in range(20):
        gone = symbols[number % 7 : 108 + number]  # not always the same ones
        poll = poll_of([s for s in symbols if s not in gone], **dict.fromkeys(gone, why))
        words += told(health, absences.take(symbols, poll, NOON))
    assert len(words) == 1
    assert "symbols" in words[0]
    for left in (50, 4, 3, 0):
        gone = symbols[10 : 10 + left]
        poll = poll_of([s for s in symbols if s not in gone], **dict.fromkeys(gone, why))
        words += told(health, absences.take(symbols, poll, NOON))
    assert words[1] == "Price source: the symbols work again"
    assert words[2:] == [f"Price source: S{n} works again" for n in (10, 11, 12)]


def test_a_request_that_fails_now_this_way_and_now_that_is_one_trouble() -> None:
    absences, health = Absences(3), Health(3)
    ways = [Absence.NOT_ASKED, Absence.NOT_ANSWERED] * 6
    words = [w for why in ways for w in told(health, absences.take(["A"], poll_of("", A=why), NOON))]
    assert len(words) == 1


def test_a_long_wait_is_told_at_once_with_the_time_it_ends() -> None:
    health = Health(3)
    assert told(health, [price_report(NOON, "429", timedelta(hours=1))]) == [
        "Price source is not asked until 18:00 UTC"
    ]
    assert told(health, [price_report(NOON, "429", timedelta(hours=1))]) == []
    assert told(health, [SourceReport("prices", NOON + timedelta(hours=1))]) == ["Price source works again"]
    assert told(health, [price_report(NOON, "429", timedelta(minutes=1))]) == []


def test_implausible_prices_of_many_symbols_are_one_message() -> None:
    health = Health(2)
    reports = [SourceReport("prices", NOON, Trouble.REFUSED, "stale-dated", subject=f"S{n}") for n in range(175)]
    assert told(health, reports) == []
    assert told(health, reports) == ["Price source sends implausible prices for 175 symbols"]


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
