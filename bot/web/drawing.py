"""The layout of a price chart that scales with the page.

Positions are fractions of the chart's width and height, 0 to 1 from the top left. Hours without prices are left out: a
night is as wide as ``GAP``, and the line is broken there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.render.axes import hour_step, round_step, tick_text

QUIET = timedelta(hours=7)
"""The line is broken where there is no price for so long: a night, but not a session with prices only at both ends."""
DAY = timedelta(days=1)
NEAR = 0.15
"""Labels closer than this would overlap on a phone."""
GAP = 0.012
"""Width of the gap between two stretches."""
FEWEST = 3
"""With fewer prices there is no chart."""
MOST = 480
"""Points of a line; of more, the lowest and highest of each stretch of time are drawn."""
HEAD, FOOT = 0.06, 0.06
"""Margins above the highest and below the lowest price."""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price and when it was traded."""

    at: datetime
    price: float


@dataclass(frozen=True, slots=True)
class Label:
    """Text at a position."""

    place: float
    text: str
    minor: bool = False
    """Left out on narrow pages."""
    before: bool = False
    """The text is left of the position."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A price chart."""

    lines: tuple[tuple[tuple[float, float], ...], ...]
    """Stretches without a break, from left to right."""
    reference: float | None
    """Vertical position of the reference."""
    marks: tuple[Label, ...]
    """Moments marked by a vertical line."""
    times: tuple[Label, ...]
    prices: tuple[Label, ...]
    lowest: PricePoint
    first: datetime
    last: datetime


def drawing(
    prices: Sequence[PricePoint], reference: float | None = None, moments: Sequence[tuple[datetime, str]] = ()
) -> Drawing | None:
    """The chart of ``prices``, which are in order of time; ``None`` where there are too few.

    ``moments`` within the time shown are marked.
    """
    if len(prices) < FEWEST:
        return None
    stretches = _stretches(thinned(prices))
    axis = _Axis(stretches)
    levels = [p.price for p in prices] + ([reference] if reference is not None else [])
    low, high = min(levels), max(levels)
    span = (high - low) or abs(high) * 0.01

    def down(price: float) -> float:
        return HEAD + (high - price) / span * (1 - HEAD - FOOT)

    first, last = prices[0].at, prices[-1].at
    return Drawing(
        lines=tuple(tuple((axis.place(p.at), down(p.price)) for p in stretch) for stretch in stretches),
        reference=down(reference) if reference is not None else None,
        marks=_marks([(axis.place(at), text) for at, text in moments if first <= at <= last]),
        times=tuple(axis.labels()),
        prices=tuple(Label(min(max(down(value), 0.0), 1.0), text) for value, text in _ticks(low, high)),
        lowest=min(prices, key=lambda p: p.price),
        first=first,
        last=last,
    )


def _marks(placed: Sequence[tuple[float, str]]) -> tuple[Label, ...]:
    """The text of a mark is right of it, or left where the next mark or the edge is near."""
    found = []
    for n, (place, text) in enumerate(placed):
        right = placed[n + 1][0] if n + 1 < len(placed) else 1.0
        found.append(Label(place, text, before=right - place < NEAR < place))
    return tuple(found)


def thinned(prices: Sequence[PricePoint], most: int = MOST) -> list[PricePoint]:
    """About ``most`` prices: the first and last, and the lowest and highest of each stretch of time."""
    if len(prices) <= most:
        return list(prices)
    parts = max(most // 2, 1)
    kept = {0, len(prices) - 1}
    for n in range(parts):
        part = range(n * len(prices) // parts, (n + 1) * len(prices) // parts)
        if part:
            kept.add(min(part, key=lambda i: prices[i].price))
            kept.add(max(part, key=lambda i: prices[i].price))
    return [prices[i] for i in sorted(kept)]


def _stretches(prices: Sequence[PricePoint]) -> list[list[PricePoint]]:
    found = [[prices[0]]]
    for before, after in pairwise(prices):
        if after.at - before.at > QUIET:
            found.append([])
        found[-1].append(after)
    return found


class _Axis:
    """Stretches of time side by side, each as wide as it lasts."""

    def __init__(self, stretches: Sequence[Sequence[PricePoint]]) -> None:
        shortest = timedelta(minutes=30)  # so that a single price has some width, too
        self._parts: list[tuple[datetime, datetime, float, float]] = []
        lasting = [max(part[-1].at - part[0].at, shortest) for part in stretches]
        width = max(1 - GAP * (len(stretches) - 1), 0.2)
        gap = (1 - width) / max(len(stretches) - 1, 1)
        left = 0.0
        for part, long in zip(stretches, lasting, strict=True):
            wide = width * (long / sum(lasting, timedelta()))
            self._parts.append((part[0].at, part[0].at + long, left, left + wide))
            left += wide + gap

    def place(self, at: datetime) -> float:
        """Horizontal position of a moment; in a gap, where the gap begins."""
        where = 0.0
        for start, end, left, right in self._parts:
            if at < start:
                break
            where = left + (right - left) * min((at - start) / (end - start), 1.0)
        return min(where, 1.0)

    def labels(self) -> list[Label]:
        """The day where each stretch begins, midnights where a stretch lasts for days, and hours where they fit.

        A session that goes on past midnight is of the day on which it began: a label there would stand where the next
        session begins. Of two days that begin too near each other the wider has its label.
        """
        days = self._days()
        found = [
            Label(place, f"{at.day} {at:%b}", minor=n > 0 and place - days[n - 1][0] < NEAR, before=place > 0.95)
            for n, (place, at, _) in enumerate(days)
        ]
        taken = [place for place, _, _ in days]
        for start, end, left, right in self._parts:
            step = hour_step((right - left) / _hours(start, end), 0.09)
            hour = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            while step < 24 and hour <= end:
                place = self.place(hour)
                apart = min(abs(place - other) for other in taken)
                if hour.hour % step == 0 and apart > 0.07 and right - place > 0.03:
                    found.append(Label(place, f"{hour:%H:%M}", minor=True))
                    taken.append(place)
                hour += timedelta(hours=1)
        return sorted(found, key=lambda label: label.place)

    def _days(self) -> list[tuple[float, datetime, float]]:
        """Where days are labelled: position, time, and the width they take."""
        found: list[tuple[float, datetime, float]] = []
        for start, end, left, right in self._parts:
            begins = [start]
            while end - start > DAY and (midnight := _midnight(begins[-1])) < end:
                begins.append(midnight)
            for n, at in enumerate(begins):
                place = left if n == 0 else self.place(at)
                wide = (self.place(begins[n + 1]) if n + 1 < len(begins) else right) - place
                if found and at.date() == found[-1][1].date():
                    continue
                if found and place - found[-1][0] < 0.06:
                    if wide > found[-1][2]:
                        found[-1] = place, at, wide
                else:
                    found.append((place, at, wide))
        return found


def _midnight(at: datetime) -> datetime:
    """The next midnight."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + DAY


def _hours(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds() / 3600, 0.01)


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Two to six round values in the range, with as many digits as distinguish them."""
    span = high - low
    if span <= abs(high) * 1e-9:
        return [(low, f"{low:.4g}")]
    step = round_step(span / 5)
    first = math.ceil(low / step - 1e-9)
    values = [step * (first + n) for n in range(6)]
    return [(value, tick_text(value, step)) for value in values if value <= high + step * 1e-9]
