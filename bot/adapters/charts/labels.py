"""The positions of labels, so that they hide neither the line nor each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.adapters.charts.style import Box, Path

BESIDE = (14, 40, 80, 130, 190)
"""Distances tried between a label and its anchor."""


def overlap(one: Box, other: Box) -> float:
    """The area two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def hidden(box: Box, line: Path, rim: float = 0) -> int:
    """How many points of a line a box covers, with a margin of ``rim``."""
    left, top, right, bottom = box[0] - rim, box[1] - rim, box[2] + rim, box[3] + rim
    return sum(left <= x <= right and top <= y <= bottom for x, y in line)


def beside(
    anchors: Path,
    size: tuple[float, float],
    bounds: Box,
    boxes: Sequence[Box],
    line: Path,
    faint: Path = (),
) -> Box:
    """The best box for a label of ``size`` near one of ``anchors`` and within ``bounds``.

    Close to an early anchor; covering no other label (``boxes``), ``line`` or ``faint``, in this order of importance.
    """
    best, lowest = bounds, math.inf
    for number, (x, y) in enumerate(anchors):
        for distance, box in _around(x, y, *size):
            kept = _within(box, bounds)
            moved = abs(kept[0] - box[0]) + abs(kept[1] - box[1])
            cost = distance + 5 * number + moved / 4
            if cost >= lowest:
                continue
            cost += sum(100 + 10 * area for b in boxes if (area := overlap(kept, b)) > 0)
            cost += 40 * hidden(kept, line, 6) + 10 * hidden(kept, faint, 6)
            if cost < lowest:
                best, lowest = kept, cost
    return best


def _around(x: float, y: float, width: float, height: float) -> Iterator[tuple[float, Box]]:
    for far in BESIDE:
        for left, top in (
            (x + far, y - height - far / 2),
            (x + far, y + far / 2),
            (x - far - width, y + far / 2),
            (x - far - width, y - height - far / 2),
            (x - width / 2, y + far),
            (x - width / 2, y - far - height),
            (x + far, y - height / 2),
            (x - far - width, y - height / 2),
        ):
            yield far, (left, top, left + width, top + height)


def _within(box: Box, bounds: Box) -> Box:
    left, top, right, bottom = box
    dx = max(bounds[0] - left, 0.0) or min(bounds[2] - right, 0.0)
    dy = max(bounds[1] - top, 0.0) or min(bounds[3] - bottom, 0.0)
    return left + dx, top + dy, right + dx, bottom + dy


def spread(middles: Sequence[float], height: float, top: float, bottom: float) -> list[float]:
    """``middles`` moved just enough that labels of ``height`` do not touch; their order stays."""
    order = sorted(range(len(middles)), key=lambda i: (middles[i], i))
    places = [min(max(middles[i], top + height / 2), bottom - height / 2) for i in order]
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + height)
    if places and places[-1] > bottom - height / 2:
        places[-1] = bottom - height / 2
        for n in range(len(places) - 2, -1, -1):
            places[n] = min(places[n], places[n + 1] - height)
    placed = dict(zip(order, places, strict=True))
    return [placed[i] for i in range(len(middles))]


def apart(start: float, end: float, covered: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The parts of ``start`` to ``end`` that are not covered."""
    free = []
    for low, high in sorted(covered):
        if low > start:
            free.append((start, min(low, end)))
        start = max(start, high)
    return [*free, (start, end)] if start < end else free


def along(points: Path) -> list[tuple[float, float]]:
    """Points of a line every eight pixels, which a label should not cover."""
    dense = list(points[:1])
    for (x0, y0), (x1, y1) in pairwise(points):
        count = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / 8))
        dense += [(x0 + (x1 - x0) * n / count, y0 + (y1 - y0) * n / count) for n in range(1, count + 1)]
    return dense
