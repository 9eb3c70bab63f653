"""Turns price columns into observations, session by session.

A bar's open is known at its start; its low, high and close only at its end. Sessions and their hours come from the
timetable of the symbol's exchange.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.core.errors import UsageError
from bot.core.model import DailyBar, Observation, Quote, QuoteKind
from bot.core.prices.sessions import Session, Timetable
from bot.replay.columns import WHOLE, PriceColumns
from bot.replay.tape import session_observations

SOURCE = "recording"
A_DAY = timedelta(days=1)


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
        columns = self._columns
        differing = 0
        by_symbol: dict[int, SessionRows] = {}
        starts: dict[tuple[int, float], int] = {}
        for row in self._rows.get(day.toordinal(), ()):
            position, begun = columns.symbol[row], columns.start[row]
            rows = by_symbol.get(position)
            if rows is None:
                timetable = self._timetables[position]
                session = timetable.on(day) if timetable else None
                assert session is not None
                rows = by_symbol[position] = SessionRows(columns.symbols[position], session)
            if begun == WHOLE:
                earlier, rows.whole = rows.whole, row
            else:
                earlier = starts.get((position, begun))
                starts[position, begun] = row
            differing += earlier is not None and _figures(columns, earlier) != _figures(columns, row)
        self._conflicts[day] = differing
        for (position, _), row in sorted(starts.items()):
            by_symbol[position].parts.append(row)
        return [by_symbol[position] for position in sorted(by_symbol)]

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
