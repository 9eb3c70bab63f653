"""Comparisons as people write them: ``< -10%``, ``>= 3``, ``between -5% and -2%``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBER = r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*(%?)"
_SIMPLE = re.compile(rf"^(<=|>=|<|>)\s*{_NUMBER}\Z")
_TYPOGRAPHIC = str.maketrans({"−": "-", "≤": "<=", "≥": ">="})
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_BETWEEN = re.compile(rf"^between\s+{_NUMBER}\s+and\s+{_NUMBER}\Z")
ROUNDED = 1e-9
"""More than a value is changed by rounding it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``value OP limit``, or ``limit <= value <= upper`` for ``between``. Limits are fractions where written in %."""

    op: str
    limit: float
    upper: float = math.inf
    """Of ``between`` alone. No NaN, with which a comparison would not equal itself."""
    percent: bool = False

    def holds(self, value: float) -> bool:
        """Whether ``value`` satisfies the comparison; NaN satisfies none.

        Rounded to nine decimals, as binary fractions miss decimal ones by a hair: 90 / 100 − 1 is above −10 %.
        """
        value = round(value, 9)
        if self.op == "between":
            return self.limit <= value <= self.upper
        return _OPERATORS[self.op](value, self.limit)

    def unmet_around(self, value: float) -> tuple[float, float]:
        """An open interval with ``value`` in it in which nothing satisfies the comparison; ``value`` twice where it
        does."""
        if self.holds(value):
            return value, value
        upper = self.upper if self.op == "between" else self.limit
        if self.falling or value > upper:
            return upper + ROUNDED, math.inf
        return -math.inf, self.limit - ROUNDED

    @property
    def falling(self) -> bool:
        """Smaller values satisfy it."""
        return self.op in ("<", "<=")

    def __str__(self) -> str:
        if self.op == "between":
            return f"between {self._shown(self.limit)} and {self._shown(self.upper)}"
        return f"{self.op} {self._shown(self.limit)}"

    def _shown(self, number: float) -> str:
        return f"{number * 100:g}%" if self.percent else f"{number:g}"


def parse_comparison(text: str, *, percent: bool | None = None) -> Comparison:
    """Parse a comparison. ``percent`` requires (True) or forbids (False) a percentage.

    Raises ValueError with what is wrong and what to write instead.
    """
    folded = " ".join(text.translate(_TYPOGRAPHIC).split())
    if simple := _SIMPLE.match(folded):
        op, number, sign = simple.groups()
        numbers, signs = [float(number)], [sign]
    elif between := _BETWEEN.match(folded):
        op = "between"
        numbers, signs = [float(between[1]), float(between[3])], [between[2], between[4]]
    else:
        if _COMMA.search(folded):
            raise ValueError(f"'{text}' has a decimal comma; write a point, like {_COMMA.sub('.', folded)}")
        example = '"< -10%"' if percent else '">= 0.5"'
        raise ValueError(f"'{text}' is not a comparison; write for example {example} or \"between … and …\"")
    if not all(math.isfinite(n) for n in numbers):
        raise ValueError(f"'{text}' has a number that is too large; write a smaller one")
    if len(set(signs)) > 1:
        raise ValueError(f"'{text}' mixes a percentage with a plain number; write both ends the same way")
    is_percent = signs[0] == "%"
    if percent is True and not is_percent:
        instead = f'write "{folded}%"' if op != "between" else "write both numbers with %"
        if op != "between" and 0 < abs(numbers[0]) < 1:
            instead = f'write "{op} {numbers[0] * 100:g}%", or "{folded}%" where so little is meant'
        raise ValueError(f"'{text}' lacks a %; {instead}")
    if percent is False and is_percent:
        raise ValueError(f"'{text}' must be a plain number; write it without %")
    scale = 100.0 if is_percent else 1.0
    values = [n / scale for n in numbers]
    if op == "between" and values[0] >= values[1]:
        raise ValueError(f"'{text}' can never hold; the smaller number comes first")
    return Comparison(op, values[0], values[1] if len(values) > 1 else math.inf, is_percent)
