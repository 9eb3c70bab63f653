"""The contents of the pictures beside a message: a price chart and a table of the stocks hit. Nothing here draws.

A picture is as of a moment and uses only what the market had seen by then, so that made again later it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median

from bot.core.incidents.incidents import lead_alert
from bot.core.model import Alert, Figures, Incident, Phase, Quote, QuoteKind, Reference, StockMove
from bot.core.news.companies import Companies
from bot.core.news.exposures import main_exposure_title
from bot.core.news.vocabulary import Topics
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.prices.sessions import Session
from bot.core.text.wording import clock_words, moment_words, short_day

PEERS = 5
LEAST_POINTS = 2
SESSIONS_BEFORE = 3
"""Sessions shown before the fall; up to ``MOST_BEFORE`` where the first story is older."""
MOST_BEFORE = 5
BEFORE_FEW = 8
"""Sessions shown before the fall where there are at most ``FEW`` prices since."""
FEW = 2
MOST_AFTER = 5
"""Sessions shown after the fall: as far as follow-ups go."""
LINE = frozenset({QuoteKind.OPEN, QuoteKind.TRADE, QuoteKind.CLOSE})
"""Prices of a moment, which the line connects. A low or high belongs to the interval that ends with it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A price at a moment."""

    at: datetime
    price: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """The part of a session's phase that is shown."""

    session: date
    phase: Phase
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """A labelled moment. ``price`` is ``None`` for a story."""

    at: datetime
    label: str
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Another symbol of the incident: its changes from its own reference."""

    label: str
    """The symbol or, of an exchange abroad, the company's name."""
    change: float
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class PricePicture:
    """The chart of the lead's prices."""

    symbol: str
    name: str
    """The company's name, or the symbol again."""
    session: date
    """The session of the fall."""
    reference: Reference
    reference_label: str
    points: tuple[Point, ...]
    """Oldest first, each within one of ``spans``."""
    extremes: tuple[Point, ...]
    """Lows and highs from the fall's session on, each at the end of its interval."""
    spans: tuple[PhaseSpan, ...]
    """In order; the axis leaves out the time between sessions."""
    price: float
    """The latest price; its change from the reference, time and phase follow."""
    change: float
    price_at: datetime
    phase: Phase
    story: Marker | None
    """The first story of the cause; it may be older than the chart."""
    alert: Marker | None
    """Where the alert fired; ``None`` in a chart without an alert."""
    peers: tuple[Peer, ...]
    """Worst first."""
    as_of: datetime
    as_of_label: str
    currency: str = ""
    """Of the prices: ISO 4217 code, or GBp for pence; empty where it is not known."""
    official: bool = False
    """The latest price is its session's official close."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of business with its stocks as lists name them, worst first."""

    work: str
    median: float
    cells: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class TablePicture:
    """The stocks hit, by line of business, the worst hit line first."""

    title: str
    header: tuple[str, str]
    rows: tuple[TableRow, ...]
    as_of: datetime
    as_of_label: str


# ------------------------------------------------------------------------------------------------------------ building


def price_picture(
    market: Market,
    companies: Companies,
    incident: Incident,
    alerts: Sequence[Alert],
    figures: Figures,
    *,
    seen_since: bool = False,
) -> PricePicture | None:
    """The prices behind a message's first move, which has the figures of its text; ``None`` with too few prices.
    ``seen_since``: earlier prices count that were seen only after the message, as when the bot has just started."""
    fired = [a for a in alerts if a.fired_at <= figures.at]
    if not fired or not figures.moves:
        return None
    move = figures.moves[0]
    at = max(figures.at, move.at)  # the exchange's clock may be ahead of the machine's
    of_symbol = [a for a in fired if a.symbol == move.symbol]
    if not of_symbol:
        return None
    lead = lead_alert(incident, of_symbol)
    fall = market.of(lead.symbol).timetable.on(lead.session)
    if fall is None or fall.starts_at > at:
        return None
    known = market.of(lead.symbol)
    prices = (known if seen_since else known.seen_by(at)).as_of(at)
    chart = _chart(companies, prices, fall, move.reference, at, _story(lead, at), _alert(prices, lead))
    if chart is None:
        return None
    return replace(
        chart,
        price=move.price,
        change=move.change,
        price_at=move.at,
        phase=move.phase,
        official=move.official,
        peers=_peers(market, companies, fired, figures, chart.spans),
    )


def plain_price_picture(market: Market, companies: Companies, symbol: str, at: datetime) -> PricePicture | None:
    """A symbol's prices of the last sessions against the previous close, without alerts; ``None`` with too few."""
    if market.of(symbol).timetable.current(at) is None:
        return None
    prices = market.of(symbol).seen_by(at).as_of(at)
    latest = prices.lately(at) or prices.stood(at)
    if latest is None:
        return None
    reference = prices.previous_close(*latest)
    return _chart(companies, prices, latest[1], reference, at) if reference and reference.price > 0 else None


def _chart(
    companies: Companies,
    prices: SymbolPrices,
    session: Session,
    reference: Reference,
    at: datetime,
    story: Marker | None = None,
    alert: Marker | None = None,
) -> PricePicture | None:
    """The chart of prices around ``session``, without peers."""
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
        currency=prices.currency,
    )


def table_picture(companies: Companies, topics: Topics, figures: Figures) -> TablePicture | None:
    """The moves that a message counts, by line of business; ``None`` for fewer than ``LEAST_POINTS``."""
    works: dict[str, list[StockMove]] = {}
    for move in figures.moves:
        works.setdefault(main_exposure_title(companies, topics, move.symbol), []).append(move)
    number = len(figures.moves)
    if number < LEAST_POINTS:
        return None
    rises = figures.moves[0].change > 0
    sign = -1 if rises else 1
    rows = [
        TableRow(
            work or "Others",
            median(m.change for m in members),
            tuple(
                (companies.label_of(m.symbol), m.change)
                for m in sorted(members, key=lambda m: (sign * m.change, m.symbol))
            ),
        )
        for work, members in works.items()
    ]
    rows.sort(key=lambda row: (sign * row.median, row.work))
    title = (
        f"Who rises ({number}), the strongest line first" if rises else f"Who is hit ({number}), the worst line first"
    )
    header = ("Line of business", "Change" if _one_session(figures) else "Against the price before the fall")
    return TablePicture(title, header, tuple(rows), figures.at, _as_of(figures.at))


def _one_session(figures: Figures) -> bool:
    """Whether the moves are of one session, from its previous close or later."""
    return all(m.session == figures.moves[0].session and m.severity is not None for m in figures.moves)


def _as_of(at: datetime) -> str:
    return f"As of {moment_words(at)} · all times UTC"


def _reference_label(reference: Reference) -> str:
    if reference.kind == "previous close":
        return f"Close {short_day(reference.session)}"
    return reference.kind.capitalize()


def _shown(prices: SymbolPrices, fall: Session, story: Marker | None, at: datetime) -> list[Session]:
    """The fall's session, those since, and some before."""
    timetable = prices.timetable
    after = [s for n in range(1, MOST_AFTER + 1) if (s := timetable.before(fall, -n)) and s.starts_at <= at]
    since = sum(len(_points(prices, s)) for s in (fall, *after))
    count = BEFORE_FEW if since <= FEW else SESSIONS_BEFORE
    while count < MOST_BEFORE and story is not None:
        first = timetable.before(fall, count)
        if first is None or first.starts_at <= story.at:
            break
        count += 1
    before = [s for n in range(count, 0, -1) if (s := timetable.before(fall, n))]
    return [s for s in (*before, fall, *after) if s == fall or _points(prices, s)]


def _points(prices: SymbolPrices, session: Session) -> list[Point]:
    """One session's prices, one per moment: quotes, and open and close of the daily bar."""
    levels = {q.at: prices.rebased(q) for q in prices.in_session(session) if q.kind in LINE}
    bar = prices.bars.get(session.date)
    if bar is not None:
        if bar.open and not any(session.open_at <= at < session.close_at for at in levels):
            levels[session.open_at] = prices.on_basis(bar, bar.open)
        levels[session.close_at] = prices.on_basis(bar, bar.close)
    return [Point(at, level, session.phase(at)) for at, level in sorted(levels.items())]


def _extremes(prices: SymbolPrices, sessions: Sequence[Session]) -> list[Point]:
    """Lows and highs, except those known with the close: they are of the whole session."""
    return [
        Point(q.at, prices.rebased(q), session.phase(q.at))
        for session in sessions
        for q in prices.in_session(session)
        if q.kind not in LINE and q.at != session.close_at
    ]


def _spans(sessions: Sequence[Session], points: Sequence[Point], at: datetime) -> tuple[PhaseSpan, ...]:
    """The phases to show up to ``at``: regular ones, and others with prices in them."""
    spans = []
    for session in sessions:
        phases = (
            (Phase.OVERNIGHT, session.starts_at, session.pre_at),
            (Phase.PRE, session.pre_at, session.open_at),
            (Phase.REGULAR, session.open_at, session.close_at),
            (Phase.POST, session.close_at, session.ends_at),
        )
        for phase, start, end in phases:
            priced = any(p.phase is phase and start <= p.at <= end for p in points)
            if start < end and (priced or (phase is Phase.REGULAR and start < at)):
                spans.append(PhaseSpan(session.date, phase, start, min(end, at)))
    return tuple(spans)


# -------------------------------------------------------------------------------------------------- markers and peers


def _story(lead: Alert, at: datetime) -> Marker | None:
    cause = lead.told_cause
    if cause is None:
        return None
    first = cause.first_seen_at or cause.seen_at
    return Marker(first, f"First story {first.day} {first:%b} {first:%H:%M}") if first <= at else None


def _alert(prices: SymbolPrices, lead: Alert) -> Marker:
    """Where the alert fired. One that rose in severity has the price of that moment; the first price is a quote's."""
    at, level = lead.price_at, lead.price
    if at > lead.fired_at:
        last = prices.last_before(lead.fired_at)
        fired_on = [q.price for q in prices.quotes_between(last.at, last.at)] if last else [lead.price]
        at, level = last.at if last else lead.fired_at, (min if (lead.change or 0) < 0 else max)(fired_on)
    quote = Quote(lead.symbol, level, at, at)
    return Marker(at, f"Alert {clock_words(lead.fired_at).removesuffix(' UTC')}", prices.rebased(quote))


def _peers(
    market: Market, companies: Companies, fired: Sequence[Alert], figures: Figures, spans: Sequence[PhaseSpan]
) -> tuple[Peer, ...]:
    """The other stocks the message counts, those with the largest moves."""
    peers = []
    for move in sorted(figures.moves[1:], key=lambda m: (-abs(m.change), m.symbol)):
        alert = next((a for a in fired if a.symbol == move.symbol), None)
        if alert is not None and (points := _changes(market, alert, move, spans, figures.at)):
            peers.append(Peer(companies.label_of(move.symbol), move.change, tuple(points)))
        if len(peers) == PEERS:
            break
    return tuple(peers)


def _changes(
    market: Market, alert: Alert, move: StockMove, spans: Sequence[PhaseSpan], at: datetime
) -> list[tuple[datetime, float]]:
    """A stock's changes from the reference of its move, oldest first, within ``spans``."""
    timetable = market.of(alert.symbol).timetable
    fall = timetable.on(alert.session)
    prices = market.of(alert.symbol).seen_by(at).as_of(at)
    if fall is None:
        return []
    earliest = next((s for n in range(BEFORE_FEW, 0, -1) if (s := timetable.before(fall, n)) is not None), fall)
    since = earliest.starts_at
    last = timetable.current(at) or fall
    sessions = [s for n in range(timetable.between(since.date() - timedelta(days=1), last.date) + 1)
                if (s := timetable.before(last, n)) and s.starts_at >= since]  # fmt: skip
    points = [p for s in reversed(sessions) for p in _points(prices, s)]
    shown = [p for p in points if any(s.start_at <= p.at <= s.end_at for s in spans)]
    return [(p.at, moved) for p in shown if (moved := change(p.price, move.reference)) is not None]
