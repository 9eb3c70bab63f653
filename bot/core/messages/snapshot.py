"""One look at the market for one message: a moment, a set of measured moves, a cause.

Headline, facts, table, pictures and JSON of a message are all made from its snapshot, so they cannot contradict each
other. Only what was seen by the moment is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from bot.core.incidents.follow_ups import before_the_move, level_before, standing
from bot.core.incidents.incidents import lead_alert
from bot.core.messages.blocks.correction import set_apart
from bot.core.model import (
    Alert,
    CauseRef,
    Claim,
    Figures,
    Furthest,
    Incident,
    Phase,
    Quote,
    QuoteKind,
    Reference,
    StockMove,
    ToldCause,
)
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.prices.references import MOMENTARY, span_of
from bot.core.prices.sessions import Session
from bot.core.text.wording import OLD

FURTHER_BY = 0.005
"""A low or high is told where it is further than the latest price by at least this much, as a fraction of the
reference."""
CompanyOf = Callable[[str], str]
"""The symbol of a company's main listing, the same for all its listings."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a message about an incident says, before it is put into words."""

    at: datetime
    incident: Incident
    alerts: tuple[Alert, ...]
    """The incident's alerts of ``session``; all of them where none is about a price."""
    session: date
    """The session it is about: the newest in which a price fired."""
    direction: int
    """-1 where the incident is a fall, 1 where a rise, 0 where its rules asked for no price."""
    moves: tuple[StockMove, ...]
    """The stocks the message counts: every one of the incident that has moved in its direction; of an incident without
    a direction all that have a price. The lead first, which is the worst of the highest severity; then the worst."""
    lead: Alert
    """The alert of the first of ``moves``; the incident's lead's where there are none."""
    turned: tuple[StockMove, ...]
    """Stocks of the incident that have not moved in its direction, or no longer."""
    unpriced: tuple[str, ...]
    """Stocks of the incident without a price in the session."""
    apart: dict[str, CauseRef]
    """Stocks that moved for other reasons."""
    cause: CauseRef | None
    """The cause that may be told, or is no more than possible where there is none that may."""
    moved_before: frozenset[str] = frozenset()
    """Stocks of the incident that moved in one of its earlier sessions."""
    fell_on: Mapping[date, frozenset[str]] = field(default_factory=dict)
    """Those of them that moved in an earlier session as measured from the close before it, by session."""
    told_before: Alert | None = None
    """Where no cause may be told: an alert with the cause of a fall that this one goes on from, or is a part of."""

    def ahead(self, cause: CauseRef) -> timedelta:
        """How long before the alert the story of a cause was there; below zero where it came later, also than the price
        on which the alert fired."""
        return min(self.lead.fired_at, self.lead.price_at) - (cause.published_at or cause.seen_at)

    @property
    def figures(self) -> Figures:
        """The moves for pictures and programs."""
        return Figures(self.at, self.moves)

    @property
    def told_cause(self) -> CauseRef | None:
        """The cause, unless it is no more than possible."""
        return None if self.cause is None or self.claim is Claim.POSSIBLE else self.cause

    @property
    def claim(self) -> Claim | None:
        """What may be said of the cause. Causes are weighed for falls: beside a rise, news is a coincidence."""
        if self.cause is None:
            return None
        return self.cause.claim if self.direction < 0 else Claim.COINCIDENT

    @property
    def cause_for_lists(self) -> ToldCause | None:
        """The cause for lists and programs."""
        if self.cause is None or self.claim is None:
            return None
        cause = self.cause
        return ToldCause(
            *(cause.title, cause.source, cause.link, self.claim, cause.confidence),
            *(cause.first_title, cause.first_seen_at),
        )

    def move_of(self, symbol: str) -> StockMove | None:
        """The move of one of the stocks it counts."""
        return next((m for m in self.moves if m.symbol == symbol), None)


def snapshot(
    market: Market,
    incident: Incident,
    alerts: Sequence[Alert],
    ai_causes: frozenset[str],
    at: datetime,
    company_of: CompanyOf = str,
    others: Iterable[Alert] = (),
) -> Snapshot:
    """Looks at the market as of ``at``. ``alerts`` are the incident's, at least one; ``ai_causes``: topics that count
    as one cause, AI. A company counts once, whichever of its listings moved. ``others``: alerts of other incidents,
    which may have told the cause of the same fall."""
    changes = [a.change for a in alerts if a.change is not None]
    session = max(a.session for a in alerts if a.change is not None or not changes)
    of_session = [a for a in alerts if a.session == session or not changes]
    subject = lead_alert(incident, of_session)
    by_symbol = {
        s: _chosen(a for a in of_session if a.symbol == s) for s in dict.fromkeys(a.symbol for a in of_session)
    }
    direction = 0 if not changes else -1 if changes[0] < 0 else 1
    apart = set_apart(of_session, subject, ai_causes)
    moves: list[StockMove] = []
    turned: list[StockMove] = []
    unpriced: list[str] = []
    moved = {s: measured(market.of(s), alert, direction, at) for s, alert in by_symbol.items() if s not in apart}
    for symbol in _one_a_company(market, moved, at, company_of):
        move = moved[symbol]
        if move is None:
            unpriced.append(symbol)
        else:
            (moves if move.change * direction > 0 or not direction else turned).append(move)
    moves = by_size(moves)
    first = max(moves, key=lambda m: (m.severity or 0, abs(m.change)), default=None)
    if first is not None:
        moves.remove(first)
        moves.insert(0, first)
    lead = by_symbol[first.symbol] if first is not None else subject
    causes = [a.cause for a in _nearest_first(of_session, lead, subject) if a.symbol not in apart and a.cause]
    told = (c for c in causes if c.claim is not Claim.POSSIBLE)
    cause = next(told, None) or (next(iter(causes), None) if direction < 0 else None)
    before = [a for a in alerts if a.session < session and a.change is not None]
    known = cause is not None and cause.claim is not Claim.POSSIBLE
    earlier = [a for a in before if a.told_at and (a.last_change or a.change or 0.0) * direction > 0]
    days = sorted({a.session for a in earlier if _of_session(a)})
    return Snapshot(
        at,
        incident,
        tuple(of_session),
        session,
        direction,
        tuple(moves),
        lead,
        tuple(turned),
        tuple(unpriced),
        apart,
        cause,
        frozenset(a.symbol for a in earlier),
        {day: frozenset(a.symbol for a in earlier if a.session == day and _of_session(a)) for day in days},
        None if known or direction >= 0 else _told_before(lead, (*before, *_concerning(lead, incident, others))),
    )


def _of_session(alert: Alert) -> bool:
    """Whether the alert's change is that of its session."""
    return alert.reference is not None and alert.reference.kind == "previous close"


def _concerning(lead: Alert, incident: Incident, others: Iterable[Alert]) -> Iterator[Alert]:
    """Of ``others`` those about the stock that heads the message, and those about stocks outside the incident."""
    return (a for a in others if a.symbol == lead.symbol or a.symbol not in incident.symbols)


def _told_before(lead: Alert, others: Iterable[Alert]) -> Alert | None:
    """Of ``others`` the alert of the newest fall that people were told a cause of and that is a part of the lead's, or
    of the session before it, or of its incident; the lead's own stock first."""
    since = lead.reference.session if lead.reference is not None else lead.session
    told = [
        a
        for a in others
        if a.told_cause is not None
        and a.told_at is not None
        and (a.change or 0.0) < 0
        and (a.incident == lead.incident or since <= a.session <= lead.session)
    ]
    return max(told, key=lambda a: (a.symbol == lead.symbol, a.session, a.fired_at, a.id), default=None)


def measured(prices: SymbolPrices, alert: Alert, direction: int, at: datetime) -> StockMove | None:
    """How far the alert's stock has moved in its session by ``at``, from the alert's reference or, where its rule asked
    for no price, from the previous close; ``None`` where it has no price."""
    session = prices.timetable.on(alert.session) if direction else _session_at(prices, at)
    quote = _latest(prices, session, at, direction, alert.price_at) if session else None
    if session is None or quote is None:
        return _as_alerted(alert, at)
    reference = level_before(alert, prices) or prices.previous_close(quote, session)
    level = prices.rebased(quote)
    moved = change(level, reference)
    if reference is None or moved is None:
        return None
    furthest = _furthest(prices, session, reference, at, direction, alert.worst)
    further = furthest is not None and (furthest.change - moved) * direction >= FURTHER_BY
    return StockMove(
        alert.symbol,
        level,
        moved,
        reference,
        quote.at,
        session.date,
        session.phase(quote.at),
        alert.severity,
        furthest if further else None,
        quote.currency,
        _official(prices, quote, session),
        _of_day(prices, quote, session, reference),
    )


def _of_day(prices: SymbolPrices, quote: Quote, session: Session, reference: Reference) -> float | None:
    """The change from the previous close, where ``reference`` is another price."""
    if reference.kind == "previous close":
        return None
    return change(prices.rebased(quote), prices.previous_close(quote, session))


def move_at(
    prices: SymbolPrices, at: datetime, closed_at: datetime | None = None, since: Reference | None = None
) -> StockMove | None:
    """A stock's move from its previous close, or from ``since``, at ``at``; with ``closed_at`` at that close: by the
    official close where its session had closed by then."""
    latest = standing(prices, at, closed_at)
    if latest is None:
        return None
    quote, session = latest
    reference = since or prices.previous_close(quote, session)
    moved = change(quote.price, reference)
    if reference is None or moved is None:
        return None
    return StockMove(
        prices.symbol,
        quote.price,
        moved,
        reference,
        quote.at,
        session.date,
        session.phase(quote.at),
        currency=quote.currency or prices.currency,
        official=_official(prices, quote, session),
    )


def since_the_fall(
    market: Market,
    incident: Incident,
    alerts: Sequence[Alert],
    at: datetime,
    closed_at: datetime | None = None,
    company_of: CompanyOf = str,
) -> list[StockMove]:
    """Each stock's move from the close before its fall, at ``at`` or at the close ``closed_at``; the incident's lead
    first. Alone it is left out where another stock is: a message would not name that."""
    lead = lead_alert(incident, alerts)
    found: dict[str, StockMove | None] = {}
    for symbol in dict.fromkeys([lead.symbol, *incident.symbols]):
        if symbol != lead.symbol and company_of(symbol) == company_of(lead.symbol):
            continue
        alert = min((a for a in alerts if a.symbol == symbol), key=lambda a: a.session, default=None)
        prices = market.of(symbol)
        before = before_the_move(alert, prices) if alert else None
        found[symbol] = move_at(prices, at, closed_at, before) if before else None
    told = _one_a_company(market, found, closed_at or at, company_of)
    moves = [move for symbol in told if (move := found[symbol]) is not None]
    return moves if len(moves) > 1 else [m for m in moves if m.symbol == lead.symbol]


def figures_now(
    market: Market,
    incident: Incident,
    alerts: Sequence[Alert],
    ai_causes: frozenset[str],
    at: datetime,
    company_of: CompanyOf = str,
) -> Figures:
    """The incident's moves as somebody who asks at ``at`` wants them: in its session or, once another has prices, since
    the fall."""
    seen = snapshot(market, incident, alerts, ai_causes, at, company_of)
    latest = market.of(seen.lead.symbol).standing(at)
    if latest is None or latest[1].date <= seen.session:
        return seen.figures
    return Figures(at, tuple(since_the_fall(market, incident, alerts, at, company_of=company_of)) or seen.moves)


def by_size(moves: Iterable[StockMove]) -> list[StockMove]:
    """The largest moves first."""
    return sorted(moves, key=lambda m: (-abs(m.change), m.symbol))


def fresh_move(prices: SymbolPrices, snapshot: Snapshot) -> StockMove | None:
    """The move in the snapshot's session of a stock that is not of its incident; ``None`` where its price is old,
    unless it is that of the close, which stands."""
    move = move_at(prices, snapshot.at)
    if move is None or move.session != snapshot.session or not _settled(prices, move):
        return None
    session = prices.timetable.on(move.session)
    stands = session is not None and move.at >= session.close_at
    return move if stands or snapshot.at - move.at <= OLD else None


def _settled(prices: SymbolPrices, move: StockMove) -> bool:
    """Whether a price that nothing was fired on may be told: in thin trading only where it has settled."""
    last = prices.last_before(move.at)
    session = prices.session_of(last) if last is not None else None
    if last is None or session is None or not session.thin(last.at):
        return True
    return prices.settled(last, session) is not None and prices.believable(last)


def held_up(
    market: Market,
    snapshot: Snapshot,
    watched: Iterable[str],
    exposures: Callable[[str], Collection[str]],
    helped: Collection[str] = (),
    company_of: CompanyOf = str,
) -> list[StockMove]:
    """Watched stocks in the same lines of business that fell less than half as far, and less than any that is counted,
    or rose; those first that rose in a line that the news may help (``helped``), then the best. A company that is hit
    has not held up at another exchange, nor has a stock whose market had closed before that of the lead began."""
    of_incident = {company_of(s) for s in snapshot.incident.symbols}
    near = {e for s in snapshot.incident.symbols for e in exposures(s)}.union(helped)
    falls = [abs(m.change) for m in snapshot.moves]
    little = min(median(falls) / 2, *falls) if falls else 0.0
    others: dict[str, StockMove | None] = {}
    for symbol in watched:
        if not near.isdisjoint(exposures(symbol)) and company_of(symbol) not in of_incident:
            others[symbol] = fresh_move(market.of(symbol), snapshot)
    session, since = market.of(snapshot.lead.symbol).timetable.on(snapshot.session), snapshot.at
    if session is not None:
        since = session.pre_at if snapshot.at >= session.pre_at else session.starts_at
    told = (others[s] for s in _one_a_company(market, others, snapshot.at, company_of))
    found = [move for move in told if move is not None and -move.change < little and move.at >= since]

    def order(move: StockMove) -> tuple[bool, float, str]:
        gains = move.change > 0 and not set(helped).isdisjoint(exposures(move.symbol))
        return not gains, -move.change, move.symbol

    return sorted(found, key=order)


# -------------------------------------------------------------------------------------------------------------- details


def _one_a_company(
    market: Market, moves: Mapping[str, StockMove | None], at: datetime, company_of: CompanyOf
) -> list[str]:
    """Of these symbols one listing a company: of those with a price the one that is nearest to its regular hours at
    ``at``; of equals that of the newest price."""

    def rank(symbol: str) -> tuple[int, datetime]:
        move = moves[symbol]
        session = market.of(symbol).timetable.on(move.session) if move is not None else None
        return (-1, at) if move is None else (session.nearness(at) if session is not None else 0, move.at)

    found: dict[str, str] = {}
    for symbol in moves:
        company = company_of(symbol)
        if company not in found or rank(symbol) > rank(found[company]):
            found[company] = symbol
    return list(found.values())


def _official(prices: SymbolPrices, quote: Quote, session: Session) -> bool:
    """Whether a price is its session's official close."""
    if quote.at != session.close_at:
        return False
    return quote.kind is QuoteKind.CLOSE or quote.price == prices.close_of(session)


def _chosen(alerts: Iterable[Alert]) -> Alert:
    """Of one stock's alerts the one its move is measured by: the most severe, preferring one about a price."""
    return max(alerts, key=lambda a: (a.severity, a.reference is not None, a.told_cause is not None))


def _nearest_first(alerts: Sequence[Alert], lead: Alert, subject: Alert) -> list[Alert]:
    """The lead's alerts, those of the incident's lead, then the others by confidence in their cause."""

    def nearness(alert: Alert) -> tuple[int, float]:
        rank = 2 if alert.symbol == lead.symbol else 1 if alert.symbol == subject.symbol else 0
        return rank, (alert.cause.confidence or 0.0) if alert.cause else 0.0

    return sorted(alerts, key=nearness, reverse=True)


def _latest(
    prices: SymbolPrices, session: Session, at: datetime, direction: int, fired_on: datetime | None = None
) -> Quote | None:
    """The session's latest price by ``at``: one of a moment, or a low or high where it came alone. ``fired_on``: the
    time of the price that fired, which is told though it were odd."""
    quotes = _seen(prices, session.starts_at, session, at, fired_on)
    newest = [q for q in quotes if q.at == quotes[-1].at]
    of_moment = [q for q in newest if q.kind in MOMENTARY]
    if of_moment or not newest:
        return of_moment[-1] if of_moment else None
    return (min if direction < 0 else max)(newest, key=prices.rebased)


def _seen(
    prices: SymbolPrices, start: datetime, session: Session, at: datetime, fired_on: datetime | None = None
) -> list[Quote]:
    """The session's quotes since ``start`` that had been seen by ``at``, without odd ones of thin trading. Their own
    times may be a little later: the exchange's clock is not the machine's."""
    seen = (q for q in prices.quotes_between(start, session.ends_at) if q.seen_at <= at)
    return [q for q in seen if not session.thin(q.at) or q.at == fired_on or prices.believable(q)]


def _session_at(prices: SymbolPrices, at: datetime) -> Session | None:
    """The session that a price told at ``at`` is of."""
    latest = prices.lately(at)
    return latest[1] if latest is not None else prices.timetable.current(at)


def _as_alerted(alert: Alert, at: datetime) -> StockMove | None:
    """The move as the alert recorded it by ``at``, where the prices behind it are no longer kept."""
    price, moved, priced_at, phase = alert.last_price, alert.last_change, alert.last_price_at, Phase.CLOSED
    if priced_at is None or priced_at > at or priced_at == alert.price_at:
        price, moved, priced_at, phase = alert.price, alert.change, alert.price_at, alert.phase
    if alert.reference is None or price is None or moved is None or priced_at > at:
        return None
    return StockMove(alert.symbol, price, moved, alert.reference, priced_at, alert.session, phase, alert.severity)


def _furthest(
    prices: SymbolPrices, session: Session, reference: Reference, at: datetime, direction: int, known: float | None
) -> Furthest | None:
    """The furthest price of the session since ``reference``, in the direction of the move. ``known``: how far it is
    known to have been, where the quote is no longer kept."""
    start = max(session.starts_at, reference.at)
    quotes = [
        q
        for q in _seen(prices, start, session, at)
        if q.kind in MOMENTARY or span_of(prices, session, q)[0] >= reference.at
    ]  # the low of an hour may have been before a reference within it
    found: Furthest | None = None
    if direction and quotes:
        quote = (min if direction < 0 else max)(quotes, key=prices.rebased)
        level = prices.rebased(quote)
        found = Furthest(level, change(level, reference) or 0.0, *span_of(prices, session, quote))
    if direction and known is not None and (found is None or (known - found.change) * direction > FURTHER_BY):
        return Furthest(None, known)
    return found
