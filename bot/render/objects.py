"""Summaries as JSON-compatible objects, for programs. ``docs/summary.md`` has the format."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from bot.core.model import Block, Figures, Inline, Link, Moment, StockMove, Strong, Summary, ToldCause
from bot.core.text.links import safe_link
from bot.render.text import clean


def objects(summary: Summary) -> dict[str, Any]:
    """Subject, agents, figures, cause, and blocks in reading order. Texts are cleaned of control and reordering
    characters but not escaped: that is for the program that shows them."""
    return {
        "subject": clean(summary.subject).strip(),
        "agents": [clean(agent) for agent in summary.agents],
        "figures": _figures(summary.figures) if summary.figures is not None else None,
        "cause": _cause(summary.cause) if summary.cause is not None else None,
        "blocks": [_block(block) for block in summary.blocks],
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {"at": figures.at.isoformat(), "moves": [_move(move) for move in figures.moves]}


def _move(move: StockMove) -> dict[str, Any]:
    furthest = move.furthest
    return {
        "symbol": move.symbol,
        "price": move.price,
        "currency": move.currency or None,
        "change": move.change,
        "at": move.at.isoformat(),
        "session": move.session.isoformat(),
        "phase": move.phase.value,
        "severity": move.severity.word if move.severity is not None else None,
        "reference": {
            "kind": move.reference.kind,
            "price": move.reference.price,
            "at": move.reference.at.isoformat(),
        },
        "furthest": {"price": furthest.price, "change": furthest.change} if furthest is not None else None,
    }


def _cause(cause: ToldCause) -> dict[str, Any]:
    first = cause.first_seen_at
    return {
        "claim": cause.claim.value,
        "title": clean(cause.title).strip(),
        "source": clean(cause.source).strip(),
        "link": safe_link(cause.link) or None,
        "confidence": cause.confidence,
        "first_title": clean(cause.first_title).strip() or None,
        "first_seen_at": first.isoformat() if first is not None else None,
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "name": block.name,
        "kind": block.kind.value,
        "weight": block.weight,
        "title": clean(block.title).strip(),
        "lines": [[_inline(inline) for inline in line] for line in block.lines],
        "rows": [[clean(cell) for cell in row] for row in block.rows],
        "folded": block.folded,
    }


def _inline(inline: Inline) -> dict[str, str]:
    if isinstance(inline, str):
        return {"text": clean(inline)}
    piece = {"text": clean(inline.text)}
    if isinstance(inline, Strong):
        return piece | {"style": "strong"}
    if isinstance(inline, Link) and (url := safe_link(inline.url)):
        return piece | {"style": "link", "url": url}
    if isinstance(inline, Moment):
        return piece | {"style": "moment", "at": f"{inline.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    return piece
