"""The live bot: polls, cycle, sender and housekeeping in one asyncio process.

Each poll ends in one turn of the cycle, so evidence is judged the moment it arrives; a tick in between lets time pass.
Everything touches the engine and the store from the event loop's thread only.
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
from bot.adapters.store import SqliteStore
from bot.app.world import World
from bot.core.engine import Engine
from bot.core.errors import AftershockError, SourceError
from bot.core.feedspec import FeedSpec
from bot.core.model import (
    Announcement,
    FeedState,
    Observation,
    Phase,
    SourceReport,
    Trouble,
)
from bot.core.ports import Clock, QuoteSource
from bot.cycle import Cycle, CycleResult

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
WAKE_SENDER = timedelta(seconds=5)
HISTORY_CHUNK = 12
"""Symbols whose history is asked for and committed at a time, so that prices are not held up."""
HISTORY_FIRST = timedelta(days=430)
HISTORY_AGAIN = timedelta(days=10)
HISTORY_EVERY = timedelta(minutes=30)
HOUSEKEEPING = timedelta(hours=6)
FIRST_POLLS_APART = timedelta(seconds=0.4)
"""Between the first polls of one feed and the next, so that fifty of them do not come at once."""


@dataclass(slots=True)
class Counters:
    """What has been seen since the start."""

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

    world: World
    engine: Engine
    store: SqliteStore
    cycle: Cycle
    reader: FeedReader
    prices: QuoteSource
    clock: Clock
    scheduler: Scheduler
    wake: Callable[[], None] = lambda: None
    """Tells the sender that something is in the outbox."""
    counters: Counters = field(default_factory=Counters)
    states: dict[str, FeedState] = field(default_factory=dict)
    _bars_from: dict[str, datetime] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _pending: list[SourceReport | Announcement] = field(default_factory=list)
    _stopping: bool = False
    _commit_failed: bool = False

    # --------------------------------------------------------------------------------------------------------- begin

    def start(self) -> None:
        """Schedule everything. Feeds whose time has come are polled one shortly after the other."""
        now = self.clock.now()
        specs = self.world.settings.feed_specs
        known = self.store.feed_states()
        self.states = {
            s.name: known.get(s.name) or FeedState(name=s.name, url=s.url, interval=s.min_interval) for s in specs
        }
        for number, spec in enumerate(specs):
            due = self.states[spec.name].next_poll_at or now
            self._schedule_feed(spec, max(due, now + FIRST_POLLS_APART * number))
        self.scheduler.after("prices", timedelta(), self._guarded(self._poll_prices))
        self.scheduler.after("history", timedelta(), self._guarded(self._fetch_history))
        self.scheduler.every("cycle", TICK, self._guarded(self._tick))
        self.scheduler.every("sender", WAKE_SENDER, self._guarded(self._wake_sender))
        self.scheduler.every("housekeeping", HOUSEKEEPING, self._guarded(self._housekeeping))
        self.scheduler.start()

    async def stop(self) -> None:
        """Start nothing more, end what runs. What was not committed is seen again at the next start."""
        self._stopping = True
        self.scheduler.stop()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.5)
        with contextlib.suppress(AftershockError):
            self.turn(())

    def every(self, name: str, interval: timedelta, job: Job) -> None:
        """Run a job of another part at intervals, guarded as the bot's own are."""
        self.scheduler.every(name, interval, self._guarded(job))

    def _guarded(self, job: Job) -> Job:
        """The job as a task that ``stop`` can cancel, whose failure is logged and never ends the bot."""

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
            except Exception:
                log.exception("%s failed", getattr(job, "__name__", "a job"))
            finally:
                self._tasks.discard(task)

        return run

    # --------------------------------------------------------------------------------------------------------- turns

    def turn(self, observations: Sequence[Observation], feeds: Sequence[FeedState] = ()) -> CycleResult:
        """One turn of the cycle with what was just seen and what other parts reported meanwhile."""
        reports = [x for x in self._pending if isinstance(x, SourceReport)]
        notices = [x for x in self._pending if isinstance(x, Announcement)]
        self._pending.clear()
        now = self.clock.now()
        result = self.cycle.run([*observations, *reports], now, feeds=feeds, announcements=notices)
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
        self._watch_store(result)
        return result

    def _watch_store(self, result: CycleResult) -> None:
        """Say once that the database cannot be written, and once that it can again."""
        if result.error is not None and not self._commit_failed:
            self._commit_failed = True
            log.error("the history cannot be written: %s; alerts are kept and sent when it can", result.error)
            self.report(SourceReport("store", self.clock.now(), Trouble.FAILED, str(result.error)))
        elif result.error is None and self._commit_failed:
            self._commit_failed = False
            log.warning("the history is written again")
            self.report(SourceReport("store", self.clock.now()))

    def report(self, report: SourceReport) -> None:
        """Take a report from another part; it reaches the engine with the next turn."""
        self._pending.append(report)

    def announce(self, announcement: Announcement) -> None:
        """Take an operator's announcement from another part; it is routed with the next turn."""
        self._pending.append(announcement)

    async def _tick(self) -> None:
        due = self.engine.next_due()
        now = self.clock.now()
        if self._pending or self.cycle.uncommitted or (due is not None and due <= now):
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
            self.turn([*stories, replace(poll.report, seen_at=arrived)], feeds=(poll.state,))
            self.states[spec.name] = poll.state
            self.counters.stories += len(stories)
            self.counters.last_feed_at = arrived
            if poll.report.trouble is not Trouble.NONE:
                log.info("feed %s: %s %s", spec.name, poll.report.trouble, poll.report.detail)
            again = poll.state.next_poll_at or again
        finally:
            if not self._stopping:
                self._schedule_feed(spec, again)

    # -------------------------------------------------------------------------------------------------------- prices

    async def _poll_prices(self) -> None:
        symbols = self.world.settings.symbols
        now = self.clock.now()
        wait = self._price_interval(now)
        try:
            quotes = await self.prices.quotes(symbols, now)
        except SourceError as error:
            self.counters.prices_failed = True
            wait = max(wait, error.retry_after or timedelta())
            log.info("prices: %s", error)
            self.turn([SourceReport("prices", self.clock.now(), Trouble.FAILED, str(error))])
        else:
            arrived = self.clock.now()
            fresh = [replace(q, seen_at=max(arrived, q.seen_at)) for q in quotes]
            report = SourceReport("prices", arrived, items=len(fresh), fresh=len(fresh))
            self.counters.prices_failed = False
            self.counters.last_prices_at = arrived
            self.counters.quotes += len(fresh)
            self.counters.symbols = len(fresh)
            self.turn([*fresh, report, *self._missing(symbols, {q.symbol for q in fresh}, arrived)])
        finally:
            if not self._stopping:
                spent = self.clock.now() - now
                pause = max(wait - spent, min(wait, timedelta(seconds=1)))
                self.scheduler.after("prices", pause, self._guarded(self._poll_prices))

    def _missing(self, symbols: Sequence[str], known: set[str], at: datetime) -> list[SourceReport]:
        """Reports of symbols the vendor does not serve: each once, and once when it does."""
        missing = set(symbols) - known if known else set()
        reports = [
            SourceReport("prices", at, Trouble.EMPTY, "the vendor does not know this symbol; check it", subject=s)
            for s in sorted(missing - self._unknown)
        ]
        reports += [SourceReport("prices", at, subject=s) for s in sorted(self._unknown - missing)]
        self._unknown = missing
        return reports

    def _price_interval(self, now: datetime) -> timedelta:
        """How often to ask: by the busiest phase of any watched exchange."""
        settings = self.world.settings.prices
        phases = {self.engine.market.phase(s, now) for s in self.world.settings.symbols}
        if Phase.REGULAR in phases:
            return settings.interval_in_session
        return settings.interval_pre_post if phases & {Phase.PRE, Phase.POST} else settings.interval_closed

    # ------------------------------------------------------------------------------------------------------- history

    async def _fetch_history(self) -> None:
        """Daily bars: two years' worth at the first start, then what each finished session added."""
        now = self.clock.now()
        try:
            wanted: dict[datetime, list[str]] = {}
            for symbol in self.world.settings.symbols:
                first = self._bars_wanted(symbol, now)
                if first is not None:
                    wanted.setdefault(first, []).append(symbol)
            for first, symbols in sorted(wanted.items()):
                for i in range(0, len(symbols), HISTORY_CHUNK):
                    await self._fetch_bars(symbols[i : i + HISTORY_CHUNK], first)
        finally:
            if not self._stopping:
                self.scheduler.after("history", HISTORY_EVERY, self._guarded(self._fetch_history))

    def _bars_wanted(self, symbol: str, now: datetime) -> datetime | None:
        """From when on bars of ``symbol`` are missing; ``None`` where the last finished session is known."""
        prices = self.engine.market.of(symbol)
        session = prices.timetable.current(now)
        if session is not None and now < session.close_at + timedelta(minutes=20):
            session = prices.timetable.before(session)
        if session is None or session.date in prices.bars:
            return None
        asked = self._bars_from.get(symbol)
        if asked is not None and now - asked < timedelta(hours=2):
            return None
        self._bars_from[symbol] = now
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - (HISTORY_AGAIN if len(prices.bars) > 100 else HISTORY_FIRST)

    async def _fetch_bars(self, symbols: Sequence[str], first: datetime) -> None:
        try:
            bars, splits = await self.prices.history(symbols, first.date(), self.clock.now())
        except SourceError as error:
            for symbol in symbols:
                self._bars_from.pop(symbol, None)
            self.turn([SourceReport("history", self.clock.now(), Trouble.FAILED, str(error))])
            return
        at = self.clock.now()
        seen: list[Observation] = [replace(split, seen_at=at) for split in splits]
        seen += [replace(bar, seen_at=at) for bar in bars]
        self.turn([*seen, SourceReport("history", at, items=len(bars))])
        await asyncio.sleep(0)

    # -------------------------------------------------------------------------------------------------- housekeeping

    async def _housekeeping(self) -> None:
        storage = self.world.settings.storage
        keep = {"quotes": storage.keep_quotes, "stories": storage.keep_stories}
        for removed in self.store.prune_in_steps(self.clock.now(), keep):
            await asyncio.sleep(0)
            if any(removed.values()):
                log.info("pruned %s", " ".join(f"{k}={v}" for k, v in removed.items() if v))
