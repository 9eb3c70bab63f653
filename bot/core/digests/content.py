"""What goes into a digest: incidents, near misses and what stopped them, model news without a price reaction, and the
state of the sources. ``blocks.digest`` puts it into words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.digests.schedule import DAILY_AFTER, Due
from bot.core.errors import UsageError
from bot.core.incidents.incidents import lead_alert
from bot.core.messages.blocks.correction import set_apart
from bot.core.messages.blocks.digest import NEAR_FALL, Digest, DigestIncident, DigestMove, NearMiss, QuietNews
from bot.core.model import Alert, ClusterMatch, Incident, IncidentState, Phase, Quote, QuoteKind, Reach, Story, Trouble
from bot.core.news import NewsIndex
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.nearness import blocker, nearness
from bot.core.rules.rule import Evaluation
from bot.core.text.links import host_of

NO_REACTION = -0.03
"""A fall this large of a stock that news reaches, or as large a rise of one it names, is a price reaction."""
NOTEWORTHY = 0.6
"""Least score of model news in a digest."""
MISSES = 5
QUIET_NEWS = 5


@dataclass(frozen=True, slots=True)
class DigestInputs:
    """What a digest is made from."""

    market: Market
    news: NewsIndex
    timetable: Timetable
    """Of the benchmark's exchange."""
    watched: Collection[str]
    incidents: Collection[Incident]
    """All recent ones, open and closed."""
    alerts: Collection[Alert]
    evaluate: Callable[[str, datetime], Sequence[Evaluation]]
    """Evaluates every rule that concerns a symbol: ``Engine.evaluate``."""
    failing: Sequence[tuple[str, str, Trouble, str]] = ()
    """Sources with problems: source, subject, trouble, detail (``Health.failing()``)."""
    feeds_ok: int | None = None
    """Number of feeds that work; ``None`` where unknown."""
    prices_at: datetime | None = None
    """When prices were last received."""
    group: Callable[[Sequence[Alert], Alert], str] = lambda alerts, lead: ""
    """The stocks of one line of business that fall together, with the lead's: ``MessageBuilder.group``."""


def compile_digest(inputs: DigestInputs, due: Due, at: datetime) -> Digest:
    """The contents of the digest ``due``, made at ``at``. Uses nothing later than ``at`` and changes nothing."""
    alerts = [a for a in inputs.alerts if a.fired_at <= at]
    span = _span(inputs.timetable, due, at)
    moves = {day: _moves(inputs, day, at) for day in span.days}
    misses = _near_misses(moves, alerts)
    quiet = _quiet_news(inputs, span, moves, alerts, at)
    incidents = _incidents(inputs, span, alerts, at)
    listed = {i.incident.id for i in incidents}
    still_open = [
        i for i in inputs.incidents if i.state is IncidentState.OPEN and i.started_at <= at and i.id not in listed
    ]
    expected = [s for s in inputs.watched if (o := inputs.market.of(s).timetable.on(due.last)) and o.close_at <= at]
    return Digest(
        kind=due.kind,
        last=due.last,
        happened=tuple(incidents),
        still_open=len(still_open),
        misses=tuple(_explained(inputs, move, at) for move in misses[:MISSES]),
        more_misses=max(0, len(misses) - MISSES),
        quiet=tuple(quiet[:QUIET_NEWS]),
        more_quiet=max(0, len(quiet) - QUIET_NEWS),
        priced=sum(s in moves.get(due.last, {}) for s in expected),
        expected=len(expected),
        failing=tuple(sorted(inputs.failing)),
        feeds_ok=inputs.feeds_ok,
        prices_at=inputs.prices_at if inputs.prices_at and inputs.prices_at <= at else None,
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """From the benchmark's close before the first session to its close of the last.

    Days on which only other exchanges trade belong to the next digest.
    """

    days: tuple[date, ...]
    since: datetime
    until: datetime
    previous_due_at: datetime
    """When the digest before was due."""
    last: date

    def holds(self, alert: Alert) -> bool:
        """Whether the alert belongs in this digest: by its session, or because it fired after the digest before."""
        return alert.session in self.days or (alert.session <= self.last and alert.fired_at > self.previous_due_at)


def _span(timetable: Timetable, due: Due, at: datetime) -> _Span:
    first, last = timetable.on(due.first), timetable.on(due.last)
    if first is None or last is None:
        raise UsageError(f"{timetable.exchange} has no session on {due.first if first is None else due.last}")
    before = timetable.before(first)
    day = before.date + timedelta(days=1) if before else first.date
    days = tuple(day + timedelta(days=n) for n in range((last.date - day).days + 1))
    since = before.close_at if before else first.starts_at
    return _Span(days, since, min(last.close_at, at), since + DAILY_AFTER, last.date)


# --------------------------------------------------------------------------------------------------------- incidents


def _incidents(inputs: DigestInputs, span: _Span, alerts: Sequence[Alert], at: datetime) -> list[DigestIncident]:
    """The span's incidents: the most severe first, then the largest move."""
    known = {i.id: i for i in inputs.incidents if i.started_at <= at}
    by_id = {a.id: a for a in alerts if span.holds(a)}
    incidents = []
    for incident in known.values():
        own = sorted((by_id[k] for k in incident.alerts if k in by_id), key=lambda a: (a.fired_at, a.id))
        if not own or incident.merged_into in known or incident.to:
            continue
        lead = lead_alert(incident, own)
        merged = tuple(sorted((i for i in known.values() if i.merged_into == incident.id), key=lambda i: i.id))
        prices = inputs.market.of(lead.symbol)
        session = prices.timetable.on(lead.session)
        close = _close_after(lead, prices, session, at)
        if close is not None and session is not None:
            moved, moment, phase = change(close, lead.reference), session.close_at, Phase.REGULAR
        else:
            moved, moment = lead.last_change, lead.last_price_at or lead.price_at
            phase = session.phase(moment) if session else lead.phase
        apart = tuple(set_apart(own, lead, inputs.news.topics.ai_causes))
        incidents.append(
            DigestIncident(
                *(incident, tuple(own), lead, moved, moment, phase, close is not None, merged, apart),
                currency=prices.currency,
                group=inputs.group(own, lead),
            )
        )
    incidents.sort(key=lambda i: (-max(a.severity for a in i.alerts), -abs(i.change or 0.0), i.incident.id))
    return incidents


def _close_after(alert: Alert, prices: SymbolPrices, session: Session | None, at: datetime) -> float | None:
    """The quoted official close of the alert's session, where the alert is about a price before it."""
    if session is None or session.close_at > at or alert.price_at > session.close_at or alert.change is None:
        return None
    closes = (q for q in reversed(prices.in_session(session)) if q.kind is QuoteKind.CLOSE)
    return next((q.price for q in closes), None)


# ------------------------------------------------------------------------------------------------------- near misses


def _near_misses(moves: Mapping[date, Mapping[str, DigestMove]], alerts: Sequence[Alert]) -> list[DigestMove]:
    """Falls without an alert in their session, the largest first; only the largest of each symbol."""
    alerted = {(a.symbol, a.session) for a in alerts}
    largest: dict[str, DigestMove] = {}
    for day, of_day in moves.items():
        for symbol, move in of_day.items():
            missed = move.change <= NEAR_FALL and (symbol, day) not in alerted
            if missed and (symbol not in largest or move.change < largest[symbol].change):
                largest[symbol] = move
    return sorted(largest.values(), key=lambda m: (m.change, m.symbol))


def _explained(inputs: DigestInputs, move: DigestMove, at: datetime) -> NearMiss:
    """The near miss with the rule that came nearest to firing; without one where another session has begun."""
    latest = inputs.market.of(move.symbol).stood(at)
    if latest is None or latest[1].date != move.session.date:
        return NearMiss(move)
    unmet = [e for e in inputs.evaluate(move.symbol, at) if not e.holds]
    best = max(unmet, key=lambda e: (e.rule.has_price, nearness(e.check)), default=None)
    if best is None:
        return NearMiss(move)
    quote = latest[0]
    return NearMiss(move, best.rule.name, blocker(best.check), quote if quote.price != move.price else None)


def _moves(inputs: DigestInputs, day: date, at: datetime) -> dict[str, DigestMove]:
    """The watched symbols' moves in their sessions of ``day``."""
    symbols = sorted(s for s in inputs.watched if s in inputs.market)
    return {s: move for s in symbols if (move := _move_in(inputs.market.of(s), day, at)) is not None}


def _move_in(prices: SymbolPrices, day: date, at: datetime) -> DigestMove | None:
    """The symbol's move in its session of ``day``, as known at ``at``."""
    session = prices.timetable.on(day)
    if session is None or session.starts_at > at:
        return None
    past = prices.as_of(at)
    quotes = past.in_session(session)
    close = past.close_of(session) if session.close_at <= at else None
    regular = next((q for q in reversed(quotes) if q.at <= session.close_at), None)
    candidates = []
    if close is not None:
        base = regular or Quote(prices.symbol, close, session.close_at, session.close_at)
        vendor = None if past.splits else base.previous_close  # may be on the split basis before
        candidates.append(replace(base, price=close, at=session.close_at, kind=QuoteKind.CLOSE, previous_close=vendor))
    elif regular is not None:
        candidates.append(regular)
    if quotes and quotes[-1].at > session.close_at:
        candidates.append(quotes[-1])
    moves = []
    for quote in candidates:
        reference = past.previous_close(quote, session)
        moved = change(quote.price, reference)
        if reference is not None and moved is not None:
            official = quote.kind is QuoteKind.CLOSE and quote.at == session.close_at
            told = (prices.symbol, session, quote.price, moved, reference, quote.at, official)
            moves.append(DigestMove(*told, quote.currency))
    return min(moves, key=lambda m: m.change, default=None)


# --------------------------------------------------------------------------------------- model news without a reaction


def _quiet_news(
    inputs: DigestInputs,
    span: _Span,
    moves: Mapping[date, Mapping[str, DigestMove]],
    alerts: Sequence[Alert],
    at: datetime,
) -> list[QuietNews]:
    """Noteworthy model news of the span, from close to close, without a price reaction of a watched stock."""
    causes = {a.cause.cluster for a in alerts if a.cause}
    topics = inputs.news.topics.triggers
    if not topics:
        return []
    candidates: dict[str, tuple[ClusterMatch, bool]] = {}
    for match in inputs.news.first_seen(topics, min_score=NOTEWORTHY, since=span.since, until=at):
        official = any(_official(inputs.news, story) for story in match.stories)
        wanted = match.first.seen_at <= span.until and not match.seeded and match.cluster not in causes
        if wanted and (official or len(match.sources) >= 2):
            candidates[match.cluster] = match, official
    reached: dict[str, list[tuple[ClusterMatch, str]]] = {}
    for symbol in sorted(inputs.watched) if candidates else ():
        for match in inputs.news.matches(symbol, topics, min_score=NOTEWORTHY, since=span.since, until=at):
            reached.setdefault(match.cluster, []).append((match, symbol))
    quiet = []
    for cluster, (match, official) in candidates.items():
        lowest = _without_reaction(match.first.seen_at, reached.get(cluster, []), moves)
        if lowest is not None:
            quiet.append(QuietNews(match, lowest, official))
    quiet.sort(key=lambda q: (not q.reaches, -len(q.match.sources), -q.match.score, q.match.first.seen_at))
    return quiet


def _without_reaction(
    seen_at: datetime, reached: Sequence[tuple[ClusterMatch, str]], moves: Mapping[date, Mapping[str, DigestMove]]
) -> tuple[tuple[str, float | None], ...] | None:
    """The symbols that news seen at ``seen_at`` reaches, strongest reach first, with their lowest session since;
    ``None`` where there was a price reaction."""
    lowest = {symbol: min(_moves_since(seen_at, symbol, moves), default=None) for _, symbol in reached}
    if any(moved is not None and moved <= NO_REACTION for moved in lowest.values()):
        return None
    named = [symbol for match, symbol in reached if match.reach is Reach.DIRECT]
    if any(moved >= -NO_REACTION for symbol in named for moved in _moves_since(seen_at, symbol, moves)):
        return None
    nearest = sorted(
        reached, key=lambda r: (r[0].reach is not Reach.DIRECT, lowest[r[1]] is None, -r[0].strength, r[1])
    )
    return tuple((symbol, lowest[symbol]) for _, symbol in nearest)


def _moves_since(moment: datetime, symbol: str, moves: Mapping[date, Mapping[str, DigestMove]]) -> list[float]:
    """The symbol's changes in the sessions that closed after ``moment``."""
    known = (of_day.get(symbol) for of_day in moves.values())
    return [m.change for m in known if m is not None and m.session.close_at > moment]


def _official(news: NewsIndex, story: Story) -> bool:
    """Whether a lab published the story: it is on the lab's site, or its source has the lab's name."""
    origin, host = story.origin.casefold(), host_of(story.link)
    return any(
        origin in {lab.name.casefold(), *(name.text.casefold() for name in lab.names)}
        or any(host == domain or host.endswith(f".{domain}") for domain in lab.domains)
        for lab in news.topics.labs
    )
