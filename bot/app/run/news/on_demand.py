"""Asks for headlines about what moves: at once, and every minute while it moves, within budgets.

Each source is asked by a job of its own, one request at a time, so that one that hangs holds up no other. What was
never asked about comes first, the furthest mover before the others; then what was asked about the longest time ago. A
quarter of a minute's budget is kept for what begins to move later in it. A source that fails is left alone as a feed
is.

While nothing is due, sources that are asked by symbol go round the watchlist by turns, if ``round`` says in what time:
most stocks have no feed of their own, and what was said of one before it moved is known then.

What is found comes as stories like any other, and completes alerts as late stories do; none of it fires a rule that
asks for news alone.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.app.run.news.company_news import asked_about
from bot.core.errors import StoreError
from bot.core.model import FeedState, Trouble
from bot.core.model.feeds import FeedKind, FeedSpec
from bot.core.model.on_demand import OnDemandSpec, Wanted, WantedKind
from bot.core.ports import Clock, CompanyNews
from bot.core.text.links import host_of
from bot.core.text.wording import count
from bot.core.view import View

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=2)
APART = timedelta(seconds=0.5)
"""Between two requests to one source."""
STILL_AFTER = timedelta(minutes=30)
"""What has not moved further for so long lies still, and is asked about less often."""
FURTHER = 0.01
"""It has moved further when it is this far from where that was last noticed."""
SELDOM = 5
"""What lies still, and what is said of a release, is asked about at this many times the interval."""
KEPT_BACK = 0.25
"""The part of a minute's budget that is kept for what was not asked about yet."""
EMPTY_IN_A_ROW = 20
"""A source that finds nothing so often in a row is in trouble: a search may find nothing, but not always."""
FOUND_NOTHING = "it found nothing"
"""How what is then kept of its trouble begins."""
PAGES = 200
"""Addresses of one source whose last answers are remembered, so that an unchanged one is not read again."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NEVER = datetime.min.replace(tzinfo=UTC)

Key = tuple[WantedKind, str]


@dataclass(slots=True)
class Allowance:
    """How many requests may be sent within any minute and any day, answered or not."""

    a_minute: int
    a_day: int
    _sent_at: deque[datetime] = field(default_factory=deque)

    def left(self, now: datetime) -> int:
        """How many more may be sent now."""
        while self._sent_at and self._sent_at[0] <= now - DAY:
            self._sent_at.popleft()
        within_minute = 0
        for at in reversed(self._sent_at):
            if at <= now - MINUTE:
                break
            within_minute += 1
        return max(0, min(self.a_day - len(self._sent_at), self.a_minute - within_minute))

    def spend(self, now: datetime) -> None:
        """Count one."""
        self._sent_at.append(now)


@dataclass(slots=True)
class _Track:
    """How something wanted has moved. Times are of the steady clock."""

    mark: float
    """Its change when it was last noticed to move further."""
    further_at: datetime
    wanted_at: datetime


@dataclass(slots=True)
class Plan:
    """Decides what a source is asked about next. Nothing here reads a clock or asks anybody."""

    every: timedelta
    _tracks: dict[Key, _Track] = field(default_factory=dict)
    _wanted: tuple[Wanted, ...] = ()
    _asked_at: dict[tuple[str, Key], datetime] = field(default_factory=dict)

    def take(self, wanted: Iterable[Wanted], now: datetime) -> None:
        """Take what is wanted now, the most urgent first."""
        self._wanted = tuple(wanted)
        for each in self._wanted:
            track = self._tracks.get(each.key)
            if track is None:
                self._tracks[each.key] = _Track(each.change, now, now)
                continue
            track.wanted_at = now
            if abs(each.change - track.mark) >= FURTHER:
                track.mark, track.further_at = each.change, now
        # what comes back soon goes on where it was: a price that trembles at the threshold is no new move each time
        self._tracks = {key: t for key, t in self._tracks.items() if now - t.wanted_at <= STILL_AFTER}
        self._asked_at = {key: at for key, at in self._asked_at.items() if key[1] in self._tracks}

    @property
    def moving(self) -> int:
        """How many companies and lines of business move."""
        return sum(wanted.kind is not WantedKind.RELEASE for wanted in self._wanted)

    def next(self, source: OnDemandSpec, now: datetime, *, only_new: bool = False) -> tuple[Wanted, ...]:
        """What to ask ``source`` about in one request; nothing where nothing is due. ``only_new``: of what it was not
        asked about yet."""
        due = [w for w in self._wanted if source.answers(w) and self._due_at(source, w) <= now]
        new = [w for w in due if self._last(source, w) is None]
        old = [] if only_new else sorted((w for w in due if w not in new), key=lambda w: self._last(source, w) or NEVER)
        chosen = (*new, *old)[: source.together if source.by_symbol else 1]
        return tuple(sorted(chosen, key=lambda w: w.name))

    def asked(self, source: OnDemandSpec, wanted: Iterable[Wanted], now: datetime) -> None:
        """``source`` was asked about these."""
        for each in wanted:
            self._asked_at[source.name, each.key] = now

    def _last(self, source: OnDemandSpec, wanted: Wanted) -> datetime | None:
        return self._asked_at.get((source.name, wanted.key))

    def _due_at(self, source: OnDemandSpec, wanted: Wanted) -> datetime:
        last = self._last(source, wanted)
        if last is None:
            return NEVER
        track = self._tracks[wanted.key]
        seldom = wanted.kind is WantedKind.RELEASE or last - track.further_at >= STILL_AFTER
        return last + self.every * (SELDOM if seldom else 1)


@dataclass(frozen=True, slots=True)
class Budgets:
    """The most requests of any minute and any day: in all, and to one host."""

    a_minute: int = 40
    a_day: int = 5000
    host_a_minute: int = 20
    host_a_day: int = 2500


@dataclass(slots=True)
class OnDemandCounts:
    """Counts since the start."""

    requests: int = 0
    failed: int = 0
    stories: int = 0
    """New ones."""


@dataclass(slots=True)
class OnDemand:
    """Asks the sources. ``take`` commits what a request brought; it raises StoreError where it could not."""

    specs: Sequence[OnDemandSpec]
    reader: FeedReader
    view: Callable[[], View]
    clock: Clock
    steady: Clock
    """A clock that is never set, by which requests are paced."""
    take: Callable[[FeedPoll], object]
    not_written: Callable[[str], None]
    every: timedelta
    budgets: Budgets = field(default_factory=Budgets)
    round: timedelta | None = None
    """In what time every watched company is asked about once; ``None`` asks about what moves only."""
    symbols: Sequence[str] = ()
    """The watched companies."""
    company_news: CompanyNews | None = None
    """The price source's headlines, for sources that are asked through it."""
    states: dict[str, FeedState] = field(default_factory=dict)
    """By source; of the addresses asked last, what else is known is in ``_pages``."""
    counts: OnDemandCounts = field(default_factory=OnDemandCounts)
    plan: Plan = field(init=False)
    _in_all: Allowance = field(init=False)
    _of_host: dict[str, Allowance] = field(default_factory=dict)
    _pages: dict[str, OrderedDict[str, FeedState]] = field(default_factory=dict)
    _empty: dict[str, int] = field(default_factory=dict)
    """How often in a row each source found nothing."""
    _looked_at: datetime = NEVER
    _turns: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """By source: the next group of the round, and when the last was asked about."""

    def __post_init__(self) -> None:
        self.plan = Plan(self.every)
        self._in_all = Allowance(self.budgets.a_minute, self.budgets.a_day)
        for spec in self.specs:
            host = host_of(spec.template)
            self._of_host.setdefault(host, Allowance(self.budgets.host_a_minute, self.budgets.host_a_day))

    def resume(self, known: Mapping[str, FeedState]) -> None:
        """Begin with what earlier runs stored of the sources."""
        for spec in self.specs:
            state = known.get(spec.name) or FeedState(spec.name, spec.template)
            if state.last_error.startswith(FOUND_NOTHING):  # until it finds something
                self._empty[spec.name] = EMPTY_IN_A_ROW
            self.states[spec.name] = replace(state, url=spec.template, failures=0, next_poll_at=None, last_error="")

    async def look(self, spec: OnDemandSpec) -> timedelta:
        """Ask ``spec`` about what is most urgent, if anything is due; returns when to look again."""
        now = self.steady.now()
        state = self.states[spec.name]
        if state.failures and state.next_poll_at is not None and self.clock.now() < state.next_poll_at:
            return LOOK_EVERY
        if now - self._looked_at >= APART:
            self._looked_at = now
            self.plan.take(self.view().wanted_headlines(self.clock.now()), now)
        host = self._of_host[host_of(spec.template)]
        allowances = ((self._in_all, self.budgets.a_minute), (host, self.budgets.host_a_minute))
        if not all(allowance.left(now) for allowance, _ in allowances):
            return LOOK_EVERY
        scarce = any(allowance.left(now) <= whole * KEPT_BACK for allowance, whole in allowances)
        wanted = self.plan.next(spec, now, only_new=scarce) or (() if scarce else self._by_turns(spec, now))
        if not wanted:
            return LOOK_EVERY
        for allowance, _ in allowances:
            allowance.spend(now)
        self.plan.asked(spec, wanted, now)
        self.counts.requests += 1
        try:
            await self._ask(spec, wanted)
        except StoreError as error:
            self.not_written(str(error))
            return LOOK_EVERY
        return APART

    def _by_turns(self, spec: OnDemandSpec, now: datetime) -> Sequence[Wanted]:
        """The next companies of the round, if their turn has come."""
        if self.round is None or not spec.by_symbol or spec.through_prices or not self.symbols:
            return ()
        groups = -(-len(self.symbols) // spec.together)
        number, asked_at = self._turns.get(spec.name, (0, NEVER))
        if now - asked_at < self.round / groups:
            return ()
        self._turns[spec.name] = (number + 1) % groups, now
        chosen = self.symbols[number * spec.together : (number + 1) * spec.together]
        return [Wanted(WantedKind.COMPANY, symbol, "") for symbol in chosen]

    async def _ask(self, spec: OnDemandSpec, about: Sequence[Wanted]) -> None:
        url = spec.url(about)
        pages = self._pages.setdefault(spec.name, OrderedDict())
        before, page = self.states[spec.name], pages.get(url) or FeedState(spec.name, url)
        asked = replace(
            page,
            interval=self.every,
            failures=before.failures,
            seeded=True,
            stories_left=before.stories_left,
            stories_left_at=before.stories_left_at,
            last_ok_at=before.last_ok_at,
            last_change_at=before.last_change_at,
        )
        feed = FeedSpec(
            spec.name,
            url,
            min_interval=self.every,
            max_interval=max(self.every, timedelta(minutes=30)),
            kind=FeedKind.AGGREGATOR,
            stories_per_day=spec.stories_per_day,
            evidence_only=True,
            local=spec.local,
        )
        elsewhere = partial(asked_about, about[0].name, self.company_news, url) if spec.through_prices else None
        poll = await self.reader.poll(feed, asked, self.clock.now(), elsewhere)
        poll = self._judged(spec, poll)
        self.take(replace(poll, state=replace(poll.state, url=spec.template, etag=None, last_modified=None)))
        self.states[spec.name] = poll.state
        self.counts.stories += len(poll.stories)
        self.counts.failed += poll.report.trouble is Trouble.FAILED
        if poll.report.trouble is not Trouble.FAILED:
            pages[url] = poll.state
            pages.move_to_end(url)
            while len(pages) > PAGES:
                pages.popitem(last=False)

    def _judged(self, spec: OnDemandSpec, poll: FeedPoll) -> FeedPoll:
        """A search that finds nothing is no trouble, unless that is all it ever does. All reports say that it is a
        search."""
        poll = replace(poll, report=replace(poll.report, on_demand=True))
        if poll.report.trouble is not Trouble.EMPTY:
            if poll.report.trouble is not Trouble.FAILED:
                self._empty[spec.name] = 0
            return poll
        times = self._empty[spec.name] = self._empty.get(spec.name, 0) + 1
        if times >= EMPTY_IN_A_ROW:
            detail = f"{FOUND_NOTHING} {times} times in a row; check its address under on_demand: in config.yaml"
            return replace(
                poll, state=replace(poll.state, last_error=detail), report=replace(poll.report, detail=detail)
            )
        report = replace(poll.report, trouble=Trouble.NONE, detail="")
        return replace(poll, state=replace(poll.state, last_error=""), report=report)

    def words(self) -> str:
        """How it is, in one line."""
        moving = f"{self.plan.moving} moving" if self.plan.moving else "nothing moves"
        asked = f"{count(self.counts.requests, 'request')} and {self.counts.stories} new since the start"
        failing = ", ".join(name for name, state in self.states.items() if state.failures)
        return f"{moving}; {asked}" + (f"; failing: {failing}" if failing else "")
