"""The digest: when one is due, and what it has to tell of its span. Pure; its words are ``blocks/digest``'s.

One comes after each session of the benchmark's exchange, and one after the last session of an ISO week. It tells
what happened (incidents), what nearly did and what stopped it, model news that moved nobody, and how the sources are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.errors import UsageError
from bot.core.incidents.incidents import told_by
from bot.core.messages.blocks.digest import (
    DAILY,
    NEAR_FALL,
    WEEKLY,
    Digest,
    DigestIncident,
    DigestMove,
    NearMiss,
    QuietNews,
)
from bot.core.model import (
    Alert,
    ClusterMatch,
    Incident,
    IncidentState,
    Phase,
    Quote,
    QuoteKind,
    Reach,
    Story,
    Trouble,
)
from bot.core.news import NewsIndex
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.nearness import nearness, stopper
from bot.core.rules.rule import Evaluation
from bot.core.text.links import host_of

DAILY_AFTER = timedelta(minutes=30)
"""So long after the regular close the official closes are in."""
WEEKLY_AFTER = timedelta(minutes=35)
STALE_AFTER = timedelta(hours=20)
"""A digest that is later than this is not made any more: the next one is near."""
WEEKLY_STALE_AFTER = timedelta(hours=60)
"""As much for a week's: over the weekend, and not into the next week's first session."""
NO_REACTION = -0.03
"""Where a stock that news reaches fell so far, or one that it names rose so far, the news had a reaction."""
NOTEWORTHY = 0.6
"""Model news of a lower score is not told of."""
MISSES = 5
QUIET_NEWS = 5


# ---------------------------------------------------------------------------------------------------------- schedule


@dataclass(frozen=True, slots=True)
class Due:
    """A digest that is due at a moment, about the sessions from ``first`` to ``last``."""

    at: datetime
    kind: str
    """``daily`` or ``weekly``."""
    first: date
    last: date

    @property
    def key(self) -> str:
        """Key of its announcement: the same digest always asks under the same key."""
        return f"digest:{self.kind}:{self.last:%Y-%m-%d}"


def next_digest(timetable: Timetable, after: datetime) -> Due | None:
    """The first digest due later than ``after``; ``None`` where the timetable does not reach that far.

    Whether a timetable's last session is also the last of its week is not known, so it has no weekly digest.
    """
    session = timetable.first_close_since(after - WEEKLY_AFTER)
    while session is not None:
        for due in _digests(timetable, session):
            if due.at > after:
                return due
        session = timetable.before(session, -1)
    return None


def stale(due: Due, at: datetime) -> bool:
    """Whether at ``at`` it is too late for this digest: it is dropped."""
    return at - due.at > (WEEKLY_STALE_AFTER if due.kind == WEEKLY else STALE_AFTER)


def _digests(timetable: Timetable, session: Session) -> Iterator[Due]:
    """What follows the close of ``session``, in order."""
    yield Due(session.close_at + DAILY_AFTER, DAILY, session.date, session.date)
    following = timetable.before(session, -1)
    if following is None or _week(following) == _week(session):
        return
    first = session
    while (earlier := timetable.before(first)) is not None and _week(earlier) == _week(session):
        first = earlier
    yield Due(session.close_at + WEEKLY_AFTER, WEEKLY, first.date, session.date)


def _week(session: Session) -> tuple[int, int]:
    """ISO year and week."""
    year, week, _ = session.date.isocalendar()
    return year, week


# ------------------------------------------------------------------------------------------------------ what is given


@dataclass(frozen=True, slots=True)
class DigestInputs:
    """What a digest is made from, as things stand when it is made."""

    market: Market
    news: NewsIndex
    timetable: Timetable
    """Of the benchmark's exchange, which the digests follow."""
    watched: Collection[str]
    incidents: Collection[Incident]
    """All that are known, closed ones included."""
    alerts: Collection[Alert]
    evaluate: Callable[[str, datetime], Sequence[Evaluation]]
    """Every rule that concerns a symbol, as things stand at a moment: ``Engine.evaluate``."""
    failing: Sequence[tuple[str, str, Trouble, str]] = ()
    """Sources in trouble: source, subject, what, detail (``Health.failing()``)."""
    feeds_fine: int | None = None
    """How many feeds work; ``None`` where nobody counts them."""
    prices_at: datetime | None = None
    """When prices last came."""


def compile_digest(given: DigestInputs, due: Due, at: datetime) -> Digest:
    """What the digest ``due`` tells when it is made at ``at``. Nothing later than ``at`` is used, nothing changed."""
    alerts = [a for a in given.alerts if a.fired_at <= at]
    span = _span(given.timetable, due, at)
    moves = {day: _moves(given, day, at) for day in span.days}
    misses = _near_misses(moves, alerts)
    quiet = _quiet_news(given, span, moves, alerts, at)
    happened = _happened(given, span, alerts, at)
    told = {h.incident.id for h in happened}
    still_open = [
        i for i in given.incidents if i.state is IncidentState.OPEN and i.started_at <= at and i.id not in told
    ]
    expected = [s for s in given.watched if (o := given.market.of(s).timetable.on(due.last)) and o.close_at <= at]
    return Digest(
        kind=due.kind,
        last=due.last,
        happened=tuple(happened),
        still_open=len(still_open),
        misses=tuple(_judged(given, move, at) for move in misses[:MISSES]),
        more_misses=max(0, len(misses) - MISSES),
        quiet=tuple(quiet[:QUIET_NEWS]),
        more_quiet=max(0, len(quiet) - QUIET_NEWS),
        priced=sum(s in moves.get(due.last, {}) for s in expected),
        expected=len(expected),
        failing=tuple(sorted(given.failing)),
        feeds_fine=given.feeds_fine,
        prices_at=given.prices_at if given.prices_at and given.prices_at <= at else None,
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """From the benchmark's close before the first session on, to that of the last.

    Other exchanges trade on days on which the benchmark's does not: those belong to the next digest.
    """

    days: tuple[date, ...]
    since: datetime
    until: datetime
    told_before: datetime
    """When the digest before was due."""
    last: date

    def holds(self, alert: Alert) -> bool:
        """Of these days, or of an earlier session and raised only after the digest before."""
        return alert.session in self.days or (alert.session <= self.last and alert.fired_at > self.told_before)


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


def _happened(given: DigestInputs, span: _Span, alerts: Sequence[Alert], at: datetime) -> list[DigestIncident]:
    """The span's incidents: the most severe first, then the furthest fallen."""
    known = {i.id: i for i in given.incidents if i.started_at <= at}
    by_id = {a.id: a for a in alerts if span.holds(a)}
    found = []
    for incident in known.values():
        own = sorted((by_id[k] for k in incident.alerts if k in by_id), key=lambda a: (a.fired_at, a.id))
        if not own or incident.merged_into in known:
            continue
        lead = told_by(incident, own)
        took_in = sorted((i for i in known.values() if i.merged_into == incident.id), key=lambda i: i.id)
        session = given.market.of(lead.symbol).timetable.on(lead.session)
        close = _close_after(lead, given.market.of(lead.symbol), session, at)
        if close is not None and session is not None:
            moved, moment, phase = change(close, lead.reference), session.close_at, Phase.REGULAR
        else:
            moved, moment = lead.last_change, lead.last_price_at or lead.price_at
            phase = session.phase(moment) if session else lead.phase
        found.append(
            DigestIncident(incident, tuple(own), lead, moved, moment, phase, close is not None, tuple(took_in))
        )
    found.sort(key=lambda h: (-max(a.severity for a in h.alerts), -abs(h.change or 0.0), h.incident.id))
    return found


def _close_after(alert: Alert, prices: SymbolPrices, session: Session | None, at: datetime) -> float | None:
    """The official close of the alert's session, as quoted, where the alert is of a price before it."""
    if session is None or session.close_at > at or alert.price_at > session.close_at or alert.change is None:
        return None
    closes = (q for q in reversed(prices.in_session(session)) if q.kind is QuoteKind.CLOSE)
    return next((q.price for q in closes), None)


# ------------------------------------------------------------------------------------------------------- near misses


def _near_misses(moves: Mapping[date, Mapping[str, DigestMove]], alerts: Sequence[Alert]) -> list[DigestMove]:
    """Falls without an alert in their session, the furthest first; of a symbol only its furthest."""
    told = {(a.symbol, a.session) for a in alerts}
    furthest: dict[str, DigestMove] = {}
    for day, of_day in moves.items():
        for symbol, move in of_day.items():
            fell = move.change <= NEAR_FALL and (symbol, day) not in told
            if fell and (symbol not in furthest or move.change < furthest[symbol].change):
                furthest[symbol] = move
    return sorted(furthest.values(), key=lambda m: (m.change, m.symbol))


def _judged(given: DigestInputs, move: DigestMove, at: datetime) -> NearMiss:
    """The rule that came nearest to firing on this fall, as things stand; nothing where another session goes on."""
    prices = given.market.of(move.symbol)
    standing = prices.stood(at)
    if standing is None or standing[1].date != move.session.date:
        return NearMiss(move)
    open_ = [o for o in given.evaluate(move.symbol, at) if not o.holds]
    best = max(open_, key=lambda o: (o.rule.has_price, nearness(o.check)), default=None)
    if best is None:
        return NearMiss(move)
    quote = standing[0]
    return NearMiss(move, best.rule.name, stopper(best.check), quote if quote.price != move.price else None)


def _moves(given: DigestInputs, day: date, at: datetime) -> dict[str, DigestMove]:
    """By symbol, how each watched one went in its session of ``day``."""
    found = {s: move_in(given.market.of(s), day, at) for s in sorted(given.watched) if s in given.market}
    return {symbol: move for symbol, move in found.items() if move is not None}


def move_in(prices: SymbolPrices, day: date, at: datetime) -> DigestMove | None:
    """How the symbol went in its session of ``day``, as far as it was known at ``at``."""
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
        vendor = None if past.splits else base.previous_close  # which may be on the basis before
        candidates.append(replace(base, price=close, at=session.close_at, kind=QuoteKind.CLOSE, previous_close=vendor))
    elif regular is not None:
        candidates.append(regular)
    if quotes and quotes[-1].at > session.close_at:
        candidates.append(quotes[-1])
    found = []
    for quote in candidates:
        reference = past.previous_close(quote, session)
        moved = change(quote.price, reference)
        if reference is not None and moved is not None:
            official = quote.kind is QuoteKind.CLOSE and quote.at == session.close_at
            found.append(DigestMove(prices.symbol, session, quote.price, moved, reference, quote.at, official))
    return min(found, key=lambda m: m.change, default=None)


# --------------------------------------------------------------------------------------- model news without a reaction


def _quiet_news(
    given: DigestInputs,
    span: _Span,
    moves: Mapping[date, Mapping[str, DigestMove]],
    alerts: Sequence[Alert],
    at: datetime,
) -> list[QuietNews]:
    """Noteworthy model news of the span, from close to close, that no watched stock it reaches fell after, and none
    that it names rose."""
    causes = {a.cause.cluster for a in alerts if a.cause}
    topics = given.news.topics.triggers
    if not topics:
        return []
    candidates: dict[str, tuple[ClusterMatch, bool]] = {}
    for match in given.news.first_seen(topics, min_score=NOTEWORTHY, since=span.since, until=at):
        official = any(_official(given.news, story) for story in match.stories)
        wanted = match.first.seen_at <= span.until and not match.seeded and match.cluster not in causes
        if wanted and (official or len(match.sources) >= 2):
            candidates[match.cluster] = match, official
    reached: dict[str, list[tuple[ClusterMatch, str]]] = {}
    for symbol in sorted(given.watched) if candidates else ():
        for match in given.news.matches(symbol, topics, min_score=NOTEWORTHY, since=span.since, until=at):
            reached.setdefault(match.cluster, []).append((match, symbol))
    found = []
    for cluster, (match, official) in candidates.items():
        lowest = _without_reaction(match.first.seen_at, reached.get(cluster, []), moves)
        if lowest is not None:
            found.append(QuietNews(match, lowest, official))
    found.sort(key=lambda q: (not q.reaches, -len(q.match.sources), -q.match.score, q.match.first.seen_at))
    return found


def _without_reaction(
    seen_at: datetime, reached: Sequence[tuple[ClusterMatch, str]], moves: Mapping[date, Mapping[str, DigestMove]]
) -> tuple[tuple[str, float | None], ...] | None:
    """Each symbol that news seen at ``seen_at`` reaches, nearest first, with its lowest session since; ``None`` where
    one of them fell, or one that is named rose."""
    lowest = {symbol: _lowest_since(seen_at, symbol, moves) for _, symbol in reached}
    if any(moved is not None and moved <= NO_REACTION for moved in lowest.values()):
        return None
    named = [symbol for match, symbol in reached if match.reach is Reach.DIRECT]
    if any(moved >= -NO_REACTION for symbol in named for moved in _moves_since(seen_at, symbol, moves)):
        return None
    nearest = sorted(
        reached, key=lambda r: (r[0].reach is not Reach.DIRECT, lowest[r[1]] is None, -r[0].strength, r[1])
    )
    return tuple((symbol, lowest[symbol]) for _, symbol in nearest)


def _lowest_since(moment: datetime, symbol: str, moves: Mapping[date, Mapping[str, DigestMove]]) -> float | None:
    """The symbol's lowest session among those that closed after ``moment``; ``None`` where none is known."""
    return min(_moves_since(moment, symbol, moves), default=None)


def _moves_since(moment: datetime, symbol: str, moves: Mapping[date, Mapping[str, DigestMove]]) -> list[float]:
    known = (of_day.get(symbol) for of_day in moves.values())
    return [m.change for m in known if m is not None and m.session.close_at > moment]


def _official(news: NewsIndex, story: Story) -> bool:
    """Whether a lab speaks for itself: the story lies on its site, or comes from a source of its very name."""
    origin = story.origin.casefold()
    host = host_of(story.link)
    for lab in news.topics.labs:
        if origin == lab.name.casefold() or any(origin == name.text.casefold() for name in lab.names):
            return True
        if any(host == domain or host.endswith(f".{domain}") for domain in lab.domains):
            return True
    return False
