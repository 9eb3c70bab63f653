"""A project: settings, companies, topics, rules and episodes from their files, and the engine made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.adapters.calendar import ExchangeCalendar
from bot.config.episodes.file import load_episodes
from bot.config.news.companies import CompaniesFile
from bot.config.news.companies_document import companies_document
from bot.config.news.vocabulary import load_vocabulary
from bot.config.rules import RuleNames, layered, load_rules, rule_files, shape_problems
from bot.config.settings.model import Settings, load_settings
from bot.config.yaml.reading import read_file, yaml_files
from bot.config.yaml.validation import validate
from bot.core.engine import Engine
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.health import ToldTrouble
from bot.core.model.episodes import Episode
from bot.core.news import Companies, Company, NewsIndex, Topics
from bot.core.ports import Journal
from bot.core.prices.exchanges import exchange_of
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.rules.rule import RuleSet

HISTORY = timedelta(days=800)
"""How far calendars reach into the past: over two years of sessions."""
WATCHING_SINCE = "watching_since"
"""The journal's key for when the bot began to watch."""
PRICES_BACK = timedelta(days=4)
"""A restart reads at least these stored quotes: the current session and the one before, over a weekend; more where a
rule looks back further."""
AHEAD = timedelta(days=400)
"""How far calendars reach into the future: enough for a year without a restart."""
NEWS_BEYOND = timedelta(days=7)
"""Stories are kept this much longer than they are new, because rules look back over sessions."""


@dataclass(frozen=True, slots=True)
class Project:
    """What the configuration and rules files say."""

    folder: Path
    settings: Settings
    companies: Companies
    topics: Topics
    rules: RuleSet
    episodes: tuple[Episode, ...] = ()
    """The precedents for messages."""


def load_project(config: Path, *, watchlist: tuple[str, ...] | None = None) -> Project:
    """Read ``config`` and all files it names. Raises ConfigError with every mistake in every file.

    ``watchlist`` replaces the configured one (a replay watches the symbols its episode has prices for).
    """
    return read_rules_folder(config, load_settings(config), watchlist=watchlist)


def read_rules_folder(config: Path, settings: Settings, *, watchlist: tuple[str, ...] | None = None) -> Project:
    """The project of ``settings`` and the rules folder they name. Raises ConfigError."""
    rules_folder = settings.rules
    if not rules_folder.is_dir():
        raise ConfigError(
            [Problem(str(config), 0, 0, "rules", f"no folder {rules_folder}; create it or correct the path")]
        )
    topics, companies = _vocabulary(settings, rule_files(rules_folder))
    around = surroundings(settings, companies, topics, watchlist)
    rules = load_rules(rule_files(rules_folder), around, settings.beneath("rules"))
    episodes = load_episodes(rules_folder / "episodes", settings.beneath("episodes"))
    return Project(config.parent, settings, companies, topics, rules, episodes)


def with_rules_reloaded(project: Project) -> Project:
    """``project`` with its rule files read again, topics and companies unchanged. Raises ConfigError."""
    settings = project.settings
    around = surroundings(settings, project.companies, project.topics)
    return replace(project, rules=load_rules(rule_files(settings.rules), around, settings.beneath("rules")))


def _vocabulary(settings: Settings, rules: Sequence[Path]) -> tuple[Topics, Companies]:
    """Topics and companies. Raises ConfigError with the mistakes in both, and with those mistakes in ``rules`` that can
    be found without them."""
    try:
        return _topics_and_companies(settings)
    except ConfigError as error:
        raise ConfigError([*error.problems, *shape_problems(rules)]) from error


_READ: dict[bytes, tuple[Topics, Companies]] = {}
"""The last vocabulary read, by a digest of its files: it is large and seldom changes, so editing or trying rules one
after another should not read it again."""


def _topics_and_companies(settings: Settings) -> tuple[Topics, Companies]:
    digest = _digest(settings)
    if (known := _READ.get(digest)) is None:
        known = _read_vocabulary(settings)
        if _digest(settings) == digest:  # not edited meanwhile
            _READ.clear()
            _READ[digest] = known
    return known


def _digest(settings: Settings) -> bytes:
    """A digest of the names and contents of the vocabulary's files, and of what is taken from what ships."""
    digest = hashlib.blake2b()
    folders = [settings.rules]
    for part in ("topics", "companies"):
        if beneath := settings.beneath(part):
            folders.append(beneath.folder)
            digest.update(f"{part}\0{sorted(beneath.switches.items())}\0".encode())
    for file in (file for each in folders for file in (*yaml_files(each / "topics"), each / "companies.yaml")):
        try:
            content = read_file(file)
        except OSError as error:
            content = str(error).encode()
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.digest()


def _read_vocabulary(settings: Settings) -> tuple[Topics, Companies]:
    try:
        return load_vocabulary(settings)
    except ConfigError as error:
        file = str(settings.rules / "companies.yaml")
        if any(problem.file == file for problem in error.problems):
            raise
        raise ConfigError(list(dict.fromkeys((*error.problems, *_companies_alone(settings))))) from error


def _companies_alone(settings: Settings) -> Sequence[Problem]:
    """Mistakes in the companies file itself; without topics its references cannot be checked."""
    try:
        file = settings.rules / "companies.yaml"
        validate(companies_document(file, settings.beneath("companies")), CompaniesFile)
    except ConfigError as error:
        return error.problems
    return ()


def check_rules(config: Path, path: Path | None = None) -> tuple[RuleSet, list[Path]]:
    """The rules at ``path`` (or the configured ones) with the files they are in. Raises ConfigError, UsageError."""
    settings = load_settings(config)
    if path is not None and not path.exists():
        raise UsageError(f"{path} does not exist; name a rule file or a folder of rule files")
    files = rule_files(path or settings.rules)
    beneath = settings.beneath("rules") if path is None else None
    if not files and beneath is None:
        raise UsageError(f"{path or settings.rules} has no rule files (*.yaml)")
    topics, companies = _vocabulary(settings, files)
    every = [file for file, _ in layered(files, beneath)]
    return load_rules(files, surroundings(settings, companies, topics), beneath), every


def surroundings(
    settings: Settings, companies: Companies, topics: Topics, watchlist: tuple[str, ...] | None = None
) -> RuleNames:
    """What rules may refer to."""
    return RuleNames(
        watchlist=tuple(s for s in watchlist or settings.watched if s not in settings.never_alerted),
        benchmarks=settings.benchmarks,
        companies=companies,
        topics=topics,
        groups=settings.watchlist,
        also_known=settings.watched if watchlist else (),
        news_memory=settings.news.window + NEWS_BEYOND,
        markets=settings.measures,
    )


@dataclass(slots=True)
class Timetables:
    """Timetables per exchange over one span of dates, made on first use."""

    first: date
    last: date
    companies: Companies = field(default_factory=Companies)
    listings: Mapping[str, str] = field(default_factory=dict)
    """Exchange per symbol, from a source other than ``companies.yaml``."""
    calendar: ExchangeCalendar = field(default_factory=ExchangeCalendar)
    otherwise: str = ""
    """The exchange whose sessions a symbol gets that has no known ones; without it, that is an error. A running bot
    needs it: one such symbol must not keep it from watching the others."""
    _made: dict[str, Timetable] = field(default_factory=dict)

    def of_exchange(self, exchange: str) -> Timetable:
        """The timetable of an exchange (ISO 10383 code). Raises UsageError for an unknown one."""
        made = self._made.get(exchange)
        if made is None:
            made = self._made[exchange] = self.calendar.timetable(exchange, self.first, self.last)
        return made

    def of_symbol(self, symbol: str) -> Timetable:
        """The timetable of the exchange a symbol is listed on; by its suffix if nothing else says. Raises UsageError
        where that is unknown, unless there is one ``otherwise``."""
        try:
            return self.of_exchange(self.exchange(symbol))
        except UsageError:
            if not self.otherwise:
                raise
            return self.of_exchange(self.otherwise)

    def without_sessions(self, symbols: Iterable[str]) -> Mapping[str, str]:
        """Those of ``symbols`` whose sessions are not known, each with what is wrong and what to write."""
        found = {}
        for symbol in symbols:
            try:
                self.of_exchange(self.exchange(symbol))
            except UsageError as error:
                found[symbol] = str(error)
        return found

    def holidays_recorded_until(self, symbols: Iterable[str]) -> Mapping[str, date]:
        """The last day of recorded holidays by exchange of ``symbols``; sessions after it are guessed."""
        found: dict[str, date] = {}
        for symbol in symbols:
            with suppress(UsageError):  # see ``without_sessions``
                exchange = self.exchange(symbol)
                found[exchange] = self.calendar.recorded_until(exchange, self.first, self.last)
        return found

    def exchange(self, symbol: str) -> str:
        """ISO 10383 code of the exchange a symbol is listed on."""
        company: Company | None = self.companies.get(symbol)
        return self.listings.get(symbol) or (company.exchange if company else "") or exchange_of("", symbol)


def make_engine(
    project: Project,
    timetables: Timetables,
    watching_since: datetime,
    *,
    alerts_between: tuple[date, date] | None = None,
    delay: timedelta = timedelta(),
) -> Engine:
    """An engine without state. Prices are ``delay`` behind the exchange; alerts fire only in sessions within
    ``alerts_between``, or in all."""
    window = project.settings.news.window + NEWS_BEYOND
    return Engine(
        project.rules,
        project.companies,
        project.topics,
        NewsIndex(project.topics, project.companies, window=window),
        Market(timetables.of_symbol),
        benchmark=project.settings.benchmark,
        benchmarks=project.settings.benchmarks,
        markets=project.settings.measures,
        watching_since=watching_since,
        news_window=window,
        failures_in_a_row=project.settings.operator.after_failures,
        stale_after=project.settings.prices.stale_after + delay,
        episodes=project.episodes,
        alerts_between=alerts_between,
        channels={n.type for n in project.settings.notifiers},
    )


def restored_engine(
    project: Project,
    journal: Journal,
    timetables: Timetables,
    now: datetime,
    *,
    delay: timedelta = timedelta(),
    companies: Companies | None = None,
    told: Sequence[ToldTrouble] = (),
) -> Engine:
    """An engine with its state restored from the history up to ``now``: the one recovery path. Raises StoreError.

    ``companies`` are the project's and those known only by the name the price source gives them. ``told`` is what the
    operator was told is in trouble.
    """
    if companies is not None:
        project = replace(project, companies=companies)
    written = journal.extra(WATCHING_SINCE)
    since = datetime.fromisoformat(written) if written else now
    engine = make_engine(project, timetables, since, delay=delay)
    window = project.settings.news.window + NEWS_BEYOND
    back = max(PRICES_BACK, project.rules.reads.quotes_for)
    earliest = (now - timedelta(days=30)).date()
    engine.restore(
        journal.observations(now - max(window, back), now, quotes_since=now - back),
        journal.alerts_since(earliest),
        journal.incidents_since(earliest),
        now,
        told,
    )
    if project.settings.benchmark:
        engine.send_digests(project.settings.benchmark, now, makes_up=written is not None)
    versions = ((name, version, text) for name, (version, text) in project.rules.versions.items())
    journal.record_rules(versions, now)
    if written is None:
        journal.save_extra(WATCHING_SINCE, now.isoformat(), now)
    return engine
