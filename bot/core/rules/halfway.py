"""How far a rule's symbol has come towards it: the tests of its own price, at half their thresholds."""

from __future__ import annotations

import math
from dataclasses import replace

from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions import Abnormal, All, Any, Breadth, Condition, Drawdown, Gap, Named, Price, required


def halfway(condition: Condition) -> Condition | None:
    """What holds where a symbol has moved half as far as ``condition`` asks, whatever the news, the time and the
    market; ``None`` where it asks for no move of the symbol's own."""
    half = _half(condition)
    own = (Price, Drawdown, Gap, Abnormal)
    return half if half is not None and any(isinstance(c, own) for c in required(half)) else None


def _half(condition: Condition) -> Condition | None:
    match condition:
        case Named():
            return _half(condition.of)
        case All() | Any():
            halves = tuple(half for child in condition.of if (half := _half(child)) is not None)
            return type(condition)(halves) if halves else None
        case Price() if condition.since.kind != "story":
            change = half_of(condition.change)
            return replace(condition, change=change) if change else None
        case Drawdown():
            drawdown = half_of(condition.drawdown)
            return replace(condition, drawdown=drawdown) if drawdown else None
        case Gap() | Breadth():
            change = half_of(condition.change)
            return replace(condition, change=change) if change else None
        case Abnormal():
            change = half_of(condition.change) if condition.change else None
            z = half_of(condition.z) if condition.z else None
            return replace(condition, change=change, z=z) if change or z else None
        case _:
            return None


def half_of(asked: Comparison) -> Comparison | None:
    """Half the distance from no move to the nearest one that is asked for, and anything beyond; ``None`` where no move
    at all satisfies it."""
    least, greatest = asked.limit / 2, asked.upper / 2  # half of next to nothing is 0: no move
    if asked.op == "between":
        if greatest < 0:
            return Comparison("<=", greatest, math.inf, asked.percent)
        return Comparison(">=", least, math.inf, asked.percent) if least > 0 else None
    away = least < 0 if asked.falling else least > 0
    return Comparison(asked.op, least, math.inf, asked.percent) if away else None
