"""What a correction says, and how a corrected message shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.core.model import Alert, Block, BlockKind, CauseRef, Line, Link, Strong, Summary
from bot.core.text.wording import confidence_words, count, listing, moment, shortened

NAMED = 6


def correction(
    alerts: Sequence[Alert],
    company: Callable[[str], str],
    topic: Callable[[str], str],
    note: str,
) -> Summary:
    """The short message that follows where an incident's cause turns out to be another. ``alerts``: those corrected,
    the telling one first; ``company`` names a symbol's, ``topic`` puts one into words."""
    first = alerts[0]
    cause, before = first.cause, first.corrected_from
    assert cause is not None
    assert before is not None
    others = list(dict.fromkeys(a.symbol for a in alerts if a.symbol != first.symbol))
    whose = f"{company(first.symbol)}’s" + (f" and {count(len(others), 'other')}’s" if others else "")
    headline = f"Correction: {whose} fall is most likely {topic(cause.topic)}, not {topic(before.topic)}"
    lines: list[Line] = [(Strong("Now: "), *_told(cause)), (Strong("First told: "), *_told(before))]
    if others:
        lines.append((f"The same for {listing(others, NAMED)}.",))
    lines.append(("The message above has been corrected.",))
    blocks = (
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
        Block("why", BlockKind.LINKS, 90, "", tuple(lines)),
        Block("note", BlockKind.NOTE, 10, lines=((note,),)),
    )
    return Summary(blocks, headline)


def corrected_line(lead: Alert, topic: Callable[[str], str]) -> list[Line]:
    """What the message itself says of its correction; nothing where there was none."""
    before = lead.corrected_from
    if before is None or lead.corrected_at is None:
        return []
    return [(f"Corrected {moment(lead.corrected_at)}: first told as {topic(before.topic)}.",)]


def set_apart(alerts: Sequence[Alert], lead: Alert) -> dict[str, CauseRef]:
    """Symbols whose fall turned out to have another cause than the lead's, each with its own; where the lead has none,
    those that have."""
    if lead.corrected_at is not None:
        return {}
    apart = [a for a in alerts if a.corrected_at is not None or lead.cause is None]
    return {a.symbol: a.cause for a in apart if a.cause and a.symbol != lead.symbol}


def apart_line(apart: dict[str, CauseRef], topic: Callable[[str], str]) -> list[Line]:
    """Who fell for reasons of its own."""
    named = [f"{symbol} ({topic(cause.topic)})" for symbol, cause in sorted(apart.items())]
    return [(f"For reasons of their own: {listing(named, NAMED)}.",)] if named else []


def touched(alerts: Sequence[Alert], at: datetime) -> list[Alert]:
    """Those of ``alerts`` that were corrected at this moment."""
    return [a for a in alerts if a.corrected_at == at]


def _told(cause: CauseRef) -> tuple[str | Link, ...]:
    told = shortened(cause.title)
    title: str | Link = Link(told, cause.link) if cause.link else f"“{told}”"
    sure = f"; confidence {confidence_words(cause.confidence)}" if cause.confidence is not None else ""
    return title, f" — {cause.source}, {moment(cause.published_at or cause.seen_at)}{sure}."
