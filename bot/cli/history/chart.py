"""A stock's prices around an alert as a chart of characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

HEIGHT = 9
_LABEL = 9
_FEWEST = 3


def chart(
    quotes: Sequence[tuple[str, float, str]], fired_at: str, reference: float | None, width: int, height: int = HEIGHT
) -> Iterator[str]:
    """Prices as a line, without hours that have none; the reference is dotted, the alert is marked below.

    Lows and highs of bars are left out: nobody knows when they were traded.
    """
    points = [(at, price) for at, price, kind in quotes if kind in ("trade", "open", "close")]
    if len(points) < _FEWEST:
        return
    cells = max(width - _LABEL - 1, 10)
    times, prices = _sampled(points, min(cells, len(points)))
    shown = prices if reference is None else [*prices, reference]
    low, high = min(shown), max(shown)
    span = (high - low) or max(abs(high), 1.0) * 0.01

    def level(price: float) -> int:
        return round((price - low) / span * (height - 1))

    at_reference = level(reference) if reference is not None else None
    grid = _grid([level(price) for price in prices], at_reference, height)
    labels = {y: f"{low + span * y / (height - 1):.2f}" for y in (0, height - 1)}
    if at_reference is not None:
        labels[at_reference] = f"{reference:.2f}"
    for y in reversed(range(height)):
        yield f"{labels.get(y, ''):>{_LABEL}} {''.join(grid[y]).rstrip()}".rstrip()
    mark = next((x for x, at in enumerate(times) if at >= fired_at), len(times) - 1)
    yield " " * (_LABEL + 1 + mark) + "▲"
    yield " " * (_LABEL + 1) + _axis(times[0], fired_at, times[-1], len(prices), mark, cells)


def _grid(levels: Sequence[int], at_reference: int | None, height: int) -> list[list[str]]:
    """The line through ``levels``, one per column, over the dots of the reference; the lowest row first."""
    grid = [[" "] * len(levels) for _ in range(height)]
    if at_reference is not None:
        grid[at_reference] = ["┈"] * len(levels)
    for x, (before, here) in enumerate(pairwise((levels[0], *levels))):
        if here == before:
            grid[here][x] = "─"
            continue
        falls = here < before
        grid[before][x] = "╮" if falls else "╯"
        grid[here][x] = "╰" if falls else "╭"
        for y in range(min(here, before) + 1, max(here, before)):
            grid[y][x] = "│"
    return grid


def _sampled(points: Sequence[tuple[str, float]], most: int) -> tuple[list[str], list[float]]:
    """At most ``most`` points, evenly chosen among the last price of every ten minutes."""
    last_of_ten = {at[:15]: (at, price) for at, price in points}
    every = list(last_of_ten.values()) if len(last_of_ten) >= _FEWEST else list(points)
    most = min(most, len(every))
    chosen = [every[(i + 1) * len(every) // most - 1] for i in range(most)]
    return [at for at, _ in chosen], [price for _, price in chosen]


def _axis(first: str, fired: str, last: str, columns: int, mark: int, width: int) -> str:
    """The times below the chart: both ends, and the alert's where it fits."""
    left, middle, right = _short(first), _short(fired), _short(last)
    line = [" "] * max(width, columns)
    taken = 0

    def put(begin: int, word: str) -> int:
        line[begin : begin + len(word)] = word
        return begin + len(word)

    end_at = max(min(max(columns, len(left)), width) - len(right), 0)
    middle_at = min(max(mark - len(middle) // 2, 0), width - len(middle))
    if middle_at > len(left) + 1:
        taken = put(0, left) + 1
    taken = max(taken, put(middle_at, middle) + 1)
    if end_at >= taken and end_at + len(right) <= width:
        put(end_at, right)
    return "".join(line).rstrip()


def _short(at: str) -> str:
    """``27 10:05``: day and time."""
    return f"{at[8:10]} {at[11:16]}"
