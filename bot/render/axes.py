"""Round values and full hours for the axes of charts."""

from __future__ import annotations

import math


def round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least ``least`` (> 0), give or take rounding."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= least * 0.999)


def tick_text(value: float, step: float) -> str:
    """A multiple of ``step`` with just enough digits to tell it from its neighbours."""
    digits = next((n for n in range(12) if abs(round(step, n) - step) < step * 1e-3), 12)
    return f"{value:,.{digits}f}"


def hour_step(per_hour: float, label_width: float) -> int:
    """Hours between labels, if an hour is ``per_hour`` wide and a label ``label_width``; 24 if none fits in a day."""
    return next((n for n in (1, 2, 3, 4, 6, 12) if n * per_hour >= label_width), 24)
