"""A year in which nothing happens, made up: nights in New York, and the sessions of markets abroad.

No price truly moves further than ``FURTHEST`` from its previous close, so that whatever is alerted is false. What is
told of the prices is as sources tell it: prints that are thin, wild, late, repeated and stale, several of one order,
breaks and half sessions. Every print goes to the stream, and every half minute a poll sees the newest of each symbol.
AI news comes as in any other year, so that only prices stand between it and an alert.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import groupby
from pathlib import Path
from random import Random
from typing import NamedTuple

from bot.app.project import HISTORY, Project, Timetables, load_project, make_engine
from bot.config.settings.model import load_settings
from bot.core.engine import Engine
from bot.core.model import Alert, ChangeKind, DailyBar, Observation, Quote, QuoteKind, Story
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.streamed import Streamed

REPOSITORY = Path(__file__).resolve().parent.parent
POLL = timedelta(seconds=30)
FURTHEST = 0.025
"""From the previous close, the furthest that any true price goes."""
MARKET, OWN, STEP = 0.004, 0.008, 0.001
"""One deviation: of the market from close to close, of a stock beside it, and of a price from print to print."""
HISTORY_OWN = 0.02
"""And of the sessions before, by which rules know what is usual."""
BARS_BEFORE = 140
WILD_AT_NIGHT, WILD_BY_DAY = 50, 500
"""One print in so many; by day never two of a symbol in a row."""
WILD = (0.5, 0.8, 0.85, 0.88, 0.93, 1.08, 1.15)
"""What a wild print makes of the price."""
ORDER, PRINTS = 0.1, 3
"""How often at night one order prints several times more, each a second after the last."""
STALE = 0.05
"""How often a poll repeats what it told before, or is answered by a machine that lags."""
LATE = {"XTKS": 20, "XKRX": 20, "XTAI": 20, "XHKG": 15, "XAMS": 15, "XPAR": 0, "XETR": 15, "XLON": 15, "XNSE": 0}
"""Minutes that prices of an exchange are behind."""
NIGHT, FUTURES, INDIA = "XNYS", "XCME", ("INFY.NS", "TCS.NS", "WIPRO.NS", "HCLTECH.NS")
RANKS = ((4, timedelta(minutes=3)), (8, timedelta(minutes=30)), (12, timedelta(hours=2)))
"""At night so many of the US stocks trade once in so long, the first the most; the others not at all, which is how it
is with most, and are not watched here."""
ABROAD = ((2, timedelta(minutes=20)), (20, timedelta(hours=1)))
"""The same of each exchange abroad."""
SELDOM = timedelta(hours=2)
"""Between two prices of a fund, an index or a future, each of which has every rule evaluated."""
SHIPPED = ("ai-model-shock", "abnormal-fall", "group-fall", "market-crash")
"""The rules that ship enabled, but for ai-sell-off, which takes most of the time: where it fires, so does the first
probe."""
PROBES = """\
rules:
  - {name: probe-fall, symbols: all, when: {price: {change: "< -5%"}}}
  - {name: probe-half-hour, symbols: all, when: {price: {change: "< -5%", since: 30m}}}
  - {name: probe-story, symbols: "group:watchlist", when: {all: [{news: {topic: ai-model, within: 1 sessions}},
      {price: {change: "< -5%", since: story}}]}}
  - {name: probe-abnormal, symbols: "group:watchlist", when: {abnormal: {change: "< -5%"}}}
  - {name: probe-drawdown, symbols: all, when: {price: {drawdown: "< -11%", of: 2 sessions}}}
  - {name: probe-rise, symbols: all, when: {price: {change: "> 5%"}}}
"""
"""Beside the shipped rules, every way in which a price can be measured against something."""
NEWS = (
    "DeepSeek releases R2, an open model that matches OpenAI o3 at a fraction of the cost",
    "Chip stocks slide as DeepSeek's cheaper AI model stirs doubt about Nvidia",
    "Software shares fall as Anthropic's new Claude tool threatens IT services and data providers",
)


class Print(NamedTuple):
    """One price as it is told: when that is, of what, at which price, when traded."""

    told_at: datetime
    symbol: str
    price: float
    at: datetime


@dataclass(slots=True)
class MarketCounts:
    """What one market had."""

    sessions: int = 0
    half: int = 0
    symbols: set[str] = field(default_factory=set)
    prints: int = 0
    wild: int = 0
    stale: int = 0
    """Repeated, out of order, or of another night."""
    orders: int = 0
    """That printed several times."""
    streamed: int = 0
    """Prints that the stream let through."""
    alerts: list[Alert] = field(default_factory=list)


@dataclass(slots=True)
class OrdinaryYear:
    """Plays the dates ``first`` to ``last``; ``folder`` is where the configuration is written."""

    folder: Path
    first: date
    last: date
    seed: int = 1
    hold: str = ""
    """In place of what rules ask for by default, as YAML."""
    markets: dict[str, MarketCounts] = field(default_factory=dict)
    messages: Counter[str] = field(default_factory=Counter)
    """By their reason."""
    project: Project = field(init=False)
    engine: Engine = field(init=False)
    _tables: Timetables = field(init=False)
    _streamed: Streamed = field(init=False)
    _random: Random = field(init=False)
    _levels: dict[str, float] = field(init=False)
    _closes: dict[str, float] = field(init=False)
    _symbols: dict[str, list[str]] = field(default_factory=dict)
    """By exchange, those that trade there."""
    _now: datetime = field(init=False)
    _known: dict[str, list[Print]] = field(default_factory=dict)
    """The last two prints that polls have told of each symbol."""
    _standards: frozenset[str] = frozenset()
    """Funds, indices and futures."""

    def __post_init__(self) -> None:
        config = _configuration(self.folder, self.hold)
        settings = load_settings(config)
        self._random = Random(f"{self.seed} {self.first}")
        self._now = self._begins
        companies = load_project(config).companies
        self._tables = Timetables(self.first - HISTORY, self.last + timedelta(days=40), companies, otherwise=NIGHT)
        for symbol in settings.symbols:
            self._symbols.setdefault(self._market_of(symbol), []).append(symbol)
        home = [s for s in self._symbols[NIGHT] if s not in settings.benchmarks]
        self._symbols[NIGHT] = [*home[: sum(count for count, _ in RANKS)], *settings.benchmarks]
        watched = [s for of in self._symbols.values() for s in of if s not in settings.never_alerted]
        self.project = load_project(config, watchlist=tuple(watched))
        self._standards = settings.never_alerted
        every = [s for symbols in self._symbols.values() for s in symbols]
        self._levels = {s: self._random.uniform(20, 400) for s in every}
        self._closes = dict(self._levels)
        self.engine = make_engine(self.project, self._tables, self._begins)
        self._streamed = Streamed(every, self._tables.of_symbol, "made up stream")

    @property
    def _begins(self) -> datetime:
        return datetime.combine(self.first, time(), UTC) - timedelta(days=1)

    def play(self) -> Iterator[date]:
        """Everything in order; yields each date when it is over."""
        for symbol in self._levels:
            self._step(self._earlier_bars(symbol), self._begins)
        day = self.first
        while day <= self.last:
            self._play_day(day)
            yield day
            day += timedelta(days=1)

    # ------------------------------------------------------------------------------------------------------- one date

    def _play_day(self, day: date) -> None:
        """The night before the session of ``day`` in New York, and the sessions of that date elsewhere."""
        streams: list[list[Print]] = []
        bars: list[tuple[datetime, DailyBar]] = []
        market = self._random.gauss(0, MARKET)
        for exchange, symbols in self._symbols.items():
            table = self._tables.of_exchange(exchange)
            session = table.on(day)
            if session is None:
                continue
            counts = self.markets.setdefault(exchange, MarketCounts())
            counts.sessions += 1
            before = table.before(session)
            usual = before.close_at - before.open_at if before else timedelta()
            counts.half += session.close_at - session.open_at < usual
            for rank, symbol in enumerate(symbols):
                streams.append(self._prints(symbol, rank, exchange, session, counts))
                close = self._closes[symbol] * (1 + _within(market + self._random.gauss(0, OWN)))
                bars.append((session.close_at, DailyBar(symbol, day, close, session.close_at, source="made up")))
        self._run(day, list(merge(*streams)), sorted(bars, key=lambda b: b[0]))
        for _, bar in bars:
            self._levels[bar.symbol] = self._closes[bar.symbol] = bar.close

    def _prints(self, symbol: str, rank: int, exchange: str, session: Session, counts: MarketCounts) -> list[Print]:
        """What a symbol prints at night or, abroad, in its session."""
        random, found = self._random, []
        night = exchange == NIGHT
        begins, ends = (session.starts_at, session.pre_at) if night else (session.open_at, session.close_at)
        gap = SELDOM if symbol in self._standards else _gap(rank, RANKS if night else ABROAD)
        if night and random.random() < 0.3:
            gap *= 4  # a quiet night
        delay = timedelta(minutes=LATE.get(exchange, 0))
        level = self._closes[symbol] * (1 + random.gauss(0, STEP))
        at = begins + timedelta(seconds=random.expovariate(1 / gap.total_seconds()))
        last_wild = False
        while at < ends:
            level = _near(level * (1 + random.gauss(0, STEP)), self._closes[symbol])
            if not _in_break(session, at):
                wild = random.randrange(WILD_AT_NIGHT if night else WILD_BY_DAY) == 0 and not (last_wild and not night)
                price, last_wild = level * random.choice(WILD) if wild else level, wild
                several = PRINTS if night and random.random() < ORDER else 0
                counts.prints += 1 + several
                counts.wild += (1 + several) * wild
                counts.orders += several > 0
                counts.symbols.add(symbol)
                for number in range(1 + several):
                    traded = (at + timedelta(seconds=number)).replace(microsecond=0)
                    shown = round(price * random.uniform(0.9997, 1.0003), 4)
                    found.append(Print(at + timedelta(seconds=number) + delay, symbol, shown, traded))
            if random.random() < 0.01:
                at += timedelta(hours=1)
            at += timedelta(seconds=random.expovariate(1 / gap.total_seconds()))
        return found

    def _run(self, day: date, prints: list[Print], bars: list[tuple[datetime, DailyBar]]) -> None:
        news = self._news(day)
        first = prints[0].told_at if prints else datetime.combine(day, time(0), UTC)
        self._stale_night(first)
        for tick, group in groupby(prints, key=lambda p: _tick(p.told_at)):
            while bars and bars[0][0] <= tick:
                self._step([bars.pop(0)[1]], tick - POLL)
            while news and news[0].seen_at <= tick:
                self._step([news.pop(0)], tick - POLL)
            newest: dict[str, Print] = {}
            for told in group:
                self._stream(told)
                newest[told.symbol] = told
            self._poll(newest, tick)
        end = max([datetime.combine(day, time(22, 30), UTC), *(at for at, _ in bars)])
        self._step([bar for _, bar in bars], end)

    def _stream(self, told: Print) -> None:
        self._streamed.hold(self.project.rules.holds)
        self._streamed.take(told.symbol, told.price, told.at, "", told.told_at)
        quotes = self._streamed.take_quotes(told.told_at)
        for quote in quotes:
            self.markets[self._market_of(quote.symbol)].streamed += 1
        if quotes:
            self._step(quotes, told.told_at)

    def _poll(self, newest: dict[str, Print], now: datetime) -> None:
        """What a poll brings: the newest prints and, here and there, ones told before."""
        random, quotes = self._random, []
        for symbol, told in newest.items():
            known = self._known.setdefault(symbol, [])
            quotes.append(self._quote(told, now))
            if known and random.random() < STALE:
                quotes.insert(random.randrange(len(quotes)), self._quote(random.choice(known), now))
                self.markets[self._market_of(symbol)].stale += 1
            self._known[symbol] = [*known, told][-2:]
        quotes = [self._streamed.same_trade(quote) for quote in quotes]
        self._streamed.polled(quotes, (), now)
        self._step(quotes, now)

    def _stale_night(self, now: datetime) -> None:
        """As the first poll of an evening shows the prices of the night before."""
        shown = [s for s in self._symbols[NIGHT] if self._random.random() < 0.3]
        stale = [known[-1] for symbol in shown if (known := self._known.get(symbol))]
        self.markets.setdefault(NIGHT, MarketCounts()).stale += len(stale)
        self._step([self._quote(told, now) for told in stale], now - POLL)

    def _quote(self, told: Print, now: datetime) -> Quote:
        return Quote(
            told.symbol, told.price, told.at, now, previous_close=self._closes[told.symbol], source="made up",
            kind=QuoteKind.TRADE,
        )  # fmt: skip

    def _step(self, seen: Sequence[Observation], now: datetime) -> None:
        self._now = now = max(now, self._now)
        decisions = self.engine.step([replace(o, seen_at=min(o.seen_at, now)) for o in seen], now)
        for change in decisions.changes:
            if change.kind is ChangeKind.FIRED:
                self.markets[self._market_of(change.alert.symbol)].alerts.append(change.alert)
        self.messages.update(announcement.reason.value for announcement in decisions.announcements)

    def _market_of(self, symbol: str) -> str:
        exchange = self._tables.exchange(symbol)
        return NIGHT if exchange in ("XNAS", "XASE", "ARCX", "BATS") else exchange

    # ---------------------------------------------------------------------------------------------------------- others

    def _news(self, day: date) -> list[Story]:
        """An AI story a week, by two sources, at any hour."""
        if day.toordinal() % 7:
            return []
        title = NEWS[day.toordinal() // 7 % len(NEWS)]
        at = datetime.combine(day, time(0), UTC) + timedelta(hours=self._random.uniform(0, 20))
        return [
            Story(f"{day}-{n}", name, title, at + timedelta(minutes=n), at, keys=(f"guid:{day}-{n}",))
            for n, name in enumerate(("wire", "tech"))
        ]

    def _earlier_bars(self, symbol: str) -> list[DailyBar]:
        table: Timetable = self._tables.of_symbol(symbol)
        first = next(s for s in table.all if s.date >= self.first)
        held = [s for n in range(BARS_BEFORE, 0, -1) if (s := table.before(first, n)) is not None]
        level, bars = self._closes[symbol], []
        for session in reversed(held):
            bars.append(DailyBar(symbol, session.date, level, session.close_at, source="made up"))
            level *= 1 + self._random.gauss(0, HISTORY_OWN)
        return [replace(bar, seen_at=min(bar.seen_at, self._begins)) for bar in reversed(bars)]


def _in_break(session: Session, at: datetime) -> bool:
    begins, ends = session.break_start_at, session.break_end_at
    return begins is not None and ends is not None and begins <= at < ends


def _within(change: float) -> float:
    return max(-FURTHEST, min(FURTHEST, change))


def _near(level: float, close: float) -> float:
    return close * (1 + _within(level / close - 1))


def _gap(rank: int, ranks: Sequence[tuple[int, timedelta]]) -> timedelta:
    for count, gap in ranks:
        if rank < count:
            return gap
        rank -= count
    return ranks[-1][1]


def _tick(at: datetime) -> datetime:
    """The poll that sees what is told at ``at``."""
    seconds = POLL.total_seconds()
    return datetime.fromtimestamp((at.timestamp() // seconds + 1) * seconds, UTC)


def _configuration(folder: Path, hold: str) -> Path:
    """The shipped configuration with stocks of Mumbai, the rules that ship enabled, and the probes."""
    rules = folder / "rules"
    rules.mkdir(parents=True)
    for shared in ("topics", "companies.yaml", "episodes"):
        (rules / shared).symlink_to(REPOSITORY / "rules" / shared)
    for name in SHIPPED:
        text = (REPOSITORY / "rules" / f"{name}.yaml").read_text(encoding="utf-8")
        if hold:
            text = text.replace("    severity:", f"    hold: {hold}\n    severity:")
        (rules / f"{name}.yaml").write_text(text, encoding="utf-8")
    probes = PROBES.replace(", symbols:", f", hold: {hold}, symbols:") if hold else PROBES
    (rules / "probes.yaml").write_text(probes, encoding="utf-8")
    config = folder / "config.yaml"
    text = (REPOSITORY / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("watchlist:\n", f"watchlist:\n  mumbai: [{', '.join(INDIA)}]\n", 1)
    config.write_text(text, encoding="utf-8")
    return config
