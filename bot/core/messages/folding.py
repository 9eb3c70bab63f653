"""What of a message is read at a glance, and what is unfolded: a phone's first page holds the move and its cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.model import Block, BlockKind, Line

GLANCE = 900
"""Characters that a phone shows before a reader scrolls."""
LEAST_ROWS = 2
"""Lines of a table that stay in sight, whatever its length."""


def folded(blocks: Sequence[Block]) -> list[Block]:
    """``blocks`` with the details folded, after what is read at a glance; with them what of the table does not fit
    beside the rest into ``GLANCE``."""
    details = [b for b in blocks if b.folded]
    plain = [b for b in blocks if not b.folded]
    at = next((n for n, b in enumerate(plain) if b.kind is BlockKind.NOTE), len(plain))
    table = next((b for b in plain if b.name == "who is hit"), None)
    if table is None:
        return [*plain[:at], *details, *plain[at:]]
    room = GLANCE - sum(map(_length, (b for b in plain if b is not table))) - len(table.title)
    shown = _fitting(table.lines, room)
    if shown == len(table.lines):
        return [*plain[:at], *details, *plain[at:]]
    rest = Block(
        "who is hit, continued", BlockKind.FACTS, table.weight, "The other lines", table.lines[shown:], folded=True
    )
    head = replace(table, lines=table.lines[:shown])
    ordered = [head if b is table else b for b in plain]
    return [*ordered[:at], rest, *details, *ordered[at:]]


def _fitting(lines: Sequence[Line], room: int) -> int:
    """How many lines fit into ``room`` characters; at least ``LEAST_ROWS``."""
    used = 0
    for number, line in enumerate(lines):
        used += _length_of(line)
        if used > room and number >= LEAST_ROWS:
            return number
    return len(lines)


def _length(block: Block) -> int:
    return len(block.title) + sum(map(_length_of, block.lines))


def _length_of(line: Line) -> int:
    return 2 + sum(len(i if isinstance(i, str) else i.text) for i in line)


def as_details(blocks: Iterable[Block]) -> list[Block]:
    """``blocks``, folded."""
    return [replace(block, folded=True) for block in blocks]
