"""Measuring the current quote, and whether it has held: one wild print alone proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.model import Check, Quote, QuoteKind, Reference
from bot.core.prices.market import APART, SymbolPrices, change
from bot.core.prices.references import MOMENTARY, peak, resolve, span_of
from bot.core.prices.sessions import Session
from bot.core.prices.windows import Since, Span, format_duration
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import Condition, Context, Move
from bot.core.rules.thin import LEAST_TRADES
from bot.core.text.wording import DELAYED, age, count, price


@dataclass(frozen=True, slots=True)
class Sample:
    """What one quote measures."""

    value: float
    met: bool
    """It meets the condition."""
    words: str = ""
    """For people; empty in brief."""
    reference: Reference | None = None
    """What the price change in ``value`` is measured against; ``None`` where it is no price change."""


Measurement = Callable[[Quote, Session], Sample | str]
"""Measures a quote of a session, or says why it cannot be measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the current quote measures, and whether that has held."""

    quote: Quote
    session: Session
    samples: tuple[Sample, ...]
    """Of every quote that has to agree, newest first; only the newest where that one does not meet the condition."""
    holds: bool
    note: str = ""
    """What is still missing where the newest meets the condition and the others do not yet."""

    @property
    def pending(self) -> bool:
        """The current quote meets the condition, but it has not held yet."""
        return self.samples[0].met and not self.holds

    @property
    def words(self) -> str:
        """What was measured, for people."""
        return f"{self.samples[0].words}; {self.note}" if self.note else self.samples[0].words


def measured(prices: SymbolPrices, context: Context, measure: Measurement) -> Measured | str:
    """Measure the current quote of ``prices`` and see whether it has held; or why it cannot be measured.

    ``context.hold`` counts quotes of strictly later event times within one session; one confirmed by itself suffices.
    With ``context.hold_for`` they must reach back that far instead; only an official close then counts by itself. The
    phase may have a hold of its own. By
    day only prices of the day count, and in thin trading only those of the night, by ``_held_in_thin_trading``.
    """
    standing = context.standing(prices)
    if standing is None:
        return "no price yet in this session" if prices.last else "no price known"
    quote, session = standing
    newest = measure(quote, session)
    if isinstance(newest, str):
        return newest
    if newest.met and not _says_how_far(quote, newest.value):
        newest = replace(newest, met=False)
    if not newest.met:
        return Measured(quote, session, (newest,), holds=False)
    if session.thin(quote.at):
        return _held_in_thin_trading(context, prices, quote, session, newest, measure)
    hold = context.hold_in(session.phase(quote.at))
    if hold.lasting is not None and quote.kind is not QuoteKind.CLOSE:
        return _held_for(hold.lasting, prices, quote, session, newest, measure)
    needed = 1 if quote.kind.confirmed else hold.quotes
    samples = [newest]
    for earlier in prices.distinct(needed, quote.at)[1:]:
        sample = measure(earlier, session) if _of_the_day(prices, earlier, session) else ""
        if isinstance(sample, str):
            break
        samples.append(sample)
    good = sum(s.met for s in samples)
    note = "" if good == needed else f"{good} of {needed} quotes so far"
    return Measured(quote, session, tuple(samples), good == needed, note)


def _says_how_far(quote: Quote, value: float) -> bool:
    """Whether ``quote`` says how far a price has moved: an interval's high does not of a fall, nor its low of a rise. A
    rule with bounds on both sides would fire on it."""
    return not (quote.kind is QuoteKind.HIGH and value < 0) and not (quote.kind is QuoteKind.LOW and value > 0)


def _held_for(
    time: timedelta, prices: SymbolPrices, quote: Quote, session: Session, newest: Sample, measure: Measurement
) -> Measured:
    samples = [newest]
    lasted = timedelta()
    for earlier in prices.backward(quote.at):
        if lasted >= time or not _of_the_day(prices, earlier, session):
            break
        if earlier.at == quote.at:
            continue
        sample = measure(earlier, session)
        if isinstance(sample, str) or not sample.met:
            break
        samples.append(sample)
        lasted = quote.at - earlier.at
    note = "" if lasted >= time else f"for {format_duration(lasted)} of {format_duration(time)} so far"
    return Measured(quote, session, tuple(samples), lasted >= time, note)


def _of_the_day(prices: SymbolPrices, quote: Quote, session: Session) -> bool:
    return prices.session_of(quote) == session and not session.thin(quote.at)


def _held_in_thin_trading(
    context: Context, prices: SymbolPrices, quote: Quote, session: Session, newest: Sample, measure: Measurement
) -> Measured:
    """So many trades, apart from one another, over at least so long, and none between them that says otherwise, unless
    it is an odd one. Two do where others move too. No kind of price is confirmed by itself: a bar's low may be one
    trade."""
    hold = context.hold_in(session.phase(quote.at))
    least = hold.lasting or timedelta()
    samples, trades, counted = [newest], 1, quote.at
    lasted = timedelta()
    for earlier in prices.backward(quote.at):
        if (trades >= hold.quotes and lasted >= least) or prices.session_of(earlier) != session:
            break
        if earlier.at == quote.at:
            continue
        sample = measure(earlier, session)
        if isinstance(sample, str):
            break
        if not sample.met:
            if prices.believable(earlier):
                break
            continue
        lasted = quote.at - earlier.at
        if counted - earlier.at >= APART:
            samples.append(sample)
            trades, counted = trades + 1, earlier.at
    if trades >= hold.quotes and lasted >= least:
        return Measured(quote, session, tuple(samples), holds=True)
    note = f"{trades} of {count(hold.quotes, 'trade')}"
    note += f", for {format_duration(lasted)} of {format_duration(least)}" if least else ""
    if trades >= LEAST_TRADES and context.witnesses is not None and (seen := context.witnesses(quote, session)):
        return Measured(quote, session, tuple(samples), holds=True, note=f"{note}, and {seen}")
    return Measured(quote, session, tuple(samples), holds=False, note=f"{note} so far, in thin trading")


def check_price(context: Context, condition: Condition, measure: Measurement) -> Check:
    """The check of a condition on the current quote. Offers a price change to the context as the rule's move."""
    found = measured(context.prices, context, measure)
    if isinstance(found, str):
        return condition.check(context, None, found)
    newest = found.samples[0]
    if newest.reference is not None:
        changes = tuple(s.value for s in found.samples)
        context.offer(Move(found.quote, found.session, newest.reference, newest.value, changes, held=found.holds))
    context.pending |= found.pending
    return condition.check(context, found.holds, found.words, newest.value)


def change_since(prices: SymbolPrices, since: Since, asked: Comparison, context: Context) -> Measurement:
    """Measures the change of a quote since a reference."""
    story_at = context.story_at if since.kind == "story" else None
    return _change(
        prices,
        lambda quote, session: resolve(prices, quote, session, since, story_at),
        asked,
        context,
        f"reference price unknown ({since})",
        since.duration,
        within=since.kind in ("duration", "story"),
    )


def drawdown_from(prices: SymbolPrices, lookback: Span, asked: Comparison, context: Context) -> Measurement:
    """Measures the fall of a quote from the highest price of a lookback."""
    return _change(
        prices,
        lambda quote, session: peak(prices, quote, session, lookback),
        asked,
        context,
        f"price history does not reach back {lookback}",
    )


def _change(
    prices: SymbolPrices,
    reference_of: Callable[[Quote, Session], Reference | None],
    asked: Comparison,
    context: Context,
    unknown: str,
    ago: timedelta | None = None,
    *,
    within: bool = False,
) -> Measurement:
    """``ago``: how old the reference is meant to be; one that is a good deal older is told with its age. ``within``: it
    may be a price of the session, from after the low or high that is compared with it."""

    def measure(quote: Quote, session: Session) -> Sample | str:
        reference = reference_of(quote, session)
        moved = change(quote.price, reference)
        if reference is None or moved is None:
            return unknown
        if within and quote.kind not in MOMENTARY and span_of(prices, session, quote)[0] < reference.at:
            return "a low or high of an interval that began before the reference"
        words = ""
        if not context.brief:
            now, before = (price(each, prices.currency) for each in (quote.price, reference.price))
            apart = quote.at - reference.at
            older = f", {age(apart)} before" if ago is not None and apart - ago > DELAYED else ""
            words = f"{moved * 100:+.1f}% ({now} against {before}, {reference.kind}{older})"
        return Sample(moved, asked.holds(moved), words, reference)

    return measure
