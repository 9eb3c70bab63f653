"""What commands print: tables for people, fitted to the terminal or wide in a file or pipe, and JSON for programs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from bot.cli.terminal import heading, say_all
from bot.render.text import cell_width, clean, cut_cell

WIDE = 200
LEAST_WIDTH = 40
_GAP = 2


def width() -> int:
    """Columns a table may take: the terminal's, or ``WIDE`` elsewhere; ``COLUMNS`` overrides."""
    return max(LEAST_WIDTH, shutil.get_terminal_size((WIDE, 24)).columns)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and how it gives way where the table is too wide."""

    name: str
    right: bool = False
    """Right-aligned, for numbers."""
    least: int = 0
    """Text may be cut to this many characters; 0: never."""
    leaves: int = 0
    """Where cutting is not enough, columns are dropped, highest number first; 0: never."""


def fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> list[str]:
    """Heading and rows as lines of at most ``room`` characters. Text from outside is cleaned here."""
    cells = _cells(columns, rows)
    widths = _widths(columns, cells, room)
    lines = []
    for row in cells:
        parts = []
        for i, wide in widths.items():
            cell = cut_cell(row[i], wide)
            pad = " " * (wide - cell_width(cell))
            parts.append(pad + cell if columns[i].right else cell + pad)
        lines.append(cut_cell((" " * _GAP).join(parts).rstrip(), room))
    return lines


def _cells(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[clean(c.name) for c in columns], *([clean(cell).strip() for cell in row] for row in rows)]


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int) -> dict[int, int]:
    """The width of each column that is kept."""
    natural = [max(cell_width(row[i]) for row in cells) for i in range(len(columns))]
    least = [min(natural[i], max(c.least, cell_width(cells[0][i]))) if c.least else natural[i]
             for i, c in enumerate(columns)]  # fmt: skip
    kept: list[int] = []
    for i in sorted(range(len(columns)), key=lambda i: columns[i].leaves):
        # an empty column is dropped, unless the whole table is empty
        says = len(cells) == 1 or any(row[i] for row in cells[1:])
        fits = sum(least[k] for k in (*kept, i)) + _GAP * len(kept) <= room
        if not columns[i].leaves or (says and fits):
            kept.append(i)
    widths = {i: natural[i] for i in sorted(kept)}
    over = sum(widths.values()) + _GAP * (len(kept) - 1) - room
    while over > 0:
        widest = max((i for i in kept if widths[i] > least[i]), key=lambda i: widths[i] - least[i], default=None)
        if widest is None:
            break
        by = min(over, max(1, (widths[widest] - least[widest]) // 2))
        widths[widest] -= by
        over -= by
    return widths


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """Print a table no wider than the terminal, its heading in bold there. Returns the names of dropped columns."""
    names, *lines = fitted(columns, rows, width())
    heading(names)
    say_all(lines)
    shown = _widths(columns, _cells(columns, rows), width())
    return [c.name for i, c in enumerate(columns) if i not in shown]
