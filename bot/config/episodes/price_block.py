"""Prices as people write them in an episode: one line a session, one line a mark.

    daily: |                       # session open high low close volume
      2025-01-24 148.37 148.97 141.88 142.62 234657600
      2025-01-27 - - - 118.42      # '-' where a figure is not known; the volume may be left out
    marks: |                       # time (UTC), kind, price, volume if known
      2025-01-27T09:00Z open 133.37

Thousands of such lines are read by splitting, not by YAML: a list of mappings would be slower and far harder to read.
Nothing is raised here. A mistake is a ``PriceMistake``: which line of the block, which word of it, and what is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.config.yaml.excerpt import shown
from bot.core.model import QuoteKind
from bot.core.model.episodes import EpisodeBar, Mark

JUMP = 3.0
"""A price this many times another, or this fraction of it, is more likely another split basis than a move."""

_KINDS = {kind.value: kind for kind in QuoteKind}
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)\Z")


@dataclass(frozen=True, slots=True)
class PriceMistake:
    """A mistake in a block. ``line`` and ``word`` count from 0."""

    line: int
    word: int
    message: str


@dataclass(frozen=True, slots=True)
class RowPosition:
    """Where a row stands, for checks that come later: ``line`` of its block, from 0."""

    line: int
    row: EpisodeBar | Mark


def parse_date(text: object) -> date:
    """``2025-01-27`` as a date. ValueError for anything else."""
    if isinstance(text, str) and _DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"there is no date {text}; check it") from None
    raise ValueError(f"'{shown(str(text))}' is not a date; write one like 2025-01-27")


def parse_time(text: object) -> datetime:
    """``2025-01-27T09:50:51Z`` as a moment in UTC; seconds may be left out, an offset may stand in place of Z."""
    if isinstance(text, str) and _TIME.match(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(f"there is no time {text}; check it") from None
    raise ValueError(f"'{shown(str(text))}' is not a time; write one like 2025-01-27T14:30:00Z, Z for UTC")


def read_daily(text: str, jump: date | None = None) -> tuple[list[RowPosition], list[PriceMistake]]:
    """The bars of a ``daily`` block, and every mistake in it.

    Checked: dates, their order, numbers above 0, low and high about open and close, and that no close is ``JUMP``
    times the one before (two split bases in one block), unless ``jump`` names that session as a real move.
    """
    bars: list[RowPosition] = []
    slips: list[PriceMistake] = []
    before: EpisodeBar | None = None
    for line, words in _rows(text):
        if not 5 <= len(words) <= 6:
            slips.append(
                PriceMistake(line, 0, "expected session, open, high, low, close and perhaps volume; write '-' for gaps")
            )
            continue
        bar = _bar(line, words, slips)
        if bar is None:
            continue
        if before is not None:
            if bar.session <= before.session:
                slips.append(
                    PriceMistake(line, 0, f"{bar.session} does not come after {before.session}; put the rows in order")
                )
                continue
            if bar.session != jump and _apart(bar.close, before.close):
                slips.append(
                    PriceMistake(
                        line,
                        4,
                        f"close {words[4]} after {before.close:g}: two split bases seem mixed; "
                        f"put all prices on one, or write 'jump: {bar.session}' if the move was real",
                    )
                )
        before = bar
        bars.append(RowPosition(line, bar))
    return bars, slips


def read_marks(text: str) -> tuple[list[RowPosition], list[PriceMistake]]:
    """The marks of a ``marks`` block, and every mistake in it: times, their order, kinds, prices above 0."""
    marks: list[RowPosition] = []
    slips: list[PriceMistake] = []
    before: datetime | None = None
    for line, words in _rows(text):
        if not 3 <= len(words) <= 4:
            slips.append(PriceMistake(line, 0, "expected time, kind, price and perhaps volume"))
            continue
        found = len(slips)
        at: datetime | None = None
        try:
            at = parse_time(words[0])
        except ValueError as error:
            slips.append(PriceMistake(line, 0, str(error)))
        kind = _KINDS.get(words[1])
        if kind is None:
            slips.append(PriceMistake(line, 1, f"unknown kind '{shown(words[1])}'; write one of {', '.join(_KINDS)}"))
        price = _number(line, 2, words, "price", slips)
        volume = _number(line, 3, words, "volume", slips, zero=True) if len(words) > 3 else None
        if len(slips) > found or at is None or kind is None or price is None:
            if len(slips) == found:
                slips.append(PriceMistake(line, 2, "a mark needs a price; write one, or remove the line"))
            continue
        if before is not None and at < before:
            slips.append(PriceMistake(line, 0, f"{words[0]} comes after a later time; put the rows in order"))
            continue
        before = at
        marks.append(RowPosition(line, Mark(at, kind, price, volume)))
    return marks, slips


def other_basis(mark: Mark, bar: EpisodeBar) -> bool:
    """Whether a mark is so far from its session's bar that it must be on another split basis."""
    return _apart(mark.price, bar.close)


# -------------------------------------------------------------------------------------------------------------- details


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for line, row in enumerate(text.split("\n")):
        words = (row.partition("#")[0] if "#" in row else row).split()
        if words:
            yield line, words


def _bar(line: int, words: list[str], slips: list[PriceMistake]) -> EpisodeBar | None:
    found = len(slips)
    session: date | None = None
    try:
        session = parse_date(words[0])
    except ValueError as error:
        slips.append(PriceMistake(line, 0, str(error)))
    opened = _number(line, 1, words, "open", slips)
    high = _number(line, 2, words, "high", slips)
    low = _number(line, 3, words, "low", slips)
    close = _number(line, 4, words, "close", slips)
    volume = _number(line, 5, words, "volume", slips, zero=True) if len(words) > 5 else None
    if len(slips) > found:
        return None
    if session is None or close is None:
        slips.append(PriceMistake(line, 4, "a session needs its close; write one, or remove the line"))
        return None
    if low is not None and high is not None and low > high:
        slips.append(
            PriceMistake(line, 3, f"low {words[3]} is above high {words[2]}; the order is open, high, low, close")
        )
    elif low is not None and (close < low or (opened is not None and opened < low)):
        slips.append(
            PriceMistake(line, 3, f"low {words[3]} is above the open or the close; the order is open, high, low, close")
        )
    elif high is not None and (close > high or (opened is not None and opened > high)):
        slips.append(
            PriceMistake(
                line, 2, f"high {words[2]} is below the open or the close; the order is open, high, low, close"
            )
        )
    return EpisodeBar(session, close, opened, high, low, volume)


def _number(
    line: int, at: int, words: list[str], what: str, slips: list[PriceMistake], *, zero: bool = False
) -> float | None:
    """The number in ``words[at]``; ``None`` for ``-`` and for a mistake, which is added to ``slips``."""
    word = words[at]
    if word == "-":
        return None
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in word:
        slips.append(PriceMistake(line, at, f"{what} '{shown(word)}' is not a number; write one like 142.62, or '-'"))
        return None
    if number < 0 or (number == 0 and not zero):
        slips.append(
            PriceMistake(line, at, f"{what} {word} is not above 0; write what was traded, or '-' if it is not known")
        )
        return None
    return number


def _apart(price: float, other: float) -> bool:
    return not 1 / JUMP < price / other < JUMP
