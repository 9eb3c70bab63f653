"""Recorded prices and news: CSV and JSONL files, read row by row into observations.

Prices: ``symbol,date,open,high,low,close,volume`` for sessions, or ``symbol,start_at,…`` (with ``end_at`` or, without
it, as long as to the symbol's next bar) for bars within sessions. Columns stand in any order, further ones are passed
over, and only the close must be there. A bar's open is known at its start, its low and high at its end, before its
close. News: one JSON object a line with ``published``, ``seen``, ``title``, ``summary``, ``source``, ``link``; where
``seen`` is missing, the story was seen ``lag`` after it was published or, where only its date is known (``date_only``),
at the end of that day. Files may be gzipped.

Nothing is guessed: a row that cannot be read is a ``Problem`` with file and line, and is passed over.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TextIO

from bot.core.episode import EpisodeBar
from bot.core.errors import Problem, UsageError
from bot.core.links import safe_link
from bot.core.model import DailyBar, Observation, Quote, QuoteKind, Story, stable_id
from bot.core.sessions import Session, Timetable

LAG = timedelta(minutes=5)
"""How long after its publication a story is taken to have been seen, where the recording does not say."""
LONGEST_BAR = timedelta(hours=1)
"""How long the last bar of a symbol is taken to last, where the file does not say."""
SOURCE = "recording"
FIGURES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row of a price file. ``session`` for a whole session, else ``start_at``."""

    symbol: str
    close: float
    session: date | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    place: str = ""
    """``file:line``."""


@dataclass(slots=True)
class Recorded:
    """What files of prices and news hold."""

    rows: dict[tuple[str, date | datetime], PriceRow] = field(default_factory=dict)
    """The last row given for a symbol and session (or start)."""
    stories: dict[str, Story] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    conflicts: int = 0
    """How many rows were given again with other figures."""

    @property
    def symbols(self) -> list[str]:
        """Every symbol with prices, in order of appearance."""
        return list(dict.fromkeys(symbol for symbol, _ in self.rows))


def read_recording(prices: Iterable[Path], news: Iterable[Path], *, lag: timedelta = LAG) -> Recorded:
    """Everything in these files. Raises UsageError for a file that cannot be read at all."""
    recorded = Recorded()
    for path in prices:
        _read_prices(path, recorded)
    for path in news:
        _read_news(path, recorded, lag)
    return recorded


def recording_observations(
    recorded: Recorded,
    timetable_of: Callable[[str], Timetable],
    first: date | None = None,
    last: date | None = None,
) -> list[Observation]:
    """The observations that ``recorded`` stands for, in no particular order; rows of no session become problems.

    Sessions from ``first`` to ``last`` are played; earlier rows are daily bars only, which fill references, and later
    ones are left out. Stories are left out only where they were seen after the last session ended. ``timetable_of``
    gives a symbol's sessions.
    """
    made: list[Observation] = []
    ends: list[datetime] = []
    for symbol, rows in _by_symbol(recorded).items():
        try:
            timetable = timetable_of(symbol)
        except UsageError as error:
            recorded.problems.append(_at(rows[0].place, str(error)))
            continue
        following: list[PriceRow | None] = [*rows[1:], None]
        for row, after in zip(rows, following, strict=True):
            session = _session_of(row, timetable)
            if session is None:
                what = row.session or f"{row.start_at:%Y-%m-%d %H:%M} UTC"
                recorded.problems.append(
                    _at(row.place, f"{what} lies in no session of {timetable.exchange}; remove the row")
                )
            elif last is None or session.date <= last:
                played = first is None or session.date >= first
                made += _of_row(row, after, session, played, alone=(symbol, session.date) not in recorded.rows)
                ends.append(session.ends_at)
    end = max(ends) if ends and last is not None else None
    made += [s for s in recorded.stories.values() if end is None or s.seen_at <= end]
    return made


def bar_observations(symbol: str, bar: EpisodeBar, session: Session, source: str, *, played: bool) -> list[Observation]:
    """What one session's bar stands for: open at the open; at the close its low, its high, its close, then the bar.

    Where it is not ``played``, only the bar, which fills references.
    """
    made: list[Observation] = []
    if played:
        parts = (
            (QuoteKind.OPEN, bar.open, session.open_at, None),
            (QuoteKind.LOW, bar.low, session.close_at, None),
            (QuoteKind.HIGH, bar.high, session.close_at, None),
            (QuoteKind.CLOSE, bar.close, session.close_at, bar.volume),
        )
        for kind, price, at, volume in parts:
            if price is not None:
                made.append(Quote(symbol, price, at, at, kind, volume=volume, source=source))
    made.append(
        DailyBar(
            symbol,
            session.date,
            bar.close,
            session.close_at,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            volume=bar.volume,
            source=source,
        )
    )
    return made


# -------------------------------------------------------------------------------------------------------------- prices


def _read_prices(path: Path, recorded: Recorded) -> None:
    with _opened(path) as stream:
        lines = csv.reader(stream)
        try:
            header = [name.strip().lower().lstrip("\ufeff") for name in next(lines)]
        except StopIteration:
            raise UsageError(f"{path} is empty; its first line must name the columns: symbol,date,…,close") from None
        missing = [name for name in ("symbol", "close") if name not in header]
        if "date" not in header and "start_at" not in header:
            missing.append("date")
        if missing:
            raise UsageError(f"{path}:1: no column {', '.join(missing)}; name them: symbol,date,open,high,low,close")
        try:
            for cells in lines:
                if cells and any(cell.strip() for cell in cells):
                    _price_row(path, lines.line_num, dict(zip(header, cells, strict=False)), recorded)
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            raise UsageError(f"{path}:{lines.line_num}: cannot be read: {error}") from error


def _price_row(path: Path, line: int, cells: Mapping[str, str], recorded: Recorded) -> None:
    try:
        symbol = (cells.get("symbol") or "").strip()
        if not symbol:
            raise ValueError("no symbol; write one, or remove the row")
        numbers = {name: _number(name, cells.get(name, "")) for name in FIGURES}
        close = numbers.pop("close")
        if close is None:
            raise ValueError("no close; write one, or remove the row")
        low, high = numbers["low"], numbers["high"]
        if low is not None and high is not None and low > high:
            raise ValueError(f"low {low:g} is above high {high:g}; check the columns")
        start = (cells.get("start_at") or "").strip()
        end = (cells.get("end_at") or "").strip()
        row = PriceRow(
            symbol,
            close,
            session=None if start else _date(cells.get("date") or ""),
            start_at=_moment(start) if start else None,
            end_at=_moment(end) if start and end else None,
            open=numbers["open"],
            high=high,
            low=low,
            volume=numbers["volume"],
            place=f"{path}:{line}",
        )
        if row.start_at and row.end_at and row.end_at <= row.start_at:
            raise ValueError("the bar ends before it begins; check start_at and end_at")
    except ValueError as error:
        recorded.problems.append(Problem(str(path), line, 1, "", str(error)))
        return
    key = (symbol, row.start_at or row.session or date.min)
    before = recorded.rows.get(key)
    if before is not None and before.close != row.close:
        recorded.conflicts += 1
    recorded.rows[key] = row


def _by_symbol(recorded: Recorded) -> dict[str, list[PriceRow]]:
    rows: dict[str, list[PriceRow]] = {}
    for row in recorded.rows.values():
        rows.setdefault(row.symbol, []).append(row)
    for found in rows.values():
        found.sort(key=_start)
    return rows


def _start(row: PriceRow) -> datetime:
    if row.start_at is not None:
        return row.start_at
    assert row.session is not None
    return datetime(row.session.year, row.session.month, row.session.day, tzinfo=UTC)


def _session_of(row: PriceRow, timetable: Timetable) -> Session | None:
    return timetable.on(row.session) if row.session else timetable.at(_start(row))


def _of_row(
    row: PriceRow, after: PriceRow | None, session: Session, played: bool, *, alone: bool
) -> Iterator[Observation]:
    """One row as observations. ``alone``: no row for the whole session stands beside this one, so that the bar which
    ends with the regular phase must supply the official close."""
    if row.session is not None:
        bar = EpisodeBar(row.session, row.close, row.open, row.high, row.low, row.volume)
        yield from bar_observations(row.symbol, bar, session, SOURCE, played=played)
        return
    start = _start(row)
    end = row.end_at
    if end is None:
        end = start + LONGEST_BAR
        if after is not None and after.start_at is not None:
            end = min(end, after.start_at)
        if start < session.close_at:
            end = min(end, session.close_at)
    closes = start < session.close_at <= end
    if closes and alone:
        yield DailyBar(row.symbol, session.date, row.close, end, source=SOURCE)
    if not played:
        return
    parts = (
        (QuoteKind.OPEN if start == session.open_at else QuoteKind.TRADE, row.open, start, None),
        (QuoteKind.LOW, row.low, end, None),
        (QuoteKind.HIGH, row.high, end, None),
        (QuoteKind.CLOSE if closes else QuoteKind.TRADE, row.close, end, row.volume),
    )
    for kind, price, at, volume in parts:
        if price is not None:
            yield Quote(row.symbol, price, at, at, kind, volume=volume, source=SOURCE)


# ---------------------------------------------------------------------------------------------------------------- news


def _read_news(path: Path, recorded: Recorded, lag: timedelta) -> None:
    with _opened(path) as stream:
        number = 0
        try:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    _news_row(path, number, line, recorded, lag)
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise UsageError(f"{path}:{number + 1}: cannot be read: {error}") from error


def _news_row(path: Path, number: int, line: str, recorded: Recorded, lag: timedelta) -> None:
    try:
        try:
            data = json.loads(line)
        except ValueError:
            raise ValueError("not a JSON object; write one a line") from None
        if not isinstance(data, dict):
            raise ValueError("not a JSON object; write one a line")
        title = " ".join(str(data.get("title") or "").split())
        if not title:
            raise ValueError("no title; write one, or remove the line")
        published = _moment(str(data["published"])) if data.get("published") else None
        seen = _moment(str(data["seen"])) if data.get("seen") else None
        if seen is None:
            if published is None:
                raise ValueError("neither published nor seen; write when, as 2025-01-27T10:00:00Z")
            seen = published + lag
            if data.get("date_only") or len(str(data["published"]).strip()) <= len("2025-01-27"):
                seen = max(seen, published.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1))
    except ValueError as error:
        recorded.problems.append(Problem(str(path), number, 1, "", str(error)))
        return
    source, link = str(data.get("source") or path.stem), safe_link(str(data.get("link") or ""))
    told = stable_id(source, link or title, title)
    story = Story(
        id=told,
        source=source,
        title=title,
        seen_at=seen,
        published_at=published,
        summary=" ".join(str(data.get("summary") or "").split()),
        link=link,
        publisher=str(data.get("publisher") or ""),
        keys=(told,),
    )
    known = recorded.stories.get(told)
    if known is None or story.seen_at < known.seen_at:
        recorded.stories[told] = story


# ------------------------------------------------------------------------------------------------------------- details


def _opened(path: Path) -> TextIO:
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        return path.open(encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; check the name") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _number(name: str, text: str) -> float | None:
    word = text.strip()
    if word in ("", "-"):
        return None
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} '{word[:20]}' is not a number; write one, or nothing")
    if number < 0 or (number == 0 and name != "volume"):
        raise ValueError(f"{name} {word[:20]} is not above 0; write what was traded, or nothing")
    return number


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise ValueError(f"'{text.strip()[:30]}' is not a date; write one like 2025-01-27") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"'{text.strip()[:40]}' is not a time; write one like 2025-01-27T10:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _at(place: str, message: str) -> Problem:
    file, _, line = place.rpartition(":")
    return Problem(file, int(line), 1, "", message)
