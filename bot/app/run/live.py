"""The live bot: polls, cycle, sender and housekeeping in one asyncio process.

Each poll ends in one cycle, so evidence is evaluated the moment it arrives; a tick in between handles what is due.
The engine and the store are used from the event loop's thread only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.adapters.scheduler import Scheduler
from bot.app.project import Project
from bot.app.run.inbox import Inbox
from bot.app.run.jobs import Job, Jobs
from bot.app.run.news.leads import Leads
from bot.app.run.news.on_demand import LOOK_EVERY as ASK_EVERY
from bot.app.run.news.on_demand import Budgets, OnDemand
from bot.app.run.outages import FeedOutages
from bot.app.run.prices.absences import UNKNOWN, Absences, price_report
from bot.app.run.prices.backfill import LOOK_EVERY, Backfill
from bot.app.run.prices.earnings import RETRY as EARNINGS_AGAIN
from bot.app.run.prices.earnings import EarningsDates
from bot.app.run.prices.pacing import Movement, Pace
from bot.app.run.prices.streaming import Streaming
from bot.app.run.troubles import Told, ToldTroubles
from bot.clock import stopwatch
from bot.core.engine import Engine
from bot.core.errors import AftershockError, SourceError, StoreBusyError, StoreError, StoreFullError
from bot.core.health import HERE
from bot.core.model import (
    Absence,
    FeedState,
    Observation,
    Phase,
    PricePoll,
    Quote,
    SourceReport,
    Trouble,
)
from bot.core.model.feeds import FeedSpec
from bot.core.news import Companies, Company, Topics, reader_of
from bot.core.ports import Clock, Journal, Outbox, PriceSource, PriceStream, Upkeep
from bot.core.prices.sessions import Timetable
from bot.core.text.wording import age, listing
from bot.cycle import Cycle, CycleResult
from bot.delivery.recipients import notice
from bot.threads import in_thread

log = logging.getLogger(__name__)

TICK = timedelta(seconds=1)
WAKE_SENDER = timedelta(seconds=5)
TELL_OUTAGES = timedelta(seconds=15)
HOUSEKEEPING = timedelta(hours=6)
EARNINGS_FIRST = timedelta(seconds=5)
"""After the first prices."""
NAMES_AGAIN = timedelta(minutes=5)
"""After a failure."""
NAMES_EVERY = timedelta(days=1)
FIRST_POLLS_APART = timedelta(seconds=0.4)
"""Between the first polls of two feeds, so that fifty do not come at once."""
LONGEST_WAIT = timedelta(days=1)
"""A feed whose stored due time is later than this was stored by another clock, and is polled at once."""
FEED_JOB = "feed:"
"""How the names of the jobs that poll a feed begin."""
AT_A_TIME = 50
"""Stories searched or read again before the event loop may do something else."""
POLL_WITHIN = timedelta(minutes=3)
"""How long one poll may take; the requests in it have shorter limits of their own."""
LEAST_PAUSE = timedelta(seconds=1)
"""Between two requests for prices, however long one took."""
LONG_WORK = timedelta(hours=2)
"""How long filling the history and housekeeping may take: they go through everything, with pauses."""
SLEPT = timedelta(minutes=1)
"""After the clock was set forward by this much, sources are polled at once: the machine may have been suspended."""
NOTHING: Mapping[str, str] = MappingProxyType({})
JUMP_TOLD_EVERY = timedelta(hours=1)
"""A clock that jumps more often than this is only logged."""


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
    take_jump: Callable[[], timedelta] = timedelta
    """By how much the machine's clock was set forward, or back if negative, since the last call."""
    happened: Callable[[datetime], None] = lambda at: None
    """Tells the clock that something outside happened at a time, which cannot lie in the future."""
    told_before: Told = field(default_factory=Told)
    """What an earlier run told, and not that it is over."""
    keeping: ToldTroubles | None = None
    """Keeps what the operator was told is in trouble, for the next start."""
    pace: Pace = field(default_factory=lambda: Pace(200))
    movement: Movement = field(default_factory=lambda: Movement({}))
    news_sources: Sequence[str] = ()
    """The names of the news sources that are asked beside the feeds, under jobs like theirs."""
    stream: Streaming | None = None
    """The price stream, if the price source has one and it is not switched off."""
    on_demand: OnDemand | None = None
    """Asks for headlines about what moves, if config.yaml names sources of them."""
    counters: Counters = field(default_factory=Counters)
    states: dict[str, FeedState] = field(default_factory=dict)
    outages: FeedOutages = field(default_factory=FeedOutages)
    backfill: Backfill = field(init=False)
    jobs: Jobs = field(init=False)
    absences: Absences = field(init=False)
    strangers: Mapping[str, str] = field(default_factory=dict)
    """Watched symbols whose exchange is unknown, with what to write, until the operator is told."""
    _priced: set[str] = field(default_factory=set)
    """Symbols that had a price when they were last asked for."""
    _since_jump: Callable[[], float] | None = None
    """The time since the operator was told that the clock jumped."""

    def __post_init__(self) -> None:
        self.backfill = Backfill(self.prices, lambda symbol: self.engine.view().prices(symbol), self.clock, self.turn)
        self.jobs = Jobs(self.scheduler, self.inbox.alarm, self._works_again, self._not_written)
        self.absences = Absences(self.project.settings.operator.after_failures, self.strangers)

    def listen(self, stream: PriceStream) -> Streaming:
        """Take the trades of a stream, too. Whoever calls this has to run what it returns."""
        self.stream = Streaming(
            stream,
            self.project.settings.symbols,
            lambda symbol: self.engine.view().prices(symbol).timetable,
            self.clock,
            self._take_streamed,
            self.inbox.report,
            self._ask_soon,
            lambda: self.engine.view().rules.holds,
        )
        return self.stream

    def ask_on_demand(self) -> None:
        """Ask for headlines about what moves, too."""
        settings = self.project.settings
        asked = settings.on_demand
        self.on_demand = OnDemand(
            settings.on_demand_specs,
            self.reader,
            lambda: self.engine.view(),
            self.clock,
            self.scheduler.clock,
            self._take_feed_poll,
            self.inbox.not_written,
            asked.every,
            Budgets(asked.requests_a_minute, asked.requests_a_day, asked.host_a_minute, asked.host_a_day),
            asked.round,
            tuple(s for s in settings.symbols if s in self.project.companies),
            company_news=self.prices.news,
        )
        self.on_demand.resume(self.journal.feed_states())
        for spec in settings.on_demand_specs:
            self.jobs.add(of_feed(spec.name), partial(self.on_demand.look, spec), every=ASK_EVERY, within=POLL_WITHIN)

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
            due = (self.states[spec.name].next_poll_at or now) - now
            if due > max(spec.max_interval, LONGEST_WAIT):
                due = timedelta()
            first = max(due, FIRST_POLLS_APART * number)
            poll = partial(self._poll_feed, spec)
            self.jobs.add(of_feed(spec.name), poll, every=spec.max_interval, first=first, within=POLL_WITHIN)
        self.outages.feeds = len(specs) + len(self.news_sources)
        at_once, add = timedelta(), self.jobs.add
        fastest = self.project.settings.prices.interval_in_session
        add("prices", self._poll_prices, every=fastest, first=at_once, within=POLL_WITHIN)
        add("history", self._fetch_history, every=LOOK_EVERY, first=at_once, within=LONG_WORK)
        if self.prices.calendar is not None:
            add("earnings", self._fetch_earnings, every=EARNINGS_AGAIN, first=EARNINGS_FIRST, within=LONG_WORK)
        add("names", self._introduce, every=NAMES_EVERY, first=at_once, within=LONG_WORK)
        add("cycle", self._tick, every=TICK)
        add("sender", self._wake_sender, every=WAKE_SENDER)
        add("outages", self._tell_outages, every=TELL_OUTAGES)
        add("outcomes", self._update_outcomes, every=HOUSEKEEPING, within=LONG_WORK)
        add("housekeeping", self._housekeeping, every=HOUSEKEEPING, within=LONG_WORK)
        self.absences.resume(self.told_before.sources)
        self.jobs.resume(self.told_before.jobs)
        self.jobs.start()

    async def stop(self) -> None:
        """Start nothing new and end what is running. What was not committed is fetched again at the next start."""
        await self.jobs.stop()
        if self.leads is not None:
            await self.leads.close()
        with contextlib.suppress(AftershockError):
            self.turn(())

    def every(self, name: str, interval: timedelta, job: Job) -> None:
        """Run a job of another part at intervals, like the bot's own."""
        self.jobs.add(name, job, every=interval)

    def _works_again(self, headline: str, news: str) -> None:
        self.inbox.alarm.withdraw(headline)
        self.inbox.announce(notice("jobs", news, f"It was reported: {headline}.", self.clock.now()))

    def _not_written(self, error: Exception) -> bool:
        """Whether a job failed because the history cannot be written: that is not a bug, and reported as what it is."""
        if not isinstance(error, StoreBusyError | StoreFullError):
            return False
        self.inbox.not_written(str(error), at_once=isinstance(error, StoreFullError))
        return True

    # --------------------------------------------------------------------------------------------------------- turns

    def turn(
        self,
        observations: Sequence[Observation],
        feeds: Sequence[FeedState] = (),
        extras: Mapping[str, str] = NOTHING,
    ) -> CycleResult:
        """Run one cycle with what was just seen and what other parts have reported meanwhile. ``extras`` are small
        values to commit with it."""
        reports, notices = self.inbox.take()
        now = self.clock.now()
        try:
            result = self.cycle.run(
                [*observations, *reports],
                now,
                feeds=feeds,
                announcements=notices,
                extras=lambda: {**self._told_to_write(), **extras},
            )
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
        if any(report.trouble is Trouble.NONE and report.source not in HERE for report in reports):
            self._poll_again(self.outages.reached())
        if result.committed and self.keeping is not None:
            self.keeping.written()
        if result.notifications:
            self.wake()
        if self.leads is not None and result.committed:
            self.leads.take(result.decisions.announcements)
        self._watch_store(result)
        return result

    def _told_to_write(self) -> Mapping[str, str]:
        """What the history does not have yet of what the operator was told."""
        if self.keeping is None:
            return {}
        told = Told(self.engine.view().told_troubles, self.jobs.told, self.inbox.standing.told())
        return self.keeping.to_write(told)

    def _watch_store(self, result: CycleResult) -> None:
        if result.error is not None:
            self.inbox.not_written(str(result.error), at_once=isinstance(result.error, StoreFullError))
        elif result.wrote:
            self.inbox.written()

    async def _tick(self) -> None:
        if jump := self.take_jump():
            self._clock_jumped(jump)
        if lost := self.upkeep.lost():
            self.inbox.not_written(lost, at_once=True)
        due = self.cycle.next_due()
        now = self.clock.now()
        if self.inbox or self.cycle.uncommitted or (due is not None and due <= now) or self._told_to_write():
            self.turn(())

    async def _wake_sender(self) -> None:
        self.wake()

    def _clock_jumped(self, jump: timedelta) -> None:
        """Tell the operator, and after a suspension poll everything: what happened meanwhile is waiting there."""
        back = jump < timedelta()
        how = "set back by" if back else "set forward, or the machine suspended, for"
        headline = f"The machine's clock was {how} {_span(abs(jump))}"
        if back:
            detail = (
                "Polls go on as before. Until the clock has caught up, within "
                f"{_span(2 * abs(jump))}, recorded times are stretched so that they stay in order."
            )
        else:
            detail = "Polls go on as before; prices and feeds are polled at once."
        log.warning("%s. %s", headline, detail)
        if jump >= SLEPT:
            self.pace.at_once(self.project.settings.symbols)
            self.jobs.soon("prices")
            self.jobs.soon("history")
            self._poll_again([spec.name for spec in self.project.settings.feed_specs])
            self._poll_again(self.news_sources)
        if self._since_jump is None or self._since_jump() >= JUMP_TOLD_EVERY.total_seconds():
            self._since_jump = stopwatch()
            self.inbox.announce(notice("clock", headline, detail, self.clock.now()))

    # --------------------------------------------------------------------------------------------------------- feeds

    async def _poll_feed(self, spec: FeedSpec) -> timedelta:
        try:
            poll = await self.reader.poll(spec, self.states[spec.name], self.clock.now())
            self._take_feed_poll(poll)
            self.states[spec.name] = poll.state
        except StoreError as error:
            self.inbox.not_written(str(error))
            return spec.min_interval
        due = poll.state.next_poll_at
        return due - self.clock.now() if due is not None else spec.max_interval

    def _take_feed_poll(self, poll: FeedPoll) -> None:
        arrived = self.clock.now()
        stories = [replace(s, seen_at=arrived) for s in poll.stories]
        report = replace(poll.report, seen_at=arrived)
        self.turn([*stories, report], feeds=(poll.state,))
        self.counters.stories += len(stories)
        self.counters.last_feed_at = arrived
        self._poll_again(self.outages.take(report))

    def _poll_again(self, names: Sequence[str]) -> None:
        """Poll these feeds now, one shortly after the other, whatever their back-off: the network is back."""
        for number, name in enumerate(names, 1):
            self.jobs.soon(of_feed(name), FIRST_POLLS_APART * number)

    async def _tell_outages(self) -> None:
        self.outages.tell()

    # -------------------------------------------------------------------------------------------------------- prices

    async def _poll_prices(self) -> timedelta:
        """Ask for the prices that are due; returns when the next are."""
        settings, steady = self.project.settings, self.scheduler.clock
        interval = self.price_interval(self.clock.now())
        moving = self.movement.at(steady.now())
        asked = self.pace.ask(settings.symbols, moving, interval, steady.now())
        least = timedelta()
        if asked:
            spent = stopwatch()
            least = await self._ask_prices(asked, interval)
            least = max(least - timedelta(seconds=spent()), min(interval, LEAST_PAUSE))
        moving = self.movement.at(steady.now())
        return max(least, self.pace.wait(settings.symbols, moving, interval, steady.now()))

    async def _ask_prices(self, symbols: Sequence[str], interval: timedelta) -> timedelta:
        """Ask for the prices of these symbols. Returns how long to wait at least before the next request, counted from
        this one: the interval, where it failed."""
        now = self.clock.now()
        try:
            poll = await self.prices.quotes(symbols, now)
        except SourceError as error:
            if not self.counters.prices_failed:
                log.warning("prices failed: %s", error)
            self.counters.prices_failed = True
            self.outages.unanswered()
            self.pace.failed(symbols)
            self.turn([price_report(self.clock.now(), str(error), error.retry_after, status=error.status)])
            return max(interval, error.retry_after or timedelta())
        self._note_trades(poll.quotes)
        arrived = self.clock.now()
        fresh = [replace(q, seen_at=max(arrived, q.seen_at)) for q in poll.quotes]
        splits = [replace(split, seen_at=arrived) for split in poll.splits]
        least = timedelta()
        if poll.retry_after is not None:
            least = max(interval, poll.retry_after)
            self.pace.failed(s for s, missing in poll.missing.items() if missing.why is Absence.NOT_ASKED)
            report = price_report(arrived, poll.note, poll.retry_after, items=len(fresh))
        else:
            report = SourceReport("prices", arrived, items=len(fresh), fresh=len(fresh))
        if self.counters.prices_failed:
            log.info("prices work again")
        self._poll_again(self.outages.reached())
        self.counters.prices_failed = False
        self.counters.last_prices_at = arrived
        self.counters.quotes += len(fresh)
        self._priced = self._priced.difference(symbols).union(q.symbol for q in fresh)
        self.counters.symbols = len(self._priced)
        self._tell_strangers(poll)
        self.movement.take(fresh, self.scheduler.clock.now())
        if self.stream is not None:
            held = {s for s, missing in poll.missing.items() if missing.why is Absence.HELD_BACK}
            fresh = self.stream.polled(fresh, held, arrived)
        self.turn([*splits, *fresh, report, *self.absences.take(symbols, poll, arrived)])
        return least

    def _take_streamed(self, quotes: Sequence[Quote]) -> None:
        self.counters.quotes += len(quotes)
        before = self.movement.at(self.scheduler.clock.now())
        self.movement.take(quotes, self.scheduler.clock.now())
        self.turn(quotes)
        if not self.movement.at(self.scheduler.clock.now()) <= before:
            self.jobs.soon("prices", self._until_poll())

    def _ask_soon(self, symbols: Collection[str]) -> None:
        """Poll these symbols as soon as the budget allows."""
        self.pace.at_once(symbols)
        self.jobs.soon("prices", self._until_poll())

    def _until_poll(self) -> timedelta:
        settings, now = self.project.settings, self.scheduler.clock.now()
        return self.pace.wait(settings.symbols, self.movement.at(now), self.price_interval(self.clock.now()), now)

    def _tell_strangers(self, poll: PricePoll) -> None:
        """Name the watched symbols whose exchange is unknown, once the price source has said which it does not know:
        those are told of as such."""
        priced = {quote.symbol for quote in poll.quotes}
        unknown = {s for s in self.strangers if s not in priced and poll.missing.get(s, UNKNOWN).why is Absence.UNKNOWN}
        told = {s: words for s, words in self.strangers.items() if s not in unknown}
        self.strangers = {}
        if told:
            headline = f"No exchange known for {listing(list(told), 5)}"
            detail = f"Watched by New York's hours, as far as there are prices. {'. '.join(list(told.values())[:5])}."
            self.inbox.announce(notice("symbols", headline, detail, self.clock.now()))

    def _note_trades(self, quotes: Sequence[Quote]) -> None:
        """Tell the clock of the latest trade, which is not in the future; a single one may be the vendor's error."""
        latest = sorted(quote.at for quote in quotes)[-2:]
        if latest:
            self.happened(latest[0])

    def price_interval(self, now: datetime) -> timedelta:
        """The polling interval at ``now``, by the busiest phase of any watched exchange."""
        settings = self.project.settings.prices
        futures = self.project.settings.markets.futures.values()  # which never close, and hurry nobody
        phases = {self.engine.view().phase(s, now) for s in self.project.settings.symbols if s not in futures}
        if Phase.REGULAR in phases:
            return settings.interval_in_session
        if phases & {Phase.PRE, Phase.POST}:
            return settings.interval_pre_post
        return settings.interval_overnight if Phase.OVERNIGHT in phases else settings.interval_closed

    # --------------------------------------------------------------------------------------------- history and names

    async def _fetch_history(self) -> timedelta:
        return await self.backfill.run(self.project.settings.symbols)

    async def _fetch_earnings(self) -> timedelta | None:
        if self.prices.calendar is None:
            return None
        dates = EarningsDates(self.prices.calendar, lambda date: self.engine.view().knows(date), self.clock, self.turn)
        return await dates.run(self.project.settings.watched)

    async def _introduce(self) -> timedelta:
        """Learn the names of watched symbols missing from ``companies.yaml`` from the price source; retried."""
        unknown = [s for s in self.project.settings.watched if s not in self.engine.view().companies]
        if not unknown:
            return NAMES_EVERY
        try:
            listings = await self.prices.describe(unknown)
        except SourceError:
            return NAMES_AGAIN
        if listings:
            await self._add_companies([Company(x.symbol, x.name, exchange=x.exchange) for x in listings.values()])
            known = ", ".join(f"{s} ({x.name})" for s, x in list(listings.items())[:10])
            log.info("not in companies.yaml, named by the price source: %s", known)
        return NAMES_EVERY

    async def _add_companies(self, more: Sequence[Company]) -> None:
        """Let the engine know companies, all at once and without blocking the event loop: hundreds take seconds."""
        while True:
            view = self.engine.view()
            known = view.companies
            companies = known.with_companies(more)
            await compiled(view.topics, companies)
            if self.engine.view().companies is known:  # no edit came in meanwhile
                break
        for searched in self.engine.introduce_in_steps(companies):
            if searched % AT_A_TIME == 0:
                await asyncio.sleep(0)

    # -------------------------------------------------------------------------------------------------- housekeeping

    async def _update_outcomes(self) -> None:
        for _ in self.upkeep.update_outcomes_in_steps(self.timetable_of, self.clock.now()):
            await asyncio.sleep(0)

    async def _housekeeping(self) -> None:
        removed: Mapping[str, int] = {}
        for so_far in self.upkeep.prune_in_steps(self.clock.now(), self.project.settings.storage.keep):
            removed = so_far
            await asyncio.sleep(0)
        if any(removed.values()):
            log.info("pruned: %s", ", ".join(f"{kind} {rows:,}" for kind, rows in removed.items() if rows))


async def compiled(topics: Topics, companies: Companies) -> None:
    """Compile this vocabulary in a thread, so that it is at hand when the engine wants it."""
    await asyncio.wrap_future(in_thread(partial(reader_of, topics, companies), "vocabulary"))


def of_feed(name: str) -> str:
    """The name of the job that polls a feed or a news source."""
    return f"{FEED_JOB}{name}"


def _span(span: timedelta) -> str:
    whole = timedelta(seconds=round(span.total_seconds()))
    return age(whole) if whole >= timedelta(minutes=1) else f"{whole.seconds} s"
