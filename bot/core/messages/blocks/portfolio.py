"""What moved a portfolio: its change, and what each holding adds to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from bot.core.messages.snapshot import Snapshot, move_at
from bot.core.model import Block, BlockKind, Line, Phase, StockMove, Strong
from bot.core.prices.market import Market
from bot.core.text.wording import PHASE_WORDS, clock, count, listing, percent, short_day, when

SHOWN = 8
"""How many holdings have a line."""


class Holdings(NamedTuple):
    """A portfolio's move, and what it is made of."""

    whole: StockMove
    moves: tuple[StockMove, ...]
    """Of the holdings with a price in its session, what adds most first."""
    since: date | None
    """The session of the close that all holdings are measured from; ``None`` where exchanges differ."""
    phase: Phase | None
    """The phase of all prices; ``None`` where exchanges differ, or some holdings have no price of the session."""


def holdings_of(seen: Snapshot, move: StockMove, weights: Mapping[str, float], market: Market) -> Holdings:
    """The portfolio's move as the sum of its holdings' latest prices in its session. ``move`` is what the rule
    measured, which waits for prices to hold."""
    every = [one for symbol in weights if (one := move_at(market.of(symbol), seen.at)) is not None]
    moves = [one for one in every if one.session == move.session]
    moves.sort(key=lambda one: weights[one.symbol] * one.change * seen.direction, reverse=True)
    if not moves:
        return Holdings(move, (), move.reference.session, move.phase)
    change = sum(weights[one.symbol] * one.change for one in moves)
    last = max(moves, key=lambda one: one.at)
    level = move.reference.price * (1 + change)
    # a holding without a price in the session counts as unmoved from its latest close
    closes = {one.reference.session if one.session == move.session else one.session for one in every}
    phases = {(one.phase, one.official) for one in moves}
    return Holdings(
        replace(move, price=level, change=change, at=last.at, phase=last.phase),
        tuple(moves),
        closes.pop() if len(closes) == 1 else None,
        last.phase if len(phases) == 1 and len(moves) == len(every) else None,
    )


def the_portfolio(
    held: Holdings,
    name: str,
    weights: Mapping[str, float],
    company: Callable[[str], str],
    indices: Sequence[tuple[str, float]],
) -> list[Block]:
    """The blocks. ``indices``: what the market did."""
    move, moves = held.whole, held.moves
    since = f"the close of {short_day(held.since)}" if held.since is not None else "each stock's previous close"
    at_close = all(one.official for one in moves)
    hours = "at the close" if at_close and moves else PHASE_WORDS[held.phase] if held.phase is not None else ""
    by = f"{hours}, " if hours and held.phase is not None else "by prices up to "
    lines: list[Line] = [(Strong(f"{name} {percent(move.change)}"), f" since {since}; {by}", clock(move.at), ".")]
    if indices:
        lines.append((f"The market: {listing([f'{n} {percent(change)}' for n, change in indices])}.",))
    rows: list[Line] = [
        (
            Strong(f"{company(one.symbol)} ({one.symbol}) {percent(one.change)}"),
            *_time(one, move),
            f", {weights[one.symbol] * 100:g} % of it: {_points(weights[one.symbol] * one.change)}.",
        )
        for one in moves[:SHOWN]
    ]
    if len(moves) > SHOWN:
        rest = sum(weights[one.symbol] * one.change for one in moves[SHOWN:])
        rows.append((f"{count(len(moves) - SHOWN, 'other')}: {_points(rest)}.",))
    priced = {one.symbol for one in moves}
    if unknown := [symbol for symbol in weights if symbol not in priced]:
        rows.append((f"No price in this session, counted as unmoved: {listing(unknown, SHOWN)}.",))
    happened = Block("what happened", BlockKind.FACTS, 90, "What happened", tuple(lines))
    return [happened, Block("holdings", BlockKind.FACTS, 70, "What moved it", tuple(rows))]


def _time(one: StockMove, move: StockMove) -> Line:
    """When a holding's price is of, where that is not the time of the newest."""
    if one.at == move.at:
        return ()
    return " (", clock(one.at) if one.at.date() == move.at.date() else when(one.at), ")"


def _points(fraction: float) -> str:
    """``−2.4 points``: what a holding adds to the change of the whole."""
    return percent(fraction).replace(" %", " points")
