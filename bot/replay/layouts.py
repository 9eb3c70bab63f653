"""How others write prices: what vendors call the columns of a session, and how they write dates and numbers.

| who | columns | in their own way |
|---|---|---|
| Yahoo, Stooq, yfinance for one stock | Date, Open, High, Low, Close, Adj Close, Volume | no symbol |
| yfinance's ``download`` | Price, Close, Close, …; below it Ticker, AMD, NVDA, …, or the reverse | side by side |
| Stooq, many stocks | <TICKER>, <PER>, <DATE>, <TIME>, <OPEN>, …, <VOL> | ``NVDA.US``, ``20241118`` |
| Nasdaq.com | Date, Close/Last, Volume, Open, High, Low | no symbol, ``11/18/2024``, ``$140.15`` |
| Alpha Vantage | timestamp, open, high, low, close, volume | no symbol |
| Investing.com | Date, Price, Open, High, Low, Vol., Change % | no symbol, ``11/18/2024`` or ``18/11/2024``, ``1.2M`` |
| Google Sheets | Date, Open, High, Low, Close, Volume | no symbol, ``11/18/2024 16:00:00`` |

Adjusted closes are not read: a fall is told by what was traded. A file without symbols is of one stock, which its name
gives where it is asked for: ``NVDA=nvda.csv``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.core.errors import UsageError

_NAMED = re.compile(r"([A-Za-z0-9^][A-Za-z0-9.^-]{0,14}(?:=[FX])?)=(.+)", re.DOTALL)
_SAME = {
    "<ticker>": "symbol",
    "ticker": "symbol",
    "<date>": "date",
    "<open>": "open",
    "<high>": "high",
    "<low>": "low",
    "<close>": "close",
    "<vol>": "volume",
    "vol.": "volume",
    "close/last": "close",
    "timestamp": "date",
    "datetime": "start_at",
}
"""Vendors' names of columns, and ours."""
_GROUPED = r"\d{1,3}(?:,\d{3})+"
_PRICE = re.compile(rf"[$€£]\s?((?:{_GROUPED}|\d+)(?:\.\d+)?)|({_GROUPED}\.\d+)")
_COUNT = re.compile(rf"({_GROUPED}|\d+(?:\.\d+)?)\s?([KMB]?)", re.IGNORECASE)
_TIMES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9}
_NONE = ("", "-", "n/a", "null")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")
PERIOD, DAILY = "<per>", "D"
"""The column in which Stooq says how long a row's time is, and what it says of a session."""
_SIDE_BY_SIDE = {"price", "ticker"}
"""How yfinance's two headers begin."""
ADJUSTED = "adj close"
_FIGURES = ("open", "high", "low", "close", "volume")
_SUFFIX = ".US"
"""Stooq's, of New York."""


def of_one_stock(path: Path) -> tuple[str, Path]:
    """``NVDA=nvda.csv`` as the stock and its file; an empty symbol for a plain name."""
    found = _NAMED.fullmatch(str(path))
    return (found[1], Path(found[2])) if found is not None and not path.exists() else ("", path)


def columns_of(header: Sequence[object]) -> list[str]:
    """The names of a file's columns, in our words where we know them; any other as it is, in lower case."""
    names = [str(name).strip().lower().lstrip("\ufeff") for name in header]
    if "vol." in names and "close" not in names:  # Investing.com's
        names = ["close" if name == "price" else name for name in names]
    own = set(names)
    return [_SAME[name] if name in _SAME and _SAME[name] not in own else name for name in names]


def one_below_another(rows: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows of yfinance's ``download``, which has stocks side by side under two headers, as a row for each stock; others
    as they are. So are those without the column Adj Close: such prices are adjusted themselves, and their header is
    refused."""
    first = next(rows)
    if (above := _word(first[1][0])) not in _SIDE_BY_SIDE or (second := next(rows, None)) is None:
        yield first
        yield from rows
        return
    names, symbols = (first[1], second[1]) if above == "price" else (second[1], first[1])
    if {above, _word(second[1][0])} != _SIDE_BY_SIDE or ADJUSTED not in map(_word, names):
        yield from (first, second)
        yield from rows
        return
    places: dict[str, dict[str, int]] = {}
    for i, (name, symbol) in enumerate(zip(names[1:], symbols[1:], strict=False), 1):
        places.setdefault(str(symbol).strip(), {})[_word(name)] = i
    dated, begun = "date", False
    for line, cells in rows:
        if not begun:
            begun, index = True, not any(cells[1:])  # a line of its own for the name of the dates
            dated = _word(cells[0]) if index else dated
            yield first[0], ("symbol", dated, *_FIGURES)
            if index:
                continue
        for symbol, at in places.items():
            picked = [cells[at[name]] if at.get(name, len(cells)) < len(cells) else "" for name in _FIGURES]
            if any(picked):  # another exchange's holiday
                yield line, (symbol, cells[0], *picked)


def _word(cell: object) -> str:
    return str(cell).strip().lower()


def symbol_of(written: str, header: Sequence[object]) -> str:
    """A symbol as we write it."""
    stooq = str(header[0]).strip().upper() == "<TICKER>"
    return written.removesuffix(_SUFFIX) if stooq else written


def is_zoneless(header: Sequence[object]) -> bool:
    """Whether it is Alpha Vantage's, whose times within sessions are New York's and do not say so."""
    return str(header[0]).strip().lower() == "timestamp"


def number_of(name: str, cell: str) -> float | None:
    """A number as vendors write it; ``None`` if it is none. ``nan`` where they say that there is none."""
    text = cell.strip()
    if text.lower() in _NONE:
        return float("nan")
    if name == "volume":
        found = _COUNT.fullmatch(text)
        return float(found[1].replace(",", "")) * _TIMES[found[2].upper()] if found else None
    found = _PRICE.fullmatch(text)
    return float((found[1] or found[2]).replace(",", "")) if found else None


def day_first(cells: Iterable[object], path: Path) -> bool:
    """Whether dates like ``03/11/2024`` in a file begin with the day. Raises UsageError where none of them tells."""
    for cell in cells:
        found = _SLASHED.fullmatch(str(cell).strip())
        if found is not None and (int(found[1]) > 12 or int(found[2]) > 12):
            return int(found[1]) > 12
    raise UsageError(f"{path}: its dates may begin with the day or with the month; write them like 2025-01-27")


def is_slashed(cell: object) -> bool:
    """Whether a date is written with the parts in an order of its own."""
    return isinstance(cell, str) and _SLASHED.fullmatch(cell.strip()) is not None


def date_in_words(cell: object, *, day: bool) -> date | None:
    """``11/18/2024``, or ``18/11/2024`` where the ``day`` is first, or ``Nov 18, 2024``; ``None`` if it is none."""
    text = str(cell).strip()
    for form in ("%d/%m/%Y" if day else "%m/%d/%Y", "%b %d, %Y"):
        try:
            return datetime.strptime(text.partition(" ")[0] if "/" in text else text, form).date()  # noqa: DTZ007  # no zone
        except ValueError:
            continue
    return None
