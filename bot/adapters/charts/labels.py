"""Where labels go so that they hide neither the line nor each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.adapters.charts.style import Box

BESIDE = (14, 40, 80, 130, 190)
"""Distances tried between a label and what it names."""


def overlap(one: Box, other: Box) -> float:
    """The area two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0


def hidden(box: Box, line: Sequence[tuple[float, float]], rim: float = 0) -> int:
    """How many points of a line lie under a box, or within ``rim`` of it."""
    left, top, right, bottom = box[0] - rim, box[1] - rim, box[2] + rim, box[3] + rim
    return sum(left <= x <= right and top <= y <= bottom for x, y in line)


def beside(
    anchors: Sequence[tuple[float, float]],
    size: tuple[float, float],
    room: Box,
    boxes: Sequence[Box],
    line: Sequence[tuple[float, float]],
    faint: Sequence[tuple[float, float]] = (),
) -> Box:
    """A place for a label of ``size`` near one of ``anchors``, within ``room``: the nearest where nothing is hidden.
    Earlier anchors are preferred a little; ``faint`` may be hidden sooner than ``line``, and neither where another
    label is."""
    best: tuple[float, Box] | None = None
    for number, (x, y) in enumerate(anchors):
        for far, box in _around(x, y, *size):
            held = _within(box, room)
            moved = abs(held[0] - box[0]) + abs(held[1] - box[1])
            cost = far + 5 * number + moved / 4
            if best is not None and cost >= best[0]:
                continue
            cost += sum(100 + 10 * area for b in boxes if (area := overlap(held, b)) > 0)
            cost += 40 * hidden(held, line, 6) + 10 * hidden(held, faint, 6)
            if best is None or cost < best[0]:
                best = (cost, held)
    assert best is not None
    return best[1]


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


def _within(box: Box, room: Box) -> Box:
    left, top, right, bottom = box
    dx = max(room[0] - left, 0.0) or min(room[2] - right, 0.0)
    dy = max(room[1] - top, 0.0) or min(room[3] - bottom, 0.0)
    return left + dx, top + dy, right + dx, bottom + dy


def spread(middles: Sequence[float], height: float, top: float, bottom: float) -> list[float]:
    """``middles`` moved as little as needed so that labels of ``height`` do not touch; the order stays."""
    order = sorted(range(len(middles)), key=lambda i: (middles[i], i))
    places = [min(max(middles[i], top + height / 2), bottom - height / 2) for i in order]
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + height)
    if places and places[-1] > bottom - height / 2:
        places[-1] = bottom - height / 2
        for n in range(len(places) - 2, -1, -1):
            places[n] = min(places[n], places[n + 1] - height)
    found = [0.0] * len(middles)
    for i, place in zip(order, places, strict=True):
        found[i] = place
    return found


def apart(start: float, end: float, covered: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches from ``start`` to ``end`` that are not covered."""
    found = []
    for low, high in sorted(covered):
        if low > start:
            found.append((start, min(low, end)))
        start = max(start, high)
    return [*found, (start, end)] if start < end else found


def along(points: Sequence[tuple[float, float]], step: float = 8) -> list[tuple[float, float]]:
    """Points of a line every few pixels: what a label must not cover."""
    found = list(points[:1])
    for (x0, y0), (x1, y1) in pairwise(points):
        count = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / step))
        found += [(x0 + (x1 - x0) * n / count, y0 + (y1 - y0) * n / count) for n in range(1, count + 1)]
    return found
