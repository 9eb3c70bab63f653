"""What a summary says of the likely cause: the story, the first story, how well it is attested, how sure it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.core.messages.blocks import correction
from bot.core.model import Alert, Block, BlockKind, CauseRef, Line, Link, Reach
from bot.core.text.wording import age, confidence_words, count, listing, moment, shortened

LONGEST_SOURCE = 60
Named = Callable[[str], str]
"""A name for people: of a symbol's company, of an exposure, of a topic."""


def why(lead: Alert, due: str, company: Named, exposure: Named, topic: Named) -> list[Block]:
    """The block; nothing where neither a story nor the calendar explains the move. ``due``: own results, in words."""
    cause = lead.cause
    calendar: list[Line] = [(f"By the calendar: {due}.",)] if due else []
    if cause is None:
        return [_block(calendar)] if calendar else []
    lines: list[Line] = [_told(cause.title, cause.link, cause.source, cause)]
    if cause.first_title and cause.first_title != cause.title and cause.first_seen_at is not None:
        first = (*_story(cause.first_title, cause.first_link), f" — {_source(cause.first_source)}, ")
        lines.append(("First story: ", *first, f"{moment(cause.first_seen_at)}."))
    ahead = lead.fired_at - (cause.first_seen_at or cause.seen_at)  # below 0 where a later story completes the alert
    when = f"{age(abs(ahead))} {'after' if ahead < timedelta(0) else 'before'} this alert"
    sources = listing([_source(name) for name in cause.sources], 4)
    lines.append((f"First seen {when}; {count(len(cause.sources), 'source')} ({sources}).",))
    if cause.reach is Reach.DIRECT:
        lines.append((f"It names {company(lead.symbol)}.",))
    elif cause.reach is Reach.EXPOSURE:
        lines.append(
            (f"It reaches {company(lead.symbol)} through {listing(list(map(exposure, cause.exposures)), 3)}.",)
        )
    if cause.confidence is not None:
        lines.append((f"Confidence: {confidence_words(cause.confidence)} ({cause.confidence:.2f}).",))
    return [_block([*lines, *calendar, *correction.corrected_line(lead, topic)])]


def _block(lines: list[Line]) -> Block:
    return Block("why", BlockKind.LINKS, 80, "Likely why", tuple(lines))


def _told(title: str, link: str, source: str, cause: CauseRef) -> Line:
    return (*_story(title, link), f" — {_source(source)}, {moment(cause.published_at or cause.seen_at)}.")


def _story(title: str, link: str) -> tuple[str | Link, ...]:
    return (Link(shortened(title), link),) if link else (f"“{shortened(title)}”",)


def _source(name: str) -> str:
    return shortened(name, LONGEST_SOURCE)
