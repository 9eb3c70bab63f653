"""The cause, as far as it may be told: the story, the cluster's first story, its sources, and the confidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.core.messages.blocks.correction import corrected, replaced
from bot.core.messages.blocks.titles import titled
from bot.core.messages.snapshot import Snapshot
from bot.core.model import Block, BlockKind, CauseRef, Claim, Line, Link, Moment, Reach, Story
from bot.core.text.wording import (
    AT_THE_SAME_TIME,
    CAUSE_HEADINGS,
    age,
    confidence_words,
    count,
    listing,
    possessive,
    short_day,
    shortened,
    verbatim,
    when,
)

POSSIBLE = "possible cause"
"""Name of the block about a cause that is not known: a lead written from the message leaves it out."""
LONGEST_SOURCE = 60
Named = Callable[[str], str]
"""Puts a symbol, an exposure or a topic into words."""


def why(
    seen: Snapshot,
    due: str,
    company: Named,
    exposure: Named,
    topic: Named,
    naming: Callable[[CauseRef, str], Story | None],
    *,
    known: bool,
) -> list[Block]:
    """The block; empty where neither a story nor the earnings calendar explains the move. ``due``: the company's own
    results in words, or empty; ``naming`` finds a story of a cause that names a symbol; ``known``: readers were told
    this cause by an earlier message, and only its present state is told."""
    cause, claim = seen.cause, seen.claim
    calendar: list[Line] = [(f"Earnings calendar: {due}.",)] if due else []
    before = _before(seen, company, topic)
    if cause is None or claim is None:
        return [*([_block(calendar, Claim.STATED)] if calendar else []), *before]
    if claim is Claim.POSSIBLE:
        return [_block([*calendar, *_possibly(cause, seen)], claim), *before]
    lines: list[Line] = [story_line(cause)]
    lines += _certainty(cause, claim)
    lines += calendar
    if change := corrected(seen.lead, topic) or tuple(filter(None, [replaced(seen.lead, seen.alerts)])):
        lines.append(change)
    about = [] if known else _background(cause, seen, company, exposure, naming)
    details = [Block("about the cause", BlockKind.LINKS, 58, "About it", tuple(about), folded=True)] if about else []
    heading = ""
    if claim is Claim.COINCIDENT and abs(seen.ahead(cause)) > AT_THE_SAME_TIME:
        heading = "Earlier news" if seen.ahead(cause) > AT_THE_SAME_TIME else "Later news"
    return [_block(lines, claim, heading), *details]


def _before(seen: Snapshot, company: Named, topic: Named) -> list[Block]:
    """The cause that readers were told of a fall that this one goes on from, or contains."""
    before = seen.told_before
    if before is None or before.told_cause is None:
        return []
    cause = before.told_cause
    fall = f"{possessive(company(before.symbol))} fall told on {short_day(before.session)}"
    stated = "The likely cause of" if cause.claim is Claim.STATED else "Beside"
    lines = ((f"{stated} {fall}: {topic(cause.topic)}, ", *titled(cause.title, cause.link), *_origin(cause), "."),)
    return [Block("told before", BlockKind.LINKS, 79, "Told before", lines)]


def _background(
    cause: CauseRef, seen: Snapshot, company: Named, exposure: Named, naming: Callable[[CauseRef, str], Story | None]
) -> list[Line]:
    """Where the story comes from, and how it concerns the lead."""
    lines = first_told(cause, seen)
    if cause.reach is Reach.DIRECT:
        lines += _named(cause, seen.lead.symbol, company, naming)
    elif cause.reach is Reach.EXPOSURE:
        name = company(seen.lead.symbol)
        lines.append((f"It concerns {name} through {listing(list(map(exposure, cause.exposures)), 3)}.",))
    return lines


def story_line(cause: CauseRef, *, titled_above: bool = False) -> Line:
    """The story shown, with its source and time; ``titled_above``: its title is the headline."""
    if titled_above:
        source, at = _source(cause.source), when(cause.published_at or cause.seen_at)
        return ("Told by ", Link(source, cause.link) if cause.link else source, ", ", at, ".")
    return (*titled(cause.title, cause.link), *_origin(cause), ".")


def first_told(cause: CauseRef, seen: Snapshot) -> list[Line]:
    """The first story of the happening, or of the release that it names, where that is another; and who tells it."""
    if not _has_another_first(cause) or cause.first_seen_at is None:
        return [(f"First seen {_ahead(cause, seen)}; {_sources(cause)}.",)]
    origin = (f" — {_source(cause.first_source)}, ", when(cause.first_seen_at), f", {_ahead(cause, seen)}.")
    what = "The news behind it" if cause.release else "First story"
    told = "Reported" if cause.first_source in cause.sources else "Since reported"  # the sources of the cause
    return [
        (f"{what}: ", *titled(cause.first_title, cause.first_link), *origin),
        (f"{told} by {_sources(cause)}.",),
    ]


def _has_another_first(cause: CauseRef) -> bool:
    """Whether the happening, or the release that its stories name, began with another story than the one shown."""
    return bool(cause.first_title) and cause.first_title != cause.title


def _named(cause: CauseRef, symbol: str, company: Named, naming: Callable[[CauseRef, str], Story | None]) -> list[Line]:
    """Which story names the company: the one shown, or another of the same happening."""
    story = naming(cause, symbol)
    if story is None:
        return []
    if story.id == cause.story:
        return [(f"It names {company(symbol)}.",)]
    return [(f"{company(symbol)} is named by ", *titled(story.title, story.link), f" — {_source(story.origin)}.")]


def _certainty(cause: CauseRef, claim: Claim) -> list[Line]:
    """The confidence; beside a move whose cause was not weighed there is none."""
    if cause.confidence is None or claim is not Claim.STATED:
        return []
    alone = ", on the word of one source" if len(cause.sources) == 1 else ""
    return [(f"Confidence: {confidence_words(cause.confidence)} ({cause.confidence:.2f}){alone}.",)]


def _possibly(cause: CauseRef, seen: Snapshot) -> list[Line]:
    """A cause that is no more than possible, without what would make it sound like more."""
    certainty = f" (confidence {cause.confidence:.2f})."
    story = (*titled(cause.title, cause.link), *_origin(cause), certainty)
    new = "new cause is known" if seen.told_before is not None else "cause is known yet"
    unknown = f"No {new}. This is one possibility, and no more:"
    if _has_another_first(cause):  # when that was seen says nothing of this one
        return [(unknown,), story, (f"Reported by {_sources(cause)}.",)]
    return [(unknown,), story, (f"First seen {_ahead(cause, seen)}; {_sources(cause)}.",)]


def _ahead(cause: CauseRef, seen: Snapshot) -> str:
    """How long before the alert the first story was seen; after it where a later story supplied the cause."""
    ahead = seen.lead.fired_at - (cause.first_seen_at or cause.seen_at)
    return f"{age(abs(ahead))} {'after' if ahead < timedelta(0) else 'before'} this alert"


def _sources(cause: CauseRef) -> str:
    return f"{count(len(cause.sources), 'source')} ({listing([_source(name) for name in cause.sources], 4)})"


def _origin(cause: CauseRef) -> tuple[str | Moment, ...]:
    return f" — {_source(cause.source)}, ", when(cause.published_at or cause.seen_at)


def _block(lines: Sequence[Line], claim: Claim, heading: str = "") -> Block:
    name = "why" if claim is Claim.STATED else POSSIBLE
    return Block(name, BlockKind.LINKS, 80, heading or CAUSE_HEADINGS[claim], tuple(lines))


def _source(name: str) -> str:
    return verbatim(shortened(name, LONGEST_SOURCE))
