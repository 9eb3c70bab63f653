"""Checks everything a run needs: for each part whether it works, and what to do if not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from bot.adapters.feeds.check import FeedCheck, check_feed
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession, open_session
from bot.app.feeds import fetch_limits
from bot.app.project import AHEAD, HISTORY, Project, Timetables, load_project
from bot.app.run.news.language_model import language_model
from bot.app.run.news.sources import Requests, news_source
from bot.app.run.notifiers import channel_states, configured_recipients, telegram_notifier, token_of
from bot.app.run.prices.absences import UNKNOWN
from bot.app.run.prices.source import BUILT_IN, price_source
from bot.app.setup.findings import FEED, MOST_NAMED, NEWS_SOURCE, ON_DEMAND, Finding
from bot.app.stores import exists, open_history
from bot.clock import SystemClock
from bot.config.settings.metrics import VARIABLE, HeartbeatSettings, find_heartbeat_url
from bot.config.settings.model import LanguageModelSettings, Settings
from bot.config.settings.secret_files import LANGUAGE_MODEL_KEY, find_language_model_key
from bot.core.errors import (
    AftershockError,
    ConfigError,
    DeliveryError,
    Obstacle,
    SourceError,
    StoreOutdatedError,
    UsageError,
)
from bot.core.model import Absence, PricePoll, Story
from bot.core.model.feeds import FeedSpec
from bot.core.model.on_demand import Wanted, WantedKind
from bot.core.ports import PriceSource
from bot.core.prices.windows import format_duration
from bot.core.rules.rule import RuleSet
from bot.core.text.wording import count as counted
from bot.core.text.wording import listing
from bot.render.outside import command, shell

AT_ONCE = 12
"""Feeds fetched at the same time."""
SAMPLE = Story(
    "sample",
    "check",
    "Chip stocks fall 7% as Acme AI releases a model that needs a tenth of the chips",
    datetime(2025, 1, 27, 14, tzinfo=UTC),
)
"""A made-up story of a fall that AI causes."""
STREAM_WITHIN = 12.0
"""Seconds until a price stream that cannot be reached is given up."""
_HEALTH_BYTES = 65_536
HOLIDAYS_AHEAD = timedelta(days=60)
"""For how long ahead holidays should be recorded."""


async def check_up(config: Path, now: datetime, *, offline: bool = False) -> AsyncIterator[Finding]:
    """Check everything; findings come as they are made. ``offline`` skips what needs the network."""
    try:
        project = load_project(config)
    except ConfigError as error:
        for problem in error.problems:
            yield Finding("configuration", False, str(problem))
        return
    settings = project.settings
    yield Finding("configuration", True, f"{config}: {len(settings.feed_specs)} feeds, {len(settings.watched)} symbols")
    others = [r.id for r in configured_recipients(project.settings, ())]
    for finding in (*_feeds_and_symbols(project), *_rules(project.rules, others)):
        yield finding
    timetables = Timetables((now - HISTORY).date(), (now + AHEAD).date(), project.companies)
    for finding in _sessions(settings.symbols, timetables, now):
        yield finding
    for finding in _history(settings, config):
        yield finding
    for name, trouble in channel_states(settings, project.folder, SystemClock()):
        yield Finding(name, not trouble, trouble or "ready", "fix it in config.yaml, the environment or .env")
    if settings.metrics.address is not None:
        yield await _metrics(*settings.metrics.address)
    for finding in _heartbeat(settings.heartbeat):
        yield finding
    try:
        find_language_model_key(os.environ, settings.language_model.key_file)
    except ConfigError as error:
        yield Finding("language model", False, str(error), f"correct {LANGUAGE_MODEL_KEY} or its key_file")
    if offline:
        yield Finding("network", True, "not used, as asked: feeds, prices and Telegram may work or not")
        return
    async for finding in _online(project, timetables, now):
        yield replace(finding, online=True)


async def _online(project: Project, timetables: Timetables, now: datetime) -> AsyncIterator[Finding]:
    """What needs the network."""
    async for finding in _feeds(project, now):
        yield finding
    async for finding in _on_demand(project, now):
        yield finding
    async for finding in _news_sources(project, now):
        yield finding
    for finding in await _prices(project, timetables, now):
        yield finding
    stream = await _stream(project, timetables)
    if stream is not None:
        yield stream
    yield await _telegram(project)
    if project.settings.language_model.second_reader:
        yield await check_second_reader(project.settings.language_model)


def _feeds_and_symbols(project: Project) -> Iterator[Finding]:
    """That there is no feed, and the watched symbols that nothing describes."""
    if not project.settings.feed_specs:
        yield Finding("feeds", True, "none: without news no fall is put down to AI; list some under feeds:")
    strangers = [s for s in project.settings.watched if s not in project.companies]
    if strangers:
        yield Finding(
            "companies",
            True,
            f"not in rules/companies.yaml: {', '.join(strangers[:8])}{' and more' if len(strangers) > 8 else ''}; "
            "add them for names and exposures",
        )


def _sessions(symbols: Iterable[str], timetables: Timetables, now: datetime) -> Iterator[Finding]:
    """Symbols whose sessions are not known, and exchanges whose holidays soon are not."""
    for words in timetables.without_sessions(symbols).values():
        said, _, advice = words.partition("; ")
        yield Finding("symbols", False, said, advice)
    for exchange, until in timetables.holidays_recorded_until(symbols).items():
        if until < now.date() + HOLIDAYS_AHEAD:
            words = f"holidays of {exchange} are recorded until {until}; later every weekday counts as a session"
            yield Finding("symbols", True, f"{words}, until a newer exchange_calendars is installed")


def _rules(rules: RuleSet, others: Collection[str]) -> Iterator[Finding]:
    """``others``: the ids of the recipients on other channels than Telegram."""
    enabled = ", ".join(r.name for r in rules if r.enabled)
    words = f"{len(rules)} loaded; in force: {enabled or 'none'}"
    yield Finding("rules", bool(enabled), words, "enable a rule in rules/")
    for rule in rules:
        if rule.idle:
            yield Finding("rules", True, f"{rule.name}{'' if rule.enabled else ' (disabled)'} {rule.idle}")
        unknown = [to for to in rule.to if to != "console" and not to.startswith("telegram:") and to not in others]
        if unknown and rule.enabled:
            words = f"{rule.name} is for {listing(unknown)}, which config.yaml does not have"
            yield Finding("rules", False, words, "add it there, or correct to: in the rule")


def _history(settings: Settings, config: Path) -> Iterator[Finding]:
    try:
        place = settings.storage.place
        if isinstance(place, Path):
            yield _database(place)
            yield from (Finding("history", True, words) for words in wider(place, config))
        elif exists(place):
            with open_history(place) as history:
                yield Finding("history", True, f"{place}: {history.count_alerts()} alerts")
        else:
            yield Finding("history", True, f"{place} is there; the first run begins the history")
    except AftershockError as error:
        yield Finding("history", False, str(error), "see docs/server.md")


def _database(file: Path) -> Finding:
    if not exists(file):
        folder = next((p for p in (file.parent, *file.parent.parents) if p.exists()), Path())
        good = os.access(folder, os.W_OK)
        return Finding("history", good, f"{file} will be created by the first run", f"make {folder} writable")
    try:
        with open_history(file) as history:
            count = history.count_alerts()
    except StoreOutdatedError:
        words = "of an earlier version; the first start of run brings it up to date, and keeps a copy"
        return Finding("history", True, f"{file}: {words}")
    except AftershockError as error:
        return Finding("history", False, str(error), "move the file away, or name another under storage: database:")
    return Finding("history", True, f"{file}: {count} alerts")


def wider(file: Path, config: Path) -> Iterator[str]:
    """What others on this machine may read of the history at ``file``, and the command that ends it.

    Its folder is looked at where it is the history's own: not where the configuration lies, too.
    """
    inside = [place for place in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))) if _open(place)]
    if inside:
        names = listing([p.name for p in inside])
        yield f"others on this machine can read {names}; run: {shell('chmod', 600, *inside)}"
    folder = file.parent
    with contextlib.suppress(OSError):
        if file.exists() and not folder.samefile(config.parent) and _open(folder):
            yield f"others on this machine can look into {folder}; run: {shell('chmod', 700, folder)}"


def _open(place: Path) -> bool:
    """Whether it is ours, and others than we have any right to it. A folder for all (``/tmp``) is not meant for us."""
    try:
        found = place.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and bool(found.st_mode & 0o077) and not found.st_mode & stat.S_ISVTX


async def _metrics(host: str, port: int) -> Finding:
    """Whether the bot can listen there, or already does."""
    shown = f"[{host}]" if ":" in host else host
    try:
        (await asyncio.start_server(lambda reader, writer: writer.close(), host, port)).close()
    except OSError as error:
        said = await _health(f"http://{shown}:{port}/healthz")
        if said:
            return Finding("metrics", True, f"a running bot answers at {shown}:{port}: {said}")
        reason = error.strerror or type(error).__name__
        return Finding(
            "metrics", False, f"nothing can listen at {shown} port {port}: {reason}", "change metrics: listen:"
        )
    return Finding("metrics", True, f"ready for http://{shown}:{port}/metrics and /healthz")


async def _health(address: str) -> str:
    """``ok`` or ``unwell``, as a running bot reports; empty if there is none."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session,
            session.get(address, allow_redirects=False) as answer,
        ):
            said = json.loads(await answer.content.read(_HEALTH_BYTES))["status"]
            return said if said in ("ok", "unwell") else ""
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""


def _heartbeat(heartbeat: HeartbeatSettings) -> Iterator[Finding]:
    try:
        url = find_heartbeat_url(os.environ, heartbeat)
    except ConfigError as error:
        yield Finding("heartbeat", False, str(error), f"correct {VARIABLE}")
        return
    if url is not None:
        yield Finding(
            "heartbeat", True, f"the switch is pinged every {format_duration(heartbeat.every)} while the bot is healthy"
        )


async def _feeds(project: Project, now: datetime) -> AsyncIterator[Finding]:
    limits = fetch_limits(project.settings.news)
    parser = Parser()
    slots = asyncio.Semaphore(AT_ONCE)
    specs = project.settings.feed_specs
    good = 0

    async with FeedSession() as session:

        async def look(spec: FeedSpec) -> FeedCheck:
            async with slots:
                return await check_feed(session, spec.url, now, local=spec.local, limits=limits, parser=parser)

        tasks = [asyncio.create_task(look(spec)) for spec in specs]
        try:
            for spec, task in zip(specs, tasks, strict=True):
                found = await task
                good += found.ok
                if not found.ok:
                    words = found.problems[0] if found.problems else "does not work"
                    advice = command("feeds", "check", spec.name)
                    yield Finding(f"{FEED} {spec.name}", False, words, advice, kind=FEED, obstacle=found.obstacle)
        finally:
            for task in tasks:
                task.cancel()
            await parser.close()
    yield Finding("feeds", good == len(specs), f"{good} of {len(specs)} work", sums_up=True)


async def _on_demand(project: Project, now: datetime) -> AsyncIterator[Finding]:
    """Whether each source of headlines on demand answers about the first companies of the watchlist."""
    watched, limits = project.settings.watched, fetch_limits(project.settings.news)
    async with FeedSession() as session:
        for spec in project.settings.on_demand_specs:
            sample = [
                Wanted(WantedKind.COMPANY, symbol, f'"{project.companies.name_of(symbol)}" shares')
                for symbol in watched[: spec.together if spec.by_symbol else 1]
            ]
            if spec.through_prices:
                yield Finding(f"on demand {spec.name}", True, "asked through the price source while something moves")
                continue
            url = spec.url(sample)
            found = await check_feed(session, url, now, local=spec.local, limits=limits)
            asked = listing([wanted.name for wanted in sample], MOST_NAMED)
            good = found.ok or (found.kind != "" and found.entries == 0)  # a search may find nothing
            words = f"{found.entries} headlines about {asked}" if good else (*found.problems, "does not work")[0]
            advice = f"{command('feeds', 'check', url)}, or write enabled: false beside it under on_demand:"
            part = f"{ON_DEMAND} {spec.name}"
            yield Finding(part, good, words, advice, kind=ON_DEMAND, obstacle=found.obstacle)


async def _news_sources(project: Project, now: datetime) -> AsyncIterator[Finding]:
    """Each is asked once, as at a first poll."""
    limits = fetch_limits(project.settings.news)
    async with FeedSession() as session:
        for settings in project.settings.news_sources:
            if not settings.enabled:
                continue
            part = f"{NEWS_SOURCE} {settings.type}"
            requests = Requests(session, lambda: now, limits)
            try:
                source = news_source(settings, project, lambda: project.topics, requests)
            except UsageError as error:
                yield Finding(part, False, str(error), "correct it under news_sources: in config.yaml")
                continue
            try:
                polled = await source.poll("", None, now)
                entries = "1 entry" if polled.seen == 1 else f"{polled.seen:,} entries"
                words = f"{source.title} lists {entries}, by {counted(requests.asked, 'request')}"
                yield Finding(part, polled.seen > 0, f"{words}; {polled.note}" if polled.note else words, source.advice)
            except SourceError as error:
                yield Finding(part, False, str(error), source.advice, kind=NEWS_SOURCE, obstacle=error.obstacle)
            finally:
                source.close()


async def _prices(project: Project, timetables: Timetables, now: datetime) -> list[Finding]:
    symbols = project.settings.symbols
    with tempfile.TemporaryDirectory(prefix="aftershock-") as cache:
        try:
            source = price_source(project, timetables, Path(cache))
        except UsageError as error:
            return [Finding("prices", False, str(error), "fix it under prices: in config.yaml")]
        try:
            poll = await source.quotes(symbols, now)
            quoted = _quoted(poll, source, symbols)
            own = project.settings.prices.source in BUILT_IN
            return [quoted, *(() if own else await _daily(source, symbols, now))]
        except SourceError as error:
            return [Finding("prices", False, str(error), source.advice, obstacle=error.obstacle)]
        finally:
            source.close()


async def _daily(source: PriceSource, symbols: Sequence[str], now: datetime) -> Iterable[Finding]:
    """What to bear in mind where another package's source has no daily bars. Raises SourceError."""
    found = await source.history(symbols[:1], now.date() - timedelta(days=30), now)
    if not found.bars and not found.missing:
        words = f"{source.title} has no daily bars: rules on a group, volume or sessions cannot fire"
        return [Finding("daily prices", True, f"{words}; docs/extending.md")]
    return []


def _quoted(poll: PricePoll, source: PriceSource, symbols: Sequence[str]) -> Finding:
    priced = {quote.symbol for quote in poll.quotes}
    unknown = [s for s in symbols if s not in priced and poll.missing.get(s, UNKNOWN).why is Absence.UNKNOWN]
    if unknown:
        return Finding(
            "prices",
            False,
            f"{source.title} does not know {listing(sorted(unknown), MOST_NAMED)}",
            "correct or remove these symbols in config.yaml",
        )
    without = {s: poll.missing[s] for s in symbols if s not in priced}
    if without:
        symbol, missing = next(iter(without.items()))
        words = f"no price yet for {listing(sorted(without), MOST_NAMED)}; {symbol}: {missing.why}, {missing.detail}"
        return Finding("prices", False, words, source.advice)
    words = f"{len(symbols)} symbols have prices from {source.title}"
    return Finding("prices", True, "; ".join(filter(None, (words, poll.note, _late(source.delays)))))


def _late(delays: Mapping[str, timedelta]) -> str:
    """Which exchanges' prices come late, the latest first: ``late: XTKS 20 min, XHKG 15 min``."""
    found = sorted(delays.items(), key=lambda each: (-each[1], each[0]))
    shown = [f"{exchange} {lag.total_seconds() / 60:.0f} min" for exchange, lag in found]
    return f"late: {listing(shown, MOST_NAMED)}" if shown else ""


class _Opening:
    """Listens until the connection stands."""

    def __init__(self) -> None:
        self.done = asyncio.Event()

    def opened(self) -> None:
        self.done.set()

    def trade(self, symbol: str, price: float, at: datetime, currency: str) -> None:
        return

    def odd(self, why: str) -> None:
        return


async def _stream(project: Project, timetables: Timetables) -> Finding | None:
    """Whether the price stream can be reached; ``None`` where there is none, or it is off. Prices do without it."""
    with tempfile.TemporaryDirectory(prefix="aftershock-") as cache:
        try:
            source = price_source(project, timetables, Path(cache))
        except UsageError:
            return None  # said of the prices
        source.close()
    if source.stream is None or not project.settings.prices.stream:
        return None
    opening = _Opening()
    listening = asyncio.create_task(source.stream.listen(project.settings.symbols, opening))
    opened = asyncio.create_task(opening.done.wait())
    await asyncio.wait({listening, opened}, timeout=STREAM_WITHIN, return_when=asyncio.FIRST_COMPLETED)
    stands = opening.done.is_set()
    opened.cancel()
    listening.cancel()
    await asyncio.wait({listening, opened})
    if stands:
        return Finding("price stream", True, "connected: trades are known seconds after they happen")
    error = listening.exception() if not listening.cancelled() else None
    advice = "prices are polled without it; let a proxy pass websockets, or write stream: false under prices:"
    obstacle = error.obstacle if isinstance(error, SourceError) else Obstacle.TIME if error is None else None
    return Finding("price stream", False, str(error or "no connection"), advice, obstacle=obstacle)


async def _telegram(project: Project) -> Finding:
    try:
        found = token_of(project)
    except ConfigError as error:
        return Finding("telegram", False, str(error), "write the token there")
    if found.token is None:
        return Finding(
            "telegram",
            True,
            f"not connected: alerts go to the console; {command('setup')} connects a bot",
            sums_up=True,
        )
    try:
        notifier = telegram_notifier(project.settings, found.token)
    except UsageError as error:
        return Finding("telegram", False, str(error), "correct or unset the proxy in the environment")
    try:
        name = await notifier.check()
    except DeliveryError as error:
        return Finding("telegram", False, str(error), "check the token and the network", obstacle=error.obstacle)
    finally:
        await notifier.close()
    telegram = project.settings.telegram
    if not telegram.admins:
        return Finding(
            "telegram",
            False,
            f"@{name} answers, but has no admin",
            f"run {command('setup')}, or put your Telegram user id under telegram: admins: in config.yaml",
        )
    return Finding(
        "telegram", True, f"@{name} answers; {len(telegram.admins)} admins, {len(telegram.allow)} more chats"
    )


async def check_second_reader(settings: LanguageModelSettings) -> Finding:
    """Whether the language model answers a sample question as the second reader needs it."""
    part = "second reader"
    try:
        key, _ = find_language_model_key(os.environ, settings.key_file)
    except ConfigError:
        return Finding(part, False, "not asked, as its key cannot be read", "see the language model above")
    async with open_session() as session:
        model = language_model(settings, session, key)
        assert model is not None, "the configuration is refused without an address"
        try:
            moves = await model.read(SAMPLE)
        except SourceError as error:
            advice = "see docs/language-model.md"
            return Finding(part, False, f"no answer: {error}", advice, obstacle=error.obstacle)
    if not any(move.agent for move in moves):
        return Finding(part, False, "answers, but misreads a plain story", "choose a larger model")
    return Finding(part, True, "answers, and reads a plain story as it should")
