"""Whether two prices of a stock are on one basis: before and after a split, in pounds and in pence.

A price on another basis looks like the largest fall of the year. What gives it away is that the factor is one that
companies and vendors use (10 for 1, 100 pence to the pound), and that it comes at once, from one price to the next.
What is decided here holds live, in a replay and in a backtest; a chart or the history may decide sooner.
"""

from __future__ import annotations

import math
from datetime import timedelta

SPLITS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 40, 50)
"""Shares for one, or one for as many. Smaller splits are left to charts. Over four years of 974 stocks, three of 1,476
overnight falls of 10 % and more were near one of these; near a 3-for-2, half of those of 30 % and more."""
NEAR = 0.04
"""How far a price may lie from the exact factor: what a stock moves overnight."""
HUNDRED = 80.0, 125.0
"""What passes for a factor of 100; no price moves by that much."""
SMALLEST = SPLITS[0] * (1 - NEAR)
SMALL_SPLIT = 3.3
"""A jump within a session by no more than this factor is a move: splits come into force between sessions."""

SPLIT_HELD_FOR = timedelta(minutes=30)
"""How long a price is held back that a split would explain, while nothing else says there was one. It costs a real
fall of 50 % half an hour, if it comes from one session to the next and within 4 % of the factor."""
UNITS_HELD_FOR = timedelta(days=7)
"""The same for a factor of 100: nothing real is lost. After that the unit has changed for good."""
SAME = 0.20
"""Closes that differ by no more than this are the same close, whatever the vendor did to it."""

FAR_OFF = 4.0
"""A close this many times the last price is not explained by what happened after hours."""


def split_between(before: float, after: float) -> float | None:
    """The usual split that would explain a step from one price to the other: new shares for one old, 0.1 for a
    1-for-10. ``None`` if none would."""
    for ratio in SPLITS:
        for exact in (ratio, 1 / ratio):
            if abs(after * exact / before - 1) <= NEAR:
                return exact
    return None


def hundredfold(before: float, after: float) -> float | None:
    """100.0 or 0.01 where ``after`` is about that many times ``before``: another unit of the same currency."""
    for low, high, exact in ((*HUNDRED, 100.0), (1 / HUNDRED[1], 1 / HUNDRED[0], 0.01)):
        if low <= after / before <= high:
            return exact
    return None


def beyond_moves(before: float, after: float) -> bool:
    """Whether two prices are so far apart that a split or another unit may explain it; they hardly ever are."""
    return not 1 / SMALLEST < after / before < SMALLEST


def step_words(before: float, after: float) -> str:
    """What a step between two prices looks like besides a move: ``a 10-for-1 split``; empty if like nothing else."""
    if not beyond_moves(before, after):
        return ""
    if hundredfold(before, after):
        return "another unit, as pounds among pence"
    ratio = split_between(before, after)
    if ratio is None:
        return ""
    return f"a {ratio:g}-for-1 split" if ratio > 1 else f"a 1-for-{1 / ratio:g} reverse split"


def previous_close(own: float | None, vendor: float | None, first: float, latest: float) -> float | None:
    """The previous close on the basis of a session's ``first`` and ``latest`` price.

    ``own`` is the close of our bar, ``vendor`` that stated with the quote. Ours, unless prices are nearer to the
    vendor's: then a split or the like has changed the basis, and the vendor knows it while our bars do not yet. A
    vendor's close that is wrong does not have the latest price on its side, and one that moved on too early not the
    session's first, unless it is a usual split away: that may be listed late.
    """
    if own is None or vendor is None or abs(own / vendor - 1) <= SAME:
        return own if own is not None else vendor
    from_start, now = (abs(math.log(price / vendor)) < abs(math.log(price / own)) for price in (first, latest))
    return vendor if now and (from_start or split_between(own, vendor)) else own


def contradicts(vendor: float, known: float, latest: float) -> bool:
    """Whether the vendor's previous close is wrong by the last price known before the session, where there is no bar:
    several times off, though the latest price is not."""
    return max(vendor / known, known / vendor) > FAR_OFF > max(latest / known, known / latest)
