"""Measuring the standing quote, and whether what it shows has held: one wild print alone shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.core.model import Check, Quote, QuoteKind, Reference
from bot.core.prices.market import SymbolPrices, change
from bot.core.prices.references import peak, resolve
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Since, Span, format_duration
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Context, Move


@dataclass(frozen=True, slots=True)
class Sample:
    """What one quote shows."""

    value: float
    words: str
    reference: Reference | None = None
    second: float | None = None
    """A second number, where two are asked of."""


Take = Callable[[Quote, Session], Sample | str]
"""What a quote of a session shows, or why there is no telling."""
Meets = Callable[[Sample], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """What the standing quote shows, and whether it has held."""

    quote: Quote
    session: Session
    sample: Sample
    agreeing: tuple[Sample, ...]
    """What all quotes that had to agree show, newest first; only the newest where that one does not meet."""
    met: bool
    """The standing quote meets the condition."""
    holds: bool
    """So did the others that had to."""
    note: str
    """What is still missing, where it is met and does not hold yet."""

    @property
    def words(self) -> str:
        """What was measured, for people."""
        return f"{self.sample.words}; {self.note}" if self.note else self.sample.words


def look(
    prices: SymbolPrices, context: Context, take: Take, meets: Meets, hold: int, hold_for: timedelta | None = None
) -> Found | str:
    """What the quote standing at ``context.now`` shows, and whether it held; or why there is no telling.

    ``hold`` counts quotes of strictly later event times, of one session; one that is confirmed by itself suffices.
    With ``hold_for`` they must reach back so far; only an official close then counts by itself.
    """
    standing = context.standing(prices)
    if standing is None:
        return "no price yet in this session" if prices.last else "no price known"
    quote, session = standing
    sample = take(quote, session)
    if isinstance(sample, str):
        return sample
    if not meets(sample):
        return Found(quote, session, sample, (sample,), met=False, holds=False, note="")
    if hold_for is not None and quote.kind is not QuoteKind.CLOSE:
        return _lasting(prices, quote, session, sample, take, meets, hold_for)
    needed = 1 if quote.kind.confirmed else hold
    agreeing = [sample]
    for earlier in prices.distinct(needed, quote.at)[1:]:
        then = take(earlier, session) if prices.session_of(earlier) == session else ""
        if isinstance(then, str):
            break
        agreeing.append(then)
    good = sum(meets(s) for s in agreeing)
    note = "" if good == needed else f"{good} of {needed} quotes so far"
    return Found(quote, session, sample, tuple(agreeing), met=True, holds=good == needed, note=note)


def _lasting(
    prices: SymbolPrices, quote: Quote, session: Session, sample: Sample, take: Take, meets: Meets, hold_for: timedelta
) -> Found:
    agreeing = [sample]
    lasted = timedelta()
    for earlier in prices.backward(quote.at):
        if lasted >= hold_for or prices.session_of(earlier) != session:
            break
        if earlier.at == quote.at:
            continue
        then = take(earlier, session)
        if isinstance(then, str) or not meets(then):
            break
        agreeing.append(then)
        lasted = quote.at - earlier.at
    holds = lasted >= hold_for
    note = "" if holds else f"for {format_duration(lasted)} of {format_duration(hold_for)} so far"
    return Found(quote, session, sample, tuple(agreeing), met=True, holds=holds, note=note)


def change_since(prices: SymbolPrices, since: Since, context: Context) -> Take:
    """Takes the change of a quote since a reference."""
    story_at = context.story_at if since.kind == "story" else None

    def take(quote: Quote, session: Session) -> Sample | str:
        reference = resolve(prices, quote, session, since, story_at)
        moved = change(quote.price, reference)
        if reference is None or moved is None:
            return f"no {since} known to measure against"
        return Sample(moved, "" if context.brief else _against(moved, quote, reference), reference)

    return take


def drawdown_from(prices: SymbolPrices, lookback: Span, context: Context) -> Take:
    """Takes the fall of a quote from the highest price of a lookback."""

    def take(quote: Quote, session: Session) -> Sample | str:
        reference = peak(prices, quote, session, lookback)
        moved = change(quote.price, reference)
        if reference is None or moved is None:
            return f"prices are not known for {lookback} back"
        return Sample(moved, "" if context.brief else _against(moved, quote, reference), reference)

    return take


def _against(moved: float, quote: Quote, reference: Reference) -> str:
    return f"{moved * 100:+.1f}% ({quote.price:.2f} against {reference.price:.2f}, {reference.kind})"


def measure(
    context: Context, prices: SymbolPrices, asked: Comparison, take: Take, condition: object, what: str
) -> tuple[Check, Move | None, bool]:
    """Measure ``prices`` for a condition on a ``what``: the check, the move (if any), whether the last quote met it."""
    label, threshold = context.said(condition), "" if context.brief else f"{what} {asked}"
    found = look(prices, context, take, lambda s: asked.holds(s.value), context.hold, context.hold_for)
    if isinstance(found, str):
        return Check(label, None, found, threshold, limit=asked.limit), None, False
    check = Check(label, found.holds, found.words, threshold, found.sample.value, asked.limit)
    return check, move_of(found), found.met


def move_of(found: Found) -> Move | None:
    """The move a finding shows, where it has a reference."""
    reference = found.sample.reference
    if reference is None:
        return None
    agreeing = tuple(s.value for s in found.agreeing)
    return Move(found.quote, found.session, reference, found.sample.value, agreeing, held=found.holds)
