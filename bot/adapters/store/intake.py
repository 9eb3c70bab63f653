"""Writing the observations of a batch: only what is new, numbered in order of arrival.

Polls repeat the same trades and bars; one row of each is enough. Quotes that the core refused are stored as refused and
never read back as prices.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from bot.adapters.store.codec import clean, moment_text, to_json
from bot.adapters.store.engine import Connection
from bot.adapters.store.rows import BAR, EARNINGS, LEARNED_NAME, QUOTE, SECOND_READING, SPLIT, STORY, insert
from bot.core.model import (
    DailyBar,
    EarningsDate,
    LearnedName,
    Mention,
    Observation,
    Quote,
    Reading,
    Refused,
    ScoreReason,
    SecondReading,
    SourceReport,
    Split,
    Story,
)
from bot.core.prices.earnings import ONE_REPORT

REPORTS_KEPT = 200
"""Newest reports kept of each source and subject."""

_STORY = insert("stories", "arrival", "run_id", *STORY.columns, "cluster", "novelty", "mentions", "exposures")
_QUOTE = insert("quotes", "arrival", "run_id", *QUOTE.columns)
_BAR = insert("daily_bars", "arrival", "run_id", *BAR.columns)
_SPLIT = insert("splits", "arrival", "run_id", *SPLIT.columns) + " ON CONFLICT DO NOTHING"
_REFUSED = (
    insert(
        "refused_quotes",
        *("run_id", "symbol", "why", "kind", "at", "price", "first_seen_at", "last_seen_at", "times", "source"),
    )
    + " ON CONFLICT (symbol, why, kind, at) DO UPDATE SET times = refused_quotes.times + 1,"
    + " price = excluded.price, last_seen_at = excluded.last_seen_at"
    + " WHERE excluded.last_seen_at > refused_quotes.last_seen_at"
)
_EARNINGS = insert("earnings_dates", "arrival", "run_id", *EARNINGS.columns)
_SECOND_READING = (
    insert("second_readings", "arrival", "run_id", *SECOND_READING.columns) + " ON CONFLICT (story_id) DO NOTHING"
)
_LEARNED_NAME = insert("learned_names", "arrival", "run_id", *LEARNED_NAME.columns) + " ON CONFLICT DO NOTHING"
_REPORT = (
    insert("source_reports", "run_id", "source", "subject", "seen_at", "trouble", "detail", "items", "fresh", "status")
    + " ON CONFLICT DO NOTHING"
)

_ARRIVING = ("stories", "quotes", "daily_bars", "splits", "earnings_dates", "second_readings", "learned_names")

BarVersions = dict[str, list[tuple[Any, ...]]]
"""Rows of BAR by session, oldest first."""


class Intake:
    """Writes observations of one run; expects to be inside a transaction."""

    def __init__(self, conn: Connection, run_id: int) -> None:
        self._conn = conn
        self._run = run_id
        self._arrival = 0
        self._newest: Mapping[str, str] = {}
        """The event time of each symbol's newest stored quote, before this batch."""
        self._written: set[tuple[str, str, str]] = set()
        """Symbol, event time and kind of the quotes of this batch that are later than those."""
        self._quotes: list[tuple[Any, ...]] = []
        self._bars: list[tuple[Any, ...]] = []
        """Rows to be written together."""

    def take(
        self, observations: Iterable[Observation], readings: Mapping[str, Reading], refused: Iterable[Refused]
    ) -> None:
        """Store each observation, stories with their readings."""
        # read every time: a batch that was rolled back has used no numbers
        self._arrival = self._last_arrival()
        refusals = list(refused)
        self._observations(observations, readings, refusals)
        for reading in readings.values():
            self._story(reading.story, reading)
        self._refuse(refusals)

    def _last_arrival(self) -> int:
        newest = (self._conn.execute(f"SELECT max(arrival) FROM {table}").fetchone()[0] for table in _ARRIVING)
        return max(number or 0 for number in newest)

    def _next(self) -> int:
        self._arrival += 1
        return self._arrival

    def _observations(
        self, observations: Iterable[Observation], readings: Mapping[str, Reading], refused: list[Refused]
    ) -> None:
        """Each kind to its table; refused quotes are left to ``_refuse``."""
        refused_quotes = {_identity(r.quote) for r in refused}
        observations = list(observations)
        known_bars = self._known_bars([o for o in observations if isinstance(o, DailyBar)])
        self._newest = self._newest_quotes({o.symbol for o in observations if isinstance(o, Quote)})
        self._written.clear()
        reports: list[SourceReport] = []
        for observation in observations:
            match observation:
                case Quote():
                    if refused_quotes and _identity(observation) in refused_quotes:
                        continue
                    if why := _impossible(observation.price):
                        refused.append(Refused(observation, why, observation.seen_at))
                        continue
                    self._quote(observation)
                case Story():
                    self._story(observation, readings.get(observation.id))
                case DailyBar():
                    self._bar(observation, known_bars[observation.symbol])
                case Split():
                    self._conn.execute(_SPLIT, (self._next(), self._run, *SPLIT.row(observation)))
                case EarningsDate():
                    self._earnings(observation)
                case SecondReading():
                    self._conn.execute(_SECOND_READING, (self._next(), self._run, *SECOND_READING.row(observation)))
                case LearnedName():
                    self._conn.execute(_LEARNED_NAME, (self._next(), self._run, *LEARNED_NAME.row(observation)))
                case SourceReport():
                    reports.append(observation)
        self._write_quotes()
        self._conn.executemany(_BAR, self._bars)
        self._bars.clear()
        self._reports(reports)

    def _newest_quotes(self, symbols: Iterable[str]) -> Mapping[str, str]:
        """Symbols without one are left out."""
        rows = self._conn.execute(
            "SELECT s.value, (SELECT max(at) FROM quotes WHERE symbol = s.value) FROM json_each(?) s",
            (json.dumps([clean(symbol) for symbol in symbols]),),
        )
        return {symbol: newest for symbol, newest in rows if newest is not None}

    def _write_quotes(self) -> None:
        self._conn.executemany(_QUOTE, self._quotes)
        self._quotes.clear()

    def _quote(self, quote: Quote) -> None:
        """Stored unless it repeats the last quote of the same trade.

        A vendor returns the same last trade at every poll. A corrected price or previous close is new, also when seen
        at the same time.
        """
        row = QUOTE.row(quote)
        symbol, price, at, seen_at, kind, previous_close = row[:6]
        basis = row[9]
        identity = symbol, at, kind
        if at > self._newest.get(symbol, "") and identity not in self._written:
            self._written.add(identity)
            self._quotes.append((self._next(), self._run, *row))
            return
        self._write_quotes()
        figures = (price, previous_close, basis)
        earlier = self._conn.execute(
            "SELECT price, previous_close, basis, seen_at FROM quotes WHERE symbol = ? AND at = ? AND kind = ?"
            " AND seen_at <= ? ORDER BY seen_at DESC, arrival DESC",
            (symbol, at, kind, seen_at),
        )
        for *known, known_seen_at in earlier:
            if tuple(known) == figures:
                return
            if known_seen_at < seen_at:
                break  # only the last one before this counts
        self._conn.execute(_QUOTE, (self._next(), self._run, *row))

    def _story(self, story: Story, reading: Reading | None) -> None:
        """The story with its reading; a story already there only gets the newer reading."""
        columns = _reading_columns(reading)
        known = self._conn.execute("SELECT 1 FROM stories WHERE id = ?", (clean(story.id),)).fetchone()
        if known is None:
            self._conn.execute(_STORY, (self._next(), self._run, *STORY.row(story), *columns))
            self._conn.executemany(
                "INSERT INTO story_keys (key, story_id, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(clean(key), clean(story.id), moment_text(story.seen_at)) for key in story.keys],
            )
        elif reading is not None:
            self._conn.execute(
                "UPDATE stories SET cluster = ?, novelty = ?, mentions = ?, exposures = ? WHERE id = ?",
                (*columns, clean(story.id)),
            )
            self._conn.execute("DELETE FROM story_scores WHERE story_id = ?", (clean(story.id),))
        if reading is not None:
            self._conn.executemany(
                "INSERT INTO story_scores (story_id, topic, score, reasons) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    (clean(story.id), t.topic, t.score, to_json(t.reasons, tuple[ScoreReason, ...]))
                    for t in reading.topics
                ],
            )

    def _known_bars(self, bars: Iterable[DailyBar]) -> dict[str, BarVersions]:
        """The stored versions of these bars by symbol, one query for each: a refresh brings hundreds of bars."""
        sessions: dict[str, list[date]] = defaultdict(list)
        for bar in bars:
            sessions[bar.symbol].append(bar.session)
        known: dict[str, BarVersions] = {}
        for symbol, of_symbol in sessions.items():
            rows = self._conn.execute(
                f"SELECT {', '.join(BAR.columns)} FROM daily_bars WHERE symbol = ? AND session BETWEEN ? AND ?"
                " ORDER BY seen_at, arrival",
                (clean(symbol), min(of_symbol).isoformat(), max(of_symbol).isoformat()),
            )
            versions = known[symbol] = {}
            for row in rows:
                versions.setdefault(row[1], []).append(row)
        return known

    def _bar(self, bar: DailyBar, versions: BarVersions) -> None:
        """Stored where it is new. Earlier versions stay, so that what was known at any time remains known."""
        new = BAR.row(bar)
        known = versions.setdefault(new[1], [])
        latest = next((row for row in reversed(known) if row[7] <= new[7]), None)
        if latest is not None and _same_figures(latest, new):
            return
        if any(row[7] == new[7] and _same_figures(row, new) for row in known):
            return
        self._bars.append((self._next(), self._run, *new))
        known.append(new)
        known.sort(key=lambda row: row[7])

    def _earnings(self, earnings: EarningsDate) -> None:
        """Stored where it differs from the last known date of this report."""
        row = EARNINGS.row(earnings)
        near = (earnings.date - ONE_REPORT).isoformat(), (earnings.date + ONE_REPORT).isoformat()
        latest = self._conn.execute(
            "SELECT day, time_of_day FROM earnings_dates WHERE symbol = ? AND day > ? AND day < ? AND seen_at <= ?"
            " ORDER BY seen_at DESC, arrival DESC LIMIT 1",
            (row[0], *near, row[2]),
        ).fetchone()
        if latest is None or tuple(latest) != (row[1], row[3]):
            self._conn.execute(_EARNINGS, (self._next(), self._run, *row))

    def _refuse(self, refused: Iterable[Refused]) -> None:
        for refusal in refused:
            quote = refusal.quote
            price = quote.price if math.isfinite(quote.price) else None
            seen_at = moment_text(quote.seen_at)
            self._conn.execute(
                _REFUSED,
                (
                    *(self._run, clean(quote.symbol), refusal.why, quote.kind, moment_text(quote.at)),
                    *(price, seen_at, seen_at, 1, quote.source),
                ),
            )

    def _reports(self, reports: Iterable[SourceReport]) -> None:
        """The reports; of each source and subject only the newest ``REPORTS_KEPT`` are kept."""
        about = set()
        for r in reports:
            source, subject = clean(r.source), clean(r.subject)
            about.add((source, subject))
            self._conn.execute(
                _REPORT,
                (
                    *(self._run, source, subject, moment_text(r.seen_at), r.trouble),
                    *(clean(r.detail), r.items, r.fresh, r.status),
                ),
            )
        for source, subject in about:
            self._conn.execute(
                "DELETE FROM source_reports WHERE source = ?1 AND subject = ?2 AND seen_at <= ("
                "SELECT seen_at FROM source_reports WHERE source = ?1 AND subject = ?2"
                " ORDER BY seen_at DESC LIMIT 1 OFFSET ?3)",
                (source, subject, REPORTS_KEPT),
            )


def _impossible(price: float) -> str:
    """Why no price can be like this; empty where one can."""
    if price <= 0:
        return "zero or negative"
    return "" if math.isfinite(price) else "not a number"


def _identity(quote: Quote) -> tuple[object, ...]:
    """The identity of a quote as an observation, even where the price is NaN, which equals nothing."""
    return quote.symbol, repr(quote.price), quote.at, quote.seen_at, quote.kind


def _reading_columns(reading: Reading | None) -> tuple[Any, ...]:
    if reading is None:
        return None, None, None, None
    mentions = to_json(reading.mentions, tuple[Mention, ...])
    exposures = to_json(reading.exposures, tuple[tuple[str, float], ...])
    return clean(reading.cluster) or None, reading.novelty, mentions, exposures


def _same_figures(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two rows of BAR have the same figures but for the vendor's rounding."""

    def figures(row: tuple[Any, ...]) -> Iterator[float]:
        return (-1.0 if value is None or math.isnan(value) else value for value in row[2:7])

    return all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(figures(one), figures(other), strict=True))
