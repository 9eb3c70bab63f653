"""News sources in the running bot: polled like feeds, bounded like feeds, and reported like feeds.

A source gives items; what becomes of them is decided here, alike for ours and for those of other packages: what is
known is left out, what comes with a first poll is evidence only, texts and addresses are cleaned, the day's budget
holds, and stories and the source's new state are committed together.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from bot.adapters.feeds import budget, pace
from bot.adapters.feeds.fetch import USER_AGENT, Fetched, FetchError, FetchLimits, fetch
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession
from bot.adapters.feeds.text import SUMMARY_LIMIT, TITLE_LIMIT, plain_text
from bot.app.entry_points import make
from bot.app.project import Project
from bot.app.run.live import LiveBot, of_feed
from bot.config.settings.model import NewsSourceSettings
from bot.core.errors import SourceError, StoreError
from bot.core.model import (
    FeedAnswer,
    FeedEntry,
    FeedState,
    JsonAnswer,
    LearnedName,
    NewsItem,
    NewsPoll,
    Observation,
    SourceReport,
    Story,
    Trouble,
    stable_id,
)
from bot.core.model.feeds import FeedSpec
from bot.core.news import Topics
from bot.core.news.learned import MOST, admitted, taken
from bot.core.ports import NewsSource
from bot.core.text.links import link_fault, safe_link
from bot.extensions import NEWS_SOURCES, MakeNewsSource, NewsContext
from bot.threads import in_thread

FIRST_POLL = timedelta(seconds=2)
APART = timedelta(seconds=1)
"""Between the first polls of two sources."""
POLL_WITHIN = timedelta(minutes=5)
"""How long one poll may take, with all its requests."""
REQUESTS = 120
"""In one poll."""
BYTES = 40_000_000
"""Of all answers of one poll together, unpacked."""
REQUEST_WITHIN = timedelta(seconds=10)
ITEMS = 200
"""Read of one poll."""
NAMES = 5_000
"""Listed names read of one poll."""
LEARNED_AT_FIRST, LEARNED_A_DAY = 500, 30
"""Names learned from one source at its first poll, and on any day after it."""
STATE = 1_000_000
"""Characters of a source's state."""
REFUSALS = {
    401: "it requires a login",
    403: "access denied",
    404: "there is no such page",
    410: "it is gone",
    429: "rate-limited; it is asked less often for a while",
    451: "not available here for legal reasons",
}
"""What a list's answer means, where advice about feeds would be wrong."""
KEEPS = "news source "
"""How the names under which the history keeps the states of sources begin."""


def _huggingface(options: Mapping[str, Any], context: NewsContext) -> NewsSource:
    from bot.adapters.news_sources.huggingface import HuggingFace

    return HuggingFace(context.fetch, context.organisations, *_base(options))


def _openrouter(options: Mapping[str, Any], context: NewsContext) -> NewsSource:
    from bot.adapters.news_sources.openrouter import OpenRouter

    return OpenRouter(context.fetch, context.organisations, *_base(options))


def _models_dev(options: Mapping[str, Any], context: NewsContext) -> NewsSource:
    from bot.adapters.news_sources.models_dev import ModelsDev

    return ModelsDev(context.fetch, context.organisations, *_base(options))


def _base(options: Mapping[str, Any]) -> Sequence[str]:
    """The address of a mirror, if the options have one. Raises ValueError for anything else in them."""
    if unknown := options.keys() - {"base"}:
        raise ValueError(f"it has no option '{min(unknown)}', only base")
    base = options.get("base")
    if base is None:
        return ()
    if not isinstance(base, str) or link_fault(base):
        raise ValueError("base is the address of a mirror, like https://mirror.example")
    return (base,)


@dataclass(slots=True)
class Requests:
    """Asks for JSON on behalf of one source, within its budget of a poll."""

    session: FeedSession
    now: Callable[[], datetime]
    limits: FetchLimits
    asked: int = 0
    """Requests since the poll began."""
    read: int = 0
    """Bytes since the poll began."""
    user_agent: str = USER_AGENT
    parser: Parser | None = None
    """Parses feeds; without one, ``feed`` makes its own."""

    def begin(self) -> None:
        """A poll begins."""
        self.asked = self.read = 0

    async def __call__(self, url: str, etag: str) -> JsonAnswer:
        """Raises SourceError: nobody there, a refusal, too much, or no JSON."""
        fetched = await self._fetch(url, etag)
        if fetched.body is None:
            return JsonAnswer(None, etag, fetched.url)
        try:
            data = await asyncio.wrap_future(in_thread(partial(json.loads, fetched.body), "JSON"))
        except (ValueError, RecursionError) as error:
            raise FetchError("the answer is not JSON; it is tried again later", status=fetched.status) from error
        if data is None:
            raise FetchError("the answer is empty; it is tried again later", status=fetched.status)
        return JsonAnswer(data, fetched.etag or "", fetched.url)

    async def feed(self, url: str, etag: str) -> FeedAnswer:
        """Raises SourceError: nobody there, a refusal, too much, or no feed."""
        fetched = await self._fetch(url, etag)
        if fetched.body is None:
            return FeedAnswer(None, etag)
        parser = self.parser or Parser()
        try:
            parsed = await parser.parse(fetched.body, fetched.content_type, fetched.url)
        finally:
            if self.parser is None:
                await parser.close()
        found = [FeedEntry(e.title, e.link, e.summary, e.guid, e.published_at) for e in parsed.entries]
        return FeedAnswer(found, fetched.etag or "")

    def identify(self, user_agent: str) -> None:
        """Send this User-Agent from now on."""
        self.user_agent = user_agent

    async def _fetch(self, url: str, etag: str) -> Fetched:
        self.asked += 1
        if self.asked > REQUESTS or self.read > BYTES:
            raise SourceError(f"more than {REQUESTS} requests or {BYTES // 1_000_000} MB in one poll", status=200)
        now, agent = self.now(), self.user_agent
        try:
            fetched = await fetch(self.session, url, now, etag=etag or None, limits=self.limits, user_agent=agent)
        except FetchError as error:
            if error.status not in REFUSALS:
                raise
            words = f"HTTP {error.status}: {REFUSALS[error.status]}"
            raise SourceError(words, status=error.status, retry_after=error.retry_after) from error
        self.read += len(fetched.body or b"")
        return fetched


def _github(options: Mapping[str, Any], context: NewsContext) -> NewsSource:
    from bot.adapters.news_sources.github import GitHub

    return GitHub(context.fetch, context.organisations, *_base(options))


def _edgar(options: Mapping[str, Any], context: NewsContext) -> NewsSource:
    from bot.adapters.news_sources.edgar import Edgar
    from bot.adapters.news_sources.edgar.source import CONTACT

    contact = options.get("contact")
    if not isinstance(contact, str) or not CONTACT.fullmatch(contact):
        raise ValueError("contact is a name and an e-mail address, which the SEC asks for: Jane Doe jane@example.com")
    context.identify(contact)
    rest = {name: value for name, value in options.items() if name != "contact"}
    return Edgar(context.fetch, context.fetch_feed, context.companies, *_base(rest))


BUILT_IN: Mapping[str, MakeNewsSource] = {
    "huggingface-hub": _huggingface,
    "openrouter": _openrouter,
    "github": _github,
    "sec-edgar": _edgar,
    "models-dev": _models_dev,
}


def address_of(source: NewsSourceSettings) -> str:
    """Where a news source asks; empty for one of another package."""
    if isinstance(base := source.options.get("base"), str):
        return base
    from bot.adapters.news_sources.edgar.source import SEC
    from bot.adapters.news_sources.github.source import API
    from bot.adapters.news_sources.huggingface.source import HUB
    from bot.adapters.news_sources.models_dev.source import CATALOGUE
    from bot.adapters.news_sources.openrouter.source import ROUTER

    shipped = {"huggingface-hub": HUB, "openrouter": ROUTER, "github": API, "models-dev": CATALOGUE, "sec-edgar": SEC}
    return shipped.get(source.type, "")


def news_source(
    settings: NewsSourceSettings, project: Project, topics: Callable[[], Topics], requests: Requests
) -> NewsSource:
    """The source of that type. Raises UsageError, in one line."""
    context = NewsContext(
        project.folder,
        requests,
        lambda place: topics().labs_at(place),
        requests.feed,
        lambda: {c.symbol: c.name for s in project.settings.symbols if (c := project.companies.get(s)) is not None},
        requests.identify,
    )
    return make(NewsSource, NEWS_SOURCES, settings.type, BUILT_IN, settings.options, context)  # type: ignore[type-abstract]


@dataclass(slots=True)
class NewsSources:
    """Every enabled news source of the running bot."""

    bot: LiveBot
    session: FeedSession
    limits: FetchLimits
    parser: Parser
    jitter: Callable[[], float] = random.random

    def begin(self, at_the_end: Callable[[Callable[[], None]], object]) -> None:
        """Make them and plan their polls. Raises UsageError where one cannot be made."""
        project, clock = self.bot.project, self.bot.clock
        listed = [each for each in project.settings.news_sources if each.enabled]
        limits = replace(self.limits, total=min(self.limits.total, REQUEST_WITHIN))
        known = self.bot.journal.feed_states()
        self.bot.news_sources = tuple(each.type for each in listed)
        for number, each in enumerate(listed):
            requests = Requests(self.session, clock.now, limits, parser=self.parser)
            source = news_source(each, project, lambda: self.bot.engine.view().topics, requests)
            at_the_end(source.close)
            every = each.interval or source.interval
            polls = Polls(self.bot, each.type, source, requests, every, self.jitter, known.get(each.type))
            first = max(FIRST_POLL + APART * number, polls.due(clock.now()))
            self.bot.jobs.add(of_feed(each.type), polls.run, every=every, first=first, within=POLL_WITHIN)


@dataclass(slots=True)
class Polls:
    """The polls of one source, one after the other."""

    bot: LiveBot
    name: str
    source: NewsSource
    requests: Requests
    every: timedelta
    jitter: Callable[[], float]
    known: FeedState | None = None
    spec: FeedSpec = field(init=False)
    state: FeedState = field(init=False)
    memory: str = field(init=False)
    """What the source wants to know again."""
    judged: set[tuple[str, str]] = field(default_factory=set)
    """Listed names, with their labs, that need not be looked at again."""

    def __post_init__(self) -> None:
        title, most = self.source.title, self.source.stories_per_day
        self.spec = FeedSpec(self.name, "", title, self.every, self.every, stories_per_day=most)
        self.memory = self.bot.journal.extra(KEEPS + self.name) or ""
        fresh = FeedState(name=self.name, url="", interval=self.every)
        self.state = self.known or fresh

    def due(self, now: datetime) -> timedelta:
        """How long a wait that an earlier run was asked for, or that followed its failures, goes on."""
        wait = (self.state.next_poll_at or now) - now
        return wait if wait <= pace.RETRY_AFTER_CAP else timedelta()  # stored by another clock

    async def run(self) -> timedelta:
        """Poll once, and let the engine have what is new; returns how long to wait before the next."""
        now = self.bot.clock.now()
        self.requests.begin()
        try:
            polled = await self.source.poll(self.memory, self.state.last_ok_at, now)
            if len(polled.state) > STATE:
                raise SourceError(f"it wants to remember {len(polled.state):,} characters, which are too many")
        except SourceError as error:
            return self._take((), *self._failed(error), self.memory)
        try:
            arrived = self.bot.clock.now()
            names, over = self._learned(polled, arrived)
            stories, state, report = self._read(polled, arrived, over)
            return self._take([*names, *stories], state, report, polled.state)
        except StoreError as error:
            self.bot.inbox.not_written(str(error))
            return self.every

    def _take(
        self, found: Sequence[Story | LearnedName], state: FeedState, report: SourceReport, memory: str
    ) -> timedelta:
        extras = {KEEPS + self.name: memory} if memory != self.memory else {}
        observations: list[Observation] = [*found, report]
        self.bot.turn(observations, feeds=(state,), extras=extras)
        self.state, self.memory = state, memory
        self.bot.counters.stories += sum(isinstance(each, Story) for each in found)
        for name in self.bot.outages.take(report):
            self.bot.jobs.soon(of_feed(name))
        due = state.next_poll_at
        return due - report.seen_at if due is not None else self.every

    def _failed(self, error: SourceError) -> tuple[FeedState, SourceReport]:
        now = self.bot.clock.now()
        failures = self.state.failures + 1
        wait = pace.after_failure(failures, self.spec, self.jitter(), retry_after=error.retry_after)
        detail = f"{error}; {self.source.advice}"
        state = replace(self.state, failures=failures, last_error=detail, next_poll_at=now + wait)
        return state, SourceReport(self.name, now, Trouble.FAILED, detail=detail, status=error.status)

    def _learned(self, polled: NewsPoll, now: datetime) -> tuple[Sequence[LearnedName], bool]:
        """The names that become known words, and whether there were more of them than are learned."""
        listed = [each for each in polled.names[:NAMES] if (each.name, each.lab) not in self.judged]
        if not listed:
            return (), False
        self.judged = {(each.name, each.lab) for each in polled.names[:NAMES]}
        view = self.bot.engine.view()
        learned = {name.word.casefold() for name in view.learned}
        found = admitted(listed, view.topics, view.known, learned, view.stories, self.name, now)
        own = [name.seen_at for name in view.learned if name.source == self.name]
        lately = sum(at > now - timedelta(days=1) for at in own if at != own[0])
        left = LEARNED_A_DAY - lately if own else LEARNED_AT_FIRST
        left = max(0, min(left, MOST - len(learned)))
        return found[:left], len(found) > left

    def _read(
        self, polled: NewsPoll, now: datetime, many_names: bool
    ) -> tuple[Sequence[Story], FeedState, SourceReport]:
        """The new stories, the state after them, and the report."""
        view = self.bot.engine.view()
        items = [i for i in polled.items[:ITEMS] if not (i.stranger and taken(i.stranger, view.known, view.learned))]
        found = [self._story(item, now) for item in items]
        keys = self.bot.journal.known_keys([story.keys[0] for story in found])
        fresh = [s for s in {s.id: s for s in found}.values() if s.title and s.keys[0] not in keys]
        left = budget.left(self.state, self.spec, now) if self.state.seeded else ITEMS
        notes = [polled.note] if polled.note else []
        over = len(fresh) > left or len(polled.items) > ITEMS
        if over:
            notes.append(f"more than {self.spec.stories_per_day} stories a day, or {ITEMS} at once, are not read")
        if many_names:
            notes.append(f"more than {LEARNED_A_DAY} names of models a day are not learned")
        fresh = fresh[:left]
        trouble = Trouble.REFUSED if over or many_names else Trouble.NONE if polled.seen else Trouble.EMPTY
        if trouble is Trouble.EMPTY:
            notes.append(f"it lists nothing; {self.source.advice}")
        state = budget.spent(self.state, self.spec, now, len(fresh)) if self.state.seeded else self.state
        wait = max(pace.spread(self.every, self.jitter()), polled.retry_after or timedelta())
        state = replace(
            state,
            failures=0,
            last_error="; ".join(notes),
            seeded=True,
            last_ok_at=now,
            last_change_at=now if fresh else state.last_change_at,
            last_items=polled.seen,
            next_poll_at=now + min(wait, pace.RETRY_AFTER_CAP),
        )
        report = SourceReport(
            self.name, now, trouble, detail=state.last_error, items=polled.seen, fresh=len(fresh), status=200
        )
        return fresh, state, report

    def _story(self, item: NewsItem, now: datetime) -> Story:
        key = stable_id("news source", self.name, item.key, length=32)
        at = item.published_at
        return Story(
            id=stable_id(self.name, item.key),
            source=self.name,
            title=plain_text(item.title, TITLE_LIMIT),
            seen_at=now,
            published_at=min(at.astimezone(UTC), now) if at is not None and at.tzinfo is not None else None,
            summary=plain_text(item.summary, SUMMARY_LIMIT),
            link=safe_link(item.link),
            publisher=plain_text(item.publisher or self.source.title, TITLE_LIMIT),
            seeded=item.evidence_only or not self.state.seeded,
            keys=(key,),
        )
