"""The summary as what ``json.dumps`` takes: for programs. ``docs/summary.md`` has the shape."""

from __future__ import annotations

from typing import Any

from bot.core.model import Block, Inline, Link, Strong, Summary
from bot.core.text.links import safe_link
from bot.render.text import clean


def objects(summary: Summary) -> dict[str, Any]:
    """Subject and blocks, in reading order. Texts are cleaned of control characters and of marks that turn the order
    of letters around, and otherwise as they are: whoever shows them escapes them."""
    return {"subject": clean(summary.subject).strip(), "blocks": [_block(block) for block in summary.blocks]}


def _block(block: Block) -> dict[str, Any]:
    return {
        "name": block.name,
        "kind": block.kind.value,
        "weight": block.weight,
        "title": clean(block.title).strip(),
        "lines": [[_inline(inline) for inline in line] for line in block.lines],
        "rows": [[clean(cell) for cell in row] for row in block.rows],
    }


def _inline(inline: Inline) -> dict[str, str]:
    if isinstance(inline, str):
        return {"text": clean(inline)}
    found = {"text": clean(inline.text)}
    if isinstance(inline, Strong):
        return found | {"style": "strong"}
    if isinstance(inline, Link) and (url := safe_link(inline.url)):
        return found | {"style": "link", "url": url}
    return found
