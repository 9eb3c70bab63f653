"""A tree of checks as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.model import Check
from bot.core.rules.nearness import blocker
from bot.render.text import clean

MARKS = {True: "✓", False: "✗", None: "?"}


def check_lines(check: Check, indent: str = "") -> list[str]:
    """``✓ price change < -10% …: -10.2% (…)``, children indented, the check that stopped the rule marked ``←``."""
    return list(_lines(check, blocker(check), indent))


def _lines(check: Check, stop: Check | None, indent: str) -> Iterator[str]:
    text = f"{clean(check.condition)}: {clean(check.measured)}" if check.measured else clean(check.condition)
    here = "   ← stopped here" if check is stop else ""
    yield f"{indent}{MARKS[check.holds]} {text}{here}"
    for child in check.children:
        yield from _lines(child, stop, indent + "  ")
    if check.is_guard and check.holds and any(child.holds is None for child in check.children):
        yield f"{indent}    (an unknown guard does not block)"
