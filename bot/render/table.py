"""Tables as fixed-width lines, narrow enough for a phone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.render.text import cell_width, clean, cut_cell

_GAP = 2
_LEAST = 4
_NUMBER = re.compile(r"^[+\-−–±<>≤≥~≈(]?[$€£¥]?[+\-−]?\d[\d.,\s'’]*\s*(?:%|x|×|bn|m|k|pp|σ)?\)?$|^[-–—]$|^$")


def table_lines(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The rows as lines of at most ``width`` columns; the first row is the heading.

    Columns of numbers are right-aligned and shortened only after columns of words; a row with only a first cell spans
    the table. If even the shortest columns do not fit, columns are dropped from the right.
    """
    cells = [[clean(cell).strip() for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return []
    count = max(len(row) for row in cells)
    cells = [row + [""] * (count - len(row)) for row in cells]
    alone = [count > 1 and not any(row[1:]) for row in cells]
    columns = [[row[i] for row, single in zip(cells, alone, strict=True) if not single] for i in range(count)]
    numeric = numeric_columns(cells)
    widths = _fit([max((cell_width(cell) for cell in column), default=0) for column in columns], numeric, width)
    return [
        cut_cell(row[0], width) if single else _line(row, widths, numeric)
        for row, single in zip(cells, alone, strict=True)
    ]


def numeric_columns(cells: Sequence[Sequence[str]]) -> list[bool]:
    """Which columns hold numbers below their heading; rows with only a first cell do not count. Rows of one length."""
    rows = [row for row in cells if len(row) == 1 or any(row[1:])]
    columns = [[row[i] for row in rows] for i in range(len(cells[0]))]
    return [bool(column[1:]) and any(column[1:]) and all(map(_NUMBER.match, column[1:])) for column in columns]


def _fit(widths: list[int], numeric: list[bool], width: int) -> list[int]:
    """Shorten the widest column of words, then of numbers, until the line fits, then drop columns from the right."""
    widths = list(widths)
    while sum(widths) + _GAP * (len(widths) - 1) > width:
        long = [i for i, w in enumerate(widths) if w > _LEAST]
        shrinkable = [i for i in long if not numeric[i]] or long
        if not shrinkable:
            if len(widths) == 1:
                return [width]
            widths.pop()
            continue
        widest = max(shrinkable, key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


def _line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = []
    for cell, width, number in zip(row, widths, numeric, strict=False):
        cell = cut_cell(cell, width)
        pad = " " * (width - cell_width(cell))
        parts.append(pad + cell if number else cell + pad)
    return (" " * _GAP).join(parts).rstrip()
