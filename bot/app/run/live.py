"""The live bot: polls, cycle, sender and housekeeping in one asyncio process.

Each poll ends in one cycle, so evidence is evaluated the moment it arrives; a tick in between handles what is due.
The engine and the store are used from the event loop's thread only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.adapters.feeds.reader import FeedReader
from bot.adapters.scheduler import Job, Scheduler
from bot.app.project import Project
from bot.app.run.absences import Absences, price_report
from bot.app.run.backfill import LOOK_EVERY, Backfill
from bot.app.run.earnings import RETRY as EARNINGS_AGAIN
from bot.app.run.earnings import EarningsDates
from bot.app.run.inbox import Inbox
from bot.app.run.leads import Leads
from bot.app.run.outages import FeedOutages
from bot.core.engine import Engine
from bot.core.errors import AftershockError, SourceError, StoreBusyError, StoreError, StoreFullError
from bot.core.model import (
    FeedState,
    Observation,
    Phase,
    SourceReport,
)
from bot.core.model.feeds import FeedSpec
from bot.core.ports import Clock, Journal, Outbox, PriceSource, Upkeep
from bot.core.prices.sessions import Timetable
from bot.cycle import Cycle, CycleResult

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
WAKE_SENDER = timedelta(seconds=5)
TELL_OUTAGES = timedelta(seconds=15)
HOUSEKEEPING = timedelta(hours=6)
EARNINGS_FIRST = timedelta(seconds=5)
"""After the first prices."""
NAMES_AGAIN = timedelta(minutes=5)
FIRST_POLLS_APART = timedelta(seconds=0.4)
"""Between the first polls of two feeds, so that fifty do not come at once."""
LONGEST_WAIT = timedelta(days=1)
"""A feed whose stored due time is later than this (written with another clock) is polled after this."""
BROKEN_AFTER = 3
"""Failures in a row of one of our own jobs before the operator is told."""


@dataclass(slots=True)
class Counters:
    """Counts since the start."""

    stories: int = 0
    quotes: int = 0
    alerts: int = 0
    last_feed_at: datetime | None = None
    last_prices_at: datetime | None = None
    prices_failed: bool = False
    symbols: int = 0


@dataclass(slots=True)
class LiveBot:
    """The running bot. ``start`` begins the jobs; the caller waits for a signal and calls ``stop``."""

    project: Project
    journal: Journal
    outbox: Outbox
    upkeep: Upkeep
    cycle: Cycle
    reader: FeedReader
    prices: PriceSource
    clock: Clock
    scheduler: Scheduler
    inbox: Inbox
    timetable_of: Callable[[str], Timetable]
    """Sessions of any symbol, not only watched ones: alerts may exist for others."""
    wake: Callable[[], None]
    """Tells the sender that something is in the outbox."""
    leads: Leads | None = None
    """Writes leads, if a language model is configured."""
    counters: Counters = field(default_factory=Counters)
    states: dict[str, FeedState] = field(default_factory=dict)
    outages: FeedOutages = field(default_factory=FeedOutages)
    backfill: Backfill = field(init=False)
    absences: Absences = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False
    _broken: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.backfill = Backfill(self.prices, lambda symbol: self.engine.view().prices(symbol), self.clock, self.turn)
        self.absences = Absences(self.project.settings.operator.after_failures)

    @property
    def engine(self) -> Engine:
        """The engine in use; the cycle replaces a failed one."""
        return self.cycle.engine

    # --------------------------------------------------------------------------------------------------------- begin

    def start(self) -> None:
        """Schedule everything. Feeds that are due are polled one shortly after the other."""
        now = self.clock.now()
        specs = self.project.settings.feed_specs
        known = self.journal.feed_states()
        self.states = {
            s.name: known.get(s.name) or FeedState(name=s.name, url=s.url, interval=s.min_interval) for s in specs
        }
        for number, spec in enumerate(specs):
            due = min(self.states[spec.name].next_poll_at or now, now + max(spec.max_interval, LONGEST_WAIT))
            self._schedule_feed(spec, max(due, now + FIRST_POLLS_APART * number))
        self.outages.feeds = len(specs)
        self.scheduler.after("prices", timedelta(), self._guarded(self._poll_prices))
        self.scheduler.after("history", timedelta(), self._guarded(self._fetch_history))
        self.scheduler.after("earnings", EARNINGS_FIRST, self._guarded(self._fetch_earnings))
        self.scheduler.after("names", timedelta(), self._guarded(self._introduce))
        self.scheduler.every("cycle", TICK, self._guarded(self._tick))
        self.scheduler.every("sender", WAKE_SENDER, self._guarded(self._wake_sender))
        self.scheduler.every("outages", TELL_OUTAGES, self._guarded(self._tell_outages))
        self.scheduler.every("housekeeping", HOUSEKEEPING, self._guarded(self._housekeeping))
        self.scheduler.start()

    async def stop(self) -> None:
        """Start nothing new and end what is running. What was not committed is fetched again at the next start."""
        self._stopping = True
        self.scheduler.stop()
        if self.leads is not None:
            await self.leads.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.5)
        with contextlib.suppress(AftershockError):
            self.turn(())

    def every(self, name: str, interval: timedelta, job: Job) -> None:
        """Run a job of another part at intervals, guarded like the bot's own."""
        self.scheduler.every(name, interval, self._guarded(job))

    def _guarded(self, job: Job) -> Job:
        """The job as a task that ``stop`` can cancel and whose failure is logged and never ends the bot."""

        async def run() -> None:
            if self._stopping:
                return
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await job()
            except asyncio.CancelledError:
                if not self._stopping:
                    raise
            except Exception as error:
                self._job_failed(name, error)
            else:
                self._broken.pop(name, None)
            finally:
                self._tasks.discard(task)

        name = getattr(job, "__name__", "a job").strip("_")
        return run

    def _job_failed(self, name: str, error: Exception) -> None:
        """Report a bug in a job: its traceback is logged once, and the operator told if it persists.

        A history that cannot be written is not a bug, and reported as such.
        """
        if isinstance(error, StoreBusyError | StoreFullError):
            self.inbox.not_written(str(error), at_once=isinstance(error, StoreFullError))
            return
        failures = self._broken[name] = self._broken.get(name, 0) + 1
        if failures == 1:
            log.error("%s failed", name, exc_info=error)
        elif failures in (10, 100) or failures % 1000 == 0:
            log.error("%s failed %d times in a row: %s: %s", name, failures, type(error).__name__, error)
        if failures == BROKEN_AFTER:
            detail = f"{type(error).__name__}: {error}. The log has the traceback; please report it."
            self.inbox.alarm(f"A part of Aftershock is broken: {name}", detail)

    # --------------------------------------------------------------------------------------------------------- turns

    def turn(self, observations: Sequence[Observation], feeds: Sequence[FeedState] = ()) -> CycleResult:
        """Run one cycle with what was just seen and what other parts have reported meanwhile."""
        reports, notices = self.inbox.take()
        now = self.clock.now()
        try:
            result = self.cycle.run([*observations, *reports], now, feeds=feeds, announcements=notices)
        except Exception:
            self.inbox.put_back(notices)
            raise
        self.counters.alerts += sum(c.kind.value == "fired" for c in result.decisions.changes)
        for change in result.decisions.changes:
            if change.kind.value in ("fired", "escalated"):
                alert = change.alert
                log.warning(
                    "alert %s: %s %s %s severity=%s incident=%s",
                    change.kind.value,
                    alert.rule,
                    alert.symbol,
                    f"{alert.change:+.1%}" if alert.change is not None else "",
                    alert.severity.word,
                    alert.incident,
                )
        if result.notifications:
            self.wake()
        if self.leads is not None and result.committed:
            self.leads.take(result.decisions.announcements)
        self._watch_store(result)
        return result

    def _watch_store(self, result: CycleResult) -> None:
        if result.error is not None:
            self.inbox.not_written(str(result.error), at_once=isinstance(result.error, StoreFullError))
        elif result.wrote:
            self.inbox.written()

    async def _tick(self) -> None:
        due = self.engine.next_due()
        now = self.clock.now()
        if self.inbox or self.cycle.uncommitted or (due is not None and due <= now):
            self.turn(())

    async def _wake_sender(self) -> None:
        self.wake()

    # --------------------------------------------------------------------------------------------------------- feeds

    def _schedule_feed(self, spec: FeedSpec, when: datetime) -> None:
        async def poll() -> None:
            await self._poll_feed(spec)

        self.scheduler.after(f"feed:{spec.name}", when - self.clock.now(), self._guarded(poll))

    async def _poll_feed(self, spec: FeedSpec) -> None:
        again = self.clock.now() + spec.max_interval
        try:
            poll = await self.reader.poll(spec, self.states[spec.name], self.clock.now())
            arrived = self.clock.now()
            stories = [replace(s, seen_at=arrived) for s in poll.stories]
            report = replace(poll.report, seen_at=arrived)
            self.turn([*stories, report], feeds=(poll.state,))
            self.states[spec.name] = poll.state
            self.counters.stories += len(stories)
            self.counters.last_feed_at = arrived
            self._ask_again(self.outages.take(report))
            again = poll.state.next_poll_at or again
        except StoreError as error:
            again = self.clock.now() + spec.min_interval
            self.inbox.not_written(str(error))
        finally:
            if not self._stopping:
                self._schedule_feed(spec, again)

    def _ask_again(self, names: Sequence[str]) -> None:
        """Poll these feeds now, one shortly after the other, whatever their back-off: the network is back."""
        specs = {spec.name: spec for spec in self.project.settings.feed_specs}
        for number, name in enumerate(names):
            self._schedule_feed(specs[name], self.clock.now() + FIRST_POLLS_APART * (number + 1))

    async def _tell_outages(self) -> None:
        self.outages.tell()

    # -------------------------------------------------------------------------------------------------------- prices

    async def _poll_prices(self) -> None:
        symbols = self.project.settings.symbols
        now = self.clock.now()
        wait = self.price_interval(now)
        try:
            poll = await self.prices.quotes(symbols, now)
        except SourceError as error:
            if not self.counters.prices_failed:
                log.warning("prices failed: %s", error)
            self.counters.prices_failed = True
            wait = max(wait, error.retry_after or timedelta())
            self.turn([price_report(self.clock.now(), str(error), error.retry_after)])
        else:
            arrived = self.clock.now()
            fresh = [replace(q, seen_at=max(arrived, q.seen_at)) for q in poll.quotes]
            splits = [replace(split, seen_at=arrived) for split in poll.splits]
            if poll.retry_after is not None:
                wait = max(wait, poll.retry_after)
                report = price_report(arrived, poll.note, poll.retry_after, items=len(fresh))
            else:
                report = SourceReport("prices", arrived, items=len(fresh), fresh=len(fresh))
            if self.counters.prices_failed:
                log.info("prices work again")
                self._ask_again(self.outages.reached())
            self.counters.prices_failed = False
            self.counters.last_prices_at = arrived
            self.counters.quotes += len(fresh)
            self.counters.symbols = len(fresh)
            self.turn([*splits, *fresh, report, *self.absences.take(symbols, poll, arrived)])
        finally:
            if not self._stopping:
                spent = self.clock.now() - now
                pause = max(wait - spent, min(wait, timedelta(seconds=1)))
                self.scheduler.after("prices", pause, self._guarded(self._poll_prices))

    def price_interval(self, now: datetime) -> timedelta:
        """The polling interval at ``now``, by the busiest phase of any watched exchange."""
        settings = self.project.settings.prices
        phases = {self.engine.view().phase(s, now) for s in self.project.settings.symbols}
        if Phase.REGULAR in phases:
            return settings.interval_in_session
        return settings.interval_pre_post if phases & {Phase.PRE, Phase.POST} else settings.interval_closed

    # --------------------------------------------------------------------------------------------- history and names

    async def _fetch_history(self) -> None:
        wait = LOOK_EVERY
        try:
            wait = await self.backfill.run(self.project.settings.symbols)
        finally:
            if not self._stopping:
                self.scheduler.after("history", wait, self._guarded(self._fetch_history))

    async def _fetch_earnings(self) -> None:
        if self.prices.calendar is None:
            return
        wait = EARNINGS_AGAIN
        try:
            dates = EarningsDates(
                self.prices.calendar, lambda date: self.engine.view().knows(date), self.clock, self.turn
            )
            wait = await dates.run(self.project.settings.watched)
        finally:
            if not self._stopping:
                self.scheduler.after("earnings", wait, self._guarded(self._fetch_earnings))

    async def _introduce(self) -> None:
        """Learn the names of watched symbols missing from ``companies.yaml`` from the price source; retried."""
        unknown = [s for s in self.project.settings.watched if s not in self.engine.view().companies]
        if not unknown:
            return
        try:
            listings = await self.prices.describe(unknown)
        except SourceError:
            self.scheduler.after("names", NAMES_AGAIN, self._guarded(self._introduce))
            return
        for symbol, listing in listings.items():
            self.engine.introduce(symbol, listing.name, listing.exchange)
        if listings:
            known = ", ".join(f"{s} ({x.name})" for s, x in list(listings.items())[:10])
            log.info("not in companies.yaml, named by the price source: %s", known)

    # -------------------------------------------------------------------------------------------------- housekeeping

    async def _housekeeping(self) -> None:
        for _ in self.upkeep.update_outcomes_in_steps(self.timetable_of, self.clock.now()):
            await asyncio.sleep(0)
        storage = self.project.settings.storage
        keep = {"quotes": storage.keep_quotes, "stories": storage.keep_stories}
        for removed in self.upkeep.prune_in_steps(self.clock.now(), keep):
            await asyncio.sleep(0)
            if any(removed.values()):
                log.info("pruned %s", " ".join(f"{k}={v}" for k, v in removed.items() if v))
