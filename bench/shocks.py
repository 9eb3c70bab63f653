"""Runs recorded windows through the real backtest and keeps what is needed to score it against labelled falls."""

from __future__ import annotations

import asyncio
import csv
import gzip
import itertools
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.adapters.store import open_store
from bot.app.lab.backtesting import BacktestPlan, Request, plan_backtest, start_backtest
from bot.clock import SystemClock
from bot.core.engine import Engine
from bot.core.model import Alert, ChangeKind
from bot.core.prices.sessions import Session
from bot.core.rules.conditions.cause import described

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = REPOSITORY.parent / "shared" / "data"
PRICES = DATA / "prices" / "daily_2021-06_2025-04.csv.gz"
EVENTS = DATA / "events_dev.csv"
RULE = "ai-model-shock"
PLAIN = "plain"
PLAIN_RULE = """
rules:
  - name: plain
    description: A stock falls more than 10% alongside AI-model news, whatever else may explain it.
    symbols: [group:watchlist]
    when:
      all:
        - price: {change: "< -10%", since: previous close}
        - news: {topic: ai-model, reach: [direct, exposure], within: 5 sessions, score: ">= 0.5", sources: ">= 2"}
      none:
        - market: {benchmark: SPY, change: "< -4%"}
    severity: high
"""
AI_TOPICS = ("ai-model", "ai-market")


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of sessions with recorded headlines. Dates are sessions, inclusive."""

    name: str
    news: str
    first: date
    last: date
    monday: date
    """Monday of the week the headlines are about: shifted onto the Mondays of other weeks."""


WINDOWS = (
    Window("Bard", "2023-02-08_google_bard", date(2023, 2, 6), date(2023, 2, 9), date(2023, 2, 6)),
    Window("GPT-4", "2023-03-14_gpt4", date(2023, 3, 13), date(2023, 3, 16), date(2023, 3, 13)),
    Window("Chegg", "2023-05-02_chegg", date(2023, 4, 28), date(2023, 5, 5), date(2023, 5, 1)),
    Window("DeepSeek", "2025-01-27_deepseek", date(2025, 1, 21), date(2025, 1, 31), date(2025, 1, 27)),
)


@dataclass(frozen=True, slots=True)
class Fall:
    """A fall of a tenth or more, close to close."""

    symbol: str
    session: date
    change: float
    label: str = ""
    """``ai``, ``other`` or ``unclear``; empty where nobody labelled it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What the ranking said of a fall at one moment, whether or not a rule fired."""

    topic: str = ""
    confidence: float = 0.0
    """Of the best explanation."""
    ai: float = 0.0
    """Of the best explanation by AI."""
    words: str = "not watched, or no price"


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert as it fired."""

    rule: str
    symbol: str
    session: date
    at: datetime
    incident: str
    change: float
    topic: str
    title: str
    first_title: str
    first_at: datetime | None
    confidence: float | None


@dataclass(slots=True)
class Outcome:
    """What one backtest came to."""

    name: str
    fired: list[Fired] = field(default_factory=list)
    at_end: dict[tuple[str, date], Explained] = field(default_factory=dict)
    """By symbol and session: the explanation at the end of the session's last phase."""
    at_next_close: dict[tuple[str, date], Explained] = field(default_factory=dict)
    ends: dict[date, tuple[datetime, datetime]] = field(default_factory=dict)
    """Of each session: the end of its last phase, and the next session's close (New York)."""
    exposures: dict[str, dict[str, float]] = field(default_factory=dict)
    sessions: int = 0
    symbols: int = 0
    stories: int = 0
    seconds: float = 0.0


def labelled_falls() -> list[Fall]:
    """The labelled falls of the development windows."""
    with EVENTS.open(encoding="utf-8", newline="") as rows:
        return [
            Fall(r["symbol"], date.fromisoformat(r["date"]), float(r["change_pct"]) / 100, r["label"])
            for r in csv.DictReader(rows)
        ]


def closes(symbols: Iterable[str] = (), first: str = "", last: str = "9") -> dict[str, list[tuple[date, float]]]:
    """Closes by symbol (of all where none is named), oldest first."""
    only = set(symbols)
    found: dict[str, list[tuple[date, float]]] = {}
    with gzip.open(PRICES, "rt", encoding="utf-8", newline="") as rows:
        for r in csv.DictReader(rows):
            if first <= r["date"] <= last and (not only or r["symbol"] in only):
                found.setdefault(r["symbol"], []).append((date.fromisoformat(r["date"]), float(r["close"])))
    return found


def headlines(name: str) -> Path:
    """The recorded headlines called ``name``."""
    return DATA / "news" / f"{name}.jsonl.gz"


def shifted(name: str, by: timedelta, folder: Path) -> Path:
    """The same headlines as if published (and seen) so much earlier or later."""
    path = folder / f"{name}{by.days:+d}.jsonl"
    with gzip.open(headlines(name), "rt", encoding="utf-8") as lines, path.open("w", encoding="utf-8") as out:
        for line in lines:
            row = json.loads(line)
            for key in ("published", "seen"):
                if row.get(key):
                    row[key] = (datetime.fromisoformat(row[key]) + by).isoformat()
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def run(
    name: str,
    news: tuple[Path, ...],
    first: date,
    last: date,
    falls: Iterable[Fall] = (),
    shift: timedelta | None = None,
) -> Outcome:
    """Play these headlines (moved by ``shift``) over the recorded prices with the shipped rule and the plain one."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="aftershock-bench-") as scratch:
        folder = Path(scratch)
        if shift is not None:
            news = tuple(shifted(p.name.removesuffix(".jsonl.gz"), shift, folder) for p in news)
        request = Request(REPOSITORY / "config.yaml", (PRICES,), news, first, last, rules=_rules(folder))
        plan = plan_backtest(request)
        outcome = Outcome(name, sessions=len(plan.played), symbols=len(plan.columns.symbols), stories=len(plan.stories))
        asyncio.run(_play(plan, folder / "bench.db", list(falls), outcome))
    for fall in falls:
        company = plan.project.companies.get(fall.symbol)
        outcome.exposures[fall.symbol] = dict(company.exposures) if company else {}
    outcome.seconds = time.perf_counter() - began
    return outcome


def _rules(folder: Path) -> Path:
    """The shipped rule beside the plain one."""
    rules = folder / "rules"
    rules.mkdir()
    shutil.copy(REPOSITORY / "rules" / f"{RULE}.yaml", rules)
    (rules / "plain.yaml").write_text(PLAIN_RULE, encoding="utf-8")
    return rules


async def _play(plan: BacktestPlan, database: Path, falls: list[Fall], outcome: Outcome) -> None:
    store = open_store(database, mode="backtest", run_name=plan.name, now=SystemClock().now())
    timetable = plan.timetables.of_exchange("XNYS")
    waiting: list[tuple[datetime, Session, bool]] = []
    for day in sorted({fall.session for fall in falls}):
        session = timetable.on(day)
        following = timetable.before(session, -1) if session else None
        if session and following:
            outcome.ends[day] = (session.ends_at, following.close_at)
            waiting += [(session.ends_at, session, True), (following.close_at, session, False)]
    waiting.sort(key=lambda w: w[0])
    try:
        playing = start_backtest(plan, store)
        async for result in playing.results():
            while waiting and result.decisions.now > waiting[0][0]:
                _explain(playing.engine, *waiting.pop(0), falls, outcome)
            for change in result.decisions.changes:
                if change.kind is ChangeKind.FIRED:
                    outcome.fired.append(_fired(change.alert))
        for moment, session, at_end in waiting:
            _explain(playing.engine, moment, session, at_end, falls, outcome)
    finally:
        store.close()


def _explain(
    engine: Engine, moment: datetime, session: Session, at_end: bool, falls: list[Fall], outcome: Outcome
) -> None:
    """Ask the ranking about every labelled fall of the session, as things stood at ``moment``."""
    found = outcome.at_end if at_end else outcome.at_next_close
    for fall in falls:
        if fall.session == session.date:
            found[fall.symbol, fall.session] = _explained(engine, fall.symbol, moment, session)


def _explained(engine: Engine, symbol: str, moment: datetime, session: Session) -> Explained:
    own = engine.market.of(symbol).timetable.on(session.date)
    verdict = engine.causes.explain(symbol, moment, session=own) if symbol in engine.market and own else None
    if verdict is None:
        return Explained()
    best = verdict.best
    if best is None:
        return Explained(words="nothing in the news explains it")
    ai = max((e.confidence for e in verdict.explanations if e.topic in AI_TOPICS), default=0.0)
    return Explained(best.topic, best.confidence, ai, described(verdict, best))


def _fired(alert: Alert) -> Fired:
    cause = alert.cause
    return Fired(
        alert.rule,
        alert.symbol,
        alert.session,
        alert.fired_at,
        alert.incident,
        alert.change or 0.0,
        cause.topic if cause else "",
        cause.title if cause else "",
        cause.first_title if cause else "",
        (cause.first_seen_at or cause.seen_at) if cause else None,
        cause.confidence if cause else None,
    )


# ----------------------------------------------------------------------------------------------------------------- 2022


def worst_weeks(year: int, count: int) -> list[list[date]]:
    """The sessions of the weeks in which SPY fell furthest, worst first."""
    spy = closes(["SPY"], f"{year - 1}-12-01", f"{year}-12-31")["SPY"]
    weeks: dict[tuple[int, int], list[date]] = {}
    level = dict(spy)
    before = {day: earlier for (earlier, _), (day, _) in itertools.pairwise(spy)}
    for day, _ in spy:
        if day.year == year:
            weeks.setdefault(day.isocalendar()[:2], []).append(day)
    order = sorted((level[days[-1]] / level[before[days[0]]] - 1, days) for days in weeks.values())
    return [days for _, days in order[:count]]


def falls_between(first: date, last: date) -> list[Fall]:
    """Every fall of a tenth or more, close to close, of sessions from ``first`` to ``last``."""
    return list(_falls(closes((), str(first - timedelta(days=10)), str(last)), first))


def _falls(prices: dict[str, list[tuple[date, float]]], first: date) -> Iterator[Fall]:
    for symbol, rows in prices.items():
        for (_, earlier), (day, close) in itertools.pairwise(rows):
            if day >= first and close / earlier - 1 <= -0.10:
                yield Fall(symbol, day, close / earlier - 1)
