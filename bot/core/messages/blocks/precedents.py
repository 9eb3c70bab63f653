"""What a summary says of precedents: when, what fell and how far, and what followed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.messages.precedents import EpisodeOutcome, Precedent, hit
from bot.core.model import Block, BlockKind, Line, Strong
from bot.core.text.wording import count, day, listing, percent

WITHIN = {1: "next session", 5: "in five sessions", 20: "in twenty"}
FELL = 2


def precedents(found: Sequence[Precedent]) -> list[Block]:
    """The block; nothing where nothing is like it."""
    lines = tuple(_line(precedent) for precedent in found)
    return [Block("precedents", BlockKind.FACTS, 35, "Precedents, most alike first", lines)] if lines else []


def _line(precedent: Precedent) -> Line:
    episode = precedent.episode
    falls = hit(episode)
    named = [f"{f.symbol} {percent(f.change)}" for f in falls[:FELL]]
    more = f" and {count(len(falls) - FELL, 'other')}" if len(falls) > FELL else ""
    told = f"{listing(named, FELL)}{more}" if not more else f"{', '.join(named)}{more}"
    kind = "" if episode.shock else " (not AI)"
    return (Strong(f"{day(episode.session)}: {episode.title}"), f"{kind}: {told}{_followed(precedent.outcomes)}.")


def _followed(outcomes: Sequence[EpisodeOutcome]) -> str:
    """What followed, each with how many symbols it is the median of, where that is more than one."""
    if not outcomes:
        return ""
    told = [f"{percent(o.change)} {WITHIN[o.sessions]}" for o in outcomes]
    many = [o.symbols for o in outcomes]
    of = [f" (median of {n})" if n > 1 else " (of one)" for n in many]
    if len(set(many)) > 1:
        return f"; then {', '.join(map(str.__add__, told, of))}"
    return f"; then {', '.join(told)}{of[0] if many[0] > 1 else ''}"
