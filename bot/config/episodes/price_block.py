"""Prices in episode files: one line per session, one line per mark.

    daily: |                       # session open high low close volume
      2025-01-24 148.37 148.97 141.88 142.62 234657600
      2025-01-27 - - - 118.42      # '-' where a figure is unknown; the volume may be left out
    marks: |                       # time (UTC), kind, price, volume if known
      2025-01-27T09:00Z open 133.37

Thousands of such lines are split into words rather than read as YAML: a list of mappings would be slower and far harder
to read. Nothing is raised here; each mistake is a ``PriceMistake``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from bot.config.yaml.document import Document, DocumentPath, path_text
from bot.config.yaml.excerpt import shown
from bot.core.errors import Problem
from bot.core.model import QuoteKind
from bot.core.model.episodes import EpisodeBar, Mark

JUMP = 3.0
"""A price this many times another, or this fraction of it, is more likely on another split basis than a real move."""
Bars = list[tuple[int, EpisodeBar]]
"""Bars, each with its line in the block, from 0."""
Marks = list[tuple[int, Mark]]
"""Marks, each with its line in the block, from 0."""

_KINDS = {kind.value: kind for kind in QuoteKind}
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)\Z")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class PriceMistake:
    """A mistake in a block. ``line`` and ``word`` count from 0."""

    line: int
    word: int
    message: str


def parse_date(text: object) -> date:
    """``2025-01-27`` as a date. ValueError for anything else."""
    if isinstance(text, str) and _DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"there is no date {text}; check it") from None
    raise ValueError(f"'{shown(str(text))}' is not a date; write one like 2025-01-27")


def parse_time(text: object) -> datetime:
    """``2025-01-27T09:50:51Z`` as a time in UTC; seconds are optional, and an offset can replace the Z."""
    if isinstance(text, str) and _TIME.match(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(f"there is no time {text}; check it") from None
    raise ValueError(f"'{shown(str(text))}' is not a time; write one like 2025-01-27T14:30:00Z, Z for UTC")


def read_daily(text: str, jump: date | None = None) -> tuple[Bars, list[PriceMistake]]:
    """The bars of a ``daily`` block, and every mistake in it.

    Checks dates and their order, that numbers are above 0, that open and close are between low and high, and that no
    close is ``JUMP`` times the one before (two split bases in one block), unless ``jump`` names that session.
    """
    bars: Bars = []
    mistakes: list[PriceMistake] = []
    for row in _rows(text):
        bar = _bar(row)
        before = bars[-1][1] if bars else None
        if bar is not None and before is not None:
            if bar.session <= before.session:
                row.fail(0, f"{bar.session} does not come after {before.session}; put the rows in order")
                bar = None
            elif bar.session != jump and apart(bar.close, before.close):
                row.fail(
                    4,
                    f"close {row.words[4]} after {before.close:g}: two split bases seem mixed; "
                    f"put all prices on one, or write 'jump: {bar.session}' if the move was real",
                )
        if bar is not None:
            bars.append((row.line, bar))
        mistakes += row.mistakes
    return bars, mistakes


def read_marks(text: str) -> tuple[Marks, list[PriceMistake]]:
    """The marks of a ``marks`` block, and every mistake in it: times, their order, kinds, prices above 0."""
    marks: Marks = []
    mistakes: list[PriceMistake] = []
    for row in _rows(text):
        mark = _mark(row)
        if mark is not None and marks and mark.at < marks[-1][1].at:
            row.fail(0, f"{row.words[0]} comes after a later time; put the rows in order")
        elif mark is not None:
            marks.append((row.line, mark))
        mistakes += row.mistakes
    return marks, mistakes


def apart(price: float, other: float) -> bool:
    """Whether two prices differ by ``JUMP`` or more, which suggests two split bases."""
    return not 1 / JUMP < price / other < JUMP


def block_problems(document: Document, path: DocumentPath, mistakes: list[PriceMistake]) -> Iterator[Problem]:
    """The mistakes of the block at ``path``, with line and column in the file.

    A literal block begins in the line after its ``|``. Where the file does not have the row there, because the text is
    folded or quoted, the problem points at the block.
    """
    lines = document.text.splitlines() if mistakes else []
    for mistake in mistakes:
        line, column = document.position(path)
        number = line + mistake.line
        row = str(document.value(path)).split("\n")[mistake.line]
        if number < len(lines) and lines[number].strip() == row.strip():
            columns = [match.start() + 1 for match in re.finditer(r"\S+", lines[number])]
            line, column = number + 1, columns[min(mistake.word, len(columns) - 1)] if columns else 1
        yield Problem(document.file, line, column, path_text(path), mistake.message)


@dataclass(slots=True)
class _Row:
    """One row of a block, and the mistakes found in it."""

    line: int
    words: list[str]
    mistakes: list[PriceMistake] = field(default_factory=list)

    def fail(self, word: int, message: str) -> None:
        self.mistakes.append(PriceMistake(self.line, word, message))

    def read(self, word: int, parse: Callable[[str], _Value]) -> _Value | None:
        try:
            return parse(self.words[word])
        except ValueError as error:
            self.fail(word, str(error))
            return None

    def number(self, word: int, what: str, *, zero: bool = False) -> float | None:
        """The number in that word; ``None`` for ``-``, for a mistake, and beyond the row's end."""
        text = self.words[word] if word < len(self.words) else "-"
        if text == "-":
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or "_" in text:
            self.fail(word, f"{what} '{shown(text)}' is not a number; write one like 142.62, or '-'")
        elif number < 0 or (number == 0 and not zero):
            self.fail(word, f"{what} {text} is not above 0; write what was traded, or '-' if it is not known")
        else:
            return number
        return None


def _rows(text: str) -> Iterator[_Row]:
    for line, row in enumerate(text.split("\n")):
        if words := row.partition("#")[0].split():
            yield _Row(line, words)


def _bar(row: _Row) -> EpisodeBar | None:
    words = row.words
    if not 5 <= len(words) <= 6:
        row.fail(0, "expected session, open, high, low, close and perhaps volume; write '-' for gaps")
        return None
    session = row.read(0, parse_date)
    opened, high, low, close = (row.number(i, name) for i, name in enumerate(("open", "high", "low", "close"), 1))
    volume = row.number(5, "volume", zero=True)
    if row.mistakes:
        return None
    if session is None or close is None:
        row.fail(4, "a session needs its close; write one, or remove the line")
        return None
    order = "the order is open, high, low, close"
    if low is not None and high is not None and low > high:
        row.fail(3, f"low {words[3]} is above high {words[2]}; {order}")
    elif low is not None and (close < low or (opened is not None and opened < low)):
        row.fail(3, f"low {words[3]} is above the open or the close; {order}")
    elif high is not None and (close > high or (opened is not None and opened > high)):
        row.fail(2, f"high {words[2]} is below the open or the close; {order}")
    return EpisodeBar(session, close, opened, high, low, volume)


def _mark(row: _Row) -> Mark | None:
    if not 3 <= len(row.words) <= 4:
        row.fail(0, "expected time, kind, price and perhaps volume")
        return None
    at = row.read(0, parse_time)
    kind = _KINDS.get(row.words[1])
    if kind is None:
        row.fail(1, f"unknown kind '{shown(row.words[1])}'; write one of {', '.join(_KINDS)}")
    price = row.number(2, "price")
    volume = row.number(3, "volume", zero=True)
    if price is None and not row.mistakes:
        row.fail(2, "a mark needs a price; write one, or remove the line")
    if row.mistakes or at is None or kind is None or price is None:
        return None
    return Mark(at, kind, price, volume)
