"""What of a price stream counts: its trades as quotes, vouched for by the quotes that are polled.

The polled quote stays the truth. It has the reference, the currency and the basis, checked for splits and dividends; a
streamed trade borrows them while it is of the same session, and waits for the next poll while its price is one that
the poll has not vouched for. So the stream changes when something is known, and nothing else.

A liquid stock trades many times a second, and nothing rests on most of it. Let through are a step from the price last
known and the trades after it that may confirm it, each symbol's and all together within a budget. How many those are
is what rules' ``hold`` asks for in the phase they trade in; at night, where trades close together count as one, they
are let through apart and for long enough. What waits is bounded: per symbol the newest trades of distinct event times,
as many as are let through.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.core.model import Phase, Quote, QuoteKind
from bot.core.prices.admission import FUTURE_ALLOWANCE
from bot.core.prices.hold import BY_DAY, HOLDS, Hold
from bot.core.prices.market import APART
from bot.core.prices.sessions import THIN_PHASES, Session, Timetable

FURTHEST = 0.15
"""How far a streamed price may be from the polled one. It covers no split, and no other unit."""
PLAIN = 0.92, 1.20
"""Within these parts of the previous close the price source has nothing to check; beyond, it looks for dividends,"""
CHECKED = 0.85, 1.20
"""and beyond these for splits. A session has one basis: once a polled price of it was within PLAIN, there is nothing to
check. Before, a price counts as far as a polled one has passed the same check."""
STEP, STEP_NEAR = 0.005, 0.001
"""A move from the price last known that is let through; the smaller one for a symbol that is NEAR a rule's interest."""
NEAR = 0.04
"""This far from its previous close."""
LEAST_CONFIRM, MOST_CONFIRM, MOST_CONFIRM_THIN = 2, 10, 30
"""So many trades are let through to confirm a step, however few rules ask for; more than the most, by day and in thin
trading, are left to polls."""
SYMBOL_BURST, SYMBOL_EVERY = 20, 5.0
"""Quotes of one symbol: so many at once, and then one in so many seconds."""
ALL_BURST, ALL_EVERY, ALL_LEAST = 2, 15.0, 10.0
"""Quotes of all symbols: so many of each at once, and then one of each in so many seconds, but at least so many a
second. In the long run that is as much as polls bring."""
SAME_TRADE = timedelta(seconds=1)
"""Two paths may round a trade's time differently: the same price within this is the same trade."""
ASK_AGAIN = timedelta(seconds=10)
"""A symbol whose streamed price waits for a poll asks for one at most this often."""
WORTH_ASKING = 0.02
"""What does not count for another reason than its price asks for a poll when it is this far from the polled price."""
BEHIND = timedelta(seconds=10)
"""How much older than the polled trade the newest streamed one may be."""


FURTHEST_ZONE = 2


class Arrival(NamedTuple):
    """A trade on the stream."""

    price: float
    at: datetime
    currency: str


class Compared(NamedTuple):
    """What a poll says of the stream."""

    traded: int
    """Symbols with a new trade that the stream should have told."""
    missed: tuple[str, ...]
    """Those of them whose trade it has not told."""


@dataclass(slots=True)
class _Budget:
    """Tokens, refilled as time passes."""

    most: float
    a_second: float
    left: float
    at: datetime

    def take(self, now: datetime) -> bool:
        passed = max(0.0, (now - self.at).total_seconds())
        self.left, self.at = min(self.most, self.left + passed * self.a_second), max(now, self.at)
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class _Symbol:
    timetable: Timetable
    polled: Quote | None = None
    """The newest polled quote that was not held back."""
    session: Session | None = None
    """Of ``polled``."""
    vouched: int = 0
    """The furthest zone in which a price of this session counts, with this previous close."""
    known: float = 0.0
    """The price last known to the engine, by either path."""
    passed: Arrival | None = None
    """The newest trade let through."""
    confirm: int = 0
    """How many further trades are let through, to confirm a step that came by either path."""
    newest_at: datetime | None = None
    """The latest event time on the stream."""
    arrived: list[Arrival] = field(default_factory=list)
    """Not yet judged, of strictly later event times."""
    waiting: list[Arrival] = field(default_factory=list)
    """Judged, and waiting for the next poll."""
    asked_at: datetime | None = None
    budget: _Budget | None = None


class Streamed:
    """The trades of a stream of ``source``, and the polled quotes that vouch for them."""

    def __init__(self, symbols: Iterable[str], timetable_of: Callable[[str], Timetable], source: str) -> None:
        self._symbols = {symbol: _Symbol(timetable_of(symbol)) for symbol in symbols}
        self._source = source
        self._touched: dict[str, None] = {}
        self._told: set[tuple[str, Phase]] = set()
        """In which phases the stream has ever told of a symbol: it need not serve all."""
        self._all: _Budget | None = None
        self._confirming: Mapping[Phase, int] = {}
        """How many trades rules may ask for, by phase."""
        self.hold(HOLDS)
        self.wanted: set[str] = set()
        """Symbols that a poll should be made for soon, until somebody takes them."""

    def hold(self, of: Mapping[Phase, Hold]) -> None:
        """Say what rules ask for at most in each phase; in those left out it is what they ask for by default."""
        self._confirming = {phase: _confirming(phase, of.get(phase) or BY_DAY) for phase in Phase}

    # ------------------------------------------------------------------------------------------------------ arriving

    def take(self, symbol: str, price: float, at: datetime, currency: str, now: datetime) -> str:
        """Take a trade; returns why it cannot be used, empty if it can, or is merely old."""
        state = self._symbols.get(symbol)
        if state is None:
            return "a symbol that was not asked for"
        if not 0 < price < math.inf:
            return "no price"
        if at > now + FUTURE_ALLOWANCE:
            return "a time in the future"
        if state.newest_at is not None and at < state.newest_at:
            return ""
        state.newest_at = at
        if state.polled is not None and at < state.polled.at:
            return ""
        arrival = Arrival(price, at, currency)
        if state.arrived and state.arrived[-1].at == at:
            state.arrived[-1] = arrival
        else:
            state.arrived = self._newest([*state.arrived, arrival], state)
        self._touched[symbol] = None
        return ""

    def _newest(self, arrivals: list[Arrival], state: _Symbol) -> list[Arrival]:
        """Of these, as many as may confirm a step in the phase of the last."""
        if len(arrivals) <= LEAST_CONFIRM:
            return arrivals
        return arrivals[-self._confirming[state.timetable.phase(arrivals[-1].at)] :]

    def polled(self, quotes: Sequence[Quote], held: Collection[str], now: datetime) -> Compared:
        """Take what a poll brought; ``held`` are symbols whose price is held back. Returns how the stream compares."""
        newest: dict[str, Quote] = {}
        for quote in quotes:
            if quote.symbol not in newest or quote.at >= newest[quote.symbol].at:
                newest[quote.symbol] = quote
        for symbol in held:
            if (state := self._symbols.get(symbol)) is not None:
                state.polled, state.waiting = None, []
        traded, missed = 0, []
        for symbol, quote in newest.items():
            state = self._symbols.get(symbol)
            if state is None or symbol in held or not math.isfinite(quote.price) or quote.price <= 0:
                continue
            before, told = state.polled, self._should_have_told(symbol, state, quote)
            if told is not None and before is not None and quote.at > before.at:
                traded += 1
                if not told:
                    missed.append(symbol)
            self._vouch(symbol, state, quote)
        return Compared(traded, tuple(missed))

    def _should_have_told(self, symbol: str, state: _Symbol, quote: Quote) -> bool | None:
        """Whether the stream has told of this trade; ``None`` where it never told of the symbol in this phase, but did
        of others: it need not serve all."""
        phase = state.timetable.phase(quote.at)
        if state.newest_at is not None and state.timetable.phase(state.newest_at) is phase:
            self._told.add((symbol, phase))
        known = (symbol, phase) in self._told if self._told else phase is Phase.REGULAR
        if not known:
            return None
        return state.newest_at is not None and quote.at - state.newest_at <= BEHIND

    def _vouch(self, symbol: str, state: _Symbol, quote: Quote) -> None:
        before, session = state.polled, state.timetable.current(quote.at)
        same = before is not None and session == state.session and before.previous_close == quote.previous_close
        zone = _zone(quote.price, quote.previous_close)
        passes = zone or FURTHEST_ZONE
        state.vouched = max(state.vouched, passes) if same else passes
        state.polled, state.session = quote, session
        if state.passed is None or quote.at >= state.passed.at:
            if _is_step(quote.price, state.known, quote.previous_close):
                state.confirm = self._confirming[state.timetable.phase(quote.at)] + 1
            state.known = quote.price
        if state.waiting:
            waited, state.waiting = state.waiting, []
            state.arrived = self._newest([*waited, *state.arrived], state)
            self._touched[symbol] = None

    def same_trade(self, quote: Quote) -> Quote:
        """A polled trade, at the time of the streamed one that it repeats, if it does: it confirms nothing then. An
        official close confirms itself, and stays as it is."""
        state = self._symbols.get(quote.symbol)
        passed = state.passed if state is not None and quote.kind is QuoteKind.TRADE else None
        if passed is None or passed.price != quote.price or not timedelta() < abs(quote.at - passed.at) <= SAME_TRADE:
            return quote
        return replace(quote, at=passed.at)

    # ------------------------------------------------------------------------------------------------------- passing

    def take_quotes(self, now: datetime) -> list[Quote]:
        """The quotes that count by now, which are thereby taken; ``seen_at`` is ``now``. The largest steps first."""
        if self._all is None:
            count = len(self._symbols)
            most = float(ALL_BURST * max(count, 1))
            self._all = _Budget(most, max(ALL_LEAST, count / ALL_EVERY), most, now)
        touched, self._touched = list(self._touched), {}
        judged = [(symbol, self._symbols[symbol], self._judged(symbol, now)) for symbol in touched]
        found = [(_furthest(state, good), symbol, state, good) for symbol, state, good in judged if good]
        quotes: list[Quote] = []
        for _, symbol, state, good in sorted(found, key=lambda each: (-each[0], each[1])):
            for number, arrival in enumerate(good):
                if not self._counts(state, arrival):
                    continue
                if not self._affords(state, now):
                    state.arrived = self._newest([*good[number:], *state.arrived], state)
                    self._touched[symbol] = None
                    break
                quotes.append(self._quote(symbol, state, arrival, now))
        return quotes

    def _judged(self, symbol: str, now: datetime) -> list[Arrival]:
        """The arrivals of a symbol that are vouched for; others are dropped, or wait for the poll."""
        state = self._symbols[symbol]
        arrived, state.arrived = state.arrived, []
        good = []
        for arrival in arrived:
            if state.polled is None or self._repeats(state, arrival):
                continue
            doubt = _doubt(state, state.polled, arrival)
            if not doubt:
                good.append(arrival)
            elif doubt == "wait":
                state.waiting = self._newest([*state.waiting, arrival], state)
                self._want(symbol, state, now)
            elif abs(arrival.price / state.polled.price - 1) >= WORTH_ASKING:
                self._want(symbol, state, now)
        return good

    def _repeats(self, state: _Symbol, arrival: Arrival) -> bool:
        """Whether the engine knows this trade already, by either path."""
        polled, passed = state.polled, state.passed
        if passed is not None and arrival.at <= passed.at:
            return True
        if polled is None or arrival.at == polled.at:
            return polled is not None
        return arrival.price == polled.price and abs(arrival.at - polled.at) <= SAME_TRADE

    def _want(self, symbol: str, state: _Symbol, now: datetime) -> None:
        if state.asked_at is None or now - state.asked_at >= ASK_AGAIN:
            state.asked_at = now
            self.wanted.add(symbol)

    def _counts(self, state: _Symbol, arrival: Arrival) -> bool:
        """Whether it is a step, or may confirm one. In thin trading none does that follows another at once."""
        phase = state.timetable.phase(arrival.at)
        if _is_step(arrival.price, state.known, state.polled.previous_close if state.polled is not None else None):
            state.confirm = self._confirming[phase] + 1
        elif phase in THIN_PHASES and state.passed is not None and arrival.at - state.passed.at < APART:
            return False
        return state.confirm > 0

    def _affords(self, state: _Symbol, now: datetime) -> bool:
        if state.budget is None:
            state.budget = _Budget(SYMBOL_BURST, 1 / SYMBOL_EVERY, SYMBOL_BURST, now)
        if not state.budget.take(now):
            return False
        assert self._all is not None
        if self._all.take(now):
            return True
        state.budget.left += 1
        return False

    def _quote(self, symbol: str, state: _Symbol, arrival: Arrival, now: datetime) -> Quote:
        polled = state.polled
        assert polled is not None
        state.passed, state.confirm = arrival, state.confirm - 1
        if arrival.at >= polled.at:
            state.known = arrival.price
        return Quote(
            symbol=symbol,
            price=arrival.price,
            at=arrival.at,
            seen_at=now,
            previous_close=polled.previous_close,
            volume=polled.volume,
            currency=polled.currency,
            source=self._source,
            basis=polled.basis,
        )


def _confirming(phase: Phase, hold: Hold) -> int:
    """How many trades may be needed to confirm a step in this phase."""
    if phase not in THIN_PHASES:
        return max(LEAST_CONFIRM, min(hold.quotes, MOST_CONFIRM))
    lasting = math.ceil(hold.lasting / APART) if hold.lasting else 0
    return max(LEAST_CONFIRM, min(hold.quotes + lasting, MOST_CONFIRM_THIN))


def _zone(price: float, reference: float | None) -> int:
    """Which checks of the price source a price calls for: none, for dividends, for splits."""
    if reference is None or not math.isfinite(reference) or reference <= 0:
        return 0
    share = price / reference
    if PLAIN[0] < share < PLAIN[1]:
        return 0
    return 1 if CHECKED[0] < share < CHECKED[1] else 2


def _is_step(price: float, known: float, close: float | None) -> bool:
    """Whether a price is so far from the one last known (0 where there is none) that it matters."""
    near = close is not None and close > 0 and abs(price / close - 1) >= NEAR
    if known <= 0:
        return near
    return abs(price / known - 1) >= (STEP_NEAR if near else STEP)


def _doubt(state: _Symbol, polled: Quote, arrival: Arrival) -> str:
    """``wait`` for the poll to vouch for such a price, ``drop`` what cannot be measured against the polled quote's
    reference; empty if it counts."""
    if arrival.currency and polled.currency and arrival.currency != polled.currency:
        return "drop"
    session = state.timetable.at(arrival.at)
    if session is None or session != state.session:
        return "drop"  # of no session, or of one that polls have not shown yet
    if abs(arrival.price / polled.price - 1) > FURTHEST or _zone(arrival.price, polled.previous_close) > state.vouched:
        return "wait"
    return ""


def _furthest(state: _Symbol, arrivals: Iterable[Arrival]) -> float:
    """By how much the furthest of these differs from the price last known."""
    return max(abs(arrival.price / state.known - 1) for arrival in arrivals)
