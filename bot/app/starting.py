"""Starts the live bot, keeps it company until a signal, and ends it cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from bot.adapters.feeds.fetch import Limits
from bot.adapters.feeds.reader import FeedReader
from bot.adapters.language_model import LanguageModel
from bot.adapters.scheduler import Scheduler
from bot.adapters.store import SqliteStore, open_store
from bot.adapters.telegram import Access, TelegramListener, TelegramNotifier
from bot.adapters.telegram.connection import DEFAULT_BASE_URL
from bot.adapters.yahoo import Yahoo
from bot.app.alarm import Alarm
from bot.app.audience import entitled
from bot.app.chat.access import Admission
from bot.app.chat.desk import Desk
from bot.app.chat.held import EVERY as HELD_EVERY
from bot.app.chat.held import HeldMessages
from bot.app.leads import Leads
from bot.app.live import LiveBot
from bot.app.logs import AboveStatus, StatusHandler, start_logging
from bot.app.measures import MeasuredCycle, Measures, timed
from bot.app.monitoring import watched_over
from bot.app.muting import Muting
from bot.app.notifiers import (
    CONSOLE,
    ask_again,
    configured_recipients,
    live_notifiers,
    other_secrets,
    token_of,
    unsafe_file,
)
from bot.app.pictures import Drawings
from bot.app.reloading import LOOK_EVERY, Look, Reloader, look
from bot.app.status import one_line, several_lines
from bot.app.world import AHEAD, HISTORY, Timetables, World, make_engine, read_rules_folder
from bot.clock import SystemClock
from bot.config.settings.language_model_key import find_language_model_key
from bot.config.settings.metrics import find_heartbeat_url
from bot.config.settings.settings_file import load_settings
from bot.config.settings.telegram_token import FoundToken
from bot.core.engine import Engine
from bot.core.errors import StoreError
from bot.core.model import Announcement, Batch, Recipient
from bot.core.news.companies import Company
from bot.core.secret import Secret
from bot.core.wording import count
from bot.recipients import notice
from bot.recovery import Recovery
from bot.sender import Sender

log = logging.getLogger(__name__)

WATCHING_SINCE = "watching_since"
PRICES_BACK = timedelta(days=4)
"""How much of the stored quotes a restart reads at least: the session under way and the one before, over a weekend;
more where a rule looks back further."""
BUSY_FOR = timedelta(seconds=0.25)
"""How long a write waits for another program's: the event loop stands still meanwhile, and it is tried again anyway."""
STATUS_EVERY = 1.0
STATUS_LOGGED_EVERY = 300.0


async def run_bot(config: Path, database: Path | None, pretend: datetime | None = None) -> None:
    """Run until SIGINT or SIGTERM. Raises ConfigError, UsageError or StoreError where it cannot start."""
    clock = SystemClock(pretend)
    settings = load_settings(config)
    looked = look(settings.rules, config)
    world = read_rules_folder(config, settings)
    found = token_of(world)
    key, unsafe = find_language_model_key(os.environ, world.settings.language_model.key_file)
    switch = find_heartbeat_url(os.environ, world.settings.heartbeat)
    secrets = [*other_secrets(world.settings, world.folder), *(s for s in (found.token, key, switch) if s)]
    handler = start_logging(world.settings.log_level.value, secrets)
    for warning in (*found.warnings, *([unsafe] if unsafe else []), *unsafe_file(world.settings, world.folder)):
        log.warning("%s", warning)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    file = database or world.settings.storage.database
    with contextlib.closing(
        open_store(file, mode="live", run_name="live", now=clock.now(), busy_for=BUSY_FOR)
    ) as store:
        async with _assembled(config, looked, world, store, clock, handler, found, key, stop) as bot:
            log.info(
                "started feeds=%d symbols=%d rules=%d database=%s",
                len(bot.states),
                len(world.settings.symbols),
                len(world.rules),
                file,
            )
            await _company(bot, handler, clock, stop)
            log.info("stopping")
    handler.finish()


@contextlib.asynccontextmanager
async def _assembled(
    config: Path,
    looked: Look,
    world: World,
    store: SqliteStore,
    clock: SystemClock,
    handler: StatusHandler,
    found: FoundToken,
    key: Secret | None,
    stop: asyncio.Event,
) -> AsyncIterator[LiveBot]:
    """Everything joined and running; ended in the right order on the way out."""
    telegram = world.settings.telegram
    admission = Admission(store, clock, Access(frozenset(telegram.admins), frozenset(telegram.allow)))
    terminal = AboveStatus(handler, sys.stdout)
    # the terminal writes, flushes and knows what it is, which is all that is used
    notifiers = live_notifiers(world.settings, found, terminal, clock, world.folder)  # type: ignore[arg-type]
    messenger = notifiers.get("telegram")
    if found.token is None:
        log.warning("no Telegram token: alerts are shown here. To connect Telegram, run: python main.py setup")
    store.save_recipients([CONSOLE] if "console" in notifiers else [])
    store.save_recipients(configured_recipients(world.settings, store.recipients()))
    people: list[Recipient] = []

    def refresh() -> None:
        known = entitled(list(store.recipients()), admission.access, notices=world.settings.operator.notices)
        people[:] = [r for r in known if r.channel in notifiers]

    refresh()
    if not any(r.enabled for r in people):
        log.warning("nobody receives alerts yet: %s", _first_step(telegram.admins, telegram.allow))
    now = clock.now()
    timetables = Timetables((now - HISTORY).date(), (now + AHEAD).date(), world.companies)
    engine = _restored_engine(world, store, timetables, now)
    drawings = Drawings(engine, clock)
    if isinstance(messenger, TelegramNotifier) and telegram.pictures:
        messenger.show(drawings)
    muting = Muting(store, engine, clock, lambda: world.settings.symbols)
    measures = Measures()
    cycle = MeasuredCycle(engine, store, lambda: people, muting, measures=measures)
    async with aiohttp.ClientSession(trust_env=True) as session:
        news = world.settings.news
        limits = Limits(total=news.timeout, body=news.max_megabytes * 1_000_000)
        reader = FeedReader(session, store.known_keys, limits=limits)
        known = {c.symbol: c.exchange for c in world.companies if c.exchange}
        prices = Yahoo(timetables.of_exchange, exchanges=known, cache=store.path.parent / "yfinance")
        bot = LiveBot(world, engine, store, cycle, reader, prices, clock, Scheduler(SystemClock()))
        bot.describe, bot.calendar = prices.describe, prices
        bot.timetable_of = timetables.of_symbol
        alarm = Alarm(notifiers, people, clock)
        bot.alarm, bot.withdraw = alarm, alarm.withdraw
        if (asked := world.settings.language_model).url:
            writer = LanguageModel(session, str(asked.url), asked.model, key)
            bot.leads = Leads(writer.lead, bot.announce, clock)
            cycle.dress = bot.leads.dress

        def restore(until: datetime) -> Engine:
            """Another engine for all who use it, after the one before it failed."""
            restored = _restored_engine(bot.world, store, timetables, until, bot.engine.companies)
            bot.engine = muting.engine = drawings.engine = restored
            return restored

        cycle.recovery = Recovery(restore)

        def announce(announcement: Announcement) -> None:
            refresh()  # the sender may have switched a chat off, or moved it
            bot.announce(announcement)

        sender = Sender(store, timed(notifiers, clock, measures), clock, report=bot.report, announce=announce)
        bot.wake = sender.wake
        recovered = store.recover(clock.now())
        if recovered := max(0, recovered - ask_again(store, clock.now())):
            log.warning("%d deliveries were in flight when the last run ended; they are marked unknown", recovered)
            words = f"{count(recovered, 'message')} may not have arrived"
            why = "The last run ended while sending. What is in doubt is not repeated by itself."
            bot.announce(notice("recovery", words, why, clock.now()))
        reloader = Reloader(bot, config, looked)
        tasks = [asyncio.create_task(sender.run(stop), name="sender")]
        if found.token is not None:
            status = lambda: several_lines(bot, clock.now())  # noqa: E731 - one of several parts handed over
            audience = Desk(bot, store, admission, muting, refresh, status, reloader.now, bot.announce)
            base = telegram.base_url or DEFAULT_BASE_URL
            listener = TelegramListener(found.token, audience, admission.access, clock, bot.report, base_url=base)
            admission.changed = listener.admit
            tasks.append(asyncio.create_task(listener.run(stop), name="telegram"))
        bot.every("rules", LOOK_EVERY, reloader.check)
        held = HeldMessages(store, clock, lambda: people, muting, bot.announce)
        cycle.on_commit = held.heard
        bot.every("held", HELD_EVERY, held.check)
        bot.start()
        switch = find_heartbeat_url(os.environ, world.settings.heartbeat)
        try:
            async with watched_over(bot, sender, measures, clock, session, switch):
                yield bot
        finally:
            stop.set()
            await bot.stop()
            await asyncio.wait(tasks, timeout=1.7)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.close(), 0.3)
            prices.close()
            for notifier in notifiers.values():
                if (close := getattr(notifier, "close", None)) is not None and notifier is not messenger:
                    with contextlib.suppress(Exception):
                        await close()


def _first_step(admins: Sequence[int], allow: Sequence[int]) -> str:
    if admins or allow:
        return "send /start to the bot, from a chat that config.yaml names under telegram:"
    return "run: python main.py setup"


def _restored_engine(
    world: World, store: SqliteStore, timetables: Timetables, now: datetime, introduced: Iterable[Company] = ()
) -> Engine:
    """An engine with the state the stored history gives it up to ``now``: the one recovery path. Those ``introduced``
    are companies of which the vendor told the name."""
    written = store.extra(WATCHING_SINCE)
    since = datetime.fromisoformat(written) if written else now
    engine = make_engine(world, timetables, since)
    for company in introduced:
        if company.symbol not in world.companies:
            engine.introduce(company.symbol, company.name, company.exchange)
    window = world.settings.news.window + timedelta(days=7)
    back = max(PRICES_BACK, world.rules.reads.quotes_for)
    earliest = (now - timedelta(days=30)).date()
    engine.restore(
        store.observations(now - max(window, back), now, quotes_since=now - back),
        store.alerts_since(earliest),
        store.incidents_since(earliest),
        now,
    )
    if world.settings.benchmark:
        engine.send_digests(world.settings.benchmark, now, makes_up=written is not None)
    versions = ((name, version, text) for name, (version, text) in world.rules.versions.items())
    store.record_rules(versions, now)
    if written is None:
        store.commit(Batch(now, extras={WATCHING_SINCE: now.isoformat()}))
    return engine


async def _company(bot: LiveBot, handler: StatusHandler, clock: SystemClock, stop: asyncio.Event) -> None:
    """Show the status line, or log it now and then, until ``stop``."""
    logged = asyncio.get_running_loop().time()
    while not stop.is_set():
        with contextlib.suppress(StoreError):
            line = one_line(bot, clock.now())
            if handler.is_terminal:
                handler.status(line, shutil.get_terminal_size().columns)
            elif asyncio.get_running_loop().time() - logged >= STATUS_LOGGED_EVERY:
                logged = asyncio.get_running_loop().time()
                log.info("status %s", line)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), STATUS_EVERY)
