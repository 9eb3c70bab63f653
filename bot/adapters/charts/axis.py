"""Times and values as positions on the sheet, in pixels.

The time axis skips the nights: each session is a column, divided among its phases by their length. The sessions before
the fall are for comparison and get narrow columns.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

from bot.core.messages.pictures import PhaseSpan, Point, PricePicture
from bot.core.model import Phase
from bot.render.axes import hour_step, round_step

GAP = 8
"""Between two sessions."""
SHARE = 0.56
"""The share of the width for the session of the fall while it is the latest."""
FEW = 2
"""A session with at most this many prices gets a narrow column."""


@dataclass(frozen=True, slots=True)
class PhasePiece:
    """One phase on the sheet."""

    span: PhaseSpan
    left: float
    right: float

    def place(self, at: datetime) -> float:
        """The position of a time within the phase."""
        whole = (self.span.end_at - self.span.start_at).total_seconds()
        share = (at - self.span.start_at).total_seconds() / whole if whole > 0 else 0.5
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Column:
    """One session on the sheet."""

    session: date
    pieces: tuple[PhasePiece, ...]
    single: bool
    """It has at most one price, drawn in its middle."""

    @property
    def left(self) -> float:
        """Its left edge."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.pieces[-1].right

    @property
    def parts(self) -> tuple[tuple[Phase, float, float], ...]:
        """Its phases with their left and right edges; if it is ``single``, the last phase takes all of it."""
        if self.single:
            return ((self.pieces[-1].span.phase, self.left, self.right),)
        return tuple((p.span.phase, p.left, p.right) for p in self.pieces)

    @property
    def middle(self) -> float:
        """Halfway."""
        return (self.left + self.right) / 2


class TimeAxis:
    """The sessions side by side from ``left`` to ``right``."""

    def __init__(self, picture: PricePicture, left: float, right: float) -> None:
        groups = [(day, list(spans)) for day, spans in groupby(picture.spans, key=lambda s: s.session)]
        counts = [_count(spans, picture.points) for _, spans in groups]
        weights = _weights([day for day, _ in groups], counts, picture.session)
        available = right - left - GAP * (len(groups) - 1)
        self.left, self.right = left, right
        self.columns: list[Column] = []
        x = left
        for (day, spans), count, weight in zip(groups, counts, weights, strict=True):
            width = available * weight / sum(weights)
            self.columns.append(Column(day, tuple(_pieces(spans, x, width)), single=count < 2))
            x += width + GAP
        self._starts = [c.pieces[0].span.start_at for c in self.columns]

    def place(self, at: datetime) -> float:
        """The position of a time; between sessions in the gap, before all of them at the left edge."""
        i = bisect_right(self._starts, at) - 1
        if i < 0:
            return self.left
        column = self.columns[i]
        last = column.pieces[-1].span
        if at > last.end_at and i + 1 < len(self.columns):
            return column.right + GAP / 2
        if column.single:
            return column.middle
        piece = next((p for p in column.pieces if at <= p.span.end_at), column.pieces[-1])
        return piece.place(at)

    def column_of(self, at: datetime) -> int:
        """The index of the session a time belongs to."""
        return max(bisect_right(self._starts, at) - 1, 0)


def _count(spans: Sequence[PhaseSpan], points: Sequence[Point]) -> int:
    return sum(spans[0].start_at <= p.at <= spans[-1].end_at for p in points)


def _pieces(spans: Sequence[PhaseSpan], left: float, width: float) -> Iterator[PhasePiece]:
    lengths = [max((s.end_at - s.start_at).total_seconds(), 1.0) for s in spans]
    for span, length in zip(spans, lengths, strict=True):
        right = left + width * length / sum(lengths)
        yield PhasePiece(span, left, right)
        left = right


def _weights(days: Sequence[date], counts: Sequence[int], fall: date) -> list[float]:
    before = sum(day < fall for day in days)
    after = sum(day > fall for day in days)
    if not after:
        last = SHARE / (1 - SHARE) * before if counts[-1] > FEW else 1.3
        return [1.0 if day < fall else max(last, 1.0) for day in days]
    later = max(1.3, min(3.0, 9 / after))
    return [1.0 if day < fall else 3.0 if day == fall else later for day in days]


def hours(column: Column, distance: float) -> list[datetime]:
    """The full hours of a session to label, at least ``distance`` pixels apart."""
    first, last = column.pieces[0].span.start_at, column.pieces[-1].span.end_at
    length = (last - first).total_seconds() / 3600
    if length <= 0:
        return []
    step = hour_step((column.right - column.left) / length, distance)
    hour = first.replace(minute=0, second=0, microsecond=0)
    full = [hour + timedelta(hours=n) for n in range(math.ceil(length) + 1)]
    return [at for at in full if first <= at <= last and at.hour % step == 0]


class ValueAxis:
    """Values from the top of a panel to its bottom, with margins ``head`` and ``foot``."""

    def __init__(self, values: Sequence[float], top: float, bottom: float, head: float, foot: float) -> None:
        low, high = min(values), max(values)
        if high - low <= abs(high) * 1e-6:
            low, high = low - (abs(low) * 0.01 or 1.0), high + (abs(high) * 0.01 or 1.0)
        self._low = low
        self._scale = (bottom - foot - top - head) / (high - low)
        self._floor = bottom - foot
        self.least = low - foot / self._scale
        self.most = high + head / self._scale

    def place(self, value: float) -> float:
        """The position of ``value``, from the top."""
        return self._floor - (value - self._low) * self._scale

    def ticks(self, distance: float, upper: float) -> list[float]:
        """Round values at least ``distance`` pixels apart, none above ``upper`` or in the lowest 12 pixels."""
        step = round_step(distance / self._scale)
        first = math.ceil((self.least + 12 / self._scale) / step)
        ticks = []
        while (value := first * step) <= self.most and self.place(value) >= upper:
            ticks.append(value)
            first += 1
        return ticks


def between(line: Sequence[tuple[float, float]], x: float) -> float | None:
    """The height of a line at ``x``."""
    for (x0, y0), (x1, y1) in pairwise(line):
        if x0 <= x <= x1:
            return y1 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return None
