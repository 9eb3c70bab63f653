"""A year of the bot in minutes: real calendars, engine and store, with one rule, made-up prices and no network.

Sessions are New York's own, with half sessions and both clock changes. Now and then a stock falls, the bot is started
again in the middle of a session, and the vendor is out. Everything is a function of the plan.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from bot.adapters.store import SqliteStore, open_store
from bot.app.project import HISTORY, Project, Timetables, load_project, restored_engine
from bot.app.run.notifiers import NullNotifier
from bot.clock import SimulatedClock
from bot.core.model import (
    DailyBar,
    Observation,
    Phase,
    Quote,
    Recipient,
    SourceReport,
    Story,
    Trouble,
)
from bot.core.prices.market import KEEP_BARS
from bot.core.prices.sessions import Session, Timetable
from bot.cycle import Cycle
from bot.delivery.held import HeldMessages
from bot.delivery.sender import Sender

REPOSITORY = Path(__file__).resolve().parent.parent
READER = Recipient("console", "console", operator=True)
HOUSEKEEPING = timedelta(hours=6)
EXCHANGES = ("XNYS", "XNAS")
"""Both have the same sessions."""
BARS_BEFORE = KEEP_BARS
"""The live bot fetches two years of history at its first start."""
FALL, STEP = 0.87, 0.0004
"""A stock that falls keeps so much of its price; others move so much from poll to poll, one deviation."""
SELDOM = 0.3
"""How often a stock has traded between two polls before the open and after the close."""
WORDS = (
    *("quarterly", "earnings", "guidance", "analyst", "upgrade", "merger", "dividend", "contract", "factory"),
    *("retailer", "bank", "airline", "pipeline", "copper", "wheat", "mortgage", "union", "strike", "lawsuit"),
    *("settlement", "recall", "patent", "launch", "outlook", "forecast", "demand", "supply", "harvest", "freight"),
)


@dataclass(frozen=True, slots=True)
class Outage:
    """The vendor answers nothing from ``begin`` until ``end``."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens."""

    first: date
    last: date
    symbols: int
    """How many of the watched ones are priced."""
    in_session: timedelta = timedelta(seconds=15)
    pre_post: timedelta = timedelta(seconds=30)
    stories: int = 30
    """A session."""
    falls_every: int = 5
    """Sessions from one fall to the next."""
    restarts_every: int = 10
    """Sessions from one start to the next; 0 for none."""
    outages: tuple[Outage, ...] = ()
    keep_every_quote: timedelta = timedelta(days=5)
    sparse: timedelta | None = None
    """How far apart polls are, but for those ``dense``; ``None``: as configured, all of them."""
    dense: tuple[tuple[date, date], ...] = ()
    """From and until these dates polls are as configured."""

    def is_dense(self, day: date) -> bool:
        """Whether polls are as configured in the session of this date."""
        return self.sparse is None or any(first <= day <= last for first, last in self.dense)


@dataclass(slots=True)
class Fall:
    """A stock that fell, and when its first price after that was seen."""

    symbol: str
    session: date
    seen_at: datetime


@dataclass(slots=True)
class SessionEnd:
    """How things stand at a session's end."""

    session: date
    half: bool
    quotes: int
    """Seen so far."""
    remembered: int
    """Quotes in memory."""
    resident: int
    """The most memory of this process since the session before, in bytes."""
    stored: int
    """Bytes of the history's files."""
    restarts: int


@dataclass(slots=True)
class Year:
    """Plays a plan into the history at ``path``."""

    plan: Plan
    path: Path
    falls: list[Fall] = field(default_factory=list)
    quotes: int = 0
    restarts: int = 0
    project: Project = field(init=False)
    timetable: Timetable = field(init=False)
    symbols: tuple[str, ...] = field(init=False)
    timetables: Timetables = field(init=False)
    _store: SqliteStore = field(init=False)
    _cycle: Cycle = field(init=False)
    _sender: Sender = field(init=False)
    _clock: SimulatedClock = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False, default_factory=asyncio.new_event_loop)
    _random: Random = field(init=False)
    _prices: dict[str, float] = field(init=False)
    _closes: dict[str, float] = field(init=False)
    _kept_up_at: datetime = field(init=False)
    _most_resident: int = 0

    def __post_init__(self) -> None:
        self.project = load_project(_configuration(self.path.parent / "configuration"))
        benchmark = self.project.settings.benchmark
        self.timetables = Timetables(
            self.plan.first - HISTORY,
            self.plan.last + timedelta(days=60),
            self.project.companies,
            otherwise=EXCHANGES[0],
        )
        self.timetable = self.timetables.of_exchange(EXCHANGES[0])
        settings = self.project.settings
        at_home = [s for s in settings.symbols if self.timetables.exchange(s) in EXCHANGES and s != benchmark]
        at_home.sort(key=lambda s: s in settings.benchmarks)
        self.symbols = (benchmark, *at_home[: self.plan.symbols - 1])
        self._random = Random(f"{self.plan.first}")
        self._prices = {s: self._random.uniform(20, 400) for s in self.symbols}
        self._closes = dict(self._prices)

    def play(self) -> Iterator[SessionEnd]:
        """Everything in order; yields after each session, once its daily bars are in."""
        sessions = [s for s in self.timetable.all if self.plan.first <= s.date <= self.plan.last]
        self._kept_up_at = sessions[0].pre_at - timedelta(hours=1)
        self._start(self._kept_up_at)
        for symbol in self.symbols:  # one after the other, as the running bot reads them
            self._turn(self._earlier_bars(symbol, sessions[0]), self._kept_up_at)
        for number, session in enumerate(sessions):
            falling = self._falling(number)
            restart_at = session.open_at + timedelta(hours=1) if self._restarts(number) else None
            self._session(session, falling, restart_at)
            yield self._end(session)
        self._keep_up(sessions[-1].ends_at + timedelta(days=2))

    def close(self) -> None:
        """End the last run."""
        self._store.close(self._kept_up_at)
        self._loop.close()

    @property
    def parts(self) -> tuple[object, ...]:
        """Everything that remembers."""
        return self._cycle, self._sender

    # ----------------------------------------------------------------------------------------------------------- runs

    def _start(self, now: datetime) -> None:
        self._store = open_store(self.path, mode="replay", run_name="a year", now=now)
        self._store.save_recipients([READER])
        self._store.recover(now)
        engine = restored_engine(self.project, self._store, self.timetables, now)
        self._clock = SimulatedClock(now)
        self._sender = Sender(self._store, self._store, {"console": NullNotifier()}, self._clock)
        self._cycle = Cycle(
            engine, self._store, lambda: [READER], held=HeldMessages(self._store.held, lambda: [READER])
        )

    def _restart(self, now: datetime) -> None:
        self._store.close(now)
        del self._cycle, self._sender
        gc.collect()  # a start is a new process, which never holds two engines
        self.restarts += 1
        self._start(now)

    def _turn(self, observations: list[Observation], now: datetime) -> None:
        result = self._cycle.run(observations, now)
        if result.error is not None:
            raise result.error
        if result.notifications:
            self._clock.advance(now)
            self._loop.run_until_complete(self._sender.drain())

    def _keep_up(self, until: datetime) -> None:
        """What the jobs of the running bot do every six hours: outcomes and pruning."""
        keep = self.project.settings.storage.keep | {"every quote": self.plan.keep_every_quote}
        while self._kept_up_at + HOUSEKEEPING <= until:
            self._kept_up_at += HOUSEKEEPING
            self._turn([], self._kept_up_at)
            for _ in self._store.update_outcomes_in_steps(self.timetables.of_symbol, self._kept_up_at):
                pass
            for _ in self._store.prune_in_steps(self._kept_up_at, keep):
                pass

    # ------------------------------------------------------------------------------------------------------- sessions

    def _falling(self, number: int) -> str | None:
        place, rest = divmod(number, self.plan.falls_every)
        return self.symbols[1 + place * 7 % (len(self.symbols) - 1)] if rest == self.plan.falls_every - 1 else None

    def _restarts(self, number: int) -> bool:
        every = self.plan.restarts_every
        return bool(every) and number % every == 3

    def _session(self, session: Session, falling: str | None, restart_at: datetime | None) -> None:
        self._most_resident = resident()
        drop_at = session.open_at + timedelta(hours=2)
        opened, low, high = dict(self._prices), dict(self._prices), dict(self._prices)
        stories, told = self._stories(session), 0
        now, closed = session.pre_at, False  # nights are played elsewhere
        while now < session.ends_at:
            self._keep_up(now)
            if restart_at is not None and now >= restart_at:
                self._restart(now)
                restart_at = None
            phase = session.phase(now)
            if falling is not None and now >= drop_at:
                self._prices[falling] *= FALL
                if not self._out(now):
                    self.falls.append(Fall(falling, session.date, now))
                falling = None
            seen: list[Observation] = []
            while told < len(stories) and stories[told].seen_at <= now:
                seen.append(stories[told])
                told += 1
            seen += self._poll(now, phase)
            if phase is Phase.REGULAR:
                for s, price in self._prices.items():
                    low[s], high[s] = min(low[s], price), max(high[s], price)
            elif phase is Phase.POST and not closed:
                closed = True
                self._turn([*seen, *self._bars(session, now, opened, low, high)], now)
                seen = []
            self._turn(seen, now)
            if now.minute % 10 == 0:
                self._most_resident = max(self._most_resident, resident())
            now += self._wait(session.date, phase)
        self._closes = dict(self._prices)

    def _poll(self, now: datetime, phase: Phase) -> Iterator[Observation]:
        random = self._random
        out = self._out(now)
        for symbol in self.symbols:
            if phase is not Phase.REGULAR and random.random() > SELDOM:
                continue
            self._prices[symbol] *= 1 + random.gauss(0, STEP)
            if not out:
                self.quotes += 1
                yield Quote(
                    symbol, round(self._prices[symbol], 4), now - timedelta(seconds=random.random()), now,
                    previous_close=self._closes[symbol], volume=1e6, currency="USD", source="made up",
                )  # fmt: skip
        if out:
            yield SourceReport("prices", now, Trouble.FAILED, "no answer")
        else:
            yield SourceReport("prices", now, items=len(self.symbols), fresh=len(self.symbols))

    def _wait(self, day: date, phase: Phase) -> timedelta:
        plan = self.plan
        if plan.sparse is not None and not plan.is_dense(day):
            return plan.sparse
        return plan.in_session if phase is Phase.REGULAR else plan.pre_post

    def _out(self, now: datetime) -> bool:
        return any(outage.begin <= now < outage.end for outage in self.plan.outages)

    def _stories(self, session: Session) -> list[Story]:
        span = session.ends_at - session.pre_at
        return [
            Story(
                f"{session.date}-{n}",
                f"wire-{n % 7}",
                " ".join(self._random.sample(WORDS, 8)),
                at := session.pre_at + span * (n / self.plan.stories),
                published_at=at,
                keys=(f"guid:{session.date}-{n}",),
            )
            for n in range(self.plan.stories)
        ]

    def _bars(
        self, session: Session, now: datetime, opened: dict[str, float], low: dict[str, float], high: dict[str, float]
    ) -> Iterator[DailyBar]:
        for s, price in self._prices.items():
            yield DailyBar(s, session.date, price, now, opened[s], high[s], low[s], 1e6, "made up")

    def _earlier_bars(self, symbol: str, first: Session) -> list[Observation]:
        sessions = [s for n in range(1, BARS_BEFORE) if (s := self.timetable.before(first, n)) is not None]
        return [
            DailyBar(
                symbol,
                held.date,
                price := self._prices[symbol] * self._random.uniform(0.999, 1.001),
                held.close_at,
                price * 0.999,
                price * 1.002,
                price * 0.998,
                1e6,
                "made up",
            )
            for held in reversed(sessions)
        ]

    # ------------------------------------------------------------------------------------------------------- measures

    def _end(self, session: Session) -> SessionEnd:
        before = self.timetable.before(session)
        usual = before.close_at - before.open_at if before is not None else timedelta()
        market = self._cycle.engine.market
        return SessionEnd(
            session.date,
            session.close_at - session.open_at < usual,
            self.quotes,
            sum(len(market.of(s).quotes) for s in market),
            self._most_resident,
            self._store.size(),
            self.restarts,
        )


def _configuration(folder: Path) -> Path:
    """The shipped configuration, and of the shipped rules the one for plain falls: evaluating all takes most of the
    time, and changes nothing here."""
    rules = folder / "rules"
    rules.mkdir(parents=True)
    for shared in ("topics", "companies.yaml", "episodes"):
        (rules / shared).symlink_to(REPOSITORY / "rules" / shared)
    rule = (REPOSITORY / "rules" / "large-fall.yaml").read_text(encoding="utf-8")
    (rules / "large-fall.yaml").write_text(rule.replace("enabled: false", "enabled: true"), encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text((REPOSITORY / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return config


def resident() -> int:
    """This process's resident memory in bytes; 0 where that is unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * 4096
