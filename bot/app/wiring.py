"""Joins adapters, core and application into a running bot: the only module that knows all of them.

Each part is complete when made and gets what it needs from others then. Which store, price source and notifiers to use
is decided in ``stores``, ``run.prices.source`` and ``run.notifiers``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.reader import FeedReader
from bot.adapters.feeds.session import FeedSession, open_session
from bot.adapters.notifiers.telegram import CHANNEL, COMMANDS, Permissions, TelegramListener
from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL
from bot.adapters.scheduler import Scheduler
from bot.app.chat.access import AccessLists
from bot.app.chat.handlers import ChatCommands
from bot.app.chat.moves import ChatMoves
from bot.app.chat.silences import Silences
from bot.app.feeds import fetch_limits
from bot.app.monitoring.counters import MeasuredCycle, Measures
from bot.app.monitoring.endpoints import monitored
from bot.app.monitoring.status import status_message
from bot.app.project import AHEAD, HISTORY, Project, Timetables, restored_engine
from bot.app.run.alarm import Alarm
from bot.app.run.audience import Audience
from bot.app.run.inbox import Inbox
from bot.app.run.live import LiveBot
from bot.app.run.news.language_model import language_model
from bot.app.run.news.leads import Leads
from bot.app.run.news.second_reader import DAY, Budget, Read, SecondReader
from bot.app.run.news.second_reader import LOOK_EVERY as QUESTIONS_EVERY
from bot.app.run.news.second_reader import SOURCE as SECOND_READER
from bot.app.run.news.sources import NewsSources
from bot.app.run.notifiers import (
    CONSOLE,
    close_all,
    configured_recipients,
    live_notifiers,
    one_by_one,
    without_edits,
)
from bot.app.run.pictures import Charts
from bot.app.run.prices.pacing import Movement, Pace
from bot.app.run.prices.source import price_source
from bot.app.run.prices.streaming import SOURCE as PRICE_STREAM
from bot.app.run.reloading import LOOK_EVERY, Look, Reloader
from bot.app.run.troubles import Told, ToldTroubles
from bot.app.stores import Place, open_history
from bot.clock import JUMP, MOST_AHEAD, SteadyClock, SystemClock
from bot.config.settings.model import InDoubtPolicy
from bot.config.settings.telegram_token import FoundToken
from bot.core.engine import Engine
from bot.core.health import CHANNELS, MISTAKES, SOURCE_NAMES
from bot.core.model import Announcement, Notification, SourceReport
from bot.core.ports import Clock, Journal, Notifier, Store
from bot.core.prices.exchanges import HOME
from bot.core.secret import Secret
from bot.core.standing import Standing
from bot.core.text.wording import age
from bot.core.view import View
from bot.delivery.bursts import Bursts
from bot.delivery.held import HeldMessages
from bot.delivery.recipients import notice
from bot.delivery.sender import Sender
from bot.recovery import Recovery
from bot.render.outside import command

log = logging.getLogger(__name__)

LEAVE_WITHIN = 0.3
"""Seconds that feeds and notifiers have to close."""


@dataclass(frozen=True, slots=True)
class Startup:
    """What a run starts from: files and environment, read and checked."""

    config: Path
    looked: Look
    """The state of the files before ``project`` was read."""
    project: Project
    database: Place
    token: FoundToken
    model_key: Secret | None
    """The language model's key."""
    switch: Secret | None
    """The URL of the heartbeat's dead-man's switch."""

    @property
    def small_files(self) -> Path:
        """The folder for what may be lost: the history's, or where one would be."""
        return self.database.parent if isinstance(self.database, Path) else self.config.parent / "data"


@contextlib.asynccontextmanager
async def running_bot(
    start: Startup, store: Store, clock: SystemClock, console: TextIO, stop: asyncio.Event
) -> AsyncIterator[LiveBot]:
    """Everything joined and running until the end of the block, then shut down in the right order."""
    settings, telegram = start.project.settings, start.project.settings.telegram
    async with contextlib.AsyncExitStack() as closing:
        resumed, keeping = _resumed(store, clock), ToldTroubles(store)
        timetables = _timetables(start.project, clock)
        prices = price_source(start.project, timetables, start.small_files)
        closing.callback(prices.close)
        notifiers = _notifiers(start, lambda: cycle.engine.view(), clock, console, store)
        closing.push_async_callback(_closed, lambda: close_all(notifiers.values()))

        def told_before() -> Told:
            return _still_wanted(keeping.latest(), start.project, store, notifiers)

        told = told_before()
        standing = Standing(told.lasting)
        engine = restored_engine(start.project, store, timetables, clock.now(), delay=prices.delay, told=told.sources)
        access_lists = AccessLists(store, clock, Permissions(frozenset(telegram.admins), frozenset(telegram.allow)))
        people = _receiving(start.project, store, access_lists, notifiers)
        inbox = Inbox(clock, Alarm(notifiers, people, clock), standing, store)
        muting = Silences(store, lambda: cycle.engine, clock, lambda: settings.symbols)
        measures = Measures()
        session = await closing.enter_async_context(open_session())
        feeds = await closing.enter_async_context(FeedSession())

        def restore(until: datetime) -> Engine:
            """A new engine in place of one that failed."""
            companies = cycle.engine.view().companies
            return restored_engine(
                bot.project,
                store,
                timetables,
                until,
                delay=prices.delay,
                companies=companies,
                told=told_before().sources,
            )

        model = language_model(settings.language_model, session, start.model_key)
        leads = Leads(model.lead, inbox.announce, clock) if model is not None else None
        cycle = MeasuredCycle(
            engine,
            store,
            people,
            silences=muting,
            add_lead=leads.add_lead if leads is not None else _as_it_is,
            without_edits=without_edits(notifiers),
            bursts=Bursts(one_by_one(notifiers)),
            held=HeldMessages(store.held, people, muting),
            recovery=Recovery(restore, standing),
            measures=measures,
        )
        reader = _reader(start.project, feeds, store)
        closing.push_async_callback(_closed, reader.close)
        moves = ChatMoves(store, access_lists, muting, people.refresh)
        sender = _sender(start, store, notifiers, people, moves, inbox, measures, clock, told)
        bot = LiveBot(
            start.project,
            journal=store,
            outbox=store,
            upkeep=store,
            cycle=cycle,
            reader=reader,
            prices=prices,
            clock=clock,
            scheduler=Scheduler(SteadyClock()),
            inbox=inbox,
            timetable_of=timetables.of_symbol,
            wake=sender.wake,
            told_before=told,
            keeping=keeping,
            strangers=_strangers(start.project, timetables),
            leads=leads,
            pace=Pace(settings.prices.batch),
            movement=Movement(settings.watchlist),
            take_jump=clock.take_jump,
            happened=clock.happened,
        )
        parser = Parser()
        closing.push_async_callback(_closed, parser.close)
        NewsSources(bot, feeds, fetch_limits(start.project.settings.news), parser).begin(closing.callback)
        _recover(store, clock)
        if resumed:
            inbox.announce(notice("clock", *resumed, clock.now()))
        for source in MISTAKES:  # otherwise it had not started
            inbox.report(SourceReport(source, clock.now()))
        reloader = Reloader(bot, start.config, start.looked)
        tasks = [bot.jobs.keep("delivery", lambda: sender.run(stop), stop)]
        if start.token.token is not None:
            handler = ChatCommands(
                bot,
                people=store,
                outbox=store,
                history=lambda: open_history(start.database),
                access_lists=access_lists,
                muting=muting,
                refresh=people.refresh,
                moves=moves,
                status=lambda: status_message(bot, clock.now()),
                reload=reloader.now,
                announce=inbox.announce,
            )
            base_url = telegram.base_url or DEFAULT_BASE_URL
            listener = TelegramListener(
                start.token.token,
                handler,
                lambda: access_lists.access,
                clock,
                inbox.report,
                base_url=base_url,
                reported=(CHANNEL, COMMANDS) in {(t.source, t.subject) for t in told.sources},
            )
            tasks.append(bot.jobs.keep("commands", lambda: listener.run(stop), stop))
        if prices.stream is not None and settings.prices.stream:
            listening = bot.listen(prices.stream)
            tasks.append(bot.jobs.keep(PRICE_STREAM, lambda: listening.run(stop), stop))
        if settings.on_demand_specs:
            bot.ask_on_demand()
        bot.every("rules", LOOK_EVERY, reloader.check)
        if model is not None and settings.language_model.second_reader:
            bot.every("second reader", QUESTIONS_EVERY, _second_reader(bot, model.read).look)
        bot.start()
        closing.push_async_callback(_end, bot, tasks, stop)
        async with monitored(bot, sender, measures, clock, session, start.switch):
            yield bot


async def _end(bot: LiveBot, tasks: Sequence[asyncio.Task[None]], stop: asyncio.Event) -> None:
    stop.set()
    await bot.stop()
    await asyncio.wait(tasks, timeout=1.7)


async def _closed(close: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(close(), LEAVE_WITHIN)


def _as_it_is(announcement: Announcement) -> Announcement:
    return announcement


# --------------------------------------------------------------------------------------------------------------- parts


def _timetables(project: Project, clock: Clock) -> Timetables:
    now = clock.now()
    return Timetables((now - HISTORY).date(), (now + AHEAD).date(), project.companies, otherwise=HOME)


def _resumed(store: Store, clock: SystemClock) -> tuple[str, str] | None:
    """Let the clock go on where the history ends, if the machine's clock was set back since; what to tell of it."""
    latest = store.latest_at()
    lead = clock.resume(latest) if latest is not None else timedelta()
    if latest is None or lead < JUMP:
        return None
    headline = f"The machine's clock is {age(lead)} behind the history"
    if lead <= MOST_AHEAD:
        detail = "It was set back since the last run. Until it has caught up, recorded times are stretched."
    else:
        detail = (
            f"The history goes up to {latest:%Y-%m-%d %H:%M} UTC. The clock was wrong then, or is now: set it right. "
            "What was recorded for times to come is not taken into account until then."
        )
    log.warning("%s. %s", headline, detail)
    return headline, detail


def _strangers(project: Project, timetables: Timetables) -> Mapping[str, str]:
    """The watched symbols whose exchange is unknown, with what to write: they are watched as far as possible."""
    unknown = timetables.without_sessions(project.settings.symbols)
    for words in unknown.values():
        log.warning("%s", words)
    return unknown


def _sources(project: Project, notifiers: Collection[str]) -> Collection[str]:
    """The names of everything that reports how it is."""
    settings = project.settings
    feeds = [*(spec.name for spec in settings.feed_specs), *(spec.name for spec in settings.on_demand_specs)]
    feeds += [source.type for source in settings.news_sources if source.enabled]
    off = {*CHANNELS}
    if not settings.language_model.second_reader:
        off.add(SECOND_READER)
    if not settings.prices.stream:
        off.add(PRICE_STREAM)
    return {*SOURCE_NAMES}.difference(off).union(notifiers, feeds)


def _still_wanted(told: Told, project: Project, store: Store, notifiers: Collection[str]) -> Told:
    """Without what nobody asks for any more."""
    chats = {recipient.id for recipient in store.recipients() if recipient.enabled}
    metrics = project.settings.metrics.address is not None
    return told.of(_sources(project, notifiers), project.settings.symbols, chats, metrics=metrics)


def _notifiers(
    start: Startup, view: Callable[[], View], clock: Clock, console: TextIO, store: Store
) -> dict[str, Notifier]:
    pictures = Charts(view) if start.project.settings.telegram.pictures else None
    if start.token.token is None:
        log.warning("no Telegram token: alerts are printed here; to connect Telegram, run: %s", command("setup"))
    settings, folder = start.project.settings, start.project.folder
    return live_notifiers(settings, start.token, console, clock, folder, pictures, store.recipients)


def _receiving(project: Project, store: Store, access_lists: AccessLists, notifiers: dict[str, Notifier]) -> Audience:
    """Who receives; the recipients that the configuration names are saved first."""
    settings = project.settings
    store.save_recipients([CONSOLE] if CONSOLE.channel in notifiers else [])
    store.save_recipients(configured_recipients(settings, store.recipients()))
    people = Audience(store, lambda: access_lists.access, notifiers, settings.operator.notices)
    if not any(r.enabled for r in people()):
        known = settings.telegram.admins or settings.telegram.allow
        start = "send /start to the bot, from a chat that config.yaml names under telegram:"
        log.warning("nobody receives alerts yet: %s", start if known else f"run: {command('setup')}")
    return people


def _second_reader(bot: LiveBot, read: Read) -> SecondReader:
    """The second reader. Its budget counts the answers of earlier runs."""
    settings, clock = bot.project.settings.language_model, bot.clock
    budget = Budget(settings.questions_an_hour, settings.questions_a_day)
    budget.spend(bot.engine.view().answered_at(clock.now() - DAY))
    return SecondReader(read, lambda: bot.engine.view(), clock, bot.turn, budget, settings.model)


def _reader(project: Project, session: FeedSession, journal: Journal) -> FeedReader:
    return FeedReader(session, journal.known_keys, limits=fetch_limits(project.settings.news))


def _sender(
    start: Startup,
    store: Store,
    notifiers: dict[str, Notifier],
    people: Audience,
    moves: ChatMoves,
    inbox: Inbox,
    measures: Measures,
    clock: Clock,
    told: Told,
) -> Sender:
    def announce(announcement: Announcement) -> None:
        people.refresh()  # the sender may have switched a chat off, or moved it
        inbox.announce(announcement)

    def sent(notification: Notification) -> None:
        measures.delivered(notification, clock.now())

    ask = (CHANNEL,) if start.project.settings.telegram.in_doubt is InDoubtPolicy.ASK else ()
    return Sender(
        store,
        store,
        notifiers,
        clock,
        real_clock=SteadyClock(),
        audience=people.admins_marked,
        ask=ask,
        report=inbox.report,
        announce=announce,
        sent=sent,
        moved=moves.lists_follow,
        reported={(t.source, t.subject) for t in told.sources if t.source in notifiers},
        standing=inbox.standing,
    )


def _recover(store: Store, clock: Clock) -> None:
    """Mark what was in flight when the last run ended as in doubt; the sender repeats or tells it."""
    if doubtful := store.recover(clock.now()):
        log.warning("%d deliveries were in flight when the last run ended; they are marked unknown", doubtful)
