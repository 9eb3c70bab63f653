"""Moments and values as places on the sheet.

The axis of time has no nights: each session is a column, and its phases share the column by how long they last. The
sessions before a fall are there for comparison and get narrow columns; the dates under them say so.
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
"""Of the width, for the session of the fall while it is the last."""
FEW = 2
"""A session with no more prices than this is told by a narrow column."""


@dataclass(frozen=True, slots=True)
class PhasePiece:
    """One phase on the sheet."""

    span: PhaseSpan
    left: float
    right: float

    def place(self, at: datetime) -> float:
        """The place of a moment within the phase."""
        whole = (self.span.end_at - self.span.start_at).total_seconds()
        share = (at - self.span.start_at).total_seconds() / whole if whole > 0 else 0.5
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Column:
    """One session on the sheet."""

    session: date
    pieces: tuple[PhasePiece, ...]
    single: bool
    """It has one price at most: its middle stands for the whole of it."""

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.pieces[-1].right

    @property
    def parts(self) -> tuple[tuple[Phase, float, float], ...]:
        """Its phases with where each begins and ends; where one price stands for all of it, that price's."""
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
        room = right - left - GAP * (len(groups) - 1)
        self.left, self.right = left, right
        self.columns: list[Column] = []
        at = left
        for (day, spans), count, weight in zip(groups, counts, weights, strict=True):
            width = room * weight / sum(weights)
            single = count < 2
            self.columns.append(Column(day, tuple(_pieces(spans, at, width)), single))
            at += width + GAP
        self._starts = [c.pieces[0].span.start_at for c in self.columns]

    def place(self, at: datetime) -> float:
        """The place of a moment; one between sessions stands in the gap, one before them all at the left edge."""
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
        """Which session a moment belongs to."""
        return max(bisect_right(self._starts, at) - 1, 0)


def _count(spans: Sequence[PhaseSpan], points: Sequence[Point]) -> int:
    return sum(spans[0].start_at <= p.at <= spans[-1].end_at for p in points)


def _pieces(spans: Sequence[PhaseSpan], left: float, width: float) -> Iterator[PhasePiece]:
    lasts = [max((s.end_at - s.start_at).total_seconds(), 1.0) for s in spans]
    for span, lasting in zip(spans, lasts, strict=True):
        right = left + width * lasting / sum(lasts)
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


def hours(column: Column, room: float) -> list[datetime]:
    """Full hours of a session to label, at least ``room`` pixels apart."""
    first, last = column.pieces[0].span.start_at, column.pieces[-1].span.end_at
    spread = (last - first).total_seconds() / 3600
    if spread <= 0:
        return []
    step = hour_step((column.right - column.left) / spread, room)
    at = first.replace(minute=0, second=0, microsecond=0)
    found = []
    while at <= last:
        if at >= first and at.hour % step == 0:
            found.append(at)
        at += timedelta(hours=1)
    return found


class ValueAxis:
    """Values from the top of a panel to its bottom."""

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
        """How far down ``value`` is."""
        return self._floor - (value - self._low) * self._scale

    def ticks(self, room: float, upper: float) -> list[float]:
        """Round values at least ``room`` pixels apart, none above ``upper`` or in the lowest 12 pixels."""
        step = round_step(room / self._scale)
        first = math.ceil((self.least + 12 / self._scale) / step)
        ticks = []
        while (value := first * step) <= self.most and self.place(value) >= upper:
            ticks.append(value)
            first += 1
        return ticks


def between(line: Sequence[tuple[float, float]], x: float) -> float | None:
    """How far down a line is at ``x``."""
    for (x0, y0), (x1, y1) in pairwise(line):
        if x0 <= x <= x1:
            return y1 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return None
