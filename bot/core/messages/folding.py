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
    beside the rest into ``GLANCE``, and who held up where that leaves no room for the table."""
    details = [b for b in blocks if b.folded]
    plain = [b for b in blocks if not b.folded]
    table = next((b for b in plain if b.name == "who is hit"), None)
    rest: list[Block] = []
    if table is not None:
        spared = [b for b in plain if b.name == "who held up"]
        if spared and _room(plain, table) < _needed(table, LEAST_ROWS):
            plain = [b for b in plain if b not in spared]
            details = [*as_details(spared), *details]
        room = _room(plain, table)
        least = LEAST_ROWS if room >= _needed(table, LEAST_ROWS) or not spared else 1
        shown = _fitting(table.lines, room, least)
        if shown < len(table.lines):
            lines = table.lines[shown:]
            rest = as_details([Block("who is hit, continued", BlockKind.FACTS, table.weight, "The other lines", lines)])
            plain = [replace(table, lines=table.lines[:shown]) if b is table else b for b in plain]
    at = next((n for n, b in enumerate(plain) if b.kind is BlockKind.NOTE), len(plain))
    return [*plain[:at], *rest, *details, *plain[at:]]


def _room(blocks: Sequence[Block], table: Block) -> int:
    """How many characters ``blocks`` leave for the lines of the table among them."""
    return GLANCE - sum(map(_length, (b for b in blocks if b is not table))) - len(table.title)


def _needed(table: Block, rows: int) -> int:
    return sum(map(_length_of, table.lines[:rows]))


def _fitting(lines: Sequence[Line], room: int, least: int) -> int:
    """How many lines fit into ``room`` characters; at least ``least``."""
    used = 0
    for number, line in enumerate(lines):
        used += _length_of(line)
        if used > room and number >= least:
            return number
    return len(lines)


def _length(block: Block) -> int:
    return len(block.title) + sum(map(_length_of, block.lines))


def _length_of(line: Line) -> int:
    return 2 + sum(len(i if isinstance(i, str) else i.text) for i in line)


def as_details(blocks: Iterable[Block]) -> list[Block]:
    """``blocks``, folded."""
    return [replace(block, folded=True) for block in blocks]
