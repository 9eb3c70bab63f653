"""A share's prices around an alert, drawn with characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

HEIGHT = 9
_LABEL = 9
_FEWEST = 3


def chart(
    quotes: Sequence[tuple[str, float, str]], fired_at: str, reference: float | None, room: int, height: int = HEIGHT
) -> Iterator[str]:
    """The prices as a line, hours without any left out; the reference dotted, the moment it fired marked below.

    Of the lows and highs of bars nothing is drawn: they are no moments.
    """
    points = [(at, price) for at, price, kind in quotes if kind in ("trade", "open", "close")]
    if len(points) < _FEWEST:
        return
    cells = max(room - _LABEL - 1, 10)
    times, prices = _columns(points, min(cells, len(points)))
    known = prices if reference is None else [*prices, reference]
    low, high = min(known), max(known)
    span = (high - low) or max(abs(high), 1.0) * 0.01

    def level(price: float) -> int:
        return round((price - low) / span * (height - 1))

    at_reference = level(reference) if reference is not None else None
    grid = _drawn([level(price) for price in prices], at_reference, height)
    labels = {y: f"{low + span * y / (height - 1):.2f}" for y in (0, height - 1)}
    if at_reference is not None:
        labels[at_reference] = f"{reference:.2f}"
    for y in reversed(range(height)):
        yield f"{labels.get(y, ''):>{_LABEL}} {''.join(grid[y]).rstrip()}".rstrip()
    mark = next((x for x, at in enumerate(times) if at >= fired_at), len(times) - 1)
    yield " " * (_LABEL + 1 + mark) + "▲"
    yield " " * (_LABEL + 1) + _axis(times[0], fired_at, times[-1], len(prices), mark, cells)


def _drawn(levels: Sequence[int], at_reference: int | None, height: int) -> list[list[str]]:
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


def _columns(points: Sequence[tuple[str, float]], many: int) -> tuple[list[str], list[float]]:
    """As many columns, each the last price of as many ten minutes with a price; ten minutes are what an alert needs."""
    tens: dict[str, tuple[str, float]] = {}
    for at, price in points:
        tens[at[:15]] = (at, price)
    every = list(tens.values()) if len(tens) >= _FEWEST else list(points)
    many = min(many, len(every))
    chosen = [every[(i + 1) * len(every) // many - 1] for i in range(many)]
    return [at for at, _ in chosen], [price for _, price in chosen]


def _axis(first: str, fired: str, last: str, columns: int, mark: int, room: int) -> str:
    """The times below the chart: both ends, and the alert's where there is room for it."""
    words = [(0, _short(first)), (mark, _short(fired)), (columns, _short(last))]
    line = [" "] * max(room, columns)
    taken = 0

    def put(begin: int, word: str) -> int:
        for i, char in enumerate(word):
            line[begin + i] = char
        return begin + len(word)

    (_, left), (_, middle), (_, right) = words
    ends = min(max(columns, len(left)), room)
    end_at = max(ends - len(right), 0)
    middle_at = min(max(mark - len(middle) // 2, 0), room - len(middle))
    if middle_at > len(left) + 1:
        taken = put(0, left) + 1
    taken = max(taken, put(middle_at, middle) + 1)
    if end_at >= taken and end_at + len(right) <= room:
        put(end_at, right)
    return "".join(line).rstrip()


def _short(at: str) -> str:
    """``27 10:05``: day and time."""
    return f"{at[8:10]} {at[11:16]}"
