"""Price recordings of years: files read in one pass into columns.

The same files as in ``recording``, and Parquet, for when there are a million rows of which most only warm windows up
and many are not needed at all: no object is made for a row. One that cannot be read is a ``Problem`` with file and
line, wherever in the file it stands; a sound one outside the dates asked for is passed over.
"""

from __future__ import annotations

import csv
import gzip
import math
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO, cast

from bot.core.errors import Problem, UsageError

LONGEST_BAR = timedelta(hours=1)
"""How long a bar within a session is taken to last where nothing tells."""
FIGURES = ("open", "high", "low", "close", "volume")
PARQUET = (".parquet", ".pq")
NOTHING = math.nan
WHOLE = -1.0
"""``start`` of a row for a whole session."""

Cells = Sequence[Any]
"""One row as a file has it: text, or what Parquet holds."""


@dataclass(slots=True)
class PriceColumns:
    """Rows of price files. Columns of equal length; a missing figure is NaN."""

    symbols: list[str] = field(default_factory=list)
    """In order of appearance; ``symbol`` holds positions in it."""
    symbol: array[int] = field(default_factory=lambda: array("l"))
    day: array[int] = field(default_factory=lambda: array("l"))
    """Proleptic Gregorian ordinal of the session; for a bar within a session, of its start in UTC."""
    start: array[float] = field(default_factory=lambda: array("d"))
    """Seconds since 1970 in UTC; ``WHOLE`` for a whole session."""
    end: array[float] = field(default_factory=lambda: array("d"))
    figures: tuple[array[float], ...] = field(default_factory=lambda: tuple(array("d") for _ in FIGURES))
    file: array[int] = field(default_factory=lambda: array("h"))
    line: array[int] = field(default_factory=lambda: array("l"))
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    """Rows passed over because nobody asked for their symbol."""
    outside: int = 0
    """Rows passed over because of their date."""
    bar_lengths: dict[int, timedelta] = field(default_factory=dict)
    """Per file: how long its bars within sessions last, where it does not say."""

    def __len__(self) -> int:
        return len(self.symbol)

    def bad(self, row: int, message: str) -> None:
        """Remember what is wrong with a row."""
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
    columns = PriceColumns()
    low = first.toordinal() if first else 0
    high = last.toordinal() if last else date.max.toordinal()
    positions: dict[str, int | None] = {}
    for path in paths:
        reader = _Reader(path, columns, positions, wanted, low, high)
        for line, cells in _parquet_rows(path) if path.suffix in PARQUET else _csv_rows(path):
            reader.take(line, cells)
        columns.bar_lengths[len(columns.files) - 1] = _usual_length(columns, len(columns.files) - 1)
    return columns


class _Reader:
    """One file's rows on their way into columns."""

    def __init__(
        self,
        path: Path,
        columns: PriceColumns,
        positions: dict[str, int | None],
        wanted: Collection[str] | None,
        low: int,
        high: int,
    ) -> None:
        self.path, self.columns, self.positions, self.wanted = path, columns, positions, wanted
        self.low, self.high = low, high
        columns.files.append(path)
        self.number = len(columns.files) - 1
        self.days: dict[Any, int] = {}
        self.at: dict[str, int] = {}
        self.ready: Callable[[Cells], Cells] | None = None
        """Symbol, date and figures of a row, where a file has them all."""

    def take(self, line: int, cells: Cells) -> None:
        """The header first, then row after row; what cannot be read becomes a problem."""
        if not self.at:
            self._header(cells)
            return
        if self.ready is not None and len(cells) == self.width and self._plain(line, self.ready(cells)):
            return
        try:
            self._row(line, cells)
        except ValueError as error:
            self.columns.problems.append(Problem(str(self.path), line, 1, "", str(error)))

    def _header(self, cells: Cells) -> None:
        names = [str(name).strip().lower().lstrip("\ufeff") for name in cells]
        self.at = {name: i for i, name in enumerate(names)}
        missing = [name for name in ("symbol", "close") if name not in self.at]
        if "date" not in self.at and "start_at" not in self.at:
            missing.append("date")
        if missing:
            raise UsageError(
                f"{self.path}:1: missing column {', '.join(missing)}; write symbol,date,open,high,low,close,volume"
            )
        self.width = len(names)
        self.where = [self.at.get(name, -1) for name in FIGURES]
        self.dated, self.started, self.ended = (self.at.get(n, -1) for n in ("date", "start_at", "end_at"))
        if self.dated >= 0 and self.started < 0 and min(self.where) >= 0:
            self.ready = itemgetter(self.at["symbol"], self.dated, *self.where)

    def _plain(self, line: int, values: Cells) -> bool:
        """Take a row that is as it should be; False for one that wants a closer look."""
        day = self.days.get(values[1])
        if day is None:
            return False
        try:
            opened, high, low, close = map(float, values[2:6])
            volume = float(values[6]) if values[6] else NOTHING
        except (TypeError, ValueError):
            return False
        if not (
            0 < low <= high < math.inf
            and 0 < opened < math.inf
            and 0 < close < math.inf
            and (not values[6] or 0 <= volume < math.inf)
        ):
            return False
        columns = self.columns
        if not self.low <= day <= self.high:
            if not values[0].strip():
                return False
            columns.outside += 1
            return True
        position = self.positions.get(values[0], -1)
        if position == -1:
            return False
        if position is None:
            columns.unknown[values[0]] += 1
        else:
            self._append(position, day, WHOLE, WHOLE, (opened, high, low, close, volume), line)
        return True

    def _append(self, position: int, day: int, begun: float, ended: float, figures: Sequence[float], line: int) -> None:
        columns = self.columns
        columns.symbol.append(position)
        columns.day.append(day)
        columns.start.append(begun)
        columns.end.append(ended)
        for column, value in zip(columns.figures, figures, strict=True):
            column.append(value)
        columns.file.append(self.number)
        columns.line.append(line)

    def _row(self, line: int, cells: Cells) -> None:
        if len(cells) > self.width:
            raise ValueError(f"{len(cells)} values for {self.width} columns; check for a stray comma")
        width = len(cells)
        given = [cells[i] if 0 <= i < width else "" for i in self.where]
        name = cells[self.at["symbol"]] if self.at["symbol"] < width else ""
        symbol = name.strip() if isinstance(name, str) else ""
        if not symbol:
            raise ValueError("no symbol; write one, or remove the row")
        start = cells[self.started] if 0 <= self.started < width else ""
        begun = ended = WHOLE
        if _present(start):
            begun = moment_of(start).timestamp()
            day = datetime.fromtimestamp(begun, UTC).toordinal()
            end = cells[self.ended] if 0 <= self.ended < width else ""
            if _present(end):
                ended = moment_of(end).timestamp()
                if ended <= begun:
                    raise ValueError("the bar ends before it begins; check start_at and end_at")
        else:
            dated = cells[self.dated] if 0 <= self.dated < width else ""
            known = self.days.get(dated)
            if known is None:
                known = self.days[dated] = date_of(dated).toordinal()
            day = known
        opened, high, low, close, volume = [_figure(n, c) for n, c in zip(FIGURES, given, strict=True)]
        if close != close:
            raise ValueError("no close; write one, or remove the row")
        if low > high:
            raise ValueError(f"low {low:g} is above high {high:g}; check the columns")
        if not self.low <= day <= self.high:
            self.columns.outside += 1
            return
        position = self._position(symbol)
        if position is None:
            self.columns.unknown[symbol] += 1
            return
        self._append(position, day, begun, ended, (opened, high, low, close, volume), line)

    def _position(self, symbol: str) -> int | None:
        if symbol not in self.positions:
            if self.wanted is not None and symbol not in self.wanted:
                self.positions[symbol] = None
            else:
                self.positions[symbol] = len(self.columns.symbols)
                self.columns.symbols.append(symbol)
        return self.positions[symbol]


def _usual_length(columns: PriceColumns, number: int) -> timedelta:
    """The commonest distance between neighbouring bars of one symbol in a file; the longest of equally common ones."""
    last: dict[int, float] = {}
    gaps: Counter[float] = Counter()
    for row in range(len(columns)):
        if columns.file[row] == number and columns.start[row] != WHOLE:
            before = last.get(columns.symbol[row])
            if before is not None and columns.start[row] > before:
                gaps[columns.start[row] - before] += 1
            last[columns.symbol[row]] = columns.start[row]
    if not gaps:
        return LONGEST_BAR
    return min(timedelta(seconds=max(gaps, key=lambda gap: (gaps[gap], gap))), LONGEST_BAR)


# ------------------------------------------------------------------------------------------------------- reading


def _csv_rows(path: Path) -> Iterator[tuple[int, Cells]]:
    with opened(path) as stream:
        lines = csv.reader(stream)
        number, blank = 0, True
        try:
            for cells in lines:
                number = lines.line_num
                if cells and any(cells):
                    blank = False
                    yield number, cells
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            raise UsageError(f"{path}:{lines.line_num + 1}: cannot be read: {error}") from error
        if blank:
            raise UsageError(f"{path} is empty; its first line must name the columns: symbol,date,…,close")


def _parquet_rows(path: Path) -> Iterator[tuple[int, Cells]]:
    """Rows counted as a CSV file would count them: the names are line 1."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}; check the name")
    try:
        import pyarrow.parquet  # an extra: large, and only for those who have such files
    except ImportError as error:
        raise UsageError(
            f"{path}: Parquet needs pyarrow, which is not installed; run make setup EXTRAS=parquet, or give CSV"
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
    """A text file, perhaps gzipped. Raises UsageError where it cannot be opened."""
    try:
        if path.suffix == ".gz":
            return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
        return path.open(encoding="utf-8-sig", newline="")
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}; check the name") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _present(cell: Any) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())


def _figure(name: str, cell: Any) -> float:
    """A price or volume; NaN where there is none. Raises ValueError saying what to write."""
    if cell == "" or cell is None:
        return NOTHING
    try:
        number = float(cell)
    except (TypeError, ValueError):
        if str(cell).strip() in ("", "-"):
            return NOTHING
        raise ValueError(f"{name} '{str(cell)[:20]}' is not a number; write one, or leave it empty") from None
    if 0 < number < math.inf:
        return number
    if number == 0 and name == "volume":
        return number
    if number != number and not isinstance(cell, str):
        return NOTHING  # how tables without gaps write a missing number
    if not math.isfinite(number):
        raise ValueError(f"{name} '{str(cell)[:20]}' is not a number; write one, or leave it empty")
    raise ValueError(f"{name} {str(cell)[:20]} is not above 0; correct it, or leave it empty")


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


def moment_of(cell: Any) -> datetime:
    """A moment, UTC where no zone is given. Raises ValueError saying what to write."""
    try:
        moment = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell).strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"'{str(cell).strip()[:40]}' is not a time; write one like 2025-01-27T14:30:00Z") from None
