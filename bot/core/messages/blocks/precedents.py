"""The block of precedents: when, what fell and how far, and what followed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.messages.precedents import EpisodeOutcome, Precedent, hit
from bot.core.model import Block, BlockKind, Line, Strong
from bot.core.text.wording import count, day, listing, percent, verbatim

WITHIN = {1: "next session", 5: "in five sessions", 20: "in twenty"}
NAMED = 2


def precedents(nearest: Sequence[Precedent]) -> list[Block]:
    """The block; empty without precedents."""
    lines = tuple(map(_line, nearest))
    return [Block("precedents", BlockKind.FACTS, 35, "Precedents", lines)] if lines else []


def _line(precedent: Precedent) -> Line:
    episode = precedent.episode
    falls = hit(episode)
    named = [f"{f.symbol} {percent(f.change)}" for f in falls[:NAMED]]
    more = len(falls) - NAMED
    fell = f"{', '.join(named)} and {count(more, 'other')}" if more > 0 else listing(named, NAMED)
    kind = "" if episode.shock else " (not AI)"
    title = verbatim(episode.title)
    return (Strong(f"{day(episode.session)}: {title}"), f"{kind}: {fell}{_followed(precedent.outcomes)}.")


def _followed(outcomes: Sequence[EpisodeOutcome]) -> str:
    """What followed; the number of symbols behind each median is given once where it is the same for all."""
    if not outcomes:
        return ""
    changes = [f"{percent(o.change)} {WITHIN[o.sessions]}" for o in outcomes]
    symbols = [o.symbols for o in outcomes]
    of = [f" (median of {n})" if n > 1 else " (of one)" for n in symbols]
    if len(set(symbols)) > 1:
        return f"; then {', '.join(map(str.__add__, changes, of))}"
    return f"; then {', '.join(changes)}{of[0] if symbols[0] > 1 else ''}"
