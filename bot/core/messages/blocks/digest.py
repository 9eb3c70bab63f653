"""What a digest says: what is told of a span in, blocks out. Short lines for a phone, an empty day in one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.health import NAMED, RULES_BAD
from bot.core.messages.blocks import correction
from bot.core.model import (
    Alert,
    Block,
    BlockKind,
    Check,
    ClusterMatch,
    Incident,
    IncidentState,
    Inline,
    Line,
    Link,
    Phase,
    Quote,
    Reference,
    Strong,
    Summary,
    Trouble,
)
from bot.core.prices.sessions import Session
from bot.core.text.wording import (
    PHASE_WORDS,
    against,
    clock,
    confidence_words,
    count,
    listing,
    moment,
    percent,
    price,
    short_day,
)

DAILY, WEEKLY = "daily", "weekly"
NEAR_FALL = -0.05
"""A session's fall from which a stock without an alert is a near miss."""
INCIDENTS = 8
"""So many incidents are told a line each (of a week, so many a session); the rest are counted."""
WEEK_INCIDENTS = 4
TROUBLES = 5
REACHED = 3
NAMED_SOURCES = 2
LONGEST_TITLE = 120
LONGEST_DETAIL = 110
TROUBLE_WORDS = {
    Trouble.FAILED: "fails",
    Trouble.EMPTY: "is suddenly empty",
    Trouble.STALE: "is stale",
    Trouble.REFUSED: "sends values that are not believed",
}

# ------------------------------------------------------------------------------------------------------ what is told


@dataclass(frozen=True, slots=True)
class DigestMove:
    """How far a symbol went in one session against its previous close: at the close, or after hours where lower."""

    symbol: str
    session: Session
    price: float
    change: float
    reference: Reference
    at: datetime
    official: bool
    """The price is the official close."""

    @property
    def phase(self) -> Phase:
        """The phase of the price."""
        return self.session.phase(self.at)


@dataclass(frozen=True, slots=True)
class DigestIncident:
    """An incident, as far as it belongs to the span."""

    incident: Incident
    alerts: tuple[Alert, ...]
    """Its alerts of the span, by ``fired_at``."""
    lead: Alert
    change: float | None
    """The lead's move: at the official close where it fired before that, else by its newest price."""
    at: datetime
    """When that price was; with its phase, and whether it is the official close."""
    phase: Phase
    official: bool
    took_in: tuple[Incident, ...]
    """Incidents that turned out to be part of it."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A fall that no rule made an alert of."""

    move: DigestMove
    rule: str = ""
    """The rule that came nearest; empty where that cannot be told any more."""
    stop: Check | None = None
    """The one condition that stopped it."""
    judged: Quote | None = None
    """The price it was judged on, where that is another than the move's."""


@dataclass(frozen=True, slots=True)
class QuietNews:
    """A cluster of model news after which nobody it reaches fell."""

    match: ClusterMatch
    reaches: tuple[tuple[str, float | None], ...]
    """Watched symbols it reaches, the strongest reach first, each with its lowest session since, where known."""
    official: bool
    """The maker's own word is among its stories."""


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything one digest has to tell."""

    kind: str
    """``daily`` or ``weekly``."""
    last: date
    """Its last session."""
    happened: tuple[DigestIncident, ...]
    still_open: int
    """How many incidents from before are open."""
    misses: tuple[NearMiss, ...]
    more_misses: int
    quiet: tuple[QuietNews, ...]
    more_quiet: int
    priced: int
    """How many watched symbols have a price in the last session, of ``expected`` whose exchange had one."""
    expected: int
    failing: tuple[tuple[str, str, Trouble, str], ...] = ()
    feeds_fine: int | None = None
    prices_at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Nothing happened, and nothing nearly did."""
        return not (self.happened or self.misses or self.quiet)


# ----------------------------------------------------------------------------------------------------------- the words

Words = Callable[[str], str]


def digest(found: Digest, company: Words, topic: Words, note: str) -> Summary:
    """The digest as blocks. ``company`` names a symbol's, ``topic`` puts one into words, ``note`` ends it."""
    headline = _headline(found)
    sources = _sources(found)
    blocks = [Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),))]
    if found.empty:
        return Summary((*blocks, *(sources if _trouble(found) else ())), headline)
    blocks += _week(found, company, topic) if found.kind == WEEKLY else _day(found, company, topic)
    blocks += _misses(found, company)
    blocks += _quiet(found, company)
    blocks += sources
    blocks.append(Block("note", BlockKind.NOTE, 10, lines=((note,),)))
    return Summary(tuple(blocks), headline)


def _headline(found: Digest) -> str:
    when = (
        f"The week to {short_day(found.last)}" if found.kind == WEEKLY else f"{short_day(found.last)}, after the close"
    )
    said = count(len(found.happened), "incident") if found.happened else "no incidents"
    if found.still_open:
        said = f"{said if found.happened else 'no new incidents'} ({found.still_open} still open from before)"
    misses, quiet = len(found.misses) + found.more_misses, len(found.quiet) + found.more_quiet
    parts = [count(misses, "near miss", "near misses")] if misses else []
    if not misses:
        parts.append("no near misses" if found.priced else "no prices to look for near misses in")
    if quiet or found.empty:
        pieces = count(quiet, "piece") + " of" if quiet else "no"
        parts.append(f"{pieces} model news without a price reaction")
    return f"{when}: {said}; {', '.join(parts)}" + ("." if found.empty else "")


# --------------------------------------------------------------------------------------------------------- incidents


def _day(found: Digest, company: Words, topic: Words) -> list[Block]:
    if not found.happened:
        return []
    lines = [_incident(h, company, topic) for h in found.happened[:INCIDENTS]]
    lines += _rest(len(found.happened) - INCIDENTS)
    return [Block("incidents", BlockKind.FACTS, 90, "Incidents", tuple(lines))]


def _week(found: Digest, company: Words, topic: Words) -> list[Block]:
    """A block a session, each incident with the session in which its first alert of the week is."""
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
    """Severity, who led and how far, how many others, the cause with its source, and what became of it."""
    lead, incident = happened.lead, happened.incident
    severity = max(a.severity for a in happened.alerts).word.capitalize()
    name = _named(lead.symbol, company)
    shown: tuple[Inline, ...]
    if happened.change is None or lead.reference is None:
        shown = (Strong(f"{severity}: {name}"), ", on news alone")
    else:
        when = "at the close" if happened.official else f"{PHASE_WORDS[happened.phase]}, {clock(happened.at)}"
        shown = (Strong(f"{severity}: {name} {percent(happened.change)}"), f" {against(lead.reference)}; {when}")
    apart = correction.set_apart(happened.alerts, lead)
    others = len({a.symbol for a in happened.alerts} - {lead.symbol} - set(apart))
    said = [f"; {count(others, 'other')} with it"] if others else []
    if apart:
        said.append(f"; {len(apart)} for reasons of their own")
    said.append(f". {_cause(happened, topic)}.")
    if lead.corrected_at is not None and lead.corrected_from is not None:
        said.append(f" Corrected {moment(lead.corrected_at)}: first told as {topic(lead.corrected_from.topic)}.")
    if happened.took_in:
        whose = listing([f"{company(i.lead)}’s" for i in happened.took_in], 3)
        said.append(f" It took in {whose}, first told apart.")
    if len(days := sorted({a.session for a in happened.alerts})) > 1:
        said.append(f" Alerts in {len(days)} sessions, to {short_day(days[-1])}.")
    if all(a.told_at is None for a in happened.alerts):
        said.append(" Held back: nobody was told.")
    closed = incident.state is IncidentState.CLOSED and incident.closed_at is not None
    said.append(f" Closed {moment(incident.closed_at)}." if closed and incident.closed_at else " Still open.")
    return (*shown, "".join(said))


def _cause(happened: DigestIncident, topic: Words) -> str:
    cause = happened.lead.cause
    if cause is None:
        return "No cause found in the news"
    more = f" and {len(cause.sources) - 1} more" if len(cause.sources) > 1 else ""
    sure = f"; {confidence_words(cause.confidence)}" if cause.confidence is not None else ""
    return f"Cause: {topic(cause.topic)} ({cause.source}{more}{sure})"


def _named(symbol: str, company: Words) -> str:
    name = company(symbol)
    return f"{name} ({symbol})" if name != symbol else symbol


# ------------------------------------------------------------------------------------------------------- near misses


def _misses(found: Digest, company: Words) -> list[Block]:
    if not found.misses:
        return []
    lines = [_miss(miss, found, company) for miss in found.misses]
    lines += _rest(found.more_misses)
    return [
        Block(
            "near misses",
            BlockKind.FACTS,
            60,
            f"Near misses: falls of {-NEAR_FALL * 100:.0f} % or more without an alert",
            tuple(lines),
        )
    ]


def _miss(miss: NearMiss, found: Digest, company: Words) -> Line:
    move = miss.move
    name = _named(move.symbol, company)
    said = f" {against(move.reference)}; {_when(move, found)}."
    if miss.stop is None:
        why = f" Nearest: {miss.rule}." if miss.rule else ""
        return (Strong(f"{name} {percent(move.change)}"), said + why)
    said += f" Nearest: {miss.rule}; {_stopped(miss.stop)}"
    if miss.judged is not None:
        phase = move.session.phase(miss.judged.at)
        said += f" (judged on {price(miss.judged.price)}, {PHASE_WORDS[phase]}, {clock(miss.judged.at)})"
    return (Strong(f"{name} {percent(move.change)}"), _ended(said))


def _when(move: DigestMove, found: Digest) -> str:
    when = "at the close" if move.official else f"{PHASE_WORDS[move.phase]}, {clock(move.at)}"
    return when if move.session.date == found.last else f"{when} of {short_day(move.session.date)}"


def _stopped(stop: Check) -> str:
    """What was asked beside what was found."""
    condition, measured = _typeset(stop.condition), _cut(_typeset(_bare(stop.measured)), LONGEST_DETAIL)
    if stop.holds is True:
        return f"it must not find {condition}; found {measured}"
    if stop.holds is None:
        return f"it asked {condition}; unknown: {measured}"
    return f"it asked {condition}; found {measured}"


def _bare(measured: str) -> str:
    """A measured number without what explains it in brackets, which the line says already."""
    return re.sub(r" \([^()]*\)", "", measured) if re.match(r"[+-]?\d", measured) else measured


def _typeset(text: str) -> str:
    """Signs and percentages as everywhere else."""
    return re.sub(r"(?<=\d)%", " %", re.sub(r"(?<![\w.-])-(?=\d)", "−", text))


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
    title = _cut(story.title, LONGEST_TITLE)
    shown: Inline = Link(title, story.link) if story.link else f"“{title}”"
    sources = list(news.match.sources)
    official = ", the maker itself" if news.official else ""
    said = f" — {count(len(sources), 'source')} ({listing(sources, NAMED_SOURCES)}{official}), {moment(story.seen_at)}."
    if not news.reaches:
        return (shown, f"{said} It reaches no watched stock.")
    named = [company(s) + (f" {percent(m)}" if m is not None else "") for s, m in news.reaches]
    measured = any(m is not None for _, m in news.reaches[:REACHED])
    which = "lowest session since" if weekly else "session"
    measure = f"; moves of the {which}, against the close before" if measured else ""
    return (shown, f"{said} Reaches {listing(named, REACHED)}{measure}.")


# ----------------------------------------------------------------------------------------------------------- sources


def _trouble(found: Digest) -> bool:
    return bool(found.failing) or found.priced < found.expected


def _sources(found: Digest) -> list[Block]:
    lines: list[Line] = [_source(*trouble) for trouble in found.failing[:TROUBLES]]
    if len(found.failing) > TROUBLES:
        lines.append((f"And {len(found.failing) - TROUBLES} more in trouble.",))
    if lacking := found.expected - found.priced:
        of = f"{lacking} of {count(found.expected, 'watched stock')}"
        lines.append((f"No price of {of} in the session of {short_day(found.last)}.",))
    fine = [f"{count(found.feeds_fine, 'feed')} fine"] if found.feeds_fine is not None else []
    if found.prices_at is not None:
        fine.append(f"prices last came {moment(found.prices_at)}")
    if fine:
        said = "; ".join(fine)
        lines.append((f"{said[0].upper()}{said[1:]}.",))
    return [Block("sources", BlockKind.FACTS, 70, "Sources", tuple(lines))] if lines else []


def _source(source: str, subject: str, trouble: Trouble, detail: str) -> Line:
    who = NAMED.get(source, f"Feed {source}")
    if source == "rules" and trouble is Trouble.FAILED:
        who, words = RULES_BAD, ""
    else:
        words = f" {TROUBLE_WORDS.get(trouble, trouble.value)}"
    about = f": {subject}" if subject else ""
    said = f": {_cut(detail, LONGEST_DETAIL)}" if detail else ""
    return (Strong(f"{who}{about}{words}"), _ended(said))


def _cut(text: str, longest: int) -> str:
    """``text``, or as much of it as fits with a mark that there was more; a quotation is closed."""
    if len(text) <= longest:
        return text
    kept = f"{text[: longest - 1].rstrip()}…"
    return f"{kept}”" if kept.count("“") > kept.count("”") else kept


def _ended(text: str) -> str:
    return text if text.endswith((".", "…", "…”")) else f"{text}."
