"""Columns of prices as observations, session by session.

A bar's open is known at its start, its close at its end, its low and high not before its end. What day is a session,
and when it closes, is the word of the timetable of the symbol's exchange.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from bot.core.errors import UsageError
from bot.core.model import DailyBar, Observation, Quote, QuoteKind
from bot.core.prices.sessions import Session, Timetable
from bot.replay.columns import WHOLE, PriceColumns
from bot.replay.tape import session_observations

SOURCE = "recording"


@dataclass(slots=True)
class Held:
    """The rows of one symbol in one session."""

    symbol: str
    session: Session
    whole: int | None = None
    """The row for the whole session."""
    parts: list[int] = field(default_factory=list)
    """Rows of bars within it, by start."""


class PriceSessions:
    """Columns of prices by session: ``days``, oldest first, each with every symbol's rows.

    Rows of no session, and those of a symbol whose exchange nobody knows, become problems of the columns.
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
        for row, (position, day, begun) in enumerate(zip(columns.symbol, columns.day, columns.start, strict=True)):
            timetable = self._timetables[position]
            if timetable is None:
                continue
            if begun == WHOLE:
                key = (id(timetable), day)
                held = traded.get(key)
                if held is None:
                    held = traded[key] = timetable.on(date.fromordinal(day)) is not None
                found = day if held else None
            else:
                session = timetable.at(datetime.fromtimestamp(begun, UTC))
                found = session.date.toordinal() if session else None
            if found is not None:
                self._rows.setdefault(found, array("l")).append(row)
                continue
            what = (
                date.fromordinal(day) if begun == WHOLE else f"{datetime.fromtimestamp(begun, UTC):%Y-%m-%d %H:%M} UTC"
            )
            columns.bad(row, f"{what} is in no session of {timetable.exchange}; remove the row")

    def on(self, day: date) -> list[Held]:
        """Every symbol's rows of the session dated ``day``, symbols in order of appearance.

        Of several rows for one symbol and session (or start) the last counts; that they differ is counted.
        """
        columns = self._columns
        differing = 0
        found: dict[int, Held] = {}
        starts: dict[tuple[int, float], int] = {}
        for row in self._rows.get(day.toordinal(), ()):
            position, begun = columns.symbol[row], columns.start[row]
            held = found.get(position)
            if held is None:
                timetable = self._timetables[position]
                session = timetable.on(day) if timetable else None
                assert session is not None
                held = found[position] = Held(columns.symbols[position], session)
            if begun == WHOLE:
                earlier, held.whole = held.whole, row
            else:
                earlier = starts.get((position, begun))
                starts[position, begun] = row
            differing += earlier is not None and _figures(columns, earlier) != _figures(columns, row)
        self._conflicts[day] = differing
        for (position, _), row in sorted(starts.items()):
            found[position].parts.append(row)
        return [found[position] for position in sorted(found)]

    @property
    def conflicts(self) -> int:
        """How many rows were given again with other figures, in the sessions looked at so far."""
        return sum(self._conflicts.values())


def observations_of(columns: PriceColumns, held: Held, *, played: bool) -> Iterator[Observation]:
    """What one symbol's rows of one session stand for: open at the open; at the close low, high, close, then the bar.

    Bars within the session likewise, each at its own start and end. Where the session is not ``played``, only its
    daily bar, which fills references.
    """
    row, session, symbol = held.whole, held.session, held.symbol
    if row is not None:
        yield from session_observations(symbol, session, _figures(columns, row), SOURCE, played=played)
    if held.parts and (played or row is None):
        yield from _within(columns, held, played)


def _within(columns: PriceColumns, held: Held, played: bool) -> Iterator[Observation]:
    session, symbol = held.session, held.symbol
    traded: float | None = 0.0
    for row, after in zip(held.parts, [*held.parts[1:], None], strict=True):
        opened, high, low, close, volume = _figures(columns, row)
        assert close is not None
        traded = None if traded is None or volume is None else traded + volume
        start = datetime.fromtimestamp(columns.start[row], UTC)
        end = _end(columns, row, after, session)
        closes = start < session.close_at <= end
        if closes and held.whole is None:
            yield DailyBar(symbol, session.date, close, end, source=SOURCE)
        if not played:
            continue
        parts = (
            (QuoteKind.OPEN if start == session.open_at else QuoteKind.TRADE, opened, start, None),
            (QuoteKind.LOW, low, end, None),
            (QuoteKind.HIGH, high, end, None),
            (QuoteKind.CLOSE if closes and held.whole is None else QuoteKind.TRADE, close, end, traded),
        )
        for kind, price, at, volume in parts:
            if price is not None:
                yield Quote(symbol, price, at, at, kind, volume=volume, source=SOURCE)


def _end(columns: PriceColumns, row: int, after: int | None, session: Session) -> datetime:
    """When a bar ends: as stated or, failing that, after its file's usual length, never beyond the next bar's start
    nor beyond the regular close it begins before."""
    if columns.end[row] != WHOLE:
        return datetime.fromtimestamp(columns.end[row], UTC)
    start = datetime.fromtimestamp(columns.start[row], UTC)
    end = start + columns.bar_lengths[columns.file[row]]
    if after is not None:
        end = min(end, datetime.fromtimestamp(columns.start[after], UTC))
    return min(end, session.close_at) if start < session.close_at else end


def _figures(columns: PriceColumns, row: int) -> list[float | None]:
    return [None if (value := column[row]) != value else value for column in columns.figures]


def _timetable(columns: PriceColumns, position: int, timetable_of: Callable[[str], Timetable]) -> Timetable | None:
    try:
        return timetable_of(columns.symbols[position])
    except UsageError as error:
        columns.bad(columns.symbol.index(position), str(error))
        return None
