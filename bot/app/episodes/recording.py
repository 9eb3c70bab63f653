"""Makes an episode of an incident in the history, to replay and test against.

It contains what was stored: prices, stories with their sources and links, and when each was seen. What the format has
no place for (earnings dates, the price source's own previous close) is left out, so the recording is replayed
afterwards and its alerts are compared with those of the history.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.app.episodes.prices import SEEN_WITHIN, ChangeSpans, ReplaySpan, priced
from bot.app.lab.workbench import Workbench
from bot.app.project import NEWS_BEYOND
from bot.app.stores import Place, open_history
from bot.app.stores import thinned as prices_thinned
from bot.config.episodes.writing import valid_link
from bot.core.errors import StoreError, UsageError
from bot.core.incidents.incidents import lead_alert
from bot.core.model import Alert, Incident, Quote, SecondReading, Split, Story
from bot.core.model.episodes import Episode, EpisodeBar, EpisodeKind, EpisodePrices, Trigger
from bot.core.ports import RecordedIncident
from bot.core.prices.sessions import Session, Timetable
from bot.core.text.wording import count

BEFORE, AFTER = 5, 5
"""Sessions replayed before the first alert and after the last one, as far as the history has them."""
LOOK_BACK = timedelta(days=380)
"""Daily bars for symbols without an alert; those with one get two years."""
TWO_YEARS = timedelta(days=731)
LOOK_AHEAD = timedelta(days=32)
"""Daily bars after the replayed sessions: twenty sessions, for what followed."""
MOST_QUOTES = 50_000
"""More prices than this are thinned out by default: the file would be slow to read."""
MOST_STORIES = 3_000
"""Of more stories than this only those are kept that have a topic or a mention."""


@dataclass(frozen=True, slots=True)
class EpisodeRecording:
    """An episode, the incident and alerts it was made of, and notes for its reviewer."""

    episode: Episode
    incident: Incident
    alerts: tuple[Alert, ...]
    notes: tuple[str, ...]


def record_incident(
    workbench: Workbench,
    database: Place,
    incident_id: str,
    now: datetime,
    *,
    name: str | None = None,
    most: int | None = MOST_QUOTES,
) -> EpisodeRecording:
    """The episode of an incident in ``database``; of more than ``most`` prices some are thinned out.

    Raises UsageError where there is no such incident, StoreError where the history no longer holds what it rested on.
    """
    with open_history(database) as history:
        incident, alerts = _incident(history, database, incident_id)
        notes = [] if incident.id == incident_id else [f"{incident_id} was merged into {incident.id}"]
        notes += _prices_gone(history, database, incident, alerts)
        span, first, last = _span(workbench, alerts, incident, history.last_seen_at() or now)
        if (whole_since := history.every_quote_since()) is not None and first.starts_at < whole_since:
            notes.append(prices_thinned(whole_since))
        span = _from_first_price(history, workbench, incident, span, first)
        symbols = list(dict.fromkeys((incident.lead, *(a.symbol for a in alerts))))
        timetables, strangers = _timetables(workbench, [*symbols, *history.priced_symbols()], incident.session)
        if incident.lead not in timetables:
            raise UsageError(_wrong_exchange(incident.lead, incident.session))
        if strangers:
            notes.append(f"left out, no session on their exchanges: {', '.join(strangers)}")
        amount = sum(history.count_quotes(s, first.starts_at, last.ends_at) for s in timetables)
        thinned = most is not None and amount > most
        if thinned:
            notes.append(f"{amount:,} prices were thinned out; --every-quote keeps them all")
        span = _common(replace(span, thinned=thinned), timetables.values())
        reader = _PriceReader(
            history, workbench, alerts, span, (first.starts_at - timedelta(days=1), last.ends_at),
            {alert.id: history.changed_at(alert.id) for alert in alerts},
        )  # fmt: skip
        prices, left_out = _prices(reader, timetables)
        notes += _without_close(database, incident, [s for s in symbols if s in timetables], {p.symbol for p in prices})
        if left_out:
            notes.append(f"{count(left_out, 'price')} outside every session or far from the rest left out")
        window = workbench.project.settings.news.window + NEWS_BEYOND
        told = list(history.stories(first.starts_at - window, last.ends_at, [a.id for a in alerts]))
    stories = _stories((t.story for t in told if t.matters or len(told) <= MOST_STORIES), notes)
    if len(told) > MOST_STORIES:
        notes.append(f"of {len(told):,} stories only those with a topic or a mention")
    second_readings = _second_readings((t.second_reading for t in told), stories, notes)
    lead = lead_alert(incident, alerts)
    trigger = _trigger(lead, alerts)
    episode = Episode(
        name=name or default_name(incident),
        title=_title(workbench, lead, len(incident.symbols)),
        kind=EpisodeKind.RECORDED,
        session=incident.session,
        first=span.first,
        last=span.last,
        summary=_summary(incident, alerts, lead),
        trigger=trigger,
        shock=trigger.topic in workbench.project.topics.ai_causes,
        stories=stories,
        second_readings=second_readings,
        prices=prices,
    )
    return EpisodeRecording(episode, incident, tuple(a for a in alerts if a.symbol in timetables), tuple(notes))


def default_name(incident: Incident) -> str:
    """``nvda-2025-01-27``."""
    return f"{re.sub('[^a-z0-9]+', '-', incident.lead.lower()).strip('-') or 'incident'}-{incident.session}"


# ------------------------------------------------------------------------------------------------- what the history has


def _incident(history: RecordedIncident, database: Place, incident_id: str) -> tuple[Incident, Sequence[Alert]]:
    incident = history.incident(incident_id)
    if incident is None:
        known = ", ".join(history.newest_incidents(5)) or "none"
        raise UsageError(f"no incident {incident_id!r} in {database}; the newest are: {known}")
    alerts = history.alerts_of(incident.id)
    if not alerts:
        raise StoreError(f"{database}: incident {incident.id} has no alerts; there is nothing to record")
    return incident, alerts


def _prices_gone(
    history: RecordedIncident, database: Place, incident: Incident, alerts: Sequence[Alert]
) -> Iterator[str]:
    """A note where the history no longer has the price of an alert. Raises StoreError where the lead's is missing, or
    all are."""
    gone = [a.symbol for a in alerts if not history.count_quotes(a.symbol, a.price_at, a.price_at)]
    if incident.lead in gone or len(gone) == len(alerts):
        raise StoreError(
            f"{database}: the alert price of {incident.lead} in incident {incident.id} is no longer there; "
            "the history of a backtest, or one thinned out by hand, cannot be recorded"
        )
    if gone:
        yield f"prices no longer in the history: {', '.join(dict.fromkeys(gone))}"


def _without_close(
    database: Place, incident: Incident, symbols: Sequence[str], priced_symbols: Collection[str]
) -> Iterator[str]:
    """A note where no close of a symbol is known. Raises StoreError where it is the lead's."""
    bare = [symbol for symbol in symbols if symbol not in priced_symbols]
    if incident.lead in bare:
        raise StoreError(f"{database}: no close of {incident.lead} is known to measure a fall from")
    if bare:
        yield f"left out, no known close: {', '.join(bare)}"


# ---------------------------------------------------------------------------------------------------------------- when


def _span(
    workbench: Workbench, alerts: Sequence[Alert], incident: Incident, known_until: datetime
) -> tuple[ReplaySpan, Session, Session]:
    """The sessions to replay, by the lead's exchange."""
    timetable = workbench.timetables.of_symbol(incident.lead)
    sessions = frozenset(a.session for a in alerts) | {incident.session}
    earliest, latest = timetable.on(min(sessions)), timetable.on(max(sessions))
    if earliest is None or latest is None:
        raise UsageError(_wrong_exchange(incident.lead, min(sessions)))
    first = timetable.before(earliest, BEFORE) or earliest
    last = timetable.before(latest, -AFTER) or latest
    newest = timetable.by_day(known_until)
    if newest is not None and newest.date < last.date:
        last = newest if newest.date > latest.date else latest
    return ReplaySpan(first.date, last.date, sessions), first, last


def _from_first_price(
    history: RecordedIncident, workbench: Workbench, incident: Incident, span: ReplaySpan, first: Session
) -> ReplaySpan:
    """``span`` from the session in which the bot first had a price: before, it could not fire, but a replayed bar
    could."""
    begun = history.first_priced_at(incident.lead, first.starts_at)
    opening = workbench.timetables.of_symbol(incident.lead).current(begun) if begun is not None else None
    if opening is None:
        return span
    return replace(span, first=min(max(span.first, opening.date), min(span.sessions)))


def _wrong_exchange(symbol: str, day: date) -> str:
    return f"{symbol}: {day} was not a session of its exchange; correct the exchange in companies.yaml"


def _timetables(workbench: Workbench, symbols: Iterable[str], day: date) -> tuple[dict[str, Timetable], list[str]]:
    """The timetable of each symbol whose exchange is known and traded on ``day``, and the other symbols."""
    found: dict[str, Timetable] = {}
    strangers: list[str] = []
    for symbol in dict.fromkeys(symbols):
        try:
            timetable = workbench.timetables.of_symbol(symbol)
        except UsageError:
            strangers.append(symbol)
            continue
        if timetable.on(day) is None:
            strangers.append(symbol)
        else:
            found[symbol] = timetable
    return found, strangers


def _common(span: ReplaySpan, timetables: Iterable[Timetable]) -> ReplaySpan:
    """``span`` from and to sessions that all these exchanges had: an episode's file asks for such."""
    every = list({t.exchange: t for t in timetables}.values())
    days = [s.date for s in every[0].all if span.first <= s.date <= span.last]
    days = [day for day in days if all(t.on(day) is not None for t in every)]
    return replace(span, first=days[0], last=days[-1])


# -------------------------------------------------------------------------------------------------------------- prices


@dataclass(frozen=True, slots=True)
class _PriceReader:
    """Reads each symbol's prices out of the history as an episode has them."""

    history: RecordedIncident
    workbench: Workbench
    alerts: Sequence[Alert]
    span: ReplaySpan
    reach: tuple[datetime, datetime]
    """From when to when prices are taken."""
    changes: Mapping[str, Sequence[datetime]]
    """When each alert fired and rose, by its id."""

    def read(self, symbol: str, timetable: Timetable) -> tuple[EpisodePrices | None, int]:
        """The prices of ``symbol``, ``None`` where no close is known, and how many could not be taken."""
        span, own = self.span, [a for a in self.alerts if a.symbol == symbol]
        back = span.first - TWO_YEARS if own else span.first - LOOK_BACK
        splits = [s for s in self.history.splits(symbol) if back < s.session <= span.last]
        stored = self.history.bars(symbol, back, span.last + LOOK_AHEAD)
        every_change = [at for moments in self.changes.values() for at in moments]
        if symbol in self.workbench.project.settings.never_alerted:  # every alert is measured against them
            near = every_change
        else:
            near = [at for alert in own for at in self.changes[alert.id]]
        if span.thinned:
            # a price is asked for by when it was paid, and a stretch is about when it was seen
            around = [(a - SEEN_WITHIN, b) for a, b in ChangeSpans(near, every_change).stretches]
            quotes = self.history.thinned_quotes(symbol, *self.reach, around, minutely=bool(near))
        else:
            quotes = self.history.quotes(symbol, *self.reach)
        found = priced(timetable, stored, quotes, splits, span, near, every_change)
        bars = _with_references(found.bars, own, timetable)
        if not bars:
            return None, found.left_out
        exposure = _exposure(self.workbench, symbol, self.alerts) if own else ""
        currency = next((q.currency for q in quotes if q.currency), "")
        basis = _basis(quotes, splits, span.last)
        made = EpisodePrices(symbol, timetable.exchange, basis, bars, found.marks, exposure, currency)
        return made, found.left_out


def _prices(reader: _PriceReader, timetables: Mapping[str, Timetable]) -> tuple[tuple[EpisodePrices, ...], int]:
    """The prices of every symbol that has a close, and how many could not be taken."""
    read = [reader.read(symbol, timetable) for symbol, timetable in timetables.items()]
    return tuple(made for made, _ in read if made is not None), sum(left_out for _, left_out in read)


def _with_references(
    bars: tuple[EpisodeBar, ...], own: Sequence[Alert], timetable: Timetable
) -> tuple[EpisodeBar, ...]:
    """With the close an alert was measured against, where the history has no bar of that session."""
    known = {bar.session: bar for bar in bars}
    for alert in own:
        reference = alert.reference
        if reference is None or reference.kind != "previous close" or reference.session in known:
            continue
        if timetable.on(reference.session) is not None:
            known[reference.session] = EpisodeBar(reference.session, reference.price)
    return tuple(known[day] for day in sorted(known))


def _basis(quotes: Sequence[Quote], splits: Sequence[Split], last: date) -> str:
    stated = {q.basis for q in quotes if q.basis}
    if len(stated) == 1 and not splits:
        return str(next(iter(stated)))
    sources = ", ".join(sorted({q.source for q in quotes if q.source})) or "the price source"
    return f"as {sources} gave them; adjusted for splits up to {last}"


def _exposure(workbench: Workbench, symbol: str, alerts: Sequence[Alert]) -> str:
    """The company's line of business that was hit, or its main one if the causes do not say."""
    company = workbench.project.companies.get(symbol)
    if company is None or not company.exposures:
        return ""
    hit = {name for a in alerts if a.told_cause is not None for name in a.told_cause.exposures}
    return max(company.exposures, key=lambda name: (name in hit, company.exposures[name], name))


# --------------------------------------------------------------------------------------------------------------- words


def _stories(stored: Iterable[Story], notes: list[str]) -> tuple[Story, ...]:
    """Stories as the format can hold them: with a title, each once, with a link that is one."""
    kept: list[Story] = []
    known: set[tuple[object, ...]] = set()
    seeded = 0
    for story in stored:
        title, link = " ".join(story.title.split()), valid_link(story.link)
        published = min(story.published_at or story.seen_at, story.seen_at)
        keys = {("at", published, story.source, title), ("link", story.source, link or title, title)}
        if not title or not story.source or keys & known:
            continue
        known |= keys
        seeded += story.seeded
        kept.append(replace(story, title=title, summary=" ".join(story.summary.split()), link=link))
    if seeded:
        notes.append(f"{count(seeded, 'story', 'stories')} that are evidence only and cannot fire a rule")
    return tuple(kept)


def _second_readings(
    stored: Iterable[SecondReading | None], stories: Sequence[Story], notes: list[str]
) -> tuple[SecondReading, ...]:
    """The answers about these stories."""
    kept = {story.id for story in stories}
    answers = [answer for answer in stored if answer is not None]
    if strangers := sum(answer.story not in kept for answer in answers):
        notes.append(f"{count(strangers, 'answer')} of the second reader about stories left out")
    return tuple(answer for answer in answers if answer.story in kept)


def _trigger(lead: Alert, alerts: Sequence[Alert]) -> Trigger:
    """The first story of what explains the fall; its words, source and link as they were stored. A cause that is no
    more than possible is none: as a precedent it would be told as one."""
    cause = lead.told_cause or next((a.told_cause for a in alerts if a.told_cause is not None), None)
    if cause is None:
        return Trigger("No cause was found in the news.")
    seen_at = cause.first_seen_at or cause.published_at or cause.seen_at
    source = cause.first_source or cause.source
    exposures = dict.fromkeys(name for a in alerts if a.told_cause is not None for name in a.told_cause.exposures)
    return Trigger(
        what=" ".join((cause.first_title or cause.title).split()) or "A story without a title.",
        at=seen_at,
        topic=cause.topic,
        exposures=tuple(exposures),
        source=f"{source}, {seen_at.day} {seen_at:%B %Y}" if source else "",
        link=valid_link(cause.first_link if cause.first_title else cause.link),
    )


def _title(workbench: Workbench, lead: Alert, breadth: int) -> str:
    company = workbench.project.companies.get(lead.symbol)
    others = f", and {count(breadth - 1, 'other')} with it" if breadth > 1 else ""
    change = lead.worst if lead.worst is not None else lead.change
    moves = f"{'falls' if change < 0 else 'rises'} {abs(change):.1%}" if change is not None else "has an alert"
    return f"{company.name if company is not None else lead.symbol} {moves}{others}"


def _summary(incident: Incident, alerts: Sequence[Alert], lead: Alert) -> str:
    rules = ", ".join(dict.fromkeys(a.rule for a in alerts))
    begun = alerts[0]
    return (
        f"Incident {incident.id} as the history has it: {count(len(alerts), 'alert')} ({rules}) for "
        f"{count(len({a.symbol for a in alerts}), 'symbol')}, the first at {begun.fired_at:%Y-%m-%d %H:%M} UTC for "
        f"{begun.symbol}, the highest severity {incident.severity.word}; led by {lead.symbol}."
    )
