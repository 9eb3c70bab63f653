"""Plays recorded headlines over recorded prices with everything shipped, and keeps what was said and why."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import shocks
from second_reader import Asking, beside

from bot.adapters.store import open_store
from bot.app.lab.backtesting import BacktestPlan, Request, plan_backtest, start_backtest
from bot.clock import SystemClock
from bot.core.cause.ranking import Explanation
from bot.core.engine import Engine
from bot.core.model import Alert, Announcement, Reason
from bot.core.news import Topics
from bot.core.prices.sessions import Session
from bot.core.rules.conditions.cause import described
from bot.cycle import CycleResult

LABELS = Path(__file__).resolve().parent / "labels"
MONTHS = ("2024-07", "2024-08", "2024-10", "2024-11", "2025-01", "2025-02")
UNREAD = ("2024-09", "2024-12", "2025-03")
"""Played and labelled only when the work was done, and reported apart. Whoever has tuned to them must find others."""
"""The labelled months."""
CLOSE, NEXT_CLOSE = "close", "next close"
MARKED = timedelta(minutes=5)
"""What is said this long after the close still counts as said by it: a daily bar is known at the close at the earliest,
and an edit may wait a minute."""
Key = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A fall and why it happened, as somebody judged it."""

    symbol: str
    session: date
    change: float
    label: str
    """``ai``, ``capex``, ``own``, ``other`` or ``unclear``."""
    second: str = ""
    sure: str = ""
    """``sure``, ``likely`` or ``guess``; empty in the windows."""
    line: str = ""
    """The line of business; empty in the windows."""

    @property
    def key(self) -> Key:
        """Symbol and session."""
        return self.symbol, self.session

    @property
    def coarse(self) -> bool:
        """Whether the label only tells AI from the rest, as in the windows."""
        return not self.sure

    @property
    def disputable(self) -> bool:
        """Something else comes first, but AI may be said to have caused it too."""
        return self.label != "ai" and self.second == "ai"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sessions to be played, with their headlines and labels."""

    name: str
    news: tuple[Path, ...]
    first: date
    last: date
    falls: tuple[Labelled, ...]
    configured_only: bool
    """Watch what ``config.yaml`` watches, or every symbol with a price."""


@dataclass(frozen=True, slots=True)
class Believed:
    """What an alert gives as the cause of its fall at one moment."""

    topic: str = ""
    kind: str = ""
    """``ai``, ``capex``, ``own`` or ``other``; empty without a cause."""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message or edit, as a subscriber would have received it."""

    at: datetime
    kind: str
    """Its reason; ``edit`` where it replaces another."""
    incident: str
    rules: tuple[str, ...]
    headline: str
    claims: str
    """The kind of cause its headline gives: ``ai``, ``capex``, ``own``, ``other``; empty where it gives none."""
    lead: Key
    change: float
    confidence: float | None
    topic: str
    title: str
    first_title: str
    first_at: datetime | None
    falls: dict[Key, Believed]
    """Every fall of the incident, as believed when this was said."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the ranking made of a labelled fall at one moment, whether or not anything was said."""

    topic: str = ""
    kind: str = ""
    """Of the best explanation: ``ai``, ``capex``, ``own`` or ``other``; empty where there is none."""
    confidence: float = 0.0
    """Of the best explanation."""
    ai: float = 0.0
    """Of the best explanation by AI."""
    words: str = "not watched, or no price"
    evidence: dict[str, Any] = field(default_factory=dict)
    """The fields of ``Evidence`` for AI, and what it derives from them; empty where no story speaks of it."""
    move: dict[str, float] = field(default_factory=dict)
    """How unusual the fall and that of its group are, and what kind of story the best AI explanation has."""


@dataclass(slots=True)
class Played:
    """What came of one stretch."""

    name: str
    falls: tuple[Labelled, ...]
    messages: list[Message] = field(default_factory=list)
    suppressed: int = 0
    ranked: dict[str, dict[Key, Ranked]] = field(default_factory=lambda: {CLOSE: {}, NEXT_CLOSE: {}})
    """By moment, then symbol and session."""
    closes: dict[date, tuple[datetime, datetime]] = field(default_factory=dict)
    """Of each session with labelled falls: its close and the next one's (New York)."""
    exposures: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each labelled symbol, the one it depends on most first."""
    sessions: int = 0
    symbols: int = 0
    stories: int = 0
    seconds: float = 0.0
    answered: Counter[str] = field(default_factory=Counter)
    """What a second reader answered, if one was asked."""


# -------------------------------------------------------------------------------------------------------------- labels


def month(name: str) -> Stretch:
    """An ordinary month, whole, with the configured watchlist."""
    first = date.fromisoformat(f"{name}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    news = shocks.DATA / "news" / "ordinary" / f"{name}.jsonl.gz"
    labels = labelled("unread_months.csv" if name in UNREAD else "ordinary_months.csv")
    falls = tuple(f for f in labels if first <= f.session <= last)
    return Stretch(name, (news,), first, last, falls, configured_only=True)


def windows() -> list[Stretch]:
    """The labelled windows, watching every symbol with a price."""
    falls = [Labelled(f.symbol, f.session, f.change, f.label) for f in shocks.labelled_falls()]
    falls += labelled("windows.csv")
    return [
        Stretch(
            w.name,
            (shocks.headlines(w.news),),
            w.first,
            w.last,
            tuple(f for f in falls if w.first <= f.session <= w.last),
            configured_only=False,
        )
        for w in shocks.WINDOWS
    ]


def labelled(file: str) -> list[Labelled]:
    """The falls labelled in one of the tables of ``bench/labels``."""
    with (LABELS / file).open(encoding="utf-8", newline="") as rows:
        return [
            Labelled(
                r["symbol"],
                date.fromisoformat(r["session"]),
                float(r["change_pct"]) / 100,
                r["label"],
                r["second"],
                r["confidence"],
                r["line"],
            )
            for r in csv.DictReader(rows)
        ]


# ------------------------------------------------------------------------------------------------------------- playing


def play(stretch: Stretch, asking: Asking | None = None) -> Played:
    """The stretch through the real backtest, with the shipped configuration and rules and, with ``asking``, a second
    reader."""
    began = time.perf_counter()
    request = Request(
        shocks.REPOSITORY / "config.yaml",
        (shocks.PRICES,),
        stretch.news,
        stretch.first,
        stretch.last,
        configured_only=stretch.configured_only,
    )
    plan = plan_backtest(request)
    played = Played(stretch.name, stretch.falls)
    played.sessions, played.symbols, played.stories = len(plan.played), len(plan.columns.symbols), len(plan.stories)
    for fall in stretch.falls:
        company = plan.project.companies.get(fall.symbol)
        own = (company.exposures if company else {}).items()
        played.exposures[fall.symbol] = tuple(name for name, _ in sorted(own, key=lambda e: (-e[1], e[0])))
    with tempfile.TemporaryDirectory(prefix="aftershock-bench-") as scratch:
        asyncio.run(_play(plan, Path(scratch) / "bench.db", stretch.falls, played, asking))
    played.seconds = time.perf_counter() - began
    return played


async def _play(
    plan: BacktestPlan, database: Path, falls: Iterable[Labelled], played: Played, asking: Asking | None
) -> None:
    kinds = Kinds(plan.project.topics)
    store = open_store(database, mode="backtest", run_name=plan.name, now=SystemClock().now())
    timetable = plan.timetables.of_exchange("XNYS")
    waiting: list[tuple[datetime, str, Session]] = []
    for day in sorted({fall.session for fall in falls}):
        session = timetable.on(day)
        following = timetable.before(session, -1) if session else None
        if session and following:
            played.closes[day] = (session.close_at, following.close_at)
            waiting += [(session.close_at, CLOSE, session), (following.close_at, NEXT_CLOSE, session)]
    waiting.sort(key=lambda w: w[:2])
    try:
        playing = start_backtest(plan, store)

        def rank(at: datetime, moment: str, session: Session) -> None:
            for fall in falls:
                if fall.session == session.date:
                    played.ranked[moment][fall.key] = _ranked(playing.engine, fall, at, session, kinds)

        async with beside(playing, asking) as second, aclosing(playing.results()) as results:
            async for result in results:
                while waiting and result.decisions.now > waiting[0][0]:
                    rank(*waiting.pop(0))
                _hear(result, playing.engine, played, kinds)
                for answered in await second.after(result):
                    _hear(answered, playing.engine, played, kinds)
            played.answered = second.counts
        for rest in waiting:
            rank(*rest)
    finally:
        store.close()


def _hear(result: CycleResult, engine: Engine, played: Played, kinds: Kinds) -> None:
    """Keep what a cycle says to subscribers."""
    for announcement in result.decisions.announcements:
        if announcement.suppressed_by is not None:
            played.suppressed += 1
        elif (message := _message(engine, announcement, kinds)) is not None:
            played.messages.append(message)


class Kinds:
    """Sorts causes into the kinds that falls are labelled with."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        said = [(t.as_cause if t.headline else f"likely {t.title}", t.name) for t in topics.topics]
        self._said = sorted(said, key=lambda s: -len(s[0]))

    def of(self, topic: str) -> str:
        """``ai`` for a trigger or a tie, ``capex`` for another cause about AI, ``own`` or ``other``."""
        found = self._topics.topic(topic)
        if found is None:
            return ""
        if topic in self._topics.ai_causes:
            return "ai"
        return "capex" if found.ai else "own" if found.own else "other"

    def claimed(self, headline: str) -> str:
        """The kind of cause that a headline gives; empty where it gives none."""
        claim = headline.partition(", not ")[0]  # a correction also names what it takes back
        if "its own results" in claim:
            return "own"
        return next((self.of(name) for words, name in self._said if words in claim), "")


def _message(engine: Engine, announcement: Announcement, kinds: Kinds) -> Message | None:
    incident = engine.incidents.get(announcement.incident)
    if incident is None:
        return None  # an operator's notice or a digest
    alerts = engine.incidents.alerts_of(incident)
    lead = _lead(alerts, incident.lead)
    headline = "".join(
        part if isinstance(part, str) else part.text
        for block in announcement.summary.blocks[:1]
        for line in block.lines
        for part in line
    )
    cause = lead.cause if lead else None
    believed = {
        (a.symbol, a.session): _believed(a, kinds)
        for a in sorted(alerts, key=lambda a: a.cause.confidence or 0.0 if a.cause else 0.0)
    }
    return Message(
        announcement.at,
        "edit" if announcement.edits else str(announcement.reason),
        incident.id,
        announcement.rules,
        headline,
        "" if announcement.reason is Reason.FOLLOW_UP else kinds.claimed(headline),
        (lead.symbol, lead.session) if lead else (incident.lead, incident.session),
        (lead.change or 0.0) if lead else 0.0,
        cause.confidence if cause else None,
        cause.topic if cause else "",
        cause.title if cause else "",
        cause.first_title if cause else "",
        (cause.first_seen_at or cause.seen_at) if cause else None,
        believed,
    )


def _believed(alert: Alert, kinds: Kinds) -> Believed:
    cause = alert.cause
    return Believed(cause.topic, kinds.of(cause.topic), cause.confidence or 0.0) if cause else Believed()


def _lead(alerts: list[Alert], symbol: str) -> Alert | None:
    """The alert a message is headed by: the newest of the lead, as in the messages."""
    own = [a for a in alerts if a.symbol == symbol]
    return max(own, key=lambda a: (a.session, a.severity, a.cause is not None), default=None)


def _ranked(engine: Engine, fall: Labelled, at: datetime, session: Session, kinds: Kinds) -> Ranked:
    if fall.symbol not in engine.market:
        return Ranked()
    own = engine.market.of(fall.symbol).timetable.on(session.date)
    verdict = engine.causes.explain(fall.symbol, at, session=own) if own else None
    if verdict is None or own is None:
        return Ranked()
    by_ai = [e for e in verdict.explanations if kinds.of(e.topic) == "ai"]
    ai = max(by_ai, key=lambda e: e.confidence, default=None)
    best = verdict.best
    return Ranked(
        best.topic if best else "",
        kinds.of(best.topic) if best else "",
        best.confidence if best else 0.0,
        ai.confidence if ai else 0.0,
        described(verdict, best) if best else "nothing in the news explains it",
        _fields(ai.evidence) if ai and ai.evidence else {},
        _move(engine, fall.symbol, min(at, own.ends_at), own, ai),
    )


def _move(engine: Engine, symbol: str, at: datetime, session: Session, ai: Explanation | None) -> dict[str, float]:
    found: dict[str, float] = {}
    if (own := engine.causes.moves.of(symbol, at)) is not None:
        found |= {"own_z": own.z, "own_excess": own.excess}
    if (group := engine.causes.group_of(symbol, at, session)) is not None:
        falling = len(group.falling)
        found |= {"group_strength": group.strength, "group_z": group.z, "group_falling": falling}
    if ai is not None:
        found |= {f"explained_{n}": float(v) for n, v in _fields(ai).items() if isinstance(v, bool)}
        if ai.match is not None:
            found |= {
                "match_direct": float(ai.match.reach.value == "direct"),
                "match_score": ai.match.score,
                "match_strength": ai.match.strength,
                "match_sources": float(len(ai.match.sources)),
                "match_stories": float(len(ai.match.stories)),
            }
    return found


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, by name, and what it derives from them."""
    derived = (name for name, attribute in vars(type(value)).items() if isinstance(attribute, property))
    return {name: getattr(value, name) for name in (*(f.name for f in dataclasses.fields(value)), *derived)}
