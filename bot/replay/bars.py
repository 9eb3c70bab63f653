"""Turns price columns into observations, session by session.

A bar's open is known at its start; its low, high and close only at its end. Sessions and their hours come from the
timetable of the symbol's exchange.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bot.core.errors import UsageError
from bot.core.model import BarColumn, DailyBar, Observation, Quote, QuoteColumn, QuoteKind
from bot.core.prices.sessions import Session, Timetable
from bot.replay.columns import FIGURES, WHOLE, PriceColumns
from bot.replay.tape import session_observations

SOURCE = "recording"
A_DAY = timedelta(days=1)
OPEN, HIGH, LOW, CLOSE, VOLUME = range(5)
"""The figures of a row, in the order of ``PriceColumns``."""
BAR_ORDER = [CLOSE, OPEN, HIGH, LOW, VOLUME]
"""And in that of ``BarColumn``."""

Floats = NDArray[np.float64]


@dataclass(slots=True)
class SessionRows:
    """The rows of one symbol in one session."""

    symbol: str
    session: Session
    whole: int | None = None
    """The row of the daily bar."""
    parts: list[int] = field(default_factory=list)
    """Rows of bars within the session, by start."""


class PriceSessions:
    """Price columns by session: ``days``, oldest first, each with every symbol's rows.

    Rows in no session, and of symbols whose exchange is unknown, become problems of the columns.
    """

    def __init__(self, columns: PriceColumns, timetable_of: Callable[[str], Timetable]) -> None:
        self._columns = columns
        self._timetables = [_timetable(columns, i, timetable_of) for i in range(len(columns.symbols))]
        self._places = {symbol: place for place, symbol in enumerate(columns.symbols)}
        known = dict.fromkeys(timetable for timetable in self._timetables if timetable is not None)
        self._of_timetable = {t: np.array([each is t for each in self._timetables], bool) for t in known}
        self._rows: dict[int, array[int]] = {}
        self._conflicts: dict[date, int] = {}
        self._sort()
        self.days = [date.fromordinal(day) for day in sorted(self._rows)]

    def _sort(self) -> None:
        columns = self._columns
        traded: dict[tuple[int, int], bool] = {}
        places = zip(columns.symbol, columns.day, columns.start, columns.end, strict=True)
        for row, (position, day, begun, ended) in enumerate(places):
            timetable = self._timetables[position]
            if timetable is None:
                continue
            if begun == WHOLE and ended != WHOLE:
                moment = datetime.fromtimestamp(ended, UTC)
                session = timetable.first_close_since(moment)
                belongs = session is not None and session.close_at - moment <= A_DAY
                session_day = session.date.toordinal() if session is not None and belongs else None
                when = f"{moment:%Y-%m-%d %H:%M} UTC"
            elif begun == WHOLE:
                key = (id(timetable), day)
                if key not in traded:
                    traded[key] = timetable.on(date.fromordinal(day)) is not None
                session_day = day if traded[key] else None
                when = str(date.fromordinal(day))
            else:
                start = datetime.fromtimestamp(begun, UTC)
                session = timetable.at(start)
                session_day = session.date.toordinal() if session else None
                when = f"{start:%Y-%m-%d %H:%M} UTC"
            if session_day is not None:
                self._rows.setdefault(session_day, array("l")).append(row)
            else:
                columns.bad(row, f"{when} is in no session of {timetable.exchange}; remove the row")

    def on(self, day: date) -> list[SessionRows]:
        """Every symbol's rows of the session on ``day``, symbols in order of appearance.

        Of several rows for one symbol and session (or start) the last counts; differing ones add to ``conflicts``.
        """
        by_symbol, self._conflicts[day] = self._gathered(day, self._rows.get(day.toordinal(), ()))
        return [by_symbol[position] for position in sorted(by_symbol)]

    def observations(self, day: date, *, played: bool) -> list[Observation]:
        """The observations of every symbol's session on ``day``, as ``observations_of`` has them: in columns, as far as
        there is one row of each symbol with the same figures; by themselves where there are several, or others."""
        columns, rows = self._columns, np.frombuffer(self._rows[day.toordinal()], int)
        symbols = np.frombuffer(columns.symbol, int)[rows]
        whole = np.frombuffer(columns.start)[rows] == WHOLE
        if not whole.all() or len(np.unique(symbols)) != len(rows):
            return [o for each in self.on(day) for o in observations_of(columns, each, played=played)]
        figures = np.stack([np.frombuffer(column)[rows] for column in columns.figures], axis=1)
        given = ~np.isnan(figures[:, [HIGH, LOW]]) @ [1, 2]
        alike = given == np.bincount(given).argmax()
        apart, _ = self._gathered(day, rows[~alike].tolist())
        made = [o for place in sorted(apart) for o in observations_of(columns, apart[place], played=played)]
        table = np.full((len(self._places), len(FIGURES)), np.nan)
        table[symbols[alike]] = figures[alike]
        return [*self._in_columns(table, day, played=played), *made]

    def _in_columns(self, figures: Floats, day: date, *, played: bool) -> Iterator[Observation]:
        """One row of each symbol."""
        times: dict[tuple[datetime, datetime], NDArray[np.bool_]] = {}
        for timetable, its in self._of_timetable.items():
            if (session := timetable.on(day)) is not None:
                at = session.open_at, session.close_at
                times[at] = its | times[at] if at in times else its
        for (opened_at, closed_at), its in times.items():
            of_exchanges = np.where(its[:, np.newaxis], figures, np.nan)
            if played:
                yield from self._quotes(of_exchanges, opened_at, closed_at)
            yield BarColumn(self._places, day, of_exchanges[:, BAR_ORDER], closed_at, SOURCE)

    def _quotes(self, figures: Floats, opened_at: datetime, closed_at: datetime) -> Iterator[QuoteColumn]:
        """What is known of whole sessions: the open, then low, high and close, as far as they are given."""
        unknown = np.full(len(figures), np.nan)
        for kind, which, at, volumes in (
            (QuoteKind.OPEN, OPEN, opened_at, unknown),
            (QuoteKind.LOW, LOW, closed_at, unknown),
            (QuoteKind.HIGH, HIGH, closed_at, unknown),
            (QuoteKind.CLOSE, CLOSE, closed_at, figures[:, VOLUME]),
        ):
            if not np.isnan(figures[:, which]).all():
                yield QuoteColumn(self._places, figures[:, which], at, kind, volumes, SOURCE)

    def of_symbol(self, symbol: str) -> Iterator[SessionRows]:
        """Every session of one symbol, oldest first."""
        if symbol in self._columns.symbols:
            position, rows = self._columns.symbols.index(symbol), self._of_each
            first, last = np.searchsorted(rows[0], (position, position + 1))
            for day, places in groupby(range(first, last), key=lambda place: int(rows[1][place])):
                day_rows = [int(rows[2][place]) for place in places]
                yield from self._gathered(date.fromordinal(day), day_rows)[0].values()

    @cached_property
    def _of_each(self) -> NDArray[np.int64]:
        """Symbol, day and row of every row, by symbol and day."""
        days = sorted(self._rows)
        rows = np.concatenate([np.array(self._rows[day]) for day in days]) if days else np.empty(0, int)
        symbols = np.array(self._columns.symbol)[rows]
        order = np.argsort(symbols, kind="stable")
        return np.stack([symbols[order], np.repeat(days, [len(self._rows[day]) for day in days])[order], rows[order]])

    def _gathered(self, day: date, rows: Iterable[int]) -> tuple[dict[int, SessionRows], int]:
        """Some rows of one session by symbol, and how many of them were repeated with other figures."""
        columns = self._columns
        differing = 0
        by_symbol: dict[int, SessionRows] = {}
        starts: dict[tuple[int, float], int] = {}
        for row in rows:
            position, begun = columns.symbol[row], columns.start[row]
            known = by_symbol.get(position)
            if known is None:
                timetable = self._timetables[position]
                session = timetable.on(day) if timetable else None
                assert session is not None
                known = by_symbol[position] = SessionRows(columns.symbols[position], session)
            if begun == WHOLE:
                earlier, known.whole = known.whole, row
            else:
                earlier = starts.get((position, begun))
                starts[position, begun] = row
            differing += earlier is not None and _figures(columns, earlier) != _figures(columns, row)
        for (position, _), row in sorted(starts.items()):
            by_symbol[position].parts.append(row)
        return by_symbol, differing

    @property
    def conflicts(self) -> int:
        """How many rows were repeated with other figures, in the sessions read so far."""
        return sum(self._conflicts.values())


def observations_of(columns: PriceColumns, rows: SessionRows, *, played: bool) -> Iterator[Observation]:
    """The observations of one symbol's session: open at the open; at the close low, high, close, then the bar.

    Bars within the session likewise, at their own start and end. A session that is not ``played`` yields only its daily
    bar, which fills references.
    """
    if rows.whole is not None:
        figures = _figures(columns, rows.whole)
        yield from session_observations(rows.symbol, rows.session, figures, SOURCE, played=played)
    if rows.parts and (played or rows.whole is None):
        yield from _within(columns, rows, played)


def _within(columns: PriceColumns, rows: SessionRows, played: bool) -> Iterator[Observation]:
    session, symbol = rows.session, rows.symbol
    traded: float | None = 0.0
    for row, after in zip(rows.parts, [*rows.parts[1:], None], strict=True):
        opened, high, low, close, volume = _figures(columns, row)
        assert close is not None
        traded = None if traded is None or volume is None else traded + volume
        start = datetime.fromtimestamp(columns.start[row], UTC)
        end = _end(columns, row, after, session)
        closes = start < session.close_at <= end
        if closes and rows.whole is None:
            yield DailyBar(symbol, session.date, close, end, source=SOURCE)
        if not played:
            continue
        parts = (
            (QuoteKind.OPEN if start == session.open_at else QuoteKind.TRADE, opened, start, None),
            (QuoteKind.LOW, low, end, None),
            (QuoteKind.HIGH, high, end, None),
            (QuoteKind.CLOSE if closes and rows.whole is None else QuoteKind.TRADE, close, end, traded),
        )
        for kind, price, at, volume in parts:
            if price is not None:
                yield Quote(symbol, price, at, at, kind, volume=volume, source=SOURCE)


def _end(columns: PriceColumns, row: int, after: int | None, session: Session) -> datetime:
    """When a bar ends: as stated, else after its file's usual length, but not after the next bar's start nor after a
    regular close that it begins before."""
    if columns.end[row] != WHOLE:
        return datetime.fromtimestamp(columns.end[row], UTC)
    start = datetime.fromtimestamp(columns.start[row], UTC)
    end = start + columns.bar_lengths[columns.file[row]]
    if after is not None:
        end = min(end, datetime.fromtimestamp(columns.start[after], UTC))
    return min(end, session.close_at) if start < session.close_at else end


def _figures(columns: PriceColumns, row: int) -> list[float | None]:
    opened, high, low, close, volume = columns.figures
    figures = [opened[row], high[row], low[row], close[row], volume[row]]
    return [None if figure != figure else figure for figure in figures]


def _timetable(columns: PriceColumns, position: int, timetable_of: Callable[[str], Timetable]) -> Timetable | None:
    try:
        return timetable_of(columns.symbols[position])
    except UsageError as error:
        columns.bad(columns.symbol.index(position), str(error))
        return None
