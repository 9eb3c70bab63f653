"""A backtest: recorded prices and news through the real engine and cycle, with a simulated clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.app.project import Project, Timetables, make_engine, surroundings
from bot.clock import SimulatedClock
from bot.config.episodes.file import load_episodes
from bot.config.news.vocabulary import load_vocabulary
from bot.config.rules import load_rules, rule_files
from bot.config.settings.model import Settings, load_settings
from bot.core.engine import Engine
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model import BURST, ChangeKind, EarningsDate, Recipient, Story, stable_id
from bot.core.news import Companies, Topics
from bot.core.ports import Store
from bot.core.prices.sessions import Session
from bot.core.rules.rule import RuleSet
from bot.cycle import Cycle, CycleResult
from bot.delivery.held import HeldMessages
from bot.replay.bars import PriceSessions
from bot.replay.columns import PriceColumns, look_at_prices, read_prices
from bot.replay.doubtful import doubtful_rows
from bot.replay.earnings_file import read_earnings
from bot.replay.evidence import EvidenceRecorder
from bot.replay.recording import look_at_news, read_recording
from bot.replay.rolling import RollingTape
from bot.replay.runner import Replay

NOBODY = Recipient("backtest", "backtest", "backtest", operator=True)
"""The recipient of messages, which are stored but not sent."""
LAG = timedelta(minutes=10)
"""How long after publication a story was seen, where the recording does not say."""
WARM_UP = 300
"""Sessions of prices before the first one played, for windows of a year and market models."""
WARM_UP_DAYS = timedelta(days=WARM_UP * 7 // 5 + 20)
NEWS_BEFORE = timedelta(days=30)
"""Stories from before the first session played; no window reaches further back."""
AFTER = timedelta(days=10)
"""The session after the last one played starts within this."""


@dataclass(frozen=True, slots=True)
class Request:
    """The options of the command line."""

    config: Path
    prices: tuple[Path, ...]
    news: tuple[Path, ...] = ()
    first: date | None = None
    last: date | None = None
    rules: Path | None = None
    configured_only: bool = False
    """Watch only what ``config.yaml`` watches, not every priced symbol of ``companies.yaml``."""
    lag: timedelta = LAG
    earnings: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class BacktestPlan:
    """A backtest ready to be played."""

    request: Request
    project: Project
    timetables: Timetables
    columns: PriceColumns
    sessions: PriceSessions
    stories: tuple[Story, ...]
    earnings: tuple[EarningsDate, ...]
    problems: tuple[Problem, ...]
    """Rows that cannot be read, by file and line."""
    doubtful: tuple[Problem, ...]
    """Rows that are played, but look like a split or another unit, by file and line."""
    first: date
    last: date
    begins_at: datetime
    """When the first session played begins; everything before only warms up."""
    ends_at: datetime
    """The close of the session after the last one: until then a cause may still be found."""

    @property
    def name(self) -> str:
        """Identifies the backtest: the same files, dates and rules give the same name."""
        request = self.request
        parts = [str(p.resolve()) for p in (*request.prices, *request.news, *request.earnings)]
        versions = [f"{n}={v}" for n, (v, _) in sorted(self.project.rules.versions.items())]
        digest = stable_id(*parts, *versions, str(request.lag), str(request.configured_only), length=8)
        return f"{self.first} to {self.last} ({digest})"

    @property
    def played(self) -> list[date]:
        """The sessions that may raise alerts."""
        return [day for day in self.sessions.days if self.first <= day <= self.last]


def look_at_files(request: Request) -> None:
    """Look only at how each file begins, and at the rules: all prices may take minutes to read.

    Raises ConfigError for mistakes in configuration or rules, UsageError for a file that is another than was meant.
    """
    settings = load_settings(request.config)
    topics, companies = load_vocabulary(_standing_alone(request, settings))
    for path in request.prices:
        look_at_prices(path)
    for path in request.news:
        look_at_news(path)
    read_earnings(request.earnings)  # of a few lines
    _rules(request, settings, companies, topics, tuple(company.symbol for company in companies))


def plan_backtest(request: Request) -> BacktestPlan:
    """Read everything a backtest needs. Rows that cannot be read are in ``problems``.

    Raises ConfigError for mistakes in configuration or rules, UsageError for files that cannot be read at all and for
    dates without prices.
    """
    if request.first and request.last and request.last < request.first:
        raise UsageError(f"--to {request.last} is before --from {request.first}; swap the two")
    settings = load_settings(request.config)
    whole = _standing_alone(request, settings)
    topics, companies = load_vocabulary(whole)
    columns = _columns(request, settings, companies)
    days = columns.day
    timetables = Timetables(
        date.fromordinal(min(days)) - timedelta(days=10), date.fromordinal(max(days)) + timedelta(days=60), companies
    )
    sessions = PriceSessions(columns, timetables.of_symbol)
    first, last = _first_and_last(request, columns, sessions)
    rules = _rules(request, settings, companies, topics, columns.symbols)
    episodes = load_episodes(whole.rules / "episodes", whole.beneath("episodes"))
    begins_at = min(h.session.starts_at for h in sessions.on(first))
    ends_at = max(_close_after(timetables, h.session) for h in sessions.on(last))
    recorded = read_recording((), request.news, lag=request.lag)
    stories = tuple(s for s in recorded.stories.values() if begins_at - NEWS_BEFORE <= s.seen_at <= ends_at)
    dates, unread = read_earnings(request.earnings)
    earnings = tuple(d for d in dates if d.symbol in columns.symbols and d.seen_at <= ends_at)
    problems = sorted((*columns.problems, *recorded.bad_news, *unread), key=lambda p: (p.file, p.line))
    return BacktestPlan(
        request,
        Project(request.config.parent, settings, companies, topics, rules, episodes),
        timetables,
        columns,
        sessions,
        stories,
        earnings,
        tuple(problems),
        tuple(sorted(doubtful_rows(columns), key=lambda p: (p.file, p.line))),
        first,
        last,
        begins_at,
        ends_at,
    )


@dataclass(slots=True)
class BacktestTotals:
    """The totals of a backtest."""

    fired: dict[str, int] = field(default_factory=dict)
    """Alerts by rule."""
    symbols: set[str] = field(default_factory=set)
    incidents: set[str] = field(default_factory=set)
    messages: int = 0
    edits: int = 0
    stories: int = 0
    quotes: int = 0
    steps: int = 0

    def take(self, result: CycleResult) -> None:
        """Add one cycle's results."""
        self.steps += 1
        self.stories += len(result.decisions.readings)
        for change in result.decisions.changes:
            if change.kind is ChangeKind.FIRED:
                rule = change.alert.rule
                self.fired[rule] = self.fired.get(rule, 0) + 1
                self.symbols.add(change.alert.symbol)
        self.incidents |= {i.id for i in result.decisions.incidents}
        for notification in result.notifications:
            if notification.edits:
                self.edits += 1
            elif notification.suppressed_by != BURST:
                self.messages += 1


@dataclass(slots=True)
class Backtesting:
    """A backtest on its database."""

    plan: BacktestPlan
    replay: Replay
    engine: Engine
    evidence: EvidenceRecorder
    tally: BacktestTotals = field(default_factory=BacktestTotals)

    def currency_of(self, symbol: str) -> str:
        """The currency of a stock's prices; empty where it is not known."""
        return self.engine.view().prices(symbol).currency

    async def results(self) -> AsyncIterator[CycleResult]:
        """Play; yields each cycle's result."""
        try:
            async for _, result in self.replay.run():
                self.tally.take(result)
                yield result
        finally:
            self.evidence.flush()


def start_backtest(plan: BacktestPlan, store: Store) -> Backtesting:
    """Join the parts on ``store``."""
    news: tuple[Story | EarningsDate, ...] = (*plan.stories, *plan.earnings)
    tape = RollingTape(plan.columns, plan.sessions, news, lambda day: day >= plan.first, plan.ends_at)
    start = min(tape.first_at or plan.begins_at, plan.begins_at)
    clock = SimulatedClock(start)
    engine = make_engine(plan.project, plan.timetables, plan.begins_at, alerts_between=(plan.first, plan.last))
    store.save_recipients((NOBODY,))
    versions = ((name, version, text) for name, (version, text) in plan.project.rules.versions.items())
    store.record_rules(versions, start)
    evidence = EvidenceRecorder(store, tape.of_symbol, plan.project.settings.never_alerted)
    cycle = Cycle(engine, evidence, lambda: (NOBODY,), held=HeldMessages(evidence.held, lambda: (NOBODY,)))
    replay = Replay(tape, engine, cycle, clock, _nothing_to_send, warm_until=plan.begins_at)
    return Backtesting(plan, replay, engine, evidence)


async def _nothing_to_send() -> None:
    """Messages are stored, not sent."""


# -------------------------------------------------------------------------------------------------------------- reading


def _standing_alone(request: Request, settings: Settings) -> Settings:
    """Settings whose folder has topics and companies: that of ``--rules`` alone if it has them, else the configured."""
    asked = request.rules
    if asked is not None and not asked.exists():
        raise UsageError(f"{asked} does not exist; name a rule file or a folder of rule files")
    if asked is not None and (asked / "companies.yaml").is_file() and (asked / "topics").is_dir():
        return settings.model_copy(update={"rules": asked, "shipped": None})
    if not settings.rules.is_dir():
        message = f"no folder {settings.rules}; create it or correct the path"
        raise ConfigError([Problem(str(request.config), 0, 0, "rules", message)])
    return settings


def _columns(request: Request, settings: Settings, companies: Companies) -> PriceColumns:
    """The prices to play, with those before that windows need and those after that the last session's end needs."""
    watched = settings.watched if request.configured_only else tuple(c.symbol for c in companies)
    columns = read_prices(
        request.prices,
        wanted=frozenset((*watched, *settings.never_alerted)),
        first=request.first - WARM_UP_DAYS if request.first else None,
        last=request.last + AFTER if request.last else None,
    )
    if not len(columns):
        raise UsageError(_nothing(request, columns))
    return columns


def _first_and_last(request: Request, columns: PriceColumns, sessions: PriceSessions) -> tuple[date, date]:
    """The first and last session with prices within the dates asked for."""
    first, last = request.first or date.min, request.last or date.max
    days = [day for day in sessions.days if first <= day <= last]
    if not days:
        raise UsageError(_nothing(request, columns))
    return days[0], days[-1]


def _rules(
    request: Request, settings: Settings, companies: Companies, topics: Topics, symbols: Iterable[str]
) -> RuleSet:
    """The rules to play, for the symbols that have prices."""
    folder = request.rules or settings.rules
    files = rule_files(folder)
    beneath = settings.beneath("rules") if request.rules is None else None
    if not files and beneath is None:
        raise UsageError(f"{folder} has no rule files (*.yaml)")
    watchlist = tuple(s for s in symbols if s not in settings.never_alerted)
    return load_rules(files, surroundings(settings, companies, topics, watchlist), beneath)


def _nothing(request: Request, columns: PriceColumns) -> str:
    files = ", ".join(str(p) for p in request.prices)
    if columns.problems and not columns.outside and not columns.unknown:
        return f"{files}: no row could be read; the first mistake: {columns.problems[0]}"
    if columns.unknown and not len(columns) and not columns.outside:
        return f"{files}: no watched symbol; add {', '.join(columns.unknown)} to companies.yaml"
    dates = f"from {request.first or 'the beginning'} to {request.last or 'the end'}"
    return f"{files}: no prices for sessions {dates}; check --from and --to"


def _close_after(timetables: Timetables, session: Session) -> datetime:
    timetable = timetables.of_exchange(session.exchange)
    following = timetable.before(session, -1)
    return following.close_at if following else session.ends_at
