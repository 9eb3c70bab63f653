"""The end of an incident: how far it went, and where those it hit stand now."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bot.core.model import Alert, Block, BlockKind, Line
from bot.core.text.wording import count, listing, percent

NAMED = 5


def closing(alerts: Sequence[Alert], since: Sequence[tuple[str, float]]) -> list[Block]:
    """The summing-up. ``since``: where each symbol stands against its price before the fall."""
    worst = {a.symbol: min(a.worst, 0.0) for a in alerts if a.worst is not None}
    if not worst or not since:
        return []
    furthest = min(worst, key=lambda symbol: (worst[symbol], symbol))
    back = sorted((symbol for symbol, change in since if change >= 0))
    lines: list[Line] = [
        (f"{count(len(worst), 'stock')} fell; furthest {furthest}, {percent(worst[furthest])} at its worst.",),
    ]
    if len(since) > 1:
        lines.append((f"In the middle they stand at {percent(median(c for _, c in since))} against before the fall.",))
        if back:
            lines.append((f"Back where they were: {listing(back, NAMED)}.",))
        else:
            lines.append(("None is back where it was.",))
    lines.append(("This is the last message about it.",))
    return [Block("in sum", BlockKind.FACTS, 85, "In sum", tuple(lines))]
