"""Summaries for a terminal: the blocks a Telegram message would have, with a bar on the left."""

from __future__ import annotations

from bot.core.model import BlockKind, Summary
from bot.render.limits import MESSAGE_LIMIT, PHONE_WIDTH, choose, headline_of
from bot.render.plain import block_text
from bot.render.text import clean, utf16_length

_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_BAR = "│ "


def terminal(summary: Summary, width: int = 80, color: bool = False) -> str:
    """The blocks of a Telegram message wrapped to ``width`` columns, in bold and dim if ``color``.

    Escape sequences in the text never reach the terminal: cleaning removes control characters.
    """
    must = headline_of(summary)
    chosen = choose(
        summary.blocks, must, lambda blocks: sum(utf16_length(block_text(b, None)) + 2 for b in blocks) <= MESSAGE_LIMIT
    )
    inner_width = max(width - len(_BAR), PHONE_WIDTH)
    parts: list[list[str]] = []
    for block in chosen:
        lines = block_text(block, inner_width).split("\n")
        if not any(lines):
            continue
        if color and block.kind is BlockKind.HEADLINE:
            lines = [f"{_BOLD}{line}{_RESET}" for line in lines]
        elif color and block.kind is BlockKind.NOTE:
            lines = [f"{_DIM}{line}{_RESET}" for line in lines]
        elif color and block.title.strip():
            lines[0] = f"{_BOLD}{lines[0]}{_RESET}"
        parts.append(lines)
    if not parts:
        parts = [[clean(summary.subject).strip() or "Aftershock"]]
    bar = f"{_DIM}{_BAR}{_RESET}" if color else _BAR
    flat = [line for i, lines in enumerate(parts) for line in ([""] * (i > 0) + lines)]
    return "\n".join((bar + line).rstrip() for line in flat)
