"""The digest: the values it is made from, and its blocks. Lines are short for phones; an empty day is one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.health import MISTAKES, SOURCE_NAMES
from bot.core.messages.blocks.correction import corrected
from bot.core.messages.blocks.frame import framed
from bot.core.messages.blocks.titles import titled
from bot.core.model import (
    NO_STOCK,
    Alert,
    Block,
    BlockKind,
    Check,
    Claim,
    ClusterMatch,
    Incident,
    IncidentState,
    Inline,
    Line,
    Phase,
    Quote,
    Reference,
    Strong,
    Summary,
    Trouble,
)
from bot.core.prices.sessions import Session
from bot.core.text.titles import stock_words
from bot.core.text.wording import (
    CAUSE_HEADINGS,
    PHASE_WORDS,
    against,
    bare,
    clock,
    condition_words,
    confidence_words,
    count,
    joined,
    listing,
    percent,
    possessive,
    price,
    quotation,
    short_day,
    typeset,
    verbatim,
    when,
)

DAILY, WEEKLY = "daily", "weekly"
NEAR_FALL = -0.05
"""A fall this large without an alert is a near miss."""
INCIDENTS = 8
"""How many incidents get a line (``WEEK_INCIDENTS`` per session in a weekly digest); the rest are counted."""
WEEK_INCIDENTS = 4
TROUBLES = 5
REACHED = 3
NAMED_SOURCES = 2
LONGEST_TITLE = 120
LONGEST_DETAIL = 110
TROUBLE_WORDS = {
    Trouble.FAILED: "is failing",
    Trouble.EMPTY: "is suddenly empty",
    Trouble.STALE: "is stale",
    Trouble.REFUSED: "sends implausible values",
}

# ------------------------------------------------------------------------------------------------------ the values


@dataclass(frozen=True, slots=True)
class DigestMove:
    """A symbol's move in one session from its previous close: at the close, or after hours where that is lower."""

    symbol: str
    session: Session
    price: float
    change: float
    reference: Reference
    at: datetime
    official: bool
    """The price is the official close."""
    currency: str = ""
    """ISO 4217 code, or GBp for pence; empty where it is not known."""

    @property
    def phase(self) -> Phase:
        """The phase of the price."""
        return self.session.phase(self.at)


@dataclass(frozen=True, slots=True)
class DigestIncident:
    """An incident with its alerts of the digest's sessions."""

    incident: Incident
    alerts: tuple[Alert, ...]
    """By ``fired_at``."""
    lead: Alert
    change: float | None
    """The lead's move: at the official close where it fired before that, else by its latest price."""
    at: datetime
    """When that price was; its phase, and whether it is the official close, follow."""
    phase: Phase
    official: bool
    merged: tuple[Incident, ...]
    """Incidents merged into it."""
    apart: tuple[str, ...]
    """Symbols that fell for other reasons."""
    currency: str = ""
    """Of the lead's prices."""
    group: str = ""
    """The stocks of one line of business that fall together, as headlines count them; empty where they are none."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A large fall without an alert."""

    move: DigestMove
    rule: str = ""
    """The rule that came nearest; empty where that can no longer be evaluated."""
    stop: Check | None = None
    """The condition that stopped it."""
    judged: Quote | None = None
    """The quote it was evaluated on, where its price differs from the move's."""


@dataclass(frozen=True, slots=True)
class QuietNews:
    """A cluster of model news without a price reaction."""

    match: ClusterMatch
    reaches: tuple[tuple[str, float | None], ...]
    """Watched symbols it reaches, strongest reach first, each with its lowest session since, where known."""
    official: bool
    """A story of the lab itself is among them."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The contents of one digest."""

    kind: str
    """``daily`` or ``weekly``."""
    last: date
    """Its last session."""
    happened: tuple[DigestIncident, ...]
    still_open: int
    """Number of earlier incidents still open."""
    misses: tuple[NearMiss, ...]
    more_misses: int
    quiet: tuple[QuietNews, ...]
    more_quiet: int
    priced: int
    """Number of watched symbols with a price in the last session, of ``expected`` whose exchange was open."""
    expected: int
    failing: tuple[tuple[str, str, Trouble, str], ...] = ()
    feeds_ok: int | None = None
    prices_at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether there are no incidents, near misses or news to report."""
        return not (self.happened or self.misses or self.quiet)


# ----------------------------------------------------------------------------------------------------------- the words

Words = Callable[[str], str]


def digest(found: Digest, company: Words, topic: Words) -> Summary:
    """The digest as blocks. ``company`` names a symbol's company, ``topic`` puts a topic into words."""
    headline, sources = _headline(found), _sources(found)
    if found.empty:
        return framed(headline, sources if found.failing or found.priced < found.expected else (), note="")
    incidents = _week(found, company, topic) if found.kind == WEEKLY else _day(found, company, topic)
    return framed(headline, [*incidents, *_misses(found, company), *_quiet(found, company), *sources])


def _headline(found: Digest) -> str:
    sessions = (
        f"The week to {short_day(found.last)}" if found.kind == WEEKLY else f"{short_day(found.last)}, after the close"
    )
    incidents = count(len(found.happened), "incident") if found.happened else "no incidents"
    if found.still_open:
        incidents = f"{incidents if found.happened else 'no new incidents'} ({found.still_open} still open from before)"
    misses, quiet = len(found.misses) + found.more_misses, len(found.quiet) + found.more_quiet
    parts = [count(misses, "near miss", "near misses")] if misses else []
    if not misses:
        parts.append("no near misses" if found.priced else "no prices to check for near misses")
    if quiet or found.empty:
        pieces = count(quiet, "piece") + " of" if quiet else "no"
        parts.append(f"{pieces} model news without a price reaction")
    return f"{sessions}: {incidents}; {', '.join(parts)}" + ("." if found.empty else "")


# --------------------------------------------------------------------------------------------------------- incidents


def _day(found: Digest, company: Words, topic: Words) -> list[Block]:
    if not found.happened:
        return []
    lines = [_incident(h, company, topic) for h in found.happened[:INCIDENTS]]
    lines += _rest(len(found.happened) - INCIDENTS)
    return [Block("incidents", BlockKind.FACTS, 90, "Incidents", tuple(lines))]


def _week(found: Digest, company: Words, topic: Words) -> list[Block]:
    """One block per session; an incident belongs to the session of its first alert of the week."""
    days: dict[date, list[DigestIncident]] = {}
    for happened in found.happened:
        days.setdefault(min(a.session for a in happened.alerts), []).append(happened)
    blocks = []
    for day, of_day in sorted(days.items()):
        stocks = len({a.symbol for h in of_day for a in h.alerts if a.session == day})
        title = f"{short_day(day)}: {count(len(of_day), 'incident')}, {count(stocks, 'stock')}"
        lines = [_incident(h, company, topic) for h in of_day[:WEEK_INCIDENTS]]
        lines += _rest(len(of_day) - WEEK_INCIDENTS)
        blocks.append(Block(f"incidents {day:%Y-%m-%d}", BlockKind.FACTS, 90, title, tuple(lines)))
    return blocks


def _rest(number: int) -> list[Line]:
    return [(f"And {number} more.",)] if number > 0 else []


def _incident(happened: DigestIncident, company: Words, topic: Words) -> Line:
    """Severity, the lead and its move, how many others, the cause with its source, and the incident's state."""
    lead, incident = happened.lead, happened.incident
    severity = max(a.severity for a in happened.alerts).word.capitalize()
    name = _named(lead.symbol, company)
    shown: tuple[Inline, ...]
    if lead.symbol == NO_STOCK and lead.cause is not None:
        return (Strong(f"{severity}: {_quoted(lead.cause.title)}"), f" ({verbatim(lead.cause.source)}).")
    if happened.change is None or lead.reference is None:
        shown = (Strong(f"{severity}: {name}"), ", on news alone")
    else:
        priced = _priced_at(happened.phase, happened.at, official=happened.official)
        group = f"{happened.group} fell together; " if happened.group else ""
        before = against(lead.reference, happened.at, happened.currency)
        shown = (Strong(f"{severity}: {group}{name} {percent(happened.change)}"), " ", *before, "; ", *priced)
    apart = happened.apart
    hit = {company(a.symbol) for a in happened.alerts if a.symbol not in apart}
    others = len(hit - {company(lead.symbol)})
    rest: list[Inline] = [f"; {count(others, 'other')} hit too"] if others and not happened.group else []
    if apart:
        rest.append(f"; {len(apart)} fell for other reasons")
    rest.append(f". {_cause(happened, topic)}.")
    if correction := corrected(lead, topic):
        rest += (" ", *correction)
    if happened.merged:
        whose = listing([possessive(company(i.lead)) for i in happened.merged], 3)
        rest.append(f" Merged with {whose}, first reported separately.")
    if len(days := sorted({a.session for a in happened.alerts})) > 1:
        rest.append(f" Alerts in {len(days)} sessions, the last on {short_day(days[-1])}.")
    if all(a.told_at is None for a in happened.alerts):
        rest.append(" Suppressed: nobody was notified.")
    closed_at = incident.closed_at if incident.state is IncidentState.CLOSED else None
    rest += (" Closed ", when(closed_at), ".") if closed_at else (" Still open.",)
    return joined(shown, tuple(rest))


def _priced_at(phase: Phase, at: datetime, *, official: bool) -> Line:
    """When a price was."""
    return ("at the close",) if official else (f"{PHASE_WORDS[phase]}, ", clock(at))


def _cause(happened: DigestIncident, topic: Words) -> str:
    cause = happened.lead.cause
    if cause is None:
        return "No cause known"
    more = f" and {len(cause.sources) - 1} more" if len(cause.sources) > 1 else ""
    if cause.claim is Claim.POSSIBLE:
        story = f"{_quoted(cause.title)} ({verbatim(cause.source)}{more}"
        return f"No cause known; possibly {story}; confidence {cause.confidence:.2f})"
    confidence = f"; {confidence_words(cause.confidence)}" if cause.confidence is not None else ""
    heading = "Cause" if cause.claim is Claim.STATED else CAUSE_HEADINGS[cause.claim]
    return f"{heading}: {topic(cause.topic)} ({verbatim(cause.source)}{more}{confidence})"


def _named(symbol: str, company: Words) -> str:
    return stock_words(company(symbol), symbol)


# ------------------------------------------------------------------------------------------------------- near misses


def _misses(found: Digest, company: Words) -> list[Block]:
    if not found.misses:
        return []
    lines = [_miss(miss, found, company) for miss in found.misses]
    lines += _rest(found.more_misses)
    title = f"Near misses: falls of {-NEAR_FALL * 100:.0f} % or more without an alert"
    return [Block("near misses", BlockKind.FACTS, 60, title, tuple(lines))]


def _miss(miss: NearMiss, found: Digest, company: Words) -> Line:
    move = miss.move
    subject = Strong(f"{_named(move.symbol, company)} {percent(move.change)}")
    before = against(move.reference, move.at, move.currency)
    words = joined((subject, " "), before, ("; ",), _measured_at(move, found), (".",))
    if not miss.rule:
        return words
    nearest = (
        f" Nearest: {verbatim(miss.rule)}{f'; {_stopped(miss.stop, move.currency)}' if miss.stop is not None else ''}"
    )
    if miss.stop is None or miss.judged is None:
        return joined(words, (_ended(nearest),))
    level = price(miss.judged.price, move.currency)
    judged = _priced_at(move.session.phase(miss.judged.at), miss.judged.at, official=False)
    return joined(words, (f"{nearest} (evaluated at {level}, ",), judged, (").",))


def _measured_at(move: DigestMove, found: Digest) -> Line:
    priced = _priced_at(move.phase, move.at, official=move.official)
    return priced if move.session.date == found.last else joined(priced, (f" of {short_day(move.session.date)}",))


def _stopped(stop: Check, currency: str) -> str:
    """The condition that stopped the rule, and what was measured."""
    condition = condition_words(stop.condition, stop.limit, currency)
    measured = _cut(typeset(_bare(stop.measured)), LONGEST_DETAIL)
    if stop.holds is True:
        return f"ruled out by {condition}; found {measured}"
    if stop.holds is None:
        return f"required {condition}; unknown: {measured}"
    return f"required {condition}; found {measured}"


def _bare(measured: str) -> str:
    """A measured number without the explanation in brackets, which repeats the line."""
    return re.sub(r" \([^()]*\)", "", measured) if re.match(r"[+-]?\d", measured) else measured


# --------------------------------------------------------------------------------------- model news without a reaction


def _quiet(found: Digest, company: Words) -> list[Block]:
    if not found.quiet:
        return []
    weekly = found.kind == WEEKLY
    lines = [_news(news, company, weekly) for news in found.quiet]
    lines += _rest(found.more_quiet)
    return [Block("quiet news", BlockKind.LINKS, 50, "Model news without a price reaction", tuple(lines))]


def _news(news: QuietNews, company: Words, weekly: bool) -> Line:
    story = news.match.first
    shown = titled(story.title, story.link, LONGEST_TITLE)
    sources = list(map(verbatim, news.match.sources))
    official = ", including the lab itself" if news.official else ""
    named = f"{listing(sources, NAMED_SOURCES)}{official}"
    origin: Line = (*shown, f" — {count(len(sources), 'source')} ({named}), ", when(story.seen_at), ".")
    if not news.reaches:
        return joined(origin, (" Reaches no watched stock.",))
    moves = [company(s) + (f" {percent(m)}" if m is not None else "") for s, m in news.reaches]
    measured = any(m is not None for _, m in news.reaches[:REACHED])
    which = "lowest session move since" if weekly else "session moves"
    measure = f"; {which}, against the previous close" if measured else ""
    return joined(origin, (f" Reaches {listing(moves, REACHED)}{measure}.",))


# ----------------------------------------------------------------------------------------------------------- sources


def _sources(found: Digest) -> list[Block]:
    lines: list[Line] = [_source(*trouble) for trouble in found.failing[:TROUBLES]]
    if len(found.failing) > TROUBLES:
        lines.append((f"And {len(found.failing) - TROUBLES} more with problems.",))
    if lacking := found.expected - found.priced:
        of = f"{lacking} of {count(found.expected, 'watched stock')}"
        lines.append((f"No price for {of} in the session of {short_day(found.last)}.",))
    feeds = f"{count(found.feeds_ok, 'feed')} working" if found.feeds_ok is not None else ""
    if found.prices_at is not None:
        lines.append((f"{feeds}; latest prices " if feeds else "Latest prices ", when(found.prices_at), "."))
    elif feeds:
        lines.append((f"{feeds}.",))
    return [Block("sources", BlockKind.FACTS, 70, "Sources", tuple(lines))] if lines else []


def _source(source: str, subject: str, trouble: Trouble, detail: str) -> Line:
    who = SOURCE_NAMES.get(source, f"Feed {verbatim(source)}")
    if source in MISTAKES and trouble is Trouble.FAILED:
        who, words = MISTAKES[source][0], ""
    else:
        words = f" {TROUBLE_WORDS.get(trouble, trouble.value)}"
    about = f": {verbatim(subject)}" if subject else ""
    why = f": {verbatim(_cut(detail, LONGEST_DETAIL))}" if detail else ""
    return (Strong(f"{who}{about}{words}"), _ended(why))


def _quoted(title: str) -> str:
    return quotation(_cut(title, LONGEST_TITLE))


def _cut(text: str, longest: int) -> str:
    """``text``, cut with an ellipsis where it is too long; an open quotation is closed."""
    if len(text) <= longest:
        return text
    kept = f"{text[: longest - 1].rstrip()}…"
    return f"{kept}”" if kept.count("“") > kept.count("”") else kept


def _ended(text: str) -> str:
    return text if bare(text).endswith((".", "…", "…”")) else f"{text}."
