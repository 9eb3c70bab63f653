"""Recorded prices: CSV or Parquet files read in one pass into columns.

There may be a million rows, of which most only warm up windows and many are not needed, so no object is made per row.
A row that cannot be read is a ``Problem`` with file and line; one outside the requested dates is skipped.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import math
from array import array
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from bot.core.errors import Problem, UsageError
from bot.render.outside import adding, shell
from bot.replay.layouts import (
    DAILY,
    PERIOD,
    columns_of,
    date_in_words,
    day_first,
    is_slashed,
    is_zoneless,
    number_of,
    of_one_stock,
    one_below_another,
    symbol_of,
)

LONGEST_BAR = timedelta(hours=1)
"""The length assumed for a bar within a session if nothing else tells; never longer."""
FIGURES = ("open", "high", "low", "close", "volume")
PARQUET = (".parquet", ".pq")
NOTHING = math.nan
WHOLE = -1.0
"""``start`` of a row for a whole session."""

AT_ONCE = 1024
"""Rows read at once, column by column; where one of them is out of the ordinary, they are read one by one."""

Cells = Sequence[Any]
"""One row as read: text, or Parquet values."""
Numbers = NDArray[Any]


@dataclass(slots=True)
class PriceColumns:
    """Rows of price files. Columns of equal length; a missing figure is NaN."""

    symbols: list[str] = field(default_factory=list)
    """In order of appearance; ``symbol`` holds positions in it."""
    symbol: array[int] = field(default_factory=lambda: array("l"))
    day: array[int] = field(default_factory=lambda: array("l"))
    """Proleptic Gregorian ordinal of the session; where the row states a moment instead, of that in UTC."""
    start: array[float] = field(default_factory=lambda: array("d"))
    """Seconds since 1970 in UTC; ``WHOLE`` for a whole session."""
    end: array[float] = field(default_factory=lambda: array("d"))
    """Likewise; for a whole session that is dated by a moment, that moment, else ``WHOLE``."""
    figures: tuple[array[float], ...] = field(default_factory=lambda: tuple(array("d") for _ in FIGURES))
    file: array[int] = field(default_factory=lambda: array("h"))
    line: array[int] = field(default_factory=lambda: array("l"))
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    """Skipped rows of symbols not wanted, by symbol."""
    outside: int = 0
    """Rows skipped because of their date."""
    bar_lengths: dict[int, timedelta] = field(default_factory=dict)
    """By file: the length of its bars within sessions, for those without an end."""

    def __len__(self) -> int:
        return len(self.symbol)

    def append(self, symbol: int, day: int, start: float, end: float, figures: Sequence[float], line: int) -> None:
        """Add a row of the newest file."""
        self.symbol.append(symbol)
        self.day.append(day)
        self.start.append(start)
        self.end.append(end)
        for column, value in zip(self.figures, figures, strict=True):
            column.append(value)
        self.file.append(len(self.files) - 1)
        self.line.append(line)

    def extend(self, symbols: Sequence[int], days: Numbers, figures: Sequence[Numbers], lines: Numbers) -> None:
        """Add daily bars of the newest file."""
        whole, file = np.full(len(symbols), WHOLE), np.full(len(symbols), len(self.files) - 1)
        columns: Sequence[array[Any]]
        columns = (self.symbol, self.day, self.start, self.end, *self.figures, self.file, self.line)
        for column, values in zip(columns, (symbols, days, whole, whole, *figures, file, lines), strict=True):
            column.frombytes(np.asarray(values, column.typecode).tobytes())

    def bad(self, row: int, message: str) -> None:
        """Record a mistake in a row."""
        self.problems.append(Problem(str(self.files[self.file[row]]), self.line[row], 1, "", message))


def read_prices(
    paths: Iterable[Path],
    *,
    wanted: Collection[str] | None = None,
    first: date | None = None,
    last: date | None = None,
) -> PriceColumns:
    """The rows of these files from ``first`` to ``last`` for the symbols ``wanted``; by default all.

    Raises UsageError for a file that cannot be read at all.
    """
    reader = _Reader(wanted, first or date.min, last or date.max)
    for path in paths:
        reader.read(path)
    return reader.columns


def look_at_prices(path: Path) -> None:
    """Read only the names of the columns. Raises UsageError, as ``read_prices`` does once it comes to the file."""
    symbol, path = of_one_stock(path)
    with contextlib.closing(_rows(path)) as rows:
        _Reader(None, date.min, date.max)._header(path, next(one_below_another(rows))[1], symbol)


class _Reader:
    """Reads one file after another into columns."""

    def __init__(self, wanted: Collection[str] | None, first: date, last: date) -> None:
        self.columns = PriceColumns()
        self.wanted = wanted
        self.first, self.last = first.toordinal(), last.toordinal()
        self.positions: dict[str, int | None] = {}
        """Of each symbol in the columns; ``None`` if it is not wanted."""
        self.days: dict[Any, tuple[int, float]] = {}
        """What ``dated`` makes of dates as written."""

    def read(self, path: Path) -> None:
        symbol, path = of_one_stock(path)
        rows = one_below_another(_rows(path))
        self.columns.files.append(path)
        begin = len(self.columns)
        self.days.clear()  # the same words may be another day in another file
        self._header(path, next(rows)[1], symbol)
        while some := list(islice(rows, AT_ONCE)):
            if not self._take_whole(some):
                self._take_each(path, some)
        self.columns.bar_lengths[len(self.columns.files) - 1] = _usual_length(self.columns, begin)

    def _header(self, path: Path, cells: Cells, symbol: str) -> None:
        names = columns_of(cells)
        self.header, self.symbol, self.path = cells, symbol, path
        self.period = names.index(PERIOD) if PERIOD in names else -1
        self.zoneless = is_zoneless(cells)
        self.day_first: bool | None = None
        missing = [name for name in ("symbol", "close") if name not in names and not (name == "symbol" and symbol)]
        if "date" not in names and "start_at" not in names:
            missing.append("date")
        if missing or (symbol and _is_adjusted(names)):
            lacks = f"missing column {', '.join(missing)}" if missing else "prices that may be adjusted for dividends"
            raise UsageError(f"{path}:1: {lacks}; {_how_to_write(names, path)}")
        at = {name: i for i, name in enumerate(names)}
        self.width = len(names)
        self.keys = [at.get(name, -1) for name in ("symbol", "date", "start_at", "end_at")]
        self.plain = path.suffix not in PARQUET and not symbol and max(self.period, *self.keys[2:]) < 0
        self.figures = [(name, at.get(name, -1)) for name in FIGURES]

    def _take_whole(self, rows: Sequence[tuple[int, Cells]]) -> bool:
        """Read these rows at once, if all are daily bars without a mistake, written as text; else do nothing, and
        return False."""
        cells = [cells for _, cells in rows]
        if not self.plain or set(map(len, cells)) != {self.width}:
            return False
        columns = [*zip(*cells, strict=True), ("",) * len(cells)]
        names, dates = (columns[i] for i in self.keys[:2])
        try:
            days = self._ordinals(dates)
            figures = [_numbers(name, columns[i]) for name, i in self.figures]
        except ValueError:
            return False
        _, high, low, close, _ = figures
        symbols = {name: symbol_of(name.strip(), self.header) for name in dict.fromkeys(names)}
        if days is None or np.isnan(close).any() or (low > high).any() or not all(symbols.values()):
            return False
        wanted = (days >= self.first) & (days <= self.last)
        self.columns.outside += len(rows) - int(wanted.sum())
        inside = [names[i] for i in np.flatnonzero(wanted)]
        positions = {name: self._position(symbols[name]) for name in dict.fromkeys(inside)}
        self.columns.unknown.update(symbols[name] for name in inside if positions[name] is None)
        wanted[wanted] = [positions[name] is not None for name in inside]
        places = [position for name in inside if (position := positions[name]) is not None]
        lines = np.array([line for line, _ in rows])
        self.columns.extend(places, days[wanted], [figure[wanted] for figure in figures], lines[wanted])
        return True

    def _ordinals(self, dates: Sequence[Any]) -> Numbers | None:
        """The sessions of these dates; ``None`` where one states a moment. Raises ValueError for what is no date."""
        for cell in set(dates) - self.days.keys():
            self.days[cell] = self._dated(cell)
        known = [self.days[cell] for cell in dates]
        return np.array([day for day, _ in known]) if all(end == WHOLE for _, end in known) else None

    def _take_each(self, path: Path, rows: Iterable[tuple[int, Cells]]) -> None:
        for line, cells in rows:
            try:
                self._row(line, cells)
            except ValueError as error:
                self.columns.problems.append(Problem(str(path), line, 1, "", str(error)))

    def _row(self, line: int, cells: Cells) -> None:
        if len(cells) > self.width:
            raise ValueError(f"{len(cells)} values for {self.width} columns; check for a stray comma")
        cells = [*cells, *[""] * (self.width + 1 - len(cells))]  # the last is what a missing column has
        if self.period >= 0 and str(cells[self.period]).strip().upper() != DAILY:
            raise ValueError("not of a whole session; of Stooq's files only the daily ones are read")
        name, date_cell, start, end = (cells[i] for i in self.keys)
        symbol = self.symbol or (symbol_of(name.strip(), self.header) if isinstance(name, str) else "")
        if not symbol:
            raise ValueError("no symbol; write one, or remove the row")
        start_at = end_at = WHOLE
        if _present(start):
            start_at = moment_of(start).timestamp()
            day = datetime.fromtimestamp(start_at, UTC).toordinal()
            if _present(end):
                end_at = moment_of(end).timestamp()
                if end_at <= start_at:
                    raise ValueError("the bar ends before it begins; check start_at and end_at")
        else:
            known = self.days.get(date_cell)
            if known is None:
                known = self.days[date_cell] = self._dated(date_cell)
            day, end_at = known
        figures = [_figure(name, cells[i]) for name, i in self.figures]
        _, high, low, close, _ = figures
        if close != close:
            raise ValueError("no close; write one, or remove the row")
        if low > high:
            raise ValueError(f"low {low:g} is above high {high:g}; check the columns")
        latest = day if start_at != WHOLE or end_at == WHOLE else day + 1  # a moment may be the next day's session
        if latest < self.first or day > self.last:
            self.columns.outside += 1
        elif (position := self._position(symbol)) is None:
            self.columns.unknown[symbol] += 1
        else:
            self.columns.append(position, day, start_at, end_at, figures, line)

    def _dated(self, cell: Any) -> tuple[int, float]:
        """A date as ours, or as vendors write it."""
        if self.zoneless and isinstance(cell, str) and len(cell.strip()) > len("2025-01-27"):
            raise ValueError("a time without a zone; name the column start_at, with times like 2025-01-27T14:30:00Z")
        try:
            return dated(cell)
        except ValueError:
            if self.day_first is None and is_slashed(cell):
                column = self.keys[1]
                rows = (cells[column] for _, cells in _rows(self.path) if column < len(cells))
                self.day_first = day_first(rows, self.path)
            day = date_in_words(cell, day=bool(self.day_first))
            if day is None:
                raise
            return day.toordinal(), WHOLE

    def _position(self, symbol: str) -> int | None:
        if symbol not in self.positions:
            if self.wanted is not None and symbol not in self.wanted:
                self.positions[symbol] = None
            else:
                self.positions[symbol] = len(self.columns.symbols)
                self.columns.symbols.append(symbol)
        return self.positions[symbol]


def _is_adjusted(names: Sequence[str]) -> bool:
    """Whether it is what yfinance's ``history`` writes: with dividends, for which its prices are adjusted."""
    return "symbol" not in names and {"dividends", "stock splits"} <= set(names)


def _how_to_write(names: Sequence[str], path: Path) -> str:
    """What to do about a header without a symbol, a date or a close. Both of yfinance's own forms are frequent."""
    if (names[0] == "price" and "close" in names) or (
        names[0] in ("ticker", "symbol") and len(set(names[1:])) < len(names[1:])
    ):
        return (
            "this is what yfinance.download writes, with prices adjusted for dividends; write "
            "yfinance.download(…, auto_adjust=False).to_csv(…) instead"
        )
    if _is_adjusted(names):
        return (
            "this is what yfinance's history writes, with prices adjusted for dividends; write "
            'frame.assign(symbol="NVDA").rename_axis("date").to_csv(…) instead, with history(auto_adjust=False)'
        )
    if "close" in names and ("date" in names or "start_at" in names):
        return f"if these are prices of one stock, name it: --prices {shell(f'NVDA={path}')}"
    return "write symbol,date,open,high,low,close,volume"


def _usual_length(columns: PriceColumns, begin: int) -> timedelta:
    """The commonest distance between neighbouring bars of a symbol, from row ``begin``; of several the longest."""
    last: dict[int, float] = {}
    gaps: Counter[float] = Counter()
    for symbol, start in zip(columns.symbol[begin:], columns.start[begin:], strict=True):
        if start != WHOLE:
            if start > last.get(symbol, start):
                gaps[start - last[symbol]] += 1
            last[symbol] = start
    if not gaps:
        return LONGEST_BAR
    return min(timedelta(seconds=max(gaps, key=lambda gap: (gaps[gap], gap))), LONGEST_BAR)


# ------------------------------------------------------------------------------------------------------- reading


def _rows(path: Path) -> Generator[tuple[int, Cells]]:
    return _parquet_rows(path) if path.suffix in PARQUET else _csv_rows(path)


def _csv_rows(path: Path) -> Generator[tuple[int, Cells]]:
    with opened(path) as stream:
        lines = csv.reader(stream)
        number, blank = 0, True
        try:
            for cells in lines:
                number = lines.line_num
                if cells and (cells[0] or any(cells)):
                    blank = False
                    yield number, cells
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            raise UsageError(f"{path}:{lines.line_num + 1}: cannot be read: {error}") from error
        if blank:
            raise UsageError(f"{path} is empty; its first line must name the columns: symbol,date,…,close")


def _parquet_rows(path: Path) -> Generator[tuple[int, Cells]]:
    """Rows numbered as in CSV: the header is line 1."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}; check the name")
    try:
        import pyarrow.parquet  # an extra, because it is large and few need it
    except ImportError as error:
        raise UsageError(
            f"{path}: Parquet needs pyarrow, which is not installed; {adding('parquet')} adds it, or give CSV"
        ) from error
    try:
        file = pyarrow.parquet.ParquetFile(path)
        yield 1, file.schema_arrow.names
        number = 1
        for batch in file.iter_batches():
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield number, cells
    except (pyarrow.ArrowException, OSError) as error:
        raise UsageError(f"{path}: cannot be read as Parquet: {error}") from error


def opened(path: Path) -> TextIO:
    """A text file, possibly gzipped. Raises UsageError if it cannot be opened."""
    try:
        if path.suffix == ".gz":
            return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
        return path.open(encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; check the name") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _present(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _figure(name: str, cell: Any) -> float:
    """A price or volume; NaN if missing. Raises ValueError saying what to write."""
    if cell == "" or cell is None:
        return NOTHING
    try:
        number = float(cell)
    except (TypeError, ValueError):
        vendors = number_of(name, cell) if isinstance(cell, str) else None
        if vendors is not None and (vendors > 0 or vendors != vendors or name == "volume"):
            return vendors
        raise ValueError(f"{name} '{str(cell)[:20]}' is not a number; write one, or leave it empty") from None
    if 0 < number < math.inf or (number == 0 and name == "volume"):
        return number
    if number != number and not isinstance(cell, str):
        return NOTHING  # a missing number in Parquet
    if not math.isfinite(number):
        raise ValueError(f"{name} '{str(cell)[:20]}' is not a number; write one, or leave it empty")
    raise ValueError(f"{name} {str(cell)[:20]} is not above 0; correct it, or leave it empty")


def _numbers(name: str, cells: Sequence[str]) -> Numbers:
    """As ``_figure`` for each of these; raises ValueError where one is out of the ordinary."""
    numbers = np.array([float(cell) if cell else NOTHING for cell in cells])
    missing = np.array([not cell for cell in cells])
    if not (missing | ((numbers > 0) & (numbers < math.inf)) | ((numbers == 0) & (name == "volume"))).all():
        raise ValueError(f"{name} is not a number above 0 everywhere")
    return numbers


def date_of(cell: Any) -> date:
    """A session's date. Raises ValueError saying what to write."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        return date.fromisoformat(str(cell).strip()[:10])
    except ValueError:
        raise ValueError(f"'{str(cell).strip()[:30]}' is not a date; write one like 2025-01-27") from None


def dated(cell: Any) -> tuple[int, float]:
    """The date of a session's row as an ordinal, and ``WHOLE``; or the date in UTC and the moment, in seconds since
    1970, where a moment is written that does not tell the session's date by itself.

    With an offset, midnight is the date as written: somebody's local midnight. Another time is an exchange's midnight
    in another zone (``2023-08-13 22:00+00:00`` is a Monday in Berlin), or its open or close: only the exchange's
    calendar can tell. Without one, the date is as written. Raises ValueError saying what to write.
    """
    moment = cell if isinstance(cell, datetime) else None
    if moment is None and isinstance(cell, str) and len(cell.strip()) > len("2025-01-27"):
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(cell.strip())
    if moment is not None and moment.tzinfo is not None and moment.time() != time():
        moment = moment.astimezone(UTC)
        return moment.toordinal(), moment.timestamp()
    return date_of(cell).toordinal(), WHOLE


def moment_of(cell: Any) -> datetime:
    """A time, in UTC if no zone is given. Raises ValueError saying what to write."""
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell).strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"'{str(cell).strip()[:40]}' is not a time; write one like 2025-01-27T14:30:00Z") from None
