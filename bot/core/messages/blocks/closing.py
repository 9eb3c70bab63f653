"""The last follow-up of an incident: how far stocks fell, and where they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bot.core.model import Block, BlockKind, Line
from bot.core.text.wording import count, listing, percent

NAMED = 5


def closing(
    worst: Mapping[str, float],
    since: Sequence[tuple[str, float]],
    company_of: Callable[[str], str] = str,
    label: Callable[[str], str] = str,
) -> list[Block]:
    """The block. ``worst`` has the lowest of each symbol that fell, ``since`` where symbols stand: both as changes from
    the price before the fall. ``company_of`` is the same for all listings of a company, which counts once; ``label``:
    how a symbol is shown."""
    worst = {symbol: change for symbol, change in worst.items() if change < 0}
    since = [(symbol, change) for symbol, change in since if symbol in worst]
    if not worst or not since:
        return []
    furthest = min(worst, key=lambda symbol: (worst[symbol], symbol))
    fallen = len(set(map(company_of, worst)))
    companies = count(fallen, "stock")
    fell = f"{companies} fell; the furthest was {label(furthest)}, {percent(worst[furthest])} at its worst."
    lines: list[Line] = [(fell,)]
    if len(since) > 1:
        recovered = sorted(label(symbol) for symbol, change in since if change >= 0)
        known = f" of the {len(since)} with a price" if len(since) < fallen else ""
        lines.append((f"Median change{known} from before the fall: {percent(median(c for _, c in since))}.",))
        lines.append((f"Fully recovered: {listing(recovered, NAMED) if recovered else 'none'}.",))
    lines.append(("This is the last message about this incident.",))
    return [Block("in sum", BlockKind.FACTS, 85, "In sum", tuple(lines))]
