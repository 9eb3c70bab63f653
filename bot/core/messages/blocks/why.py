"""The likely cause: the story, the cluster's first story, its sources, and the confidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.core.messages.blocks.correction import corrected
from bot.core.model import Alert, Block, BlockKind, Line, Link, Reach
from bot.core.text.wording import age, confidence_words, count, listing, moment, shortened

LONGEST_SOURCE = 60
Named = Callable[[str], str]
"""Puts a symbol, an exposure or a topic into words."""


def why(lead: Alert, due: str, company: Named, exposure: Named, topic: Named) -> list[Block]:
    """The block; empty where neither a story nor the earnings calendar explains the move. ``due``: the company's own
    results in words, or empty."""
    cause = lead.cause
    calendar: list[Line] = [(f"Earnings calendar: {due}.",)] if due else []
    if cause is None:
        return [_block(calendar)] if calendar else []
    origin = f" — {_source(cause.source)}, {moment(cause.published_at or cause.seen_at)}."
    lines: list[Line] = [(*_story(cause.title, cause.link), origin)]
    if cause.first_title and cause.first_title != cause.title and cause.first_seen_at is not None:
        origin = f" — {_source(cause.first_source)}, {moment(cause.first_seen_at)}."
        lines.append(("First story: ", *_story(cause.first_title, cause.first_link), origin))
    ahead = lead.fired_at - (cause.first_seen_at or cause.seen_at)  # negative where a later story supplied the cause
    when = f"{age(abs(ahead))} {'after' if ahead < timedelta(0) else 'before'} this alert"
    sources = listing([_source(name) for name in cause.sources], 4)
    lines.append((f"First seen {when}; {count(len(cause.sources), 'source')} ({sources}).",))
    if cause.reach is Reach.DIRECT:
        lines.append((f"It names {company(lead.symbol)}.",))
    elif cause.reach is Reach.EXPOSURE:
        lines.append(
            (f"It concerns {company(lead.symbol)} through {listing(list(map(exposure, cause.exposures)), 3)}.",)
        )
    if cause.confidence is not None:
        lines.append((f"Confidence: {confidence_words(cause.confidence)} ({cause.confidence:.2f}).",))
    lines += calendar
    if correction := corrected(lead, topic):
        lines.append((correction,))
    return [_block(lines)]


def _block(lines: list[Line]) -> Block:
    return Block("why", BlockKind.LINKS, 80, "Likely cause", tuple(lines))


def _story(title: str, link: str) -> tuple[str | Link, ...]:
    return (Link(shortened(title), link),) if link else (f"“{shortened(title)}”",)


def _source(name: str) -> str:
    return shortened(name, LONGEST_SOURCE)
