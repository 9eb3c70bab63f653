"""The chart of an incident's symbols: a row per line of business, a cell per symbol, the darker the larger its move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.adapters.charts.style import HEIGHT, MAKER, MARGIN, SMALL, TITLE, WIDTH, Sheet, Theme, mixed, plain, signed
from bot.core.messages.pictures import TablePicture, TableRow
from bot.core.text.wording import count, percent

LEFT = 250
"""Width of the first column."""
ACROSS = 3
"""Cells per line; two if a symbol is too long for three (``000660.KS``)."""
CELL = 62
PAD = 10
SPACE = 8
ROW_SPACE = 22
HEAD = 150
FOOT = 106
TALLEST = 1440
LINES = 2
"""Lines of cells per row, more if there is space for all rows; cells left out are counted."""
DEEPEST = 0.3
"""The change from which a cell has its full tint."""


def table_sheet(picture: TablePicture, theme: Theme) -> Sheet:
    """The picture, ready to be saved."""
    across = _across(Sheet(theme), picture.rows)
    rows, left_out = _fitting(picture.rows, across)
    lines = _lines(rows, across) if not left_out else [_fewest(row, across) for row in rows]
    wanted = _height(lines) + (44 if left_out else 0)
    sheet = Sheet(theme, max(HEIGHT, wanted))
    inner = sheet.width - 2 * MARGIN
    sheet.text(MARGIN, 48, sheet.shortened(picture.title, inner, TITLE, True), theme.text, TITLE, True, name="title")
    sheet.text(MARGIN, 108, sheet.shortened(picture.header[0], LEFT - 20), theme.muted)
    sheet.text(MARGIN + LEFT, 108, sheet.shortened(picture.header[1], inner - LEFT), theme.muted)
    y = float(HEAD)
    for row, most in zip(rows, lines, strict=True):
        sheet.line([(MARGIN, y - ROW_SPACE / 2), (sheet.width - MARGIN, y - ROW_SPACE / 2)], theme.grid, 1.5)
        _row(sheet, row, y, across, most)
        y += _tall(most) + ROW_SPACE
    if left_out:
        hidden = sum(len(row.cells) for row in left_out)
        words = f"and {count(hidden, 'more symbol')} in {count(len(left_out), 'other line')} of work"
        sheet.text(MARGIN, y + 14, words, theme.muted)
    sheet.text(MARGIN, sheet.height - 28, MAKER, theme.muted)
    sheet.text(MARGIN, sheet.height - 64, sheet.shortened(picture.as_of_label, inner), theme.muted)
    return sheet


def _fitting(rows: Sequence[TableRow], across: int) -> tuple[list[TableRow], list[TableRow]]:
    """The rows that fit, and the others."""
    lines: list[int] = []
    for n, row in enumerate(rows):
        lines.append(_fewest(row, across))
        if _height(lines) + 44 > TALLEST:
            return list(rows[:n]), list(rows[n:])
    return list(rows), []


def _lines(rows: Sequence[TableRow], across: int) -> list[int]:
    """The lines of cells of each row: while there is space, one more for the row with the most hidden cells."""
    lines = [_fewest(row, across) for row in rows]
    while rows:
        hidden = [len(row.cells) - most * across for row, most in zip(rows, lines, strict=True)]
        worst = max(range(len(rows)), key=lambda n: hidden[n])
        if hidden[worst] <= 0 or _height(lines) + CELL + SPACE > TALLEST:
            break
        lines[worst] += 1
    return lines


def _height(lines: Sequence[int]) -> int:
    return HEAD + sum(_tall(most) + ROW_SPACE for most in lines) + FOOT


def _across(sheet: Sheet, rows: Sequence[TableRow]) -> int:
    available = _width(ACROSS) - sheet.width_of(percent(-0.888)) - 3 * PAD
    fits = all(sheet.width_of(plain(s)[:20], bold=True) <= available for row in rows for s, _ in row.cells)
    return ACROSS if fits else ACROSS - 1


def _width(across: int) -> float:
    return (WIDTH - 2 * MARGIN - LEFT - SPACE * (across - 1)) / across


def _fewest(row: TableRow, across: int) -> int:
    return min(LINES, -(-len(row.cells) // across))


def _tall(lines: int) -> int:
    return lines * CELL + (lines - 1) * SPACE


def _shown(row: TableRow, most: int) -> Iterator[tuple[str, float | None]]:
    """The cells of a row; the last one counts those that do not fit."""
    if len(row.cells) <= most:
        yield from row.cells
        return
    yield from row.cells[: most - 1]
    yield f"{len(row.cells) - most + 1} more", None


def _row(sheet: Sheet, row: TableRow, top: float, across: int, lines: int) -> None:
    theme = sheet.theme
    words = sheet.wrapped(row.work[:1].upper() + row.work[1:], LEFT - 14, 2 if lines == 1 else 3)
    first = top + max((CELL - 32 * len(words)) / 2, 0) + 16
    for n, line in enumerate(words):
        sheet.text(MARGIN, first + 32 * n, line, theme.text, SMALL, True)
    width = _width(across)
    for n, (symbol, change) in enumerate(_shown(row, lines * across)):
        left = MARGIN + LEFT + (n % across) * (width + SPACE)
        y = top + (n // across) * (CELL + SPACE)
        middle = y + CELL / 2
        if change is None:
            sheet.text(left + PAD, middle, symbol, theme.muted)
            continue
        depth = 0.08 + 0.34 * min(abs(change) / DEEPEST, 1.0)
        sheet.rectangle((left, y, left + width, y + CELL), mixed(signed(theme, change), theme.paper, depth), rounding=8)
        figure = percent(change)
        name = sheet.shortened(symbol, width - sheet.width_of(figure) - 3 * PAD, bold=True)
        sheet.text(left + PAD, middle, name, theme.text, SMALL, True)
        sheet.text(left + width - PAD, middle, figure, theme.text, align="right")
