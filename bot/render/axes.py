"""What the axes of every chart are labelled with: round values and full hours."""

from __future__ import annotations

import math


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not (noticeably) below ``least`` (above zero)."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= least * 0.999)


def tick_text(value: float, step: float) -> str:
    """A multiple of ``step`` with no more digits than tell it from its neighbours."""
    digits = next((n for n in range(12) if abs(round(step, n) - step) < step * 1e-3), 12)
    return f"{value:,.{digits}f}"


def hour_step(per_hour: float, room: float) -> int:
    """Every how many hours a label fits, where an hour is ``per_hour`` wide and a label needs ``room``; 24: none does
    within a day."""
    return next((n for n in (1, 2, 3, 4, 6, 12) if n * per_hour >= room), 24)
