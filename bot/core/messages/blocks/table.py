"""Who is hit, by line of business, and who held up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import median

from bot.core.messages.snapshot import Snapshot
from bot.core.model import Block, BlockKind, Line, StockMove, Strong
from bot.core.text.wording import MINUS, OLD, age, clock, joined, listed, listing, percent, since_words, when

MEMBERS = 6
"""How many symbols of one line of business are named; the rest are counted."""
NAMED = 8
HELD_UP = 5
DAY = timedelta(hours=20)


def table(
    seen: Snapshot, line_of: Callable[[str], str], apart: Sequence[Line], label: Callable[[str], str] = str
) -> list[Block]:
    """The stocks that the headline counts, the worst line of business first. ``line_of`` gives a symbol's line of
    business; ``apart``: the lines on stocks that moved for other reasons; ``label``: how a symbol is shown."""
    counted = len(seen.moves) + (0 if seen.direction else len(seen.unpriced))
    if counted + len(seen.turned) + len(seen.unpriced) * abs(seen.direction) < 2 and not apart:
        return []
    usual = usual_time(seen.moves)
    lines = list(by_line(seen.moves, line_of, seen.at, usual, rising=seen.direction > 0, label=label))
    if seen.unpriced:
        lines.append((f"No price yet: {listing(list(map(label, seen.unpriced)), NAMED)}.",))
    lines += apart
    told = (*as_of(seen.at, usual), *lines)
    hit = [Block("who is hit", BlockKind.FACTS, 60, _title(seen, counted), told)] if lines else []
    return [*hit, *_turned(seen, usual, label)]


def _turned(seen: Snapshot, usual: datetime | None, label: Callable[[str], str]) -> list[Block]:
    """The stocks of the incident that the headline does not count, as they move the other way now."""
    if not seen.turned:
        return []
    stands = [_stands(m, label, since_words(m.reference, m.at), seen.at, usual) for m in seen.turned]
    title = f"Alerted, but not {'falling' if seen.direction < 0 else 'rising'} now"
    return [Block("not now", BlockKind.FACTS, 59, title, (joined(listed(stands, NAMED), (".",)),))]


def _title(seen: Snapshot, counted: int) -> str:
    alike = len({since_words(m.reference, m.at) for m in seen.moves}) < 2  # else sizes beside each other are no order
    if seen.direction < 0:
        return f"Who is hit ({counted}){', the worst line first' if alike else ''}"
    if seen.direction > 0:
        return f"Who rises ({counted}){', the strongest line first' if alike else ''}"
    return f"Whom it reaches ({counted})"


def usual_time(moves: Sequence[StockMove]) -> datetime | None:
    """When most of the prices were."""
    common = Counter(m.at for m in moves).most_common(1)
    return common[0][0] if common else None


def as_of(at: datetime, usual: datetime | None) -> list[Line]:
    """The time of the prices in a table, above them: where it is not just now."""
    if usual is None or at - usual <= OLD:
        return []
    return [("Prices of ", when(usual), f", {age(at - usual)} old, where no time is given:")]


def by_line(
    moves: Sequence[StockMove],
    line_of: Callable[[str], str],
    at: datetime,
    usual: datetime | None,
    *,
    rising: bool = False,
    one_reference: bool = False,
    label: Callable[[str], str] = str,
) -> tuple[Line, ...]:
    """Moves by line of business; the worst line first, and the worst in each line first. Where ``rising``, the best.
    ``one_reference``: the title says what all are measured from."""
    lines: dict[str, list[StockMove]] = {}
    for move in moves:
        lines.setdefault(line_of(move.symbol), []).append(move)
    sign = -1 if rising else 1
    shown: list[Line] = []
    for name, members in sorted(lines.items(), key=lambda w: (sign * median(m.change for m in w[1]), w[0])):
        members.sort(key=lambda m: (sign * m.change, m.symbol))
        since = ["" if one_reference else since_words(m.reference, m.at) for m in members]
        named = [_stands(m, label, s, at, usual) for m, s in zip(members, since, strict=True)]
        shown.append((Strong(f"{name or 'others'}: "), *listed(named, MEMBERS)))
    return tuple(shown)


def _stands(move: StockMove, label: Callable[[str], str], since: str, at: datetime, usual: datetime | None) -> Line:
    """``NVDA −5.0 %``; what that is measured from, and when the price was, where it has to be said."""
    return joined((f"{label(move.symbol)} {percent(move.change)}{since}",), _time(move, at, usual))


def _time(move: StockMove, at: datetime, usual: datetime | None) -> Line:
    """The time of a price that is not of the table's, and of an old one where the table has no age."""
    odd = usual is not None and abs(move.at - usual) > OLD
    old = at - move.at > OLD and not as_of(at, usual)
    return (" (", clock(move.at) if at - move.at < DAY else when(move.at), ")") if odd or old else ()


def held_up_line(moves: Sequence[StockMove], seen: Snapshot, label: Callable[[str], str] = str) -> list[Line]:
    """Stocks in the same lines of business that rose, and those that fell least; empty without any. A price that is not
    of the time of the table's has its own. ``label``: how a symbol is shown."""
    usual = usual_time(seen.moves)
    shown = [(label(m.symbol), percent(m.change), _time(m, seen.at, usual)) for m in moves]
    rose = [joined((f"{name} {change}",), time) for name, change, time in shown if change.startswith("+")]
    less = [joined((f"{name} {change}",), time) for name, change, time in shown if change.startswith(MINUS)]
    lines: list[Line] = []
    if rose:
        lines.append(joined(("Rose against it: ",), listed(rose, HELD_UP), (".",)))
    if less and len(rose) < HELD_UP:
        lines.append(joined(("Fell less: ",), listed(less, HELD_UP), (".",)))
    return lines
