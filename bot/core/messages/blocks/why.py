"""The cause, as far as it may be told: the story, the cluster's first story, its sources, and the confidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.core.messages.blocks.correction import corrected, replaced
from bot.core.model import Alert, Block, BlockKind, CauseRef, Claim, Line, Link, Reach
from bot.core.text.wording import CAUSE_HEADINGS, age, confidence_words, count, listing, moment, shortened

POSSIBLE = "possible cause"
"""Name of the block about a cause that is not known: a lead written from the message leaves it out."""
LONGEST_SOURCE = 60
Named = Callable[[str], str]
"""Puts a symbol, an exposure or a topic into words."""


def why(lead: Alert, alerts: Sequence[Alert], due: str, company: Named, exposure: Named, topic: Named) -> list[Block]:
    """The block; empty where neither a story nor the earnings calendar explains the move. ``alerts`` are those of the
    incident; ``due``: the company's own results in words, or empty."""
    cause = lead.cause
    calendar: list[Line] = [(f"Earnings calendar: {due}.",)] if due else []
    if cause is None:
        return [_block(calendar, Claim.STATED)] if calendar else []
    if cause.claim is Claim.POSSIBLE:
        return [_block([*calendar, *_possibly(cause, lead)], cause.claim)]
    lines: list[Line] = [(*_story(cause.title, cause.link), _origin(cause))]
    if cause.first_title and cause.first_title != cause.title and cause.first_seen_at is not None:
        origin = f" — {_source(cause.first_source)}, {moment(cause.first_seen_at)}."
        lines.append(("First story: ", *_story(cause.first_title, cause.first_link), origin))
    lines.append(_seen(cause, lead))
    if cause.reach is Reach.DIRECT:
        lines.append((f"It names {company(lead.symbol)}.",))
    elif cause.reach is Reach.EXPOSURE:
        lines.append(
            (f"It concerns {company(lead.symbol)} through {listing(list(map(exposure, cause.exposures)), 3)}.",)
        )
    if cause.confidence is not None:
        lines.append((f"Confidence: {confidence_words(cause.confidence)} ({cause.confidence:.2f}).",))
    lines += calendar
    if change := corrected(lead, topic) or replaced(lead, alerts):
        lines.append((change,))
    return [_block(lines, cause.claim)]


def _possibly(cause: CauseRef, lead: Alert) -> list[Line]:
    """A cause that is no more than possible, without what would make it sound like more."""
    origin = _origin(cause).removesuffix(".")
    story = ("Possibly: ", *_story(cause.title, cause.link), f"{origin} (confidence {cause.confidence:.2f}).")
    return [("No cause is known yet.",), story, _seen(cause, lead)]


def _seen(cause: CauseRef, lead: Alert) -> Line:
    ahead = lead.fired_at - (cause.first_seen_at or cause.seen_at)  # negative where a later story supplied the cause
    when = f"{age(abs(ahead))} {'after' if ahead < timedelta(0) else 'before'} this alert"
    sources = listing([_source(name) for name in cause.sources], 4)
    return (f"First seen {when}; {count(len(cause.sources), 'source')} ({sources}).",)


def _origin(cause: CauseRef) -> str:
    return f" — {_source(cause.source)}, {moment(cause.published_at or cause.seen_at)}."


def _block(lines: list[Line], claim: Claim) -> Block:
    name = "why" if claim is Claim.STATED else POSSIBLE
    return Block(name, BlockKind.LINKS, 80, CAUSE_HEADINGS[claim], tuple(lines))


def _story(title: str, link: str) -> tuple[str | Link, ...]:
    return (Link(shortened(title), link),) if link else (f"“{shortened(title)}”",)


def _source(name: str) -> str:
    return shortened(name, LONGEST_SOURCE)
