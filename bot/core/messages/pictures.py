"""What a picture beside a message shows: prices as points in time, and who is hit as a table. Nothing here draws.

A picture is told as of a moment. It is built from what the market had seen by then, even where the market, the alerts
or the incident have moved on since: a picture made again later is the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median

from bot.core.incidents.incidents import told_by
from bot.core.model import Alert, Incident, Phase, Quote, QuoteKind, Reference
from bot.core.news.companies import Companies
from bot.core.news.exposures import line_of_work
from bot.core.news.vocabulary import Topics
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.prices.sessions import Session, Timetable
from bot.core.text.wording import clock, moment, short_day

PEERS = 5
LEAST_POINTS = 2
SESSIONS_BEFORE = 3
"""Sessions shown before the fall's; more where the first story is older, or where little but closes is known."""
MOST_BEFORE = 5
BEFORE_FEW = 8
FEW = 2
"""With no more prices than this in the sessions of the fall, the days before are what there is to see."""
MOST_AFTER = 5
"""Follow-ups look so many sessions on."""
LINE = frozenset({QuoteKind.OPEN, QuoteKind.TRADE, QuoteKind.CLOSE})
"""Prices of a moment. A low or high is of a stretch of time that ends with it, so no line leads through it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A price at a moment."""

    at: datetime
    price: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """One phase of one session, as far as it is shown."""

    session: date
    phase: Phase
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment worth pointing at. ``price`` is ``None`` where it has none: a story."""

    at: datetime
    label: str
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another symbol of the incident: its way as changes against its own reference."""

    symbol: str
    change: float
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class PricePicture:
    """Everything a drawing of the lead's prices needs."""

    symbol: str
    name: str
    """The company's, or the symbol again."""
    session: date
    """The session of the fall."""
    reference: Reference
    reference_label: str
    points: tuple[Point, ...]
    """Prices of moments, oldest first, each within one of ``spans``."""
    extremes: tuple[Point, ...]
    """Lows and highs of stretches of the fall's session, each at the end of its stretch."""
    spans: tuple[PhaseSpan, ...]
    """In order; between two sessions there is no time."""
    price: float
    """The newest price, and what it is against the reference."""
    change: float
    price_at: datetime
    phase: Phase
    story: Marker | None
    """The first story of the cause; it may be older than what is shown."""
    alert: Marker | None
    """Where the alert fired; ``None`` in a picture of prices alone."""
    peers: tuple[Peer, ...]
    """Worst first."""
    as_of: datetime
    as_of_label: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of work with its symbols, worst first."""

    work: str
    median: float
    cells: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class TablePicture:
    """Who is hit, by what they live from; the worst hit line of work first."""

    title: str
    header: tuple[str, str]
    rows: tuple[TableRow, ...]
    as_of: datetime
    as_of_label: str


# ------------------------------------------------------------------------------------------------------------ building


def price_picture(
    market: Market, companies: Companies, incident: Incident, alerts: Sequence[Alert], at: datetime
) -> PricePicture | None:
    """The lead's prices around its fall as known at ``at``; ``None`` where there is no line to draw."""
    fired = [a for a in alerts if a.fired_at <= at]
    if not fired:
        return None
    lead = told_by(incident, fired)
    timetable = market.of(lead.symbol).timetable
    fall = timetable.on(lead.session)
    if fall is None or fall.starts_at > at:
        return None
    prices = market.of(lead.symbol).seen_by(at).as_of(at)
    reference = _reference(prices, lead)
    if reference is None:
        return None
    made = _pictured(companies, prices, fall, reference, at, _story(lead, at), _alert(prices, lead))
    if made is None:
        return None
    newest = _newest(lead, Point(made.price_at, made.price, made.phase), fall, at)
    return replace(
        made,
        price=newest.price,
        change=newest.price / reference.price - 1,
        price_at=newest.at,
        phase=newest.phase,
        peers=_peers(market, incident, fired, lead, made.spans, newest.price < reference.price, at),
    )


def plain_price_picture(market: Market, companies: Companies, symbol: str, at: datetime) -> PricePicture | None:
    """A symbol's prices of the last sessions against the close before the newest, whatever fired; ``None`` where there
    is no line to draw."""
    timetable = market.of(symbol).timetable
    newest = timetable.current(at)
    if newest is None:
        return None
    prices = market.of(symbol).seen_by(at).as_of(at)
    held = prices.standing(at) or prices.stood(at)
    if held is None:
        return None
    reference = prices.previous_close(*held)
    return _pictured(companies, prices, held[1], reference, at) if reference and reference.price > 0 else None


def _pictured(
    companies: Companies,
    prices: SymbolPrices,
    session: Session,
    reference: Reference,
    at: datetime,
    story: Marker | None = None,
    alert: Marker | None = None,
) -> PricePicture | None:
    """Prices around ``session``, the newest of them last, and nobody beside."""
    sessions = _shown(prices, session, story, at)
    points = [p for s in sessions for p in _points(prices, s)]
    if len(points) < LEAST_POINTS:
        return None
    extremes = _extremes(prices, [s for s in sessions if s.date >= session.date])
    fired_on = [Point(alert.at, alert.price or 0.0, session.phase(alert.at))] if alert else []
    return PricePicture(
        symbol=prices.symbol,
        name=companies.name_of(prices.symbol),
        session=session.date,
        reference=reference,
        reference_label=_reference_label(reference),
        points=tuple(points),
        extremes=tuple(extremes),
        spans=_spans(sessions, [*points, *extremes, *fired_on], at),
        price=points[-1].price,
        change=points[-1].price / reference.price - 1,
        price_at=points[-1].at,
        phase=points[-1].phase,
        story=story,
        alert=alert,
        peers=(),
        as_of=at,
        as_of_label=_as_of(at),
    )


def table_picture(
    market: Market, companies: Companies, topics: Topics, incident: Incident, alerts: Sequence[Alert], at: datetime
) -> TablePicture | None:
    """The symbols of an incident by line of work, each against its own reference; ``None`` for a single one."""
    fired = [a for a in alerts if a.fired_at <= at]
    works: dict[str, list[tuple[float, str]]] = {}
    for symbol in _symbols(incident, fired):
        alert = told_by(incident, [a for a in fired if a.symbol == symbol])
        way = _way(market, alert, None, at)
        if way:
            works.setdefault(line_of_work(companies, topics, symbol), []).append((way[-1][1], symbol))
    number = sum(len(members) for members in works.values())
    if number < LEAST_POINTS:
        return None
    rows = [
        TableRow(work or "Others", median(m for m, _ in members), tuple((s, m) for m, s in sorted(members)))
        for work, members in works.items()
    ]
    rows.sort(key=lambda row: (row.median, row.work))
    title = f"Who is hit ({number}), worst first"
    header = ("Line of work", "Against the price before the fall")
    return TablePicture(title, header, tuple(rows), at, _as_of(at))


def _as_of(at: datetime) -> str:
    return f"As of {moment(at)} · all times UTC"


def _symbols(incident: Incident, fired: Sequence[Alert]) -> list[str]:
    known = {a.symbol for a in fired}
    return [s for s in dict.fromkeys(incident.symbols) if s in known]


def _earliest(timetable: Timetable, fall: Session) -> datetime:
    first = next((s for n in range(BEFORE_FEW, 0, -1) if (s := timetable.before(fall, n)) is not None), fall)
    return first.starts_at


def _reference(prices: SymbolPrices, alert: Alert) -> Reference | None:
    """The alert's reference, on the split basis of the newest price."""
    held = alert.reference
    if held is None or held.price <= 0:
        return None
    level = prices.rebased(Quote(prices.symbol, held.price, alert.price_at, alert.price_at))
    return Reference(held.kind, level, held.at, held.session)


def _reference_label(reference: Reference) -> str:
    if reference.kind == "previous close":
        return f"Close {short_day(reference.session)}"
    return reference.kind.capitalize()


def _shown(prices: SymbolPrices, fall: Session, story: Marker | None, at: datetime) -> list[Session]:
    """The fall's session, those since, and as many before as tell something."""
    timetable = prices.timetable
    after = [s for n in range(1, MOST_AFTER + 1) if (s := timetable.before(fall, -n)) and s.starts_at <= at]
    told = sum(len(_points(prices, s)) for s in (fall, *after))
    count = BEFORE_FEW if told <= FEW else SESSIONS_BEFORE
    while count < MOST_BEFORE and story is not None:
        first = timetable.before(fall, count)
        if first is None or first.starts_at <= story.at:
            break
        count += 1
    before = [s for n in range(count, 0, -1) if (s := timetable.before(fall, n))]
    return [s for s in (*before, fall, *after) if s == fall or _points(prices, s)]


def _points(prices: SymbolPrices, session: Session) -> list[Point]:
    """The prices of one session's moments, one each: what was quoted, and open and close by the daily bar."""
    levels = {q.at: prices.rebased(q) for q in prices.in_session(session) if q.kind in LINE}
    bar = prices.bars.get(session.date)
    if bar is not None:
        if bar.open and not any(session.open_at <= at < session.close_at for at in levels):
            levels[session.open_at] = prices.on_basis(bar, bar.open)
        levels[session.close_at] = prices.on_basis(bar, bar.close)
    return [Point(at, level, session.phase(at)) for at, level in sorted(levels.items())]


def _extremes(prices: SymbolPrices, sessions: Sequence[Session]) -> list[Point]:
    """Lows and highs but for those known with the close: they are of the whole day, not of a moment near it."""
    return [
        Point(q.at, prices.rebased(q), session.phase(q.at))
        for session in sessions
        for q in prices.in_session(session)
        if q.kind not in LINE and q.at != session.close_at
    ]


def _spans(sessions: Sequence[Session], points: Sequence[Point], at: datetime) -> tuple[PhaseSpan, ...]:
    """The phases to show, as far as they have gone: the regular ones, and others where there is something in them."""
    spans = []
    for session in sessions:
        phases = (
            (Phase.PRE, session.starts_at, session.open_at),
            (Phase.REGULAR, session.open_at, session.close_at),
            (Phase.POST, session.close_at, session.ends_at),
        )
        for phase, start, end in phases:
            priced = any(p.phase is phase and start <= p.at <= end for p in points)
            if start < end and (priced or (phase is Phase.REGULAR and start < at)):
                spans.append(PhaseSpan(session.date, phase, start, min(end, at)))
    return tuple(spans)


def _newest(lead: Alert, point: Point, fall: Session, at: datetime) -> Point:
    """The price a message would name: the alert's newest where no later one is known."""
    if lead.last_price is not None and lead.last_price_at is not None and point.at <= lead.last_price_at <= at:
        return Point(lead.last_price_at, lead.last_price, fall.phase(lead.last_price_at))
    return point


# -------------------------------------------------------------------------------------------------- markers and peers


def _story(lead: Alert, at: datetime) -> Marker | None:
    cause = lead.cause
    if cause is None:
        return None
    first = cause.first_seen_at or cause.seen_at
    return Marker(first, f"First story {first.day} {first:%b} {first:%H:%M}") if first <= at else None


def _alert(prices: SymbolPrices, lead: Alert) -> Marker:
    """Where the alert fired. One that has risen in severity holds the price of its rise; the first is in the quotes."""
    at, level = lead.price_at, lead.price
    if at > lead.fired_at:
        last = prices.last_before(lead.fired_at)
        fired_on = [q.price for q in prices.quotes_between(last.at, last.at)] if last else [lead.price]
        at, level = last.at if last else lead.fired_at, (min if (lead.change or 0) < 0 else max)(fired_on)
    quote = Quote(lead.symbol, level, at, at)
    return Marker(at, f"Alert {clock(lead.fired_at).removesuffix(' UTC')}", prices.rebased(quote))


def _peers(
    market: Market,
    incident: Incident,
    fired: Sequence[Alert],
    lead: Alert,
    spans: Sequence[PhaseSpan],
    falling: bool,
    at: datetime,
) -> tuple[Peer, ...]:
    """The others that moved furthest the lead's way."""
    peers = []
    for symbol in _symbols(incident, fired):
        if symbol == lead.symbol:
            continue
        alert = told_by(incident, [a for a in fired if a.symbol == symbol])
        points = _way(market, alert, spans, at)
        if points:
            peers.append(Peer(symbol, points[-1][1], tuple(points)))
    peers.sort(key=lambda p: (p.change if falling else -p.change, p.symbol))
    return tuple(peers[:PEERS])


def _way(market: Market, alert: Alert, spans: Sequence[PhaseSpan] | None, at: datetime) -> list[tuple[datetime, float]]:
    """A symbol's prices as changes against its alert's reference, oldest first; within ``spans``, if there are any."""
    timetable = market.of(alert.symbol).timetable
    fall = timetable.on(alert.session)
    if fall is None:
        return []
    since = _earliest(timetable, fall)
    prices = market.of(alert.symbol).seen_by(at).as_of(at)
    reference = _reference(prices, alert)
    if reference is None:
        return []
    last = timetable.current(at) or fall
    sessions = [s for n in range(timetable.between(since.date() - timedelta(days=1), last.date) + 1)
                if (s := timetable.before(last, n)) and s.starts_at >= since]  # fmt: skip
    points = [p for s in reversed(sessions) for p in _points(prices, s)]
    shown = [p for p in points if spans is None or any(s.start_at <= p.at <= s.end_at for s in spans)]
    return [(p.at, moved) for p in shown if (moved := change(p.price, reference)) is not None]
