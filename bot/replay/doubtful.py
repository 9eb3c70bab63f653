"""Marks recorded prices that look like something else than a move: a split nobody adjusted for, pounds among pence.

They are played all the same: the engine holds them back where it would live (``bot/core/prices/basis.py``). But a live
bot has charts and the vendor's word to decide by, and a recording only its reader.
"""

from __future__ import annotations

from datetime import date

from bot.core.errors import Problem
from bot.core.prices.basis import hundredfold, step_words
from bot.core.text.wording import price
from bot.replay.columns import PriceColumns

STAYS = 5
"""A unit that so many rows in a row are in is taken for the right one from then on."""


def doubtful_rows(columns: PriceColumns) -> list[Problem]:
    """The rows whose first price is a split or a factor of 100 away from the close of the row before.

    Rows of a symbol are compared in the order of their files; those of one day, and of an earlier one, are not.
    """
    found: list[Problem] = []
    known: dict[int, tuple[int, float]] = {}
    odd: dict[int, int] = {}
    opens, _, _, closes, _ = columns.figures
    for row, (position, day, opened, close) in enumerate(zip(columns.symbol, columns.day, opens, closes, strict=True)):
        last_day, last = known.get(position, (day, close))
        after = opened if opened == opened else close
        words = step_words(last, after) if day > last_day else ""
        if words:
            when = f"{columns.symbols[position]} {date.fromordinal(day)}"
            message = (
                f"{when}: {price(after)} after {price(last)} looks like {words}; check it before you trust an alert"
            )
            found.append(Problem(str(columns.files[columns.file[row]]), columns.line[row], 1, "", message))
            if hundredfold(last, after) and odd.get(position, 0) + 1 < STAYS:
                odd[position] = odd.get(position, 0) + 1
                continue
        odd.pop(position, None)
        if day >= last_day:
            known[position] = day, close
    return found
